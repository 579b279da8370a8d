import Foundation
import Randomness
import Ranking
import Testing

@Suite struct ReRankingTests {
    static let options: [ReRanking] =
        [(20, 6, 0.3), (1, 1, 0.3), (1, 1, 0), (2, 3, 1), (5, 2, 0.5), (7, 30, 0.1), (40, 6, 0.3), (100, 100, 0.2)]
        .compactMap { try? ReRanking(k1: $0.0, k2: $0.1, lambda: $0.2) }

    /// Sums are formed in another order than in the plain definition; nothing else may differ.
    static let tolerance = 1e-12

    /// d* of every row for one query.
    func finals(_ query: [Float], in gallery: EmbeddingMatrix, _ options: ReRanking) throws -> [Double] {
        try QueryReRanking(gallery: gallery, options: options)
            .distances(original: unroundedDistances(from: query, to: gallery))
    }

    @Test(arguments: Self.options, Layout.allCases.filter { $0 != .nearlyEqual })
    func `one query is re-ranked as the plain definition says`(options: ReRanking, layout: Layout) throws {
        for count in [1, 2, 5, 6, 19, 20, 21, 22, 60] {
            let pool = rows(layout, count: count + 1, dimensions: 6, seed: UInt64(count))
            let gallery = matrix(Array(pool.dropFirst()), dimensions: 6)
            let found = try finals(pool[0], in: gallery, options)
            let expected = PlainReRanking(options).distances(pool: pool, queries: 1)[0]
            #expect(largestDifference(found, expected) < Self.tolerance, "gallery of \(count)")
        }
    }

    /// Twelve rows in groups of three, each nearer to the query than to the others of its group; the query has nearer
    /// rows, so only the mean over k₂ neighbors connects them.
    @Test func `a row that the query joins without being joined is re-ranked too`() throws {
        var generator = SeededGenerator(seed: 14)
        let near = (0..<4).map { place in
            (0..<16).map { axis -> Float in axis == place ? -0.21 : axis < 4 ? -0.2 : 0 }
        }
        let far = (0..<12).map { place in
            let values = (0..<16).map { axis -> Float in
                let noise = Float.random(in: 0...0.01, using: &generator)
                return noise + (axis == place / 3 ? 0.65 : axis == 4 + place ? 0.76 : 0)
            }
            let length = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
            return values.map { $0 / length * (1 + Float(place) / 1000) }
        }
        let options = try ReRanking(k1: 5, k2: 2, lambda: 0.3)
        let query = [Float](repeating: 0, count: 16)
        let gallery = matrix(near + far, dimensions: 16)
        let found = try finals(query, in: gallery, options)
        let expected = PlainReRanking(options).distances(pool: [query] + near + far, queries: 1)[0]
        #expect(largestDifference(found, expected) < Self.tolerance)
    }

    /// Which of 200 people, who have one image each, are found at once: by distance, and re-ranked with both sets of values.
    private func found(seed: UInt64) throws -> (plain: [Bool], cautious: [Bool], standard: [Bool]) {
        var generator = SeededGenerator(seed: seed)
        func sighting(of person: [Float]) -> [Float] {
            unit(person.map { $0 + 0.5 * Float.random(in: -1...1, using: &generator) })
        }
        let people = (0..<200).map { _ in (0..<12).map { _ in Float.random(in: -1...1, using: &generator) } }
        let queries = people.map(sighting)
        let gallery = matrix(people.map(sighting), dimensions: 12)
        let cautious = try QueryReRanking(gallery: gallery, options: .cautious)
        let standard = try QueryReRanking(gallery: gallery, options: .standard)
        func isFound(_ distances: ([Double]) throws -> [Double]) rethrows -> [Bool] {
            try queries.indices.map { person in
                let found = try distances(unroundedDistances(from: queries[person], to: gallery))
                return found.indices.allSatisfy { $0 == person || found[person] < found[$0] }
            }
        }
        return (
            isFound { $0 }, try isFound { try cautious.distances(original: $0) },
            try isFound { try standard.distances(original: $0) }
        )
    }

