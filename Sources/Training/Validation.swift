internal import CSPRModel
internal import Datasets
internal import Evaluation
internal import Imaging

/// Evaluates exported weights on a run's validation images, and draws what the branches attend to.
struct Validation {
    /// The number of images whose attention is drawn.
    private static let drawn = 4

    private let images: TrainingSet
    private let options: DatasetEvaluation.Options
    /// Images that were reported: the same ones fail at every epoch.
    private var reported: Set<String> = []

    init(_ images: TrainingSet, threads: Int, isStrict: Bool) {
        self.images = images
        var options = DatasetEvaluation.Options()
        (options.threads, options.isStrict) = (threads, isStrict)
        (options.views, options.protocol.rankings) = ([.both], [.plain])
        self.options = options
    }

    /// Evaluates the weight file, and writes the attention image `name` to the run folder.
    ///
    /// - Parameters:
    ///   - weights: The weight file.
    ///   - name: The name of the attention image, without its ending.
    ///   - folder: The run folder.
    ///   - warn: Called once in a run for each image that cannot be decoded and is skipped.
    /// - Returns: The figures, or nil if no validation query has a right answer.
    /// - Throws: `TrainingError.undecodable` if an image cannot be decoded and none may be skipped.
    mutating func run(
        weights: String, name: String, _ folder: RunFolder, warn: (String) -> Void
    ) throws -> RetrievalFigures? {
        let model = try CSPRModel(contentsOf: weights)
        let set = TestSet(
            queries: images.validationQueries.map(TestImage.init), gallery: images.validationGallery.map(TestImage.init)
        )
        do {
            try drawAttention(model, to: "\(folder.attention)/\(name).jpg")
            guard !images.validationQueries.isEmpty, !images.validationGallery.isEmpty else { return nil }
            let evaluation = try DatasetEvaluation.run(
                set, model: model, options: options,
                warn: { failure in
                    guard reported.insert(failure.path).inserted else { return }
                    warn("\(failure.path): \(failure.reason); skipped")
                })
            return evaluation.views.first.flatMap { evaluation.figures($0, .plain) }
        } catch EvaluationError.nothingToScore, EvaluationError.nothingToRank {
            return nil
        } catch EvaluationError.undecodable(let path, let reason) {
            throw TrainingError.undecodable(path: path, reason: reason)
        } catch EvaluationError.model(let error) {
            throw error
        }
    }

    /// Draws a row per image: the image, then the image with each branch's attention over it.
    private func drawAttention(_ model: CSPRModel, to path: String) throws {
        guard let attention = try AttentionRows(model) else { return }
        let shown = images.validationQueries.isEmpty ? images.train : images.validationQueries
        let rows = try attention.drawn(shown.prefix(Self.drawn).map(TestImage.init))
        guard let columns = rows.first?.count else { return }
        let sheet = ContactSheet(
            columns: columns, tile: (attention.width, AttentionRows.height), gap: 4, background: 255)
        try RunFolder.write(try sheet.drawn(rows).jpeg(quality: 80), to: path)
    }
}

extension TestImage {
    fileprivate init(_ image: TrainingImage) {
        self.init(path: image.path, person: image.person, camera: image.camera)
    }
}
