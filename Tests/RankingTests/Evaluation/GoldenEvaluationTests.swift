import Ranking
import Testing

/// Agreement with the float64 definitions; the same sums in the same order, so only rounding may differ.
@Suite struct GoldenEvaluationTests {
    static let tolerance = 1e-12
    static let variants = ["torchreid", "official", "torchreid_junk_removed"]

    @Test func `there are golden cases of every variant`() throws {
        let known = try GoldenCase.names(kind: "evaluation").flatMap { name in
            try #require(GoldenCase(name).manifest["expected"] as? [String: Any]).keys
        }
        #expect(Set(known).isSuperset(of: Self.variants))
    }

    @Test(arguments: GoldenCase.names(kind: "evaluation"), Self.variants)
    func `CMC, mAP and mINP are those of the definition`(name: String, variant: String) throws {
        let golden = try GoldenCase(name)
        let all = try #require(golden.manifest["expected"] as? [String: Any])
        guard let expected = all[variant] as? [String: Any] else { return }
        let maximumRank = try #require(golden.manifest["max_rank"] as? Int)
        let queries = zip(try golden.integers("q_pid"), try golden.integers("q_cam")).map(Seen.init)
        var gallery = zip(try golden.integers("g_pid"), try golden.integers("g_cam")).map(Seen.init)
        let width = gallery.count
        let distances = try golden.floats("dist")
        var kept = Array(gallery.indices)
        if variant == "torchreid_junk_removed" {
            kept = kept.filter { !gallery[$0].isJunk }
            gallery = kept.map { gallery[$0] }
        }
        let found = try evaluate(
            queries: queries.count, gallery: gallery.count, rule: variant == "official" ? .official : .common,
            maximumRank: maximumRank
        ) { query in
            gallery.map { $0.relevance(to: queries[query], ignoringJunk: variant == "official") }
        } distances: { query in
            kept.map { Double(distances[query * width + $0]) }
        }

        let cmc = try #require(expected["cmc"] as? [Double])
        #expect(largestDifference(found.cumulativeMatches, cmc) < Self.tolerance)
        let mAP = try #require(expected["mAP"] as? Double)
        #expect(abs(found.meanAveragePrecision - mAP) < Self.tolerance)
        let mINP = try #require(expected["mINP"] as? Double)
        #expect(abs(found.meanInverseNegativePenalty - mINP) < Self.tolerance)
        if let valid = expected["valid"] as? [Bool] { #expect(found.scores.map { $0 != nil } == valid) }
        if let precisions = expected["AP"] as? [Double] {
            let mine = found.scores.map { $0?.averagePrecision ?? 0 }
            #expect(largestDifference(mine, precisions) < Self.tolerance)
        }
    }
}
