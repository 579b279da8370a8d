/// Re-ranks a gallery for one query at a time: each query alone joins the gallery's pool.
///
/// From Zhong et al., "Re-ranking Person Re-identification with k-reciprocal Encoding", CVPR 2017, exactly as if the pool
/// of the query and the gallery were re-ranked. The gallery's own neighbor lists are found once, so that a query costs
/// little more than its distances.
public struct QueryReRanking: Sendable {
    private let gallery: EmbeddingMatrix
    private let options: ReRanking
    private let table: NeighborTable

    /// Finds the neighbor lists of the gallery; costs O(n²) inner products for n rows, on all cores.
    ///
    /// - Parameters:
    ///   - gallery: The rows to rank.
    ///   - options: k₁, k₂, λ.
    ///   - isCancelled: Asked often, by any thread; true ends the work.
    /// - Throws: `RankingError.cancelled`.
    public init(
        gallery: EmbeddingMatrix, options: ReRanking, isCancelled: @Sendable () -> Bool = { false }
    ) throws(RankingError) {
        self.gallery = gallery
        self.options = options
        table = try NeighborTable(of: gallery, length: options.depth, isCancelled: isCancelled)
    }

    /// The final distance d* from one query to every gallery row.
    ///
    /// - Parameters:
    ///   - original: The query's squared distances to every row, from `unroundedDistances`.
    ///   - isCancelled: Asked often; true ends the work.
    /// - Returns: A value per row, in 0...1 up to rounding; smaller is more similar.
    /// - Throws: `RankingError.cancelled`.
    public func distances(
        original: [Double], isCancelled: () -> Bool = { false }
    ) throws(RankingError) -> [Double] {
        precondition(original.count == gallery.count, "\(original.count) distances to a gallery of \(gallery.count)")
        var work = QueryWork(
            lists: QueryNeighbors(original: original, gallery: gallery, table: table), options: options)
        return try work.finalDistances(isCancelled: isCancelled)
    }
}

/// The neighbor lists of a pool of one query (item 0) and a gallery (row r is item r + 1) that has lists of its own.
private struct QueryNeighbors: QueryNeighborLists {
    /// The query's distance to every row.
    let original: [Double]
    let gallery: EmbeddingMatrix
    let table: NeighborTable

    var count: Int { original.count + 1 }

    func list(of item: Int, depth: Int) -> [Neighbor] {
        guard item > 0 else {
            var best = SmallestHeap<Neighbor>(capacity: min(depth - 1, original.count))
            for (row, distance) in original.enumerated() { best.insert(Neighbor(distance, row + 1)) }
            return [Neighbor(0, 0)] + best.sorted()
        }
        let stored = table[item - 1].prefix(depth).lazy.map { Neighbor($0.distance, $0.item + 1) }
        let withItself = merged(stored, with: Neighbor(0, item), depth: depth)
        return merged(withItself, with: Neighbor(original[item - 1], 0), depth: depth)
    }

    func farthest(from item: Int) -> Double {
        guard item > 0 else { return original.max() ?? 0 }
        return max(table.farthest[item - 1], original[item - 1])
    }

    func distances(from item: Int, to others: [Int]) -> [Double] {
        guard item > 0 else { return others.map { $0 == 0 ? 0 : original[$0 - 1] } }
        let rows = others.map { max($0 - 1, 0) }
        var result = gallery.squaredDistances(fromRow: item - 1, to: rows)
        if let place = others.firstIndex(of: 0) { result[place] = original[item - 1] }
        return result
    }

    func mayAverage(_ row: Int, _ isMeeting: [Bool], k2: Int) -> Bool {
        if isMeeting[row + 1] { return true }
        guard k2 > 1 else { return false }
        let near = table[row].prefix(k2)
        for neighbor in near where isMeeting[neighbor.item + 1] { return true }
        guard isMeeting[0] else { return false }
        guard let last = near.last, near.count == k2 else { return true }
        return original[row] <= last.distance
    }
}
