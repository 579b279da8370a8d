import Dispatch
import Synchronization

/// A row of a gallery with its distance to a query.
public struct Match: Sendable, Equatable {
    /// The row in the gallery's matrix.
    public let row: Int
    /// The squared Euclidean distance, 0...4 between unit vectors; smaller is more similar.
    public let distance: Float

    /// Joins a row with its distance.
    public init(row: Int, distance: Float) {
        self.row = row
        self.distance = distance
    }
}

extension Match: Comparable {
    /// Orders by distance; of equal distances, the smaller (older) row comes first.
    public static func < (left: Match, right: Match) -> Bool {
        (left.distance, left.row) < (right.distance, right.row)
    }
}

/// The `count` rows nearest to `query`, best first; of equal distances, the smaller (older) row comes first.
///
/// The search is exact: every allowed row is compared, which costs O(rows · dimensions). Distances are computed in
/// double and rounded to float32, so the answer does not depend on the filter, the batch or the number of threads.
///
/// - Parameters:
///   - query: a vector of the gallery's dimensions.
///   - gallery: the rows to search.
///   - count: how many rows to return.
///   - allowed: the rows that may be in the answer, applied before the search; nil: all.
/// - Returns: `count` matches, or fewer if fewer rows are allowed.
public func nearest(
    to query: [Float], in gallery: EmbeddingMatrix, count: Int, where allowed: RowFilter? = nil
) -> [Match] {
    matches(to: query, in: gallery, count: count, where: allowed) { false } ?? []
}

/// The same for a search that can be canceled: it asks `isCancelled` every few rows, and ends if that is true.
///
/// - Throws: `RankingError.cancelled`.
public func nearest(
    to query: [Float], in gallery: EmbeddingMatrix, count: Int, where allowed: RowFilter? = nil,
    isCancelled: () -> Bool
) throws(RankingError) -> [Match] {
    guard let found = matches(to: query, in: gallery, count: count, where: allowed, isCancelled: isCancelled) else {
        throw .cancelled
    }
    return found
}

/// The nearest rows; nil if the search was canceled.
private func matches(
    to query: [Float], in gallery: EmbeddingMatrix, count: Int, where allowed: RowFilter?, isCancelled: () -> Bool
) -> [Match]? {
    var best = SmallestHeap<Match>(capacity: min(count, allowed?.allowedCount ?? gallery.count))
    let isWhole = gallery.forEachDistance(from: query, where: allowed, isCancelled: isCancelled) { row, distance in
        best.insert(Match(row: row, distance: Float(distance)))
    }
    return isWhole ? best.sorted() : nil
}

/// The squared Euclidean distance from `query` to every row, the same values as `nearest` returns.
public func distances(from query: [Float], to gallery: EmbeddingMatrix) -> [Float] {
    var result: [Float] = []
    result.reserveCapacity(gallery.count)
    gallery.forEachDistance(from: query) { result.append(Float($1)) }
    return result
}

/// The squared Euclidean distance from `query` to every row in double precision, for scoring rankings.
///
/// Rows whose distances are equal in float32 are still ordered.
public func unroundedDistances(from query: [Float], to gallery: EmbeddingMatrix) -> [Double] {
    var result: [Double] = []
    result.reserveCapacity(gallery.count)
    gallery.forEachDistance(from: query) { result.append($1) }
    return result
}

/// Calls `body` with each query and its squared Euclidean distances to all gallery rows; returns the results in the
/// order of the queries.
///
/// The distances are those of `unroundedDistances`. Queries are processed in parallel, on all cores.
///
/// - Parameters:
///   - queries: vectors of the gallery's dimensions.
///   - gallery: the rows to compare with.
///   - body: called once for each query, with its row and its distance to every gallery row.
/// - Returns: the result for each query.
public func mapDistances<Result: Sendable>(
    from queries: EmbeddingMatrix, to gallery: EmbeddingMatrix,
    _ body: @Sendable (_ query: Int, _ distances: [Double]) -> Result
) -> [Result] {
    precondition(
        queries.dimensions == gallery.dimensions,
        "queries of \(queries.dimensions) values, gallery of \(gallery.dimensions)")
    let queriesPerTile = 8
    let tiles = (queries.count + queriesPerTile - 1) / queriesPerTile
    let results = Mutex([[Result]](repeating: [], count: tiles))
    DispatchQueue.concurrentPerform(iterations: tiles) { tile in
        let rows = tile * queriesPerTile..<min((tile + 1) * queriesPerTile, queries.count)
        let found = zip(rows, gallery.squaredDistances(from: rows.map { queries[$0] })).map(body)
        results.withLock { $0[tile] = found }
    }
    return results.withLock { $0.flatMap { $0 } }
}
