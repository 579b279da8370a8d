public import CSPRModel
public import Datasets
internal import Foundation
public import Ranking
internal import Synchronization
internal import Tensors

/// An image that was skipped, with the reason.
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

    /// The name in tables.
    public var title: String { self == .both ? "global + local" : rawValue }
}

/// The evaluation of a network on a data set.
public struct DatasetEvaluation: Sendable {
    /// How the evaluation runs.
    public struct Options: Sendable {
        /// How rankings are made and scored.
        public var `protocol` = EvaluationProtocol()
        /// Images of one forward pass.
        public var batch = 8
        /// Threads of the forward pass.
        public var threads: Int
        /// The parts of the feature that are compared; a network without branches has the global one alone.
        public var views = FeatureView.allCases
        /// Whether an image that does not decode ends the evaluation instead of being skipped.
        public var isStrict = false
        /// Whether rankings without the cameras' means are scored too.
        public var normalizesCameras = false

        /// The common protocol, with one thread per core.
        public init() { threads = ProcessInfo.processInfo.activeProcessorCount }
    }

    /// The stages of an evaluation, for progress reports.
    public enum Stage: String, Sendable {
        /// Images are embedded.
        case embedding
        /// Queries are ranked and scored, once for each part of the feature.
        case scoring
    }

    /// The data set.
    public let set: TestSet
    /// The tasks without the images that were skipped, in the order of `features`.
    public let tasks: [RetrievalTask]
    /// The features of each task, with both parts.
    public let features: [FeatureSet]
    /// The parts of the feature that were compared.
    public let views: [FeatureView]
    /// For each view and ranking, the evaluation of every task.
    public let evaluations: [FeatureView: [RankingKind: [RetrievalEvaluation]]]
    /// The same without the cameras' means, see `CameraMeans`; empty unless the options ask for it.
    public let normalizedEvaluations: [FeatureView: [RankingKind: [RetrievalEvaluation]]]
    /// The images that were skipped.
    public let skipped: [ImageFailure]
    /// The network's architecture.
    let configuration: CSPRConfiguration

    /// Evaluates a network: embeds every image once, then scores the rankings of every task by every part of the feature.
    ///
    /// - Parameters:
    ///   - set: The data set.
    ///   - model: The network.
    ///   - options: How the evaluation runs.
    ///   - isStopped: Called between batches and queries; true stops the evaluation.
    ///   - progress: Called after each batch, and after each query (by any thread), with the number that is done and
    ///     the total number.
    ///   - warn: Called for each image that is skipped.
    /// - Returns: The features, and how well rankings by them find the people.
    /// - Throws: `EvaluationError`.
    public static func run(
        _ set: TestSet, model: CSPRModel, options: Options = Options(),
        isStopped: @escaping @Sendable () -> Bool = { false },
        progress: @Sendable (_ stage: Stage, _ done: Int, _ total: Int) -> Void = { _, _, _ in },
        warn: (ImageFailure) -> Void = { _ in }
    ) throws(EvaluationError) -> DatasetEvaluation {
        let embedded = try EmbeddedImages.embed(
            set.tasks.flatMap { $0.queries + $0.gallery }, model: model, options: options, isStopped: isStopped,
            progress: { progress(.embedding, $0, $1) }, warn: warn)
        var tasks: [RetrievalTask] = []
        for task in set.tasks {
            let kept = RetrievalTask(
                name: task.name, queries: task.queries.filter(embedded.has), gallery: task.gallery.filter(embedded.has))
            guard !kept.queries.isEmpty, !kept.gallery.isEmpty else { throw .nothingToRank(task: task.name) }
            tasks.append(kept)
        }
        let features = tasks.map { task in
            FeatureSet(
                query: embedded.rows(of: task.queries), gallery: embedded.rows(of: task.gallery),
                querySightings: task.queries.map(\.sighting), gallerySightings: task.gallery.map(\.sighting))
        }
        let configuration = model.configuration
        let views = configuration.hasLocalBranch ? options.views : [.global]
        let ways = options.normalizesCameras ? [false, true] : [false]
        let total = ways.count * views.count * tasks.reduce(0) { $0 + $1.queries.count }
        let done = Atomic(0)
        var evaluations: [Bool: [FeatureView: [RankingKind: [RetrievalEvaluation]]]] = [:]
        for view in views {
            for features in features {
                let part = features.part(configuration.columns(of: view))
                for isNormalized in ways {
                    let scored = try options.protocol.score(
                        isNormalized ? part.cameraNormalized : part, isStopped: isStopped,
                        onQuery: { progress(.scoring, done.wrappingAdd(1, ordering: .relaxed).newValue, total) })
                    for (ranking, evaluation) in scored {
                        evaluations[isNormalized, default: [:]][view, default: [:]][ranking, default: []]
                            .append(evaluation)
                    }
                }
            }
        }
        return DatasetEvaluation(
            set: set, tasks: tasks, features: features, views: views, evaluations: evaluations[false] ?? [:],
            normalizedEvaluations: evaluations[true] ?? [:], skipped: embedded.failures, configuration: configuration)
    }

    /// The figures for a part of the feature and a kind of ranking, as means over the tasks; nil if that ranking was
    /// not asked for.
    public func figures(
        _ view: FeatureView, _ ranking: RankingKind, isNormalized: Bool = false
    ) -> RetrievalFigures? {
        (isNormalized ? normalizedEvaluations : evaluations)[view]?[ranking].map { RetrievalFigures(meanOf: $0) }
    }

    /// The number of queries of all tasks, and of those that have a right answer.
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