    /// No other image of the person supports the right answer here, so the neighbors that re-ranking looks at say nothing.
    ///
    /// Two claims about 1,000 queries, whose margins come from the definitions, not from the seeds:
    /// - If two rankings were equally good, each query that only one of them answers would be a fair coin's throw (McNemar's test), and
    ///   the difference of the two sides would have the standard deviation √(number of such queries). A lead of more than four
    ///   deviations comes about by chance once in 30,000 times.
    /// - d* = (1 − λ)·d_J + λ·d loses a right answer whose lead in d is smaller than (1 − λ)/λ times its lag in d_J. Small leads are
    ///   evenly spread, so the losses are proportional to (1 − λ)/λ: 3/7 for the cautious values, 7/3 for the paper's.
    @Test
    func `where everybody has one image, cautious re-ranking keeps the right answers that the paper's values lose`()
        throws
    {
        let all = try (1...5).map { try found(seed: $0) }
        let (plain, cautious, standard) = (all.flatMap(\.plain), all.flatMap(\.cautious), all.flatMap(\.standard))
        func answered(by first: [Bool], notBy second: [Bool]) -> Double {
            Double(zip(first, second).count { $0 && !$1 })
        }
        func lead(of first: [Bool], over second: [Bool]) -> Double {
            let (ours, theirs) = (answered(by: first, notBy: second), answered(by: second, notBy: first))
            return (ours - theirs) / max(1, ours + theirs).squareRoot()
        }
        func weight(_ options: ReRanking) -> Double { (1 - options.lambda) / options.lambda }
        #expect(lead(of: plain, over: standard) > 4)
        #expect(lead(of: cautious, over: standard) > 4)
        let share = weight(.cautious) / weight(.standard)
        #expect(answered(by: plain, notBy: cautious) <= share * answered(by: plain, notBy: standard))
    }

    @Test(arguments: Self.options, Layout.allCases.filter { $0 != .nearlyEqual })
    func `a pool is re-ranked as the plain definition says`(options: ReRanking, layout: Layout) throws {
        for (queries, count) in [(1, 1), (3, 1), (5, 17), (20, 41)] {
            let pool = rows(layout, count: queries + count, dimensions: 6, seed: UInt64(count))
            let ranking = try PoolReRanking(
                queries: matrix(Array(pool.prefix(queries)), dimensions: 6),
                gallery: matrix(Array(pool.dropFirst(queries)), dimensions: 6), options: options)
            let expected = PlainReRanking(options).distances(pool: pool, queries: queries)
            for query in 0..<queries {
                #expect(largestDifference(ranking.distances(of: query), expected[query]) < Self.tolerance)
            }
        }
    }

    @Test(arguments: Layout.allCases.filter { $0 != .nearlyEqual })
    func `a pool of several blocks is re-ranked as the plain definition says`(layout: Layout) throws {
        let pool = rows(layout, count: 300, dimensions: 19, seed: 16)
        let queries = matrix(Array(pool.prefix(9)), dimensions: 19)
        let gallery = matrix(Array(pool.dropFirst(9)), dimensions: 19)
        let ranking = try PoolReRanking(queries: queries, gallery: gallery, options: .standard)
        let found = mapDistances(from: queries, to: gallery) { ranking.distances(of: $0, original: $1) }
        let expected = PlainReRanking(.standard).distances(pool: pool, queries: 9)
        for query in 0..<9 {
            #expect(largestDifference(found[query], expected[query]) < Self.tolerance)
            #expect(found[query] == ranking.distances(of: query))
        }
    }

