/// How rankings are scored.
public struct ScoringRule: Sendable, Equatable {
    /// How a query's average precision is computed from its right answers at ranks t₁ < … < t_P.
    public enum AveragePrecision: Sendable, Equatable {
        /// The common definition, (1/P) Σ i / tᵢ.
        case common
        /// Market-1501's own trapezoid, (1/P) Σ (oᵢ + i / tᵢ) / 2 with oᵢ = (i − 1) / (tᵢ − 1), where oᵢ = 1 if tᵢ = 1.
        case trapezoid
    }

    /// How average precision is computed.
    public var averagePrecision: AveragePrecision
    /// Whether a query without a right answer counts as 0 in every mean instead of being left out.
    public var countsQueriesWithoutAnswer: Bool

    /// Creates a rule; the defaults are those of `common`.
    public init(
        averagePrecision: AveragePrecision = .common, countsQueriesWithoutAnswer: Bool = false
    ) {
        self.averagePrecision = averagePrecision
        self.countsQueriesWithoutAnswer = countsQueriesWithoutAnswer
    }

    /// The rule that most evaluations use: common average precision, means over the queries that have a right answer.
    public static let common = ScoringRule()
    /// The rule of Market-1501's authors: trapezoid, means over all queries; junk images are `Relevance.ignored`.
    public static let official = ScoringRule(averagePrecision: .trapezoid, countsQueriesWithoutAnswer: true)
}

/// The evaluation of the rankings of many queries: CMC, mAP and mINP.
///
/// For each query, images that are `Relevance.ignored` are removed from the gallery; the rest is ranked by distance,
/// and images at equal distances keep the order of the gallery.
public struct RetrievalEvaluation: Sendable, Equatable {
    /// Element k − 1 is CMC@k, the share of queries with a right answer among the first k.
    public let cumulativeMatches: [Double]
    /// mAP, in 0...1.
    public let meanAveragePrecision: Double
    /// mINP, in 0...1.
    public let meanInverseNegativePenalty: Double
    /// The scores of each query; nil if the gallery has no right answer.
    public let scores: [QueryScore?]

    /// The number of queries that have a right answer.
    public var validQueries: Int { scores.count { $0 != nil } }
    /// The number of queries without a right answer.
    public var queriesWithoutAnswer: Int { scores.count - validQueries }

    /// CMC@k for `rank` = k; beyond the computed ranks, the value of the last one.
    public func cumulativeMatch(at rank: Int) -> Double {
        precondition(rank > 0, "CMC@\(rank)")
        return cumulativeMatches.isEmpty ? 0 : cumulativeMatches[min(rank, cumulativeMatches.count) - 1]
    }

    /// Averages the scores of queries that were scored one by one.
    ///
    /// - Parameters:
    ///   - scores: the scores of each query; nil if the gallery has no right answer.
    ///   - gallery: the size of the gallery.
    ///   - rule: how to average.
    ///   - maximumRank: CMC is computed up to this rank, or up to the gallery's size if that is smaller.
    /// - Throws: `RankingError.noValidQuery` if no query can be averaged.
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
