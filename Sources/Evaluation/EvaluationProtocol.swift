internal import Datasets
public import Ranking
internal import Synchronization

/// How a gallery is ranked for each query.
public enum RankingKind: String, Sendable, CaseIterable, Codable, CodingKeyRepresentable {
    /// Ordered by distance.
    case plain
    /// Re-ranked with all queries and the gallery as one pool, as in the literature.
    case reranked
    /// Re-ranked with each query alone and the whole gallery.
    case rerankedSingle = "reranked_single"
    /// Re-ranked with each query alone and the images nearest to it, as the service does; the others follow.
    case rerankedCandidates = "reranked_candidates"

    /// The name in tables.
    public var title: String {
        switch self {
        case .plain: "plain"
        case .reranked: "re-ranked, pool"
        case .rerankedSingle: "re-ranked, single"
        case .rerankedCandidates: "re-ranked, candidates"
        }
    }
}

/// How rankings are made and scored.
///
/// For each query, gallery images of the same person by the same camera are left out, or all images by that camera. Means are over the queries that have a right answer.
public struct EvaluationProtocol: Sendable, Equatable {
    /// k₁, k₂ and λ.
    public var reRanking: ReRanking = .standard
    /// How average precision is computed.
    public var averagePrecision = ScoringRule.AveragePrecision.common
    /// Whether images of person -1 are ranked and then ignored; false leaves them out of the gallery and the pool.
    public var keepsJunk = false
    /// Whether only images by other cameras than the query's are ranked.
    public var isAcrossCameras = false
    /// Which rankings are scored.
    public var rankings = [RankingKind.plain, .reranked, .rerankedSingle]
    /// How many images `rerankedCandidates` re-ranks for each query.
    public var candidates = ReRanking.usualCandidates

    /// The common protocol, with all rankings that use the whole gallery.
    public init() {}

    /// The rule that scores one ranking.
    private var rule: ScoringRule { ScoringRule(averagePrecision: averagePrecision) }

    /// Ranks the gallery for every query and scores the rankings, on all cores.
    ///
    /// - Parameters:
    ///   - given: The features and their labels.
    ///   - isStopped: Called often, by any thread; true stops the work.
    ///   - onQuery: Called after every query, by any thread.
    /// - Returns: An evaluation for each of `rankings`.
    /// - Throws: `EvaluationError.stopped`, or `.nothingToScore` if no query has a right answer.
    public func score(
        _ given: FeatureSet, isStopped: @Sendable () -> Bool = { false }, onQuery: @Sendable () -> Void = {}
    ) throws(EvaluationError) -> [RankingKind: RetrievalEvaluation] {
        let set = keepsJunk ? given : given.withoutJunk()
        var scores = [[RetrievalEvaluation.QueryScore?]](repeating: [], count: set.query.count)
        for (queries, part) in isAcrossCameras ? set.acrossCameras : [(Array(0..<set.query.count), set)] {
            guard part.gallery.count > 0 else {
                for query in queries { scores[query] = rankings.map { _ in nil } }
                continue
            }
            for (query, found) in zip(queries, try self.scores(part, isStopped: isStopped, onQuery: onQuery)) {
                scores[query] = found
            }
        }
        var evaluations: [RankingKind: RetrievalEvaluation] = [:]
        for (place, ranking) in rankings.enumerated() {
            do {
                evaluations[ranking] = try RetrievalEvaluation(
                    scores: scores.map { $0[place] }, gallery: set.gallery.count, rule: rule)
            } catch { throw .nothingToScore(error) }
        }
        return evaluations
    }

