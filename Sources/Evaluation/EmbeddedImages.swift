internal import CSPRModel
internal import Datasets
internal import Ranking
internal import Tensors

/// The features of images; each is computed once, even if an image occurs several times.
struct EmbeddedImages {
    /// What identifies an image: the file and the part of it.
    private struct Key: Hashable {
        let path: String
        let box: [Int]

        init(_ image: TestImage) {
            path = image.path
            box = image.box.map { [$0.x, $0.y, $0.width, $0.height] } ?? []
        }
    }

    /// The images that could not be decoded, in order.
    let failures: [ImageFailure]
    private let places: [Key: Int]
    private let matrix: EmbeddingMatrix

    private init(failures: [ImageFailure], places: [Key: Int], matrix: EmbeddingMatrix) {
        (self.failures, self.places, self.matrix) = (failures, places, matrix)
    }

    /// Runs the images through the network, a batch at a time.
    ///
    /// - Throws: `EvaluationError.stopped`, `.undecodable` where `options` are strict, or `.model`.
    static func embed(
        _ images: [TestImage], model: CSPRModel, options: DatasetEvaluation.Options, isStopped: () -> Bool,
        progress: (Int, Int) -> Void, warn: (ImageFailure) -> Void
    ) throws(EvaluationError) -> EmbeddedImages {
        var seen: Set<Key> = []
        let different = images.filter { seen.insert(Key($0)).inserted }
        let executor: CSPRExecutor
        setOpenMPThreads(options.threads)
        do { executor = try model.makeExecutor(batch: options.batch) } catch { throw .model(error) }
        let loader = ImageLoader(different, Preprocessing(model.configuration), batch: options.batch)
        var done = 0
        var (found, failures): ([Key: Int], [ImageFailure]) = ([:], [])
        var rows = EmbeddingMatrix(dimensions: model.dimensions)
        try loader.forEachBatch { batch throws(EvaluationError) in
            guard !isStopped() else { throw .stopped }
            for failure in batch.failures {
                guard !options.isStrict else { throw .undecodable(path: failure.path, reason: failure.reason) }
                failures.append(failure)
                warn(failure)
            }
            if !batch.places.isEmpty {
                let output: CSPROutput
                do throws(ModelError) {
                    output = try executor.run(batch.inputs, count: batch.places.count)
                } catch {
                    throw .model(error)
                }
                let width = model.dimensions
                for (row, place) in batch.places.enumerated() {
                    let feature = output.feature.elements[row * width..<(row + 1) * width]
                    guard isUnit(feature) else { throw .model(.unusableVector(model: model.identity)) }
                    found[Key(different[place])] = rows.count
                    rows.append(Array(feature))
                }
            }
            done += batch.places.count + batch.failures.count
            progress(done, different.count)
        }
        return EmbeddedImages(failures: failures, places: found, matrix: rows)
    }

    /// Whether the image could be decoded.
    func has(_ image: TestImage) -> Bool { places[Key(image)] != nil }

    /// The features of images that could be decoded.
    func rows(of images: [TestImage]) -> EmbeddingMatrix {
        matrix.selecting(images.compactMap { places[Key($0)] })
    }
}
