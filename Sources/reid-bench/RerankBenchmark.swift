internal import Ranking

/// The largest number of images that are re-ranked as one pool, because the time grows with the square; `--market` times
/// one large pool.
let largestPool = 5_000

/// Times k-reciprocal re-ranking: of one query with existing lists, making and extending the lists, with a filter, and
/// of a pool.
func rerankBenchmark(smoke: Bool) -> [BenchmarkRow] {
    let runs = smoke ? 1 : 7
    return (smoke ? [200] : [2_000, 5_000, 20_000]).flatMap { size in
        var synthetic = SyntheticGallery(dimensions: smoke ? 64 : 1024)
        synthetic.grow(to: size)
        let gallery = synthetic.matrix
        let query = synthetic.image()
        var graph = NeighborGraph()
        var rows = [
            BenchmarkRow.measure(
                "neighbor lists of \(size)", runs: size > 5_000 ? 1 : runs, itemsPerRun: Double(size), unit: "images"
            ) {
                graph = NeighborGraph(of: gallery)
            }
        ]
        var longer = gallery
        for _ in 0..<16 { longer.append(synthetic.image()) }
        rows.append(
            BenchmarkRow.measure("16 more images in the lists of \(size)", runs: runs, itemsPerRun: 16, unit: "images")
            {
                var extended = graph
                extended.extend(to: longer)
            })
        rows.append(
            BenchmarkRow.measure("re-rank one query over \(size)", runs: 2 * runs, unit: "queries") {
                let best = nearestReRanked(to: query, in: gallery, graph: graph, options: .standard, count: 100)
                precondition(best.count == 100)
            })
        let third = RowFilter(count: size) { $0 % 3 == 0 }
        rows.append(
            BenchmarkRow.measure(
                "re-rank one query over every third of \(size)", runs: size > largestPool ? 3 : runs, unit: "queries"
            ) {
                let best = nearestReRanked(
                    to: query, in: gallery, graph: graph, options: .standard, count: 50, where: third)
                precondition(best.count == 50)
            })
        guard size <= largestPool else { return rows }
        let queries = gallery.selecting(0..<size / 10)
        let rest = gallery.selecting(size / 10..<size)
        rows.append(
            BenchmarkRow.measure(
                "re-rank a pool of \(size / 10) queries and \(size - size / 10)", runs: min(runs, 3),
                itemsPerRun: Double(size / 10), unit: "queries"
            ) {
                let ranking = PoolReRanking(queries: queries, gallery: rest, options: .standard)
                for query in 0..<queries.count { precondition(ranking.distances(of: query).count == rest.count) }
            })
        return rows
    }
}
