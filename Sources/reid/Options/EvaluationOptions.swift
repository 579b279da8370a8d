public import ArgumentParser
public import Datasets
internal import Evaluation
internal import Ranking

extension DatasetKind: ExpressibleByArgument {}

/// How rankings are scored.
struct ScoringOptions: ParsableArguments {
    /// How average precision is computed.
    enum AveragePrecision: String, ExpressibleByArgument, CaseIterable { case common, market }

    /// Which images are ranked for a query.
    enum Ranked: String, ExpressibleByArgument, CaseIterable { case all, cross }

    /// What happens to images of person -1.
    enum Junk: String, ExpressibleByArgument, CaseIterable { case drop, keep }

    /// Which re-rankings are scored in addition to the plain ranking.
    enum Reranked: String, ExpressibleByArgument, CaseIterable { case both, pool, single, none }

    /// Which images a query alone is re-ranked with.
    enum Candidates: ExpressibleByArgument, Equatable {
        case all
        case nearest(Int)

        init?(argument: String) {
            if argument == "all" {
                self = .all
            } else if let count = Int(argument), ReRanking.candidates ~= count {
                self = .nearest(count)
            } else {
                return nil
            }
        }

        var defaultValueDescription: String { "all" }
    }

    @Option(help: "common: mean of the precisions at the right answers; market: Market-1501's trapezoid.")
    var ap = AveragePrecision.common

    @Option(help: "all: every camera is ranked; cross: only other cameras than the query's.")
    var gallery = Ranked.all

    @Option(help: "drop: images of person -1 are left out; keep: they are ranked and then ignored.")
    var junk = Junk.drop

    @Option(
        help: """
            pool: all queries at once, as in the literature; single: each alone, like the service, whose own values are \
            --k1 \(ReRanking.cautious.k1) --k2 \(ReRanking.cautious.k2) --lambda \(ReRanking.cautious.lambda); both; none.
            """)
    var rerank = Reranked.both

    @Option(
        help: """
            A number from \(ReRanking.candidates.lowerBound) to \(ReRanking.candidates.upperBound): each query alone is also \
            re-ranked among that many nearest images, as the service does with \(ReRanking.usualCandidates); all: among the whole \
            gallery only.
            """)
    var candidates = Candidates.all

    @Flag(help: "Score also what subtracting each camera's mean vector gives; the means are those of the gallery.")
    var cameraNormalization = false

    func validate() throws {
        guard candidates == .all || rerank == .single || rerank == .both else {
            throw ValidationError("--candidates goes with --rerank single or both")
        }
    }

    /// The protocol that these options describe.
    func evaluationProtocol(_ reRanking: ReRanking) -> EvaluationProtocol {
        var rules = EvaluationProtocol()
        rules.reRanking = reRanking
        rules.averagePrecision = ap == .market ? .trapezoid : .common
        rules.keepsJunk = junk == .keep
        rules.isAcrossCameras = gallery == .cross
        if case .nearest(let count) = candidates { rules.candidates = count }
        rules.rankings =
            switch rerank {
            case .both: [.plain, .reranked, .rerankedSingle]
            case .pool: [.plain, .reranked]
            case .single: [.plain, .rerankedSingle]
            case .none: [.plain]
            }
        if candidates != .all { rules.rankings.append(.rerankedCandidates) }
        return rules
    }
}

/// How a data set is read, embedded and reported.
struct DatasetOptions: ParsableArguments {
    /// Which images of a folder are queries.
    enum Queries: String, ExpressibleByArgument, CaseIterable { case first, all }

    @Option(help: "A self-contained HTML file with figures, rankings and attention.")
    var report: String?

    @Option(help: "Write the features to this file, for --features; with several splits, those of the first.")
    var saveFeatures: String?

    @Option(help: "The seed of the random splits.")
    var seed: UInt64?

    @Option(help: "The number of random splits; each is tested in both directions.")
    var splits: Int?

    @Option(
        help: "Of a `folder` without `query`: the first image of each person by each camera is a query, or all are.")
    var queries: Queries?

    @Flag(help: "CUHK03's detected boxes instead of the labeled ones.")
    var detected = false

    @Flag(help: "End if an image cannot be decoded, instead of skipping it.")
    var strict = false

    @Option(help: "The number of images in one forward pass.")
    var batch = 8

    /// Whether none of these options is given.
    var areUnused: Bool {
        report == nil && saveFeatures == nil && seed == nil && splits == nil && queries == nil && !detected && !strict
    }

    func validate() throws {
        guard (1...1000).contains(splits ?? 1) else { throw ValidationError("--splits: expected 1...1000") }
        guard (1...256).contains(batch) else { throw ValidationError("--batch: expected 1...256") }
    }

    /// The choices about the data set.
    var reading: TestSet.Options {
        var options = TestSet.Options()
        options.seed = seed ?? options.seed
        options.splits = splits ?? options.splits
        options.queriesEveryImage = queries == .all
        options.isDetected = detected
        return options
    }
}
