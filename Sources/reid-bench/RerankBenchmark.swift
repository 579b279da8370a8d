internal import Ranking

/// Times k-reciprocal re-ranking: of one query's candidates, whose time does not depend on the gallery, and of a pool.
func rerankBenchmark(smoke: Bool) throws -> [BenchmarkRow] {
    let runs = smoke ? 1 : 7
    let size = smoke ? 200 : 20_000
    var synthetic = SyntheticGallery(dimensions: smoke ? 64 : 1024)
    synthetic.grow(to: size)
    let gallery = synthetic.matrix
    let query = synthetic.image()
    let deepest = ReRanking.neighborhoods.upperBound
    let cases: [(candidates: Int, options: ReRanking, name: String)] = [
        (500, .cautious, "as the service"), (500, .standard, "the paper's values"),
        (4_000, .standard, "the paper's values"),
        (4_000, try ReRanking(k1: deepest, k2: deepest), "k1 and k2 \(deepest)"),
    ]
    let third = RowFilter(count: size) { $0 % 3 == 0 }
    var rows: [BenchmarkRow] = []
    for (name, filter) in [("", nil), ("every third of ", third)] {
        rows.append(
            try BenchmarkRow.measure("search and re-rank 500 of \(name)\(size)", runs: 2 * runs, unit: "queries") {
                let matches = nearest(to: query, in: gallery, count: 500, where: filter)
                let best = try reRank(matches, for: query, in: gallery, options: .cautious, candidates: 500)
                precondition(best.count == min(500, filter?.allowedCount ?? size))
            })
    }
    for (candidates, options, name) in cases {
        let matches = nearest(to: query, in: gallery, count: candidates)
        rows.append(
            try BenchmarkRow.measure(
                "re-rank \(candidates) candidates, \(name)", runs: candidates > 500 ? min(runs, 3) : 2 * runs,
                unit: "queries"
            ) {
                let best = try reRank(matches, for: query, in: gallery, options: options, candidates: candidates)
                precondition(best.count == matches.count)
            })
    }
    for size in smoke ? [200] : [2_000, 5_000] {
        let queries = gallery.selecting(0..<size / 10)
        let rest = gallery.selecting(size / 10..<size)
        rows.append(
            try BenchmarkRow.measure(
                "re-rank a pool of \(size / 10) queries and \(size - size / 10)", runs: min(runs, 3),
                itemsPerRun: Double(size / 10), unit: "queries"
            ) {
                let ranking = try PoolReRanking(queries: queries, gallery: rest, options: .standard)
                for query in 0..<queries.count { precondition(ranking.distances(of: query).count == rest.count) }
            })
    }
    return rows
}
