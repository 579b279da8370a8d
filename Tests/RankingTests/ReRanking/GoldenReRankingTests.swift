import Ranking
import Testing

/// Agreement with float64 results of the reference algorithm, within 1e-5; with distances in double the difference is
/// smaller.
@Suite struct GoldenReRankingTests {
    static let tolerance = 1e-9

    /// The parameter sets of a case that use this package's order of ties: by distance, then place in the pool.
    func parameters(_ golden: GoldenCase) throws -> [(index: Int, options: ReRanking)] {
        let all = try #require(golden.manifest["params"] as? [[String: Any]])
        return try all.enumerated().filter { $1["tie"] as? String == "index" }.map { index, entry in
            let k1 = try #require(entry["k1"] as? Int)
            let k2 = try #require(entry["k2"] as? Int)
            let lambda = try #require(entry["lam"] as? Double)
            return (index, try ReRanking(k1: k1, k2: k2, lambda: lambda))
        }
    }

    @Test func `there are golden cases of pools, of single queries and of galleries that grow`() throws {
        let names = GoldenCase.names(kind: "rerank")
        #expect(try names.contains { try !parameters(GoldenCase($0)).isEmpty })
        #expect(try names.contains { try GoldenCase($0).integers("nq") == [1] && !parameters(GoldenCase($0)).isEmpty })
        #expect(!GoldenCase.names(kind: "incremental").isEmpty)
    }

    @Test(arguments: GoldenCase.names(kind: "rerank"))
    func `a pool is re-ranked as the reference does`(name: String) throws {
        let golden = try GoldenCase(name)
        let pool = try golden.matrix("features")
        let count = try #require(try golden.integers("nq").first)
        let queries = pool.selecting(0..<count)
        let gallery = pool.selecting(count..<pool.count)
        for (index, options) in try parameters(golden) {
            let expected = try golden.doubles("final_\(index)")
            let ranking = try PoolReRanking(queries: queries, gallery: gallery, options: options)
            let found = (0..<count).flatMap { ranking.distances(of: $0) }
            #expect(largestDifference(found, expected) < Self.tolerance, "\(options)")
        }
    }

    @Test(arguments: GoldenCase.names(kind: "rerank"))
    func `a single query is re-ranked as the reference does`(name: String) throws {
        let golden = try GoldenCase(name)
        let pool = try golden.matrix("features")
        guard try golden.integers("nq") == [1] else { return }
        let gallery = pool.selecting(1..<pool.count)
        let original = unroundedDistances(from: pool[0], to: gallery)
        for (index, options) in try parameters(golden) {
            let expected = try golden.doubles("final_\(index)")
            let found = try QueryReRanking(gallery: gallery, options: options).distances(original: original)
            #expect(largestDifference(found, expected) < Self.tolerance, "\(options)")
        }
    }

    /// The tests' own definition is slow, so only small pools are compared.
    @Test(arguments: GoldenCase.names(kind: "rerank"))
    func `the plain definition of these tests is the reference's`(name: String) throws {
        let golden = try GoldenCase(name)
        let pool = try golden.matrix("features")
        guard pool.count <= 60 else { return }
        let count = try #require(try golden.integers("nq").first)
        for (index, options) in try parameters(golden) {
            let found = PlainReRanking(options).distances(pool: (0..<pool.count).map { pool[$0] }, queries: count)
            let expected = try golden.doubles("final_\(index)")
            #expect(largestDifference(found.flatMap { $0 }, expected) < Self.tolerance, "\(options)")
        }
    }

    @Test(arguments: GoldenCase.names(kind: "incremental"))
    func `a gallery with insertions and deletions re-ranks as the reference does`(name: String) throws {
        let golden = try GoldenCase(name)
        let features = try golden.matrix("gallery_features")
        let queries = try golden.matrix("query_features")
        let initial = try #require(golden.manifest["n_initial"] as? Int)
        var alive = Array(0..<initial)
        var gallery = features.selecting(alive)
        let operations = try golden.integers("ops")
        for start in stride(from: 0, to: operations.count, by: 2) {
            let id = operations[start + 1]
            if operations[start] == 0 {
                alive.append(id)
                gallery.append(features[id])
            } else {
                let row = try #require(alive.firstIndex(of: id))
                alive.remove(at: row)
                gallery = gallery.removing([row])
            }
        }
        #expect(alive == (try golden.integers("alive")))
        let ranking = try QueryReRanking(gallery: gallery, options: .standard)
        let found = try (0..<queries.count).flatMap {
            try ranking.distances(original: unroundedDistances(from: queries[$0], to: gallery))
        }
        #expect(largestDifference(found, try golden.doubles("final")) < Self.tolerance)
    }

    @Test func `there are golden cases of candidates`() {
        let names = GoldenCase.names(kind: "candidates", in: GoldenCase.candidatesFolder)
        #expect(names == ["clustered", "duplicates", "filtered", "ties"])
    }

    @Test(arguments: GoldenCase.names(kind: "candidates", in: GoldenCase.candidatesFolder))
    func `candidates are re-ranked as the reference does, and the others follow`(name: String) throws {
        let golden = try GoldenCase(name, in: GoldenCase.candidatesFolder)
        let gallery = try golden.matrix("gallery")
        let queries = try golden.matrix("queries")
        var filter = RowFilter(count: gallery.count)
        for row in try golden.integers("allowed") { filter.allow(row) }
        let all = try #require(golden.manifest["params"] as? [[String: Any]])
        for (index, entry) in all.enumerated() {
            let options = try ReRanking(
                k1: try #require(entry["k1"] as? Int), k2: try #require(entry["k2"] as? Int),
                lambda: try #require(entry["lam"] as? Double))
            let candidates = try #require(entry["candidates"] as? Int)
            let rows = try golden.integers("rows_\(index)")
            let finals = try golden.doubles("final_\(index)")
            for query in 0..<queries.count {
                let found = try reRanked(
                    queries[query], in: gallery, options: options, candidates: candidates, where: filter)
                let part = query * filter.allowedCount..<(query + 1) * filter.allowedCount
                let expected = Dictionary(uniqueKeysWithValues: zip(rows[part], finals[part]))
                #expect(found.count == filter.allowedCount)
                for match in found.prefix(candidates) {
                    let final = try #require(match.reRankedDistance)
                    let reference = try #require(expected[match.row])
                    #expect(abs(final - reference) < Self.tolerance)
                }
                #expect(found.dropFirst(candidates).allSatisfy { $0.reRankedDistance == nil })
                #expect(found.dropFirst(candidates).map(\.row) == Array(rows[part].dropFirst(candidates)))
            }
        }
    }
}
