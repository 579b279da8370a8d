internal import Ranking

/// Times scoring and pool re-ranking at the size of Market-1501, with 1024 dimensions, on all cores.
func marketBenchmark(smoke: Bool) throws -> [BenchmarkRow] {
    let (queryCount, galleryCount) = smoke ? (20, 180) : (3_368, 19_732)
    var synthetic = SyntheticGallery(dimensions: smoke ? 64 : 1024)
    synthetic.grow(to: queryCount + galleryCount)
    let pool = synthetic.matrix
    let queries = pool.selecting(0..<queryCount)
    let gallery = pool.selecting(queryCount..<pool.count)
    // 750 people and six cameras; which person an image shows matters only for the number of right answers.
    func relevance(_ query: Int) -> [Relevance] {
        (0..<galleryCount).map { row in
            guard (row - query).isMultiple(of: smoke ? 9 : 750) else { return .wrong }
            return row / 7 % 6 == query / 7 % 6 ? .ignored : .right
        }
    }
    let size = "\(queryCount) queries in \(galleryCount)"
    let runs = smoke ? 1 : 3
    func measure(_ name: String, _ work: () throws -> Void) rethrows -> BenchmarkRow {
        try .measure("\(name), \(size)", runs: runs, itemsPerRun: Double(queryCount), unit: "queries", work)
    }
    func score(_ distances: [[Double]]) throws {
        let scores = (0..<queryCount).map { query in
            RetrievalEvaluation.QueryScore(
                relevance: relevance(query), distances: distances[query % distances.count], rule: .common)
        }
        let evaluation = try RetrievalEvaluation(scores: scores, gallery: galleryCount)
        precondition(evaluation.validQueries > 0)
    }

    let few = mapDistances(from: queries.selecting(0..<min(100, queryCount)), to: gallery) { $1 }
    return [
        measure("all distances") {
            precondition(mapDistances(from: queries, to: gallery) { $1[0] }.count == queryCount)
        },
        try measure("score given distances, one core") { try score(few) },
        try measure("encode the pool") {
            _ = try PoolReRanking(queries: queries, gallery: gallery, options: .standard)
        },
        try measure("re-rank as one pool, everything") {
            let ranking = try PoolReRanking(queries: queries, gallery: gallery, options: .standard)
            let finals = mapDistances(from: queries, to: gallery) { ranking.distances(of: $0, original: $1)[0] }
            precondition(finals.count == queryCount)
        },
    ]
}
