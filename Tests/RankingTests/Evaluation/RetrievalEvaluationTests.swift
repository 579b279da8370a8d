import Ranking
import Testing

@Suite struct RetrievalEvaluationTests {
    static let rules: [ScoringRule] = [
        .common, .official, ScoringRule(averagePrecision: .trapezoid), ScoringRule(ignoresJunk: true),
    ]

    /// The plain definition: sort the gallery, drop what does not count, look where the right answers are.
    func plainScore(
        _ query: Sighting, _ gallery: [Sighting], _ distances: [Double], _ rule: ScoringRule
    ) -> (first: Int, precision: Double, penalty: Double)? {
        let ranking = gallery.indices.sorted { (distances[$0], $0) < (distances[$1], $1) }.map { gallery[$0] }
        let kept = ranking.filter { !($0 == query) && !(rule.ignoresJunk && $0.person == -1) }
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
    func `scores are those of the plain definition`(rule: ScoringRule, size: (queries: Int, gallery: Int)) throws {
        var generator = SeededGenerator(seed: UInt64(size.gallery))
        func sighting(_ people: ClosedRange<Int>) -> Sighting {
            Sighting(person: .random(in: people, using: &generator), camera: .random(in: 1...3, using: &generator))
        }
        let queries = (0..<size.queries).map { _ in sighting(1...8) }
        let gallery = (0..<size.gallery).map { _ in sighting(-1...8) }
        let distances = queries.map { _ in gallery.map { _ in Double(Int.random(in: 0..<40, using: &generator)) } }
        let plain = zip(queries, distances).map { plainScore($0, gallery, $1, rule) }
        let valid = plain.compactMap { $0 }
        let counted = Double(rule.countsQueriesWithoutAnswer ? plain.count : valid.count)
        guard counted > 0 else {
            #expect(throws: RankingError.noValidQuery(queries: size.queries)) {
                try RetrievalEvaluation(queries: queries, gallery: gallery, rule: rule) { distances[$0] }
            }
            return
        }
        let found = try RetrievalEvaluation(queries: queries, gallery: gallery, rule: rule) { distances[$0] }
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

    @Test func `a gallery without the people sought cannot be scored`() {
        let query = [Sighting(person: 1, camera: 1)]
        #expect(throws: RankingError.noValidQuery(queries: 1)) {
            try RetrievalEvaluation(queries: query, gallery: query) { _ in [0] }
        }
        #expect(throws: RankingError.noValidQuery(queries: 0)) {
            try RetrievalEvaluation(queries: [], gallery: query, rule: .official) { _ in [0] }
        }
    }

    @Test func `a perfect ranking scores one`() throws {
        let gallery = [2, 1, 3, 1].map { Sighting(person: $0, camera: 2) }
        for rule in Self.rules {
            let found = try RetrievalEvaluation(
                queries: [Sighting(person: 1, camera: 1)], gallery: gallery, rule: rule
            ) { _ in [0.5, 0.1, 0.9, 0.2] }
            #expect(found.cumulativeMatches == [1, 1, 1, 1])
            #expect(found.meanAveragePrecision == 1)
            #expect(found.meanInverseNegativePenalty == 1)
        }
    }
}