    /// The scores of every query, one for each of `rankings`; nil if the gallery has no right answer.
    private func scores(
        _ set: FeatureSet, isStopped: @Sendable () -> Bool, onQuery: @Sendable () -> Void
    ) throws(EvaluationError) -> [[RetrievalEvaluation.QueryScore?]] {
        guard !isStopped() else { throw .stopped }
        let pool: PoolReRanking?
        let single: QueryReRanking?
        do {
            pool =
                rankings.contains(.reranked)
                ? try PoolReRanking(
                    queries: set.query, gallery: set.gallery, options: reRanking, isCancelled: isStopped) : nil
            single =
                rankings.contains(.rerankedSingle)
                ? try QueryReRanking(gallery: set.gallery, options: reRanking, isCancelled: isStopped) : nil
        } catch { throw .stopped }
        let wasStopped = Atomic(false)
        let scores = mapDistances(from: set.query, to: set.gallery) { query, distances in
            guard !isStopped() else {
                wasStopped.store(true, ordering: .relaxed)
                return [RetrievalEvaluation.QueryScore?](repeating: nil, count: rankings.count)
            }
            defer { onQuery() }
            let relevance = set.gallerySightings.map {
                Relevance(of: $0, to: set.querySightings[query], ignoringJunk: keepsJunk)
            }
            return rankings.map { ranking in
                let ranked: [Double]?
                switch ranking {
                case .plain: ranked = distances
                case .reranked: ranked = pool?.distances(of: query, original: distances)
                case .rerankedSingle:
                    ranked = try? single?.distances(original: distances, isCancelled: isStopped)
                case .rerankedCandidates:
                    ranked = try? places(of: query, in: set, distances: distances, isStopped: isStopped)
                }
                guard let ranked else {
                    wasStopped.store(true, ordering: .relaxed)
                    return nil
                }
                return RetrievalEvaluation.QueryScore(relevance: relevance, distances: ranked, rule: rule)
            }
        }
        guard !wasStopped.load(ordering: .relaxed) else { throw .stopped }
        return scores
    }
}

extension EvaluationProtocol {
    /// The place of every gallery row when the query's nearest rows are re-ranked.
    private func places(
        of query: Int, in set: FeatureSet, distances: [Double], isStopped: @Sendable () -> Bool
    ) throws(RankingError) -> [Double] {
        let matches = distances.indices.map { Match(row: $0, distance: Float(distances[$0])) }.sorted()
        let ranked = try reRank(
            matches, for: set.query[query], in: set.gallery, options: reRanking, candidates: candidates,
            isCancelled: isStopped)
        var places = [Double](repeating: 0, count: distances.count)
        for (place, match) in ranked.enumerated() { places[match.row] = Double(place) }
        return places
    }
}

/// The figures by which rankings are compared, each in 0...1.
public struct RetrievalFigures: Sendable, Equatable, Codable {
    /// The share of queries with a right answer among the first 1, 5, 10 and 20.
    public let cmc1, cmc5, cmc10, cmc20: Double
    /// Mean average precision.
    public let mAP: Double
    /// Mean inverse negative penalty.
    public let mINP: Double

    enum CodingKeys: String, CodingKey {
        case cmc1 = "CMC@1"
        case cmc5 = "CMC@5"
        case cmc10 = "CMC@10"
        case cmc20 = "CMC@20"
        case mAP, mINP
    }

    /// The means over one or several evaluations.
    public init(meanOf evaluations: [RetrievalEvaluation]) {
        precondition(!evaluations.isEmpty, "a mean of no evaluations")
        func mean(_ figure: (RetrievalEvaluation) -> Double) -> Double {
            evaluations.reduce(0) { $0 + figure($1) } / Double(evaluations.count)
        }
        cmc1 = mean { $0.cumulativeMatch(at: 1) }
        cmc5 = mean { $0.cumulativeMatch(at: 5) }
        cmc10 = mean { $0.cumulativeMatch(at: 10) }
        cmc20 = mean { $0.cumulativeMatch(at: 20) }
        mAP = mean(\.meanAveragePrecision)
        mINP = mean(\.meanInverseNegativePenalty)
    }

    /// Names and figures, in the order of a table's columns.
    public var named: [(name: String, value: Double)] {
        [("CMC@1", cmc1), ("CMC@5", cmc5), ("CMC@10", cmc10), ("CMC@20", cmc20), ("mAP", mAP), ("mINP", mINP)]
    }
}
