/// The `count` rows nearest to `query` after each row's camera mean is subtracted, best first.
///
/// The answer is, bit for bit, that of `nearest` over `means.normalized(gallery, of: cameras)`. But the rows are normalized
/// while they are compared, so that no second matrix is kept. Costs O(rows · dimensions).
///
/// - Parameters:
///   - query: the query's vector, normalized already: `means.normalized(vector, of: camera)`.
///   - gallery: the rows as they were enrolled.
///   - count: how many rows to return.
///   - allowed: the rows that may be in the answer, applied before the search; nil: all.
///   - means: the means of the cameras.
///   - cameras: returns the camera of a row; nil if it is not known.
///   - isCancelled: asked every few rows; true ends the search.
/// - Returns: `count` matches, or fewer if fewer rows are allowed; their distances are those of the normalized vectors.
/// - Throws: `RankingError.cancelled`.
public func nearest<Camera>(
    to query: [Float], in gallery: EmbeddingMatrix, count: Int, where allowed: RowFilter? = nil,
    normalizedBy means: CameraMeans<Camera>, cameras: (_ row: Int) -> Camera?, isCancelled: () -> Bool = { false }
) throws(RankingError) -> [Match] {
    let rowsPerRun = 64
    var best = SmallestHeap<Match>(capacity: min(count, allowed?.allowedCount ?? gallery.count))
    for start in stride(from: 0, to: gallery.count, by: rowsPerRun) {
        guard !isCancelled() else { throw .cancelled }
        let rows = (start..<min(start + rowsPerRun, gallery.count)).filter { allowed?[$0] ?? true }
        guard !rows.isEmpty else { continue }
        means.normalized(gallery, rows: rows, cameras: cameras).forEachDistance(from: query) { place, distance in
            best.insert(Match(row: rows[place], distance: Float(distance)))
        }
    }
    return best.sorted()
}

/// The matches of a normalized search in a new order: the nearest of them re-ranked, then the others.
///
/// Re-ranks as the function of the same name does, but over the rows and the query without their cameras' means.
///
/// - Parameters:
///   - matches: the nearest rows, best first, from the normalized `nearest`; at least `candidates`, or all that are
///     allowed.
///   - query: the query's vector, normalized already.
///   - gallery: the rows as they were enrolled.
///   - options: k₁, k₂, λ.
///   - candidates: how many of the matches are re-ranked.
///   - means: the means of the cameras.
///   - cameras: returns the camera of a row; nil if it is not known.
///   - isCancelled: asked every few milliseconds, by any thread; true ends the work.
/// - Returns: all matches.
/// - Throws: `RankingError.cancelled`.
public func reRank<Camera>(
    _ matches: [Match], for query: [Float], in gallery: EmbeddingMatrix, options: ReRanking, candidates: Int,
    normalizedBy means: CameraMeans<Camera>, cameras: (_ row: Int) -> Camera?,
    isCancelled: @Sendable () -> Bool = { false }
) throws(RankingError) -> [ReRankedMatch] {
    let nearest = matches.prefix(candidates)
    // The candidates keep the order of the gallery, which decides ties.
    let rows = nearest.map(\.row).sorted()
    let places = Dictionary(uniqueKeysWithValues: rows.enumerated().map { ($1, $0) })
    let reRanked = try reRank(
        nearest.compactMap { match in places[match.row].map { Match(row: $0, distance: match.distance) } }, for: query,
        in: means.normalized(gallery, rows: rows, cameras: cameras), options: options, candidates: candidates,
        isCancelled: isCancelled)
    return reRanked.map {
        ReRankedMatch(row: rows[$0.row], distance: $0.distance, reRankedDistance: $0.reRankedDistance)
    } + matches.dropFirst(candidates).map { ReRankedMatch(row: $0.row, distance: $0.distance, reRankedDistance: nil) }
}

extension CameraMeans {
    /// Some rows of a matrix, in the given order, each without its camera's mean and scaled to length 1.
    fileprivate func normalized(
        _ gallery: EmbeddingMatrix, rows: [Int], cameras: (_ row: Int) -> Camera?
    ) -> EmbeddingMatrix {
        var result = EmbeddingMatrix(dimensions: gallery.dimensions)
        for row in rows { result.append(normalized(gallery[row], of: cameras(row))) }
        return result
    }
}