    @Test(arguments: Layout.allCases.filter { $0 != .nearlyEqual }, [1, 2, 10, 50, 89, 90])
    func `a filter gives what ranking only the allowed rows gives`(layout: Layout, allowed: Int) throws {
        var generator = SeededGenerator(seed: 11)
        let pool = rows(layout, count: 91, dimensions: 8, seed: 12)
        let gallery = matrix(Array(pool.dropFirst()), dimensions: 8)
        var filter = RowFilter(count: 90)
        for row in Array(0..<90).shuffled(using: &generator).prefix(allowed) { filter.allow(row) }
        let found = try reRanked(pool[0], in: gallery, options: .standard, candidates: 500, where: filter)
        let kept = [pool[0]] + filter.rows.map { pool[$0 + 1] }
        let expected = PlainReRanking(.standard).distances(pool: kept, queries: 1)[0]
        let ordered = found.sorted { $0.row < $1.row }
        #expect(ordered.map(\.row) == filter.rows)
        #expect(largestDifference(ordered.map { $0.reRankedDistance ?? .nan }, expected) < Self.tolerance)
    }

    @Test func `the best after re-ranking are those of all distances in order`() throws {
        let pool = rows(.integers, count: 80, dimensions: 3, seed: 13)
        let gallery = matrix(Array(pool.dropFirst()), dimensions: 3)
        let all = try finals(pool[0], in: gallery, .standard)
        let original = distances(from: pool[0], to: gallery)
        let expected = all.indices.sorted { (all[$0], $0) < (all[$1], $1) }
        let best = try reRanked(pool[0], in: gallery, options: .standard, candidates: 500)
        #expect(best.map(\.row) == expected)
        #expect(best.allSatisfy { $0.distance == original[$0.row] && $0.reRankedDistance == all[$0.row] })
        var filter = RowFilter(count: 79)
        filter.allow(7)
        let one = try reRanked(pool[0], in: gallery, options: .standard, candidates: 10, where: filter)
        #expect(one.map(\.row) == [7])
    }

    @Test func `nothing to rank gives nothing`() throws {
        let empty = EmbeddingMatrix(dimensions: 2)
        let one = matrix([[1, 0]], dimensions: 2)
        #expect(try QueryReRanking(gallery: empty, options: .standard).distances(original: []).isEmpty)
        #expect(try PoolReRanking(queries: one, gallery: empty, options: .standard).distances(of: 0).isEmpty)
        _ = try PoolReRanking(queries: empty, gallery: one, options: .standard)
        _ = try PoolReRanking(queries: empty, gallery: empty, options: .standard)
    }

    @Test func `a pool that is canceled is given up`() {
        let all = matrix(rows(.clustered, count: 40, dimensions: 5, seed: 19), dimensions: 5)
        #expect(throws: RankingError.cancelled) {
            try PoolReRanking(queries: all, gallery: all, options: .standard) { true }
        }
        #expect(throws: RankingError.cancelled) { try QueryReRanking(gallery: all, options: .standard) { true } }
    }

    @Test(arguments: [
        (0, 6, 0.3, "k1"), (-1, 6, 0.3, "k1"), (101, 6, 0.3, "k1"), (1000, 6, 0.3, "k1"), (20, 0, 0.3, "k2"),
        (20, 101, 0.3, "k2"),
        (20, 6, -0.01, "lambda"), (20, 6, 1.01, "lambda"), (20, 6, Double.nan, "lambda"),
    ])
    func `an option out of range is refused by name`(k1: Int, k2: Int, lambda: Double, name: String) {
        let error = #expect(throws: RankingError.self) { try ReRanking(k1: k1, k2: k2, lambda: lambda) }
        guard case .optionOutOfRange(let found, _, _, _) = error else { return #expect(Bool(false)) }
        #expect(found == name)
    }

    @Test func `options are decoded with the cautious ones for those missing`() throws {
        let decoded = try JSONDecoder().decode(ReRanking.self, from: Data(#"{"k2": 4}"#.utf8))
        #expect(decoded == (try ReRanking(k1: 6, k2: 4, lambda: 0.7)))
        #expect(throws: RankingError.self) {
            try JSONDecoder().decode(ReRanking.self, from: Data(#"{"lambda": 7}"#.utf8))
        }
    }
}
