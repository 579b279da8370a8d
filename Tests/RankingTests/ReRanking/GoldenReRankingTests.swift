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
            let ranking = PoolReRanking(queries: queries, gallery: gallery, options: options)
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
        let graph = NeighborGraph(of: gallery)
        for (index, options) in try parameters(golden) {
            let expected = try golden.doubles("final_\(index)")
            let found = rerank(query: pool[0], gallery: gallery, graph: graph, options: options)
            #expect(largestDifference(found, expected) < Self.tolerance, "\(options)")
        }
    }

    @Test(arguments: GoldenCase.names(kind: "incremental"))
    func `lists kept through insertions and deletions re-rank as fresh ones`(name: String) throws {
        let golden = try GoldenCase(name)
        let features = try golden.matrix("gallery_features")
        let queries = try golden.matrix("query_features")
        let initial = try #require(golden.manifest["n_initial"] as? Int)
        var alive = Array(0..<initial)
        var gallery = features.selecting(alive)
        var graph = NeighborGraph(of: gallery)
        let operations = try golden.integers("ops")
        for start in stride(from: 0, to: operations.count, by: 2) {
            let id = operations[start + 1]
            if operations[start] == 0 {
                alive.append(id)
                gallery.append(features[id])
                graph.extend(to: gallery)
            } else {
                let row = try #require(alive.firstIndex(of: id))
                alive.remove(at: row)
                gallery = gallery.removing([row])
                graph = graph.removing([row], leaving: gallery)
            }
        }
        #expect(alive == (try golden.integers("alive")))
        let found = (0..<queries.count).flatMap {
            rerank(query: queries[$0], gallery: gallery, graph: graph, options: .standard)
        }
        #expect(largestDifference(found, try golden.doubles("final")) < Self.tolerance)
    }
}
