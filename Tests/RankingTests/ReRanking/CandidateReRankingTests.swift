import Dispatch
import Randomness
import Ranking
import Synchronization
import Testing

@Suite struct CandidateReRankingTests {
    static let tolerance = 1e-9

    /// Compares the answer with the plain definition: the same rows in both parts, and each final distance.
    func expectPlain(
        _ query: [Float], _ rows: [[Float]], _ gallery: EmbeddingMatrix, _ options: ReRanking, candidates: Int,
        where filter: RowFilter? = nil, _ comment: Comment, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let found = try reRanked(query, in: gallery, options: options, candidates: candidates, where: filter)
        let plain = plainReRanked(query, gallery: rows, options: options, candidates: candidates) {
            filter?[$0] ?? true
        }
        let expected = Dictionary(uniqueKeysWithValues: plain.map { ($0.row, $0.final) })
        let pool = found.prefix(candidates)
        #expect(found.count == plain.count, comment, sourceLocation: sourceLocation)
        for match in pool {
            let (final, reference) = (match.reRankedDistance ?? .nan, (expected[match.row] ?? nil) ?? .nan)
            #expect(abs(final - reference) < Self.tolerance, comment, sourceLocation: sourceLocation)
        }
        let order = pool.map { ($0.reRankedDistance ?? .nan, $0.row) }
        #expect(zip(order, order.dropFirst()).allSatisfy { $0 < $1 }, comment, sourceLocation: sourceLocation)
        let rest = found.dropFirst(candidates)
        #expect(rest.allSatisfy { $0.reRankedDistance == nil }, comment, sourceLocation: sourceLocation)
        #expect(
            rest.map(\.row) == plain.dropFirst(candidates).map(\.row), comment, sourceLocation: sourceLocation)
    }

    @Test func `a gallery of any history is re-ranked as the plain definition says`() throws {
        var generator = SeededGenerator(seed: 21)
        for history in 0..<2_500 {
            let layout = [Layout.clustered, .integers, .duplicates][history % 3]
            let dimensions = Int.random(in: 1...5, using: &generator)
            var supply = rows(layout, count: 24, dimensions: dimensions, seed: UInt64(history))
            let query = supply.removeLast()
            var present: [[Float]] = []
            var gallery = EmbeddingMatrix(dimensions: dimensions)
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                if present.isEmpty || Bool.random(using: &generator) {
                    for row in supply.prefix(Int.random(in: 1...7, using: &generator)) {
                        present.append(row)
                        gallery.append(row)
                        supply.removeFirst()
                    }
                } else {
                    let removed = Set(
                        present.indices.shuffled(using: &generator).prefix(.random(in: 1...4, using: &generator)))
                    present = present.indices.filter { !removed.contains($0) }.map { present[$0] }
                    gallery = gallery.removing(removed)
                }
            }
            let filter: RowFilter? =
                history.isMultiple(of: 2)
                ? nil : RowFilter(count: present.count) { _ in Int.random(in: 0..<3, using: &generator) > 0 }
            let options = try ReRanking(
                k1: .random(in: 1...12, using: &generator), k2: .random(in: 1...8, using: &generator),
                lambda: .random(in: 0...1, using: &generator))
            let candidates = Int.random(in: 1...14, using: &generator)
            try expectPlain(
                query, present, gallery, options, candidates: candidates, where: filter,
                "history \(history), \(options), \(candidates) candidates")
        }
    }

    @Test(arguments: Layout.allCases.filter { $0 != .nearlyEqual }, [7, 260])
    func `candidates from a gallery of several blocks are re-ranked as the plain definition says`(
        layout: Layout, candidates: Int
    ) throws {
        let all = rows(layout, count: 601, dimensions: 12, seed: 31)
        let gallery = matrix(Array(all.dropFirst()), dimensions: 12)
        try expectPlain(
            all[0], Array(all.dropFirst()), gallery, .standard, candidates: candidates, "\(candidates) candidates")
    }

    @Test func `rows past the candidates change nothing about the candidates`() throws {
        let all = rows(.clustered, count: 400, dimensions: 9, seed: 32)
        let gallery = matrix(Array(all.dropFirst()), dimensions: 9)
        let best = try reRanked(all[0], in: gallery, options: .cautious, candidates: 40)
        let kept = best.prefix(40).map(\.row).sorted()
        let alone = try reRanked(all[0], in: gallery.selecting(kept), options: .cautious, candidates: 40)
        #expect(alone.map { kept[$0.row] } == best.prefix(40).map(\.row))
        #expect(alone.map(\.reRankedDistance) == best.prefix(40).map(\.reRankedDistance))
    }

    @Test func `an answer has the same bits alone and among others`() throws {
        let all = rows(.clustered, count: 700, dimensions: 33, seed: 33)
        let gallery = matrix(Array(all.dropFirst(8)), dimensions: 33)
        let alone = try (0..<8).map {
            try reRanked(all[$0], in: gallery, options: .standard, candidates: 300)
        }
        let found = Mutex([[ReRankedMatch]?](repeating: nil, count: 8))
        DispatchQueue.concurrentPerform(iterations: 8) { query in
            let answer = try? reRanked(all[query], in: gallery, options: .standard, candidates: 300)
            found.withLock { $0[query] = answer }
        }
        #expect(found.withLock { $0 } == alone)
    }

    @Test func `a search that is canceled stops wherever it is, after few more steps`() throws {
        let all = rows(.clustered, count: 600, dimensions: 16, seed: 34)
        let gallery = matrix(Array(all.dropFirst()), dimensions: 16)
        /// How often a search that is canceled at the given question asks, and whether it throws.
        func asked(canceledAt limit: Int) throws -> (count: Int, wasThrown: Bool) {
            let count = Atomic(0)
            do {
                _ = try reRanked(all[0], in: gallery, options: .standard, candidates: 300) {
                    count.wrappingAdd(1, ordering: .relaxed).newValue >= limit
                }
                return (count.load(ordering: .relaxed), false)
            } catch RankingError.cancelled {
                return (count.load(ordering: .relaxed), true)
            }
        }
        let whole = try asked(canceledAt: .max)
        #expect(!whole.wasThrown)
        #expect(whole.count > 600)
        for limit in [1, 5, 10, 11, 15, 50, 200, 500, 700, 900, whole.count - 1] where limit < whole.count {
            let canceled = try asked(canceledAt: limit)
            #expect(canceled.wasThrown)
            // Every pair of tiles, of two tiles here, and every tile may ask once more.
            #expect(canceled.count <= limit + 8)
        }
    }

    @Test func `nothing to rank gives nothing`() throws {
        #expect(try reRanked([1, 0], in: EmbeddingMatrix(dimensions: 2), options: .standard, candidates: 5).isEmpty)
        let one = matrix([[1, 0]], dimensions: 2)
        let none = RowFilter(count: 1)
        #expect(try reRanked([1, 0], in: one, options: .standard, candidates: 5, where: none).isEmpty)
    }
}
