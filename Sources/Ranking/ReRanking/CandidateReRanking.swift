/// A gallery row after re-ranking.
public struct ReRankedMatch: Sendable, Equatable {
    /// The row in the gallery's matrix.
    public let row: Int
    /// The squared Euclidean distance to the query, 0...4 between unit vectors.
    public let distance: Float
    /// The final distance d*, in 0...1, smaller is more similar; nil for a row that is not among the candidates.
    public let reRankedDistance: Double?
}

/// The matches of a search in a new order: the nearest of them re-ranked, then the others in the order of their distances.
///
/// The first `candidates` matches and the query form the pool: exactly these are encoded as in Zhong et al., "Re-ranking
/// Person Re-identification with k-reciprocal Encoding", CVPR 2017, as if no other rows existed. So the cost does not
/// depend on the gallery's size: O(candidates²) inner products, on all cores. Of equal final distances, the smaller
/// (older) row comes first.
///
/// - Parameters:
///   - matches: The rows nearest to the query, best first, from `nearest`; at least `candidates`, or all that are
///     allowed.
///   - query: A vector of the gallery's dimensions.
///   - gallery: The matrix whose rows the matches are.
///   - options: k₁, k₂, λ.
///   - candidates: How many of the matches are re-ranked.
///   - isCancelled: Asked every few milliseconds, by any thread; true ends the work.
/// - Returns: All matches.
/// - Throws: `RankingError.cancelled`.
public func reRank(
    _ matches: [Match], for query: [Float], in gallery: EmbeddingMatrix, options: ReRanking, candidates: Int,
    isCancelled: @Sendable () -> Bool = { false }
) throws(RankingError) -> [ReRankedMatch] {
    try reRank(matches, for: query, options: options, candidates: candidates, isCancelled: isCancelled) {
        gallery.selecting($0)
    }
}

/// The same for rows of a gallery's snapshot.
///
/// - Parameters:
///   - matches: The rows nearest to the query, best first, from `VectorSnapshot.nearest`.
///   - query: A vector of the gallery's dimensions, normalized already if `isNormalized`.
///   - vectors: The snapshot whose rows the matches are.
///   - isNormalized: Whether rows are compared without their camera's mean and scaled to length 1.
///   - options: k₁, k₂, λ.
///   - candidates: How many of the matches are re-ranked.
///   - isCancelled: Asked every few milliseconds, by any thread; true ends the work.
/// - Returns: All matches.
/// - Throws: `RankingError.cancelled`.
public func reRank(
    _ matches: [Match], for query: [Float], in vectors: VectorSnapshot, isNormalized: Bool, options: ReRanking,
    candidates: Int, isCancelled: @Sendable () -> Bool = { false }
) throws(RankingError) -> [ReRankedMatch] {
    try reRank(matches, for: query, options: options, candidates: candidates, isCancelled: isCancelled) {
        vectors.selecting($0, isNormalized: isNormalized)
    }
}

/// The same; `selecting` returns the vectors of rows.
private func reRank(
    _ matches: [Match], for query: [Float], options: ReRanking, candidates: Int, isCancelled: @Sendable () -> Bool,
    selecting: ([Int]) -> EmbeddingMatrix
) throws(RankingError) -> [ReRankedMatch] {
    // Ties are decided by the place in the pool, so the pool has the order of the gallery.
    let pool = matches.prefix(candidates).sorted { $0.row < $1.row }
    let selected = selecting(pool.map(\.row))
    let lists = try CandidateNeighbors(
        rows: selected, original: unroundedDistances(from: query, to: selected), isCancelled: isCancelled)
    var work = QueryWork(lists: lists, options: options)
    let final = try work.finalDistances(isCancelled: isCancelled)
    let order = final.indices.sorted { (final[$0], $0) < (final[$1], $1) }
    return order.map { place in
        ReRankedMatch(row: pool[place].row, distance: pool[place].distance, reRankedDistance: final[place])
    } + matches.dropFirst(candidates).map { ReRankedMatch(row: $0.row, distance: $0.distance, reRankedDistance: nil) }
}
