internal import CSPRModel
internal import Datasets
internal import Foundation
internal import Imaging
internal import NeuralNetwork
internal import Ranking
internal import Tensors

/// Evaluates exported weights on a run's validation images, and draws what the branches attend to.
struct Validation {
    /// The figures of a validation.
    struct Figures {
        /// CMC@1, in 0...1.
        var cmc1: Double
        /// mAP, in 0...1.
        var mAP: Double
    }

    /// The number of images whose attention is drawn.
    private static let drawn = 4
    /// Images of one forward pass.
    private static let batch = 8

    private let images: TrainingSet
    private let threads: Int

    init(_ images: TrainingSet, threads: Int) {
        self.images = images
        self.threads = threads
    }

    /// Evaluates the weight file, and writes the attention image `name` to the run folder.
    ///
    /// - Returns: The figures, or nil if no validation query has a right answer.
    func run(weights: String, name: String, _ folder: RunFolder) throws -> Figures? {
        let model = try CSPRModel(contentsOf: weights)
        setOpenMPThreads(threads)
        let executor = try model.makeExecutor(batch: Self.batch)
        let preprocessing = Preprocessing(model.configuration)
        if model.configuration.hasLocalBranch {
            let shown = images.validationQueries.isEmpty ? images.train : images.validationQueries
            try drawAttention(
                Array(shown.prefix(Self.drawn)), executor, preprocessing, to: "\(folder.attention)/\(name).jpg", folder)
        }
        let queries = try embed(images.validationQueries, executor, preprocessing)
        let gallery = try embed(images.validationGallery, executor, preprocessing)
        guard !queries.sightings.isEmpty, !gallery.sightings.isEmpty else { return nil }
        let matrix = try EmbeddingMatrix(elements: gallery.features, dimensions: model.dimensions)
        let rows = try EmbeddingMatrix(elements: queries.features, dimensions: model.dimensions)
        do {
            let evaluation = try RetrievalEvaluation(
                queries: queries.sightings.count, gallery: gallery.sightings.count
            ) { query in
                gallery.sightings.map { image -> Relevance in
                    guard image.person == queries.sightings[query].person else { return .wrong }
                    return image.camera == queries.sightings[query].camera ? .ignored : .right
                }
            } distances: {
                unroundedDistances(from: rows[$0], to: matrix)
            }
            return Figures(cmc1: evaluation.cumulativeMatch(at: 1), mAP: evaluation.meanAveragePrecision)
        } catch RankingError.noValidQuery {
            return nil
        }
    }

    /// The features of the images that can be decoded, row by row.
    private func embed(
        _ images: [TrainingImage], _ executor: CSPRExecutor, _ preprocessing: Preprocessing
    ) throws -> (features: [Float], sightings: [Sighting]) {
        var features: [Float] = []
        var sightings: [Sighting] = []
        for start in stride(from: 0, to: images.count, by: Self.batch) {
            var input: [Float] = []
            var count = 0
            for image in images[start..<min(start + Self.batch, images.count)] {
                guard let decoded = Self.decode(image, preprocessing) else { continue }
                input += preprocessing.prepare(decoded)
                sightings.append(Sighting(person: image.person, camera: image.camera))
                count += 1
            }
            guard count > 0 else { continue }
            features += try executor.run(input, count: count).feature.elements
        }
        return (features, sightings)
    }

    /// The image, or nil if it cannot be decoded; the loader warns about such images.
    private static func decode(_ image: TrainingImage, _ preprocessing: Preprocessing) -> RGBImage? {
        guard let data = FileManager.default.contents(atPath: image.path) else { return nil }
        return try? decodeImage(Array(data), covering: (preprocessing.width, preprocessing.height))
    }

    /// Draws a row per image: the image, then the image with each branch's attention over it.
    private func drawAttention(
        _ images: [TrainingImage], _ executor: CSPRExecutor, _ preprocessing: Preprocessing, to path: String,
        _ folder: RunFolder
    ) throws {
        let (height, gap) = (192, 4)
        let width = height * preprocessing.width / preprocessing.height
        var rows: [[RGBImage]] = []
        for image in images {
            guard let image = Self.decode(image, preprocessing) else { continue }
            let output = try executor.run(preprocessing.prepare(image), count: 1, wants: .attention)
            guard let attention = output.attention else { return }
            let maps = Tensor(shape: Array(attention.shape.dropFirst()), elements: attention.elements)
            let small = image.resized(width: width, height: height)
            rows.append(
                [small] + (0..<maps.shape[0]).map { AttentionImage().draw(branch: $0, of: maps, over: small) })
        }
        guard let columns = rows.first?.count else { return }
        var sheet = [UInt8](
            repeating: 255, count: 3 * (columns * (width + gap) - gap) * (rows.count * (height + gap) - gap))
        let stride = 3 * (columns * (width + gap) - gap)
        for (row, images) in rows.enumerated() {
            for (column, image) in images.enumerated() {
                for y in 0..<height {
                    let start = (row * (height + gap) + y) * stride + 3 * column * (width + gap)
                    sheet.replaceSubrange(
                        start..<start + 3 * width, with: image.pixels[3 * y * width..<3 * (y + 1) * width])
                }
            }
        }
        let image = RGBImage(width: stride / 3, height: rows.count * (height + gap) - gap, pixels: sheet)
        try folder.write(Data(try image.jpeg(quality: 80)), to: path)
    }
}
