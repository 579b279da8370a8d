public import CSPRModel
public import Datasets
internal import Foundation
public import Ranking
internal import Synchronization
internal import Tensors

/// An image that could not be used.
public struct ImageFailure: Sendable, Equatable {
    /// Where the file is.
    public let path: String
    /// What was wrong, in one sentence.
    public let reason: String
}

/// Which part of the feature is compared.
public enum FeatureView: String, Sendable, CaseIterable, Codable {
    /// The global embedding.
    case global
    /// The branches' embeddings.
    case local
    /// The whole feature.
    case both

    /// A few words for a table.
    public var title: String { self == .both ? "global + local" : rawValue }
}

/// How well a network finds the people of a data set.
public struct DatasetEvaluation: Sendable {
    /// How it is done.
    public struct Options: Sendable {
        /// How rankings are made and scored.
        public var `protocol` = EvaluationProtocol()
        /// Images of one forward pass.
        public var batch = 8
        /// Threads of the forward pass.
        public var threads: Int
        /// Whether an image that does not decode ends the evaluation instead of being skipped.
        public var isStrict = false

        /// The common protocol on every core.
        public init() { threads = ProcessInfo.processInfo.activeProcessorCount }
    }

    /// What an evaluation is at.
    public enum Stage: String, Sendable {
        /// Images are embedded.
        case embedding
        /// Queries are ranked and scored, once for each part of the feature.
        case scoring
    }

    /// What was evaluated.
    public let set: TestSet
    /// The tasks without the images that were skipped, in the order of `features`.
    public let tasks: [RetrievalTask]
    /// The whole features of each task.
    public let features: [FeatureSet]
    /// The parts of the feature that were compared: all three, or the global one alone where there are no branches.
    public let views: [FeatureView]
    /// For each view and ranking an evaluation of every task.
    public let evaluations: [FeatureView: [RankingKind: [RetrievalEvaluation]]]
    /// The images that were skipped.
    public let skipped: [ImageFailure]
    /// The network's shape.
    let configuration: CSPRConfiguration

    /// Embeds the images, each once, and scores rankings of every task by every part of the feature.
    ///
    /// - Parameters:
    ///   - set: The data set.
    ///   - model: The network.
    ///   - options: How it is done.
    ///   - isStopped: Asked between batches and queries; true ends the evaluation.
    ///   - progress: Called after each batch, and after each query by any thread, with the numbers done and of all.
    ///   - warn: Called for each image that is skipped.
    /// - Throws: `EvaluationError`.
    public init(
        _ set: TestSet, model: CSPRModel, options: Options = Options(),
        isStopped: @escaping @Sendable () -> Bool = { false },
        progress: @Sendable (_ stage: Stage, _ done: Int, _ total: Int) -> Void = { _, _, _ in },
        warn: (ImageFailure) -> Void = { _ in }
    ) throws(EvaluationError) {
        self.set = set
        configuration = model.configuration
        let embedded = try EmbeddedImages(
            set.tasks.flatMap { $0.queries + $0.gallery }, model: model, options: options, isStopped: isStopped,
            progress: { progress(.embedding, $0, $1) }, warn: warn)
        skipped = embedded.failures
        var tasks: [RetrievalTask] = []
        for task in set.tasks {
            let kept = RetrievalTask(
                name: task.name, queries: task.queries.filter(embedded.has), gallery: task.gallery.filter(embedded.has))
            guard !kept.queries.isEmpty, !kept.gallery.isEmpty else { throw .nothingToRank(task: task.name) }
            tasks.append(kept)
        }
        self.tasks = tasks
        features = tasks.map { task in
            FeatureSet(
                query: embedded.rows(of: task.queries), gallery: embedded.rows(of: task.gallery),
                querySightings: task.queries.map(\.sighting), gallerySightings: task.gallery.map(\.sighting))
        }
        views = configuration.hasLocalBranch ? FeatureView.allCases : [.global]
        let total = views.count * tasks.reduce(0) { $0 + $1.queries.count }
        let done = Atomic(0)
        var evaluations: [FeatureView: [RankingKind: [RetrievalEvaluation]]] = [:]
        for view in views {
            for features in features {
                let scored = try options.protocol.score(
                    features.part(configuration.columns(of: view)), isStopped: isStopped,
                    onQuery: { progress(.scoring, done.wrappingAdd(1, ordering: .relaxed).newValue, total) })
                for (ranking, evaluation) in scored {
                    evaluations[view, default: [:]][ranking, default: []].append(evaluation)
                }
            }
        }
        self.evaluations = evaluations
    }

    /// The figures of a part of the feature and a ranking, means over the tasks; nil where that ranking was not asked for.
    public func figures(_ view: FeatureView, _ ranking: RankingKind) -> RetrievalFigures? {
        evaluations[view]?[ranking].map { RetrievalFigures(meanOf: $0) }
    }

    /// Queries of all tasks, and how many of them have a right answer.
    public var queryCounts: (all: Int, scored: Int) {
        let any = views.first.flatMap { evaluations[$0]?.values.first } ?? []
        return (any.reduce(0) { $0 + $1.scores.count }, any.reduce(0) { $0 + $1.validQueries })
    }
}

extension CSPRConfiguration {
    /// The columns of the feature that a view compares.
    func columns(of view: FeatureView) -> Range<Int> {
        switch view {
        case .global: 0..<globalDimensions
        case .local: globalDimensions..<dimensions
        case .both: 0..<dimensions
        }
    }
}
