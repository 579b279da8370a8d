/// How rankings are scored.
public struct ScoringRule: Sendable, Equatable {
    /// How a query's average precision is formed from its right answers at ranks t₁ < … < t_P.
    public enum AveragePrecision: Sendable, Equatable {
        /// The common definition, (1/P) Σ i / tᵢ.
        case common
        /// Market-1501's own trapezoid, (1/P) Σ (oᵢ + i / tᵢ) / 2 with oᵢ = (i − 1) / (tᵢ − 1), and 1 where tᵢ = 1.
        case trapezoid
    }

    /// How average precision is formed.
    public var averagePrecision: AveragePrecision
    /// Whether a query without a right answer counts as 0 in every mean instead of being left out.
    public var countsQueriesWithoutAnswer: Bool

    /// A rule; the standard values are the common one.
    public init(
        averagePrecision: AveragePrecision = .common, countsQueriesWithoutAnswer: Bool = false
    ) {
        self.averagePrecision = averagePrecision
        self.countsQueriesWithoutAnswer = countsQueriesWithoutAnswer
    }

    /// What most evaluators do: common average precision, means over the queries that have a right answer.
    public static let common = ScoringRule()
    /// What the authors of Market-1501 do: trapezoid, means over all queries; junk images are `Relevance.ignored`.
    public static let official = ScoringRule(averagePrecision: .trapezoid, countsQueriesWithoutAnswer: true)
}

/// How well rankings find what is sought: CMC, mAP and mINP.
///
/// For each query, `Relevance.ignored` images are taken out of the gallery; the rest is ranked by distance, equal ones in the order of the
/// gallery.
public struct RetrievalEvaluation: Sendable, Equatable {
    /// Element k − 1 is CMC@k, the share of queries with a right answer among the first k.
    public let cumulativeMatches: [Double]
    /// mAP, in 0...1.
    public let meanAveragePrecision: Double
    /// mINP, in 0...1.
    public let meanInverseNegativePenalty: Double
    /// The scores of each query; nil where the gallery has no right answer.
    public let scores: [QueryScore?]

    /// The number of queries that have a right answer.
    public var validQueries: Int { scores.count { $0 != nil } }
    /// The number of queries without a right answer.
    public var queriesWithoutAnswer: Int { scores.count - validQueries }

    /// CMC@k; beyond the ranks computed, the last of them.
    public func cumulativeMatch(at rank: Int) -> Double {
        precondition(rank > 0, "CMC@\(rank)")
        return cumulativeMatches.isEmpty ? 0 : cumulativeMatches[min(rank, cumulativeMatches.count) - 1]
    }

    /// Scores the ranking of every query.
    ///
    /// - Parameters:
    ///   - queries: the number of queries.
    ///   - gallery: the size of the gallery.
    ///   - rule: how to score.
    ///   - maximumRank: CMC is computed up to this rank or the gallery's size.
    ///   - relevance: what each gallery image is for a query, given by its place.
    ///   - distances: the distances from a query, given by its place, to the whole gallery; smaller is more alike, none NaN.
    /// - Throws: `RankingError.noValidQuery` when there is nothing to average.
    public init(
        queries: Int, gallery: Int, rule: ScoringRule = .common, maximumRank: Int = 50,
        relevance: (Int) -> [Relevance], distances: (Int) -> [Double]
    ) throws(RankingError) {
        let scores = (0..<queries).map { query in
            QueryScore(relevance: relevance(query), distances: distances(query), rule: rule)
        }
        try self.init(scores: scores, gallery: gallery, rule: rule, maximumRank: maximumRank)
    }

    /// Averages the scores of queries that were scored one by one.
    ///
    /// - Parameters:
    ///   - scores: of each query; nil where the gallery has no right answer.
    ///   - gallery: the size of the gallery.
    ///   - rule: how to average.
    ///   - maximumRank: CMC is computed up to this rank or the gallery's size.
    /// - Throws: `RankingError.noValidQuery` when there is nothing to average.
    public init(
        scores: [QueryScore?], gallery: Int, rule: ScoringRule = .common, maximumRank: Int = 50
    ) throws(RankingError) {
        let valid = scores.compactMap { $0 }
        let counted = rule.countsQueriesWithoutAnswer ? scores.count : valid.count
        guard counted > 0 else { throw .noValidQuery(queries: scores.count) }
        var hits = [Int](repeating: 0, count: max(0, min(maximumRank, gallery)))
        for score in valid where score.firstRank <= hits.count { hits[score.firstRank - 1] += 1 }
        var total = 0
        cumulativeMatches = hits.map { count in
            total += count
            return Double(total) / Double(counted)
        }
        meanAveragePrecision = valid.reduce(0) { $0 + $1.averagePrecision } / Double(counted)
        meanInverseNegativePenalty = valid.reduce(0) { $0 + $1.inverseNegativePenalty } / Double(counted)
        self.scores = scores
    }
}
