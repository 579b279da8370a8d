import Randomness
import Ranking
import Testing

/// Who an image of a test shows, and which camera took it; person -1 is junk.
struct Seen: Equatable {
    let person: Int
    let camera: Int

    var isJunk: Bool { person == -1 }

    /// Whether the image is an answer to a query, by Market-1501's protocol.
    func relevance(to query: Seen, ignoringJunk: Bool) -> Relevance {
        self == query || (ignoringJunk && isJunk) ? .ignored : person == query.person ? .right : .wrong
    }
}

/// Scores the ranking of every query; `relevance` and `distances` are those of a query, given by its place, to the whole gallery.
func evaluate(
    queries: Int, gallery: Int, rule: ScoringRule = .common, maximumRank: Int = 50, relevance: (Int) -> [Relevance],
    distances: (Int) -> [Double]
) throws(RankingError) -> RetrievalEvaluation {
    let scores = (0..<queries).map { query in
        RetrievalEvaluation.QueryScore(relevance: relevance(query), distances: distances(query), rule: rule)
    }
    return try RetrievalEvaluation(scores: scores, gallery: gallery, rule: rule, maximumRank: maximumRank)
}

@Suite struct RetrievalEvaluationTests {
    /// A rule, and whether junk is ignored.
    static let rules: [(ScoringRule, ignoresJunk: Bool)] = [
        (.common, false), (.official, true), (ScoringRule(averagePrecision: .trapezoid), false), (.common, true),
    ]

    /// The plain definition: sort the gallery, remove what is ignored, and find the right answers.
    func plainScore(
        _ query: Seen, _ gallery: [Seen], _ distances: [Double], _ rule: ScoringRule, ignoresJunk: Bool
    ) -> (first: Int, precision: Double, penalty: Double)? {
        let ranking = gallery.indices.sorted { (distances[$0], $0) < (distances[$1], $1) }.map { gallery[$0] }
        let kept = ranking.filter { !($0 == query) && !(ignoresJunk && $0.person == -1) }
        let ranks = kept.indices.filter { kept[$0].person == query.person }.map { Double($0 + 1) }
        guard let first = ranks.first, let last = ranks.last else { return nil }
        var sum = 0.0
        for (place, rank) in ranks.enumerated() {
            let precision = Double(place + 1) / rank
            let before = rank == 1 ? 1 : Double(place) / (rank - 1)
            sum += rule.averagePrecision == .common ? precision : (precision + before) / 2
        }
        return (Int(first), sum / Double(ranks.count), Double(ranks.count) / last)
    }

    @Test(arguments: Self.rules, [(1, 1), (3, 2), (10, 7), (25, 64), (13, 301)])
    func `scores are those of the plain definition`(
        rules: (rule: ScoringRule, ignoresJunk: Bool), size: (queries: Int, gallery: Int)
    ) throws {
        let (rule, ignoresJunk) = rules
        var generator = SeededGenerator(seed: UInt64(size.gallery))
        func seen(_ people: ClosedRange<Int>) -> Seen {
            Seen(person: .random(in: people, using: &generator), camera: .random(in: 1...3, using: &generator))
        }
        let queries = (0..<size.queries).map { _ in seen(1...8) }
        let gallery = (0..<size.gallery).map { _ in seen(-1...8) }
        let distances = queries.map { _ in gallery.map { _ in Double(Int.random(in: 0..<40, using: &generator)) } }
        let plain = zip(queries, distances).map { plainScore($0, gallery, $1, rule, ignoresJunk: ignoresJunk) }
        let valid = plain.compactMap { $0 }
        func relevance(_ query: Int) -> [Relevance] {
            gallery.map { $0.relevance(to: queries[query], ignoringJunk: ignoresJunk) }
        }
        func evaluation() throws -> RetrievalEvaluation {
            try evaluate(queries: queries.count, gallery: gallery.count, rule: rule, relevance: relevance) {
                distances[$0]
            }
        }
        let counted = Double(rule.countsQueriesWithoutAnswer ? plain.count : valid.count)
        guard counted > 0 else {
            #expect(throws: RankingError.noValidQuery(queries: size.queries)) {
                try evaluation()
            }
            return
        }
        let found = try evaluation()
        #expect(found.validQueries == valid.count)
        #expect(found.queriesWithoutAnswer == plain.count - valid.count)
        #expect(found.scores.map { $0?.firstRank } == plain.map { $0?.first })
        #expect(abs(found.meanAveragePrecision - valid.reduce(0) { $0 + $1.precision } / counted) < 1e-12)
        #expect(abs(found.meanInverseNegativePenalty - valid.reduce(0) { $0 + $1.penalty } / counted) < 1e-12)
        #expect(found.cumulativeMatches.count == min(50, size.gallery))
        for rank in [1, 5, 10, 50] {
            let capped = min(rank, size.gallery)
            let share = Double(valid.count { $0.first <= capped }) / counted
            #expect(abs(found.cumulativeMatch(at: rank) - share) < 1e-12)
        }
    }

    @Test func `a gallery without a right answer cannot be scored`() {
        #expect(throws: RankingError.noValidQuery(queries: 1)) {
            try evaluate(queries: 1, gallery: 1) { _ in
                [.ignored]
            } distances: { _ in
                [0]
            }
        }
        #expect(throws: RankingError.noValidQuery(queries: 0)) {
            try evaluate(queries: 0, gallery: 1, rule: .official) { _ in
                [.ignored]
            } distances: { _ in
                [0]
            }
        }
    }

    @Test func `a perfect ranking scores one`() throws {
        for (rule, _) in Self.rules {
            let found = try evaluate(queries: 1, gallery: 4, rule: rule) { _ in
                [.wrong, .right, .wrong, .right]
            } distances: { _ in
                [0.5, 0.1, 0.9, 0.2]
            }
            #expect(found.cumulativeMatches == [1, 1, 1, 1])
            #expect(found.meanAveragePrecision == 1)
            #expect(found.meanInverseNegativePenalty == 1)
        }
    }
}
