/// An image of a pool, with its squared distance to another image.
struct Neighbor: Sendable, Comparable {
    let distance: Double
    let index: Int32

    init(_ distance: Double, _ index: Int) {
        self.distance = distance
        self.index = Int32(index)
    }

    /// The image's index in the pool.
    var item: Int { Int(index) }

    /// Orders by distance; of equal distances, the smaller (older) image comes first.
    static func < (left: Neighbor, right: Neighbor) -> Bool {
        left.distance != right.distance ? left.distance < right.distance : left.index < right.index
    }
}

/// The nearest other rows of every row of a matrix, and the distance to its farthest row.
///
/// All are exact by the squared distance in double precision; of equal distances, the smaller row comes first.
struct NeighborTable: Sendable {
    /// The entries of every list: as many as were asked for, or all other rows if there are fewer.
    let length: Int
    /// The distance from each row to its farthest other row; 0 if there is none.
    private(set) var farthest: [Double] = []
    /// [rows, length], the nearest first.
    private var entries: [Neighbor] = []

    /// Finds the lists of all rows; costs O(n²) inner products for n rows, on all cores.
    ///
    /// - Parameters:
    ///   - matrix: the rows.
    ///   - length: how many other rows to list for each.
    ///   - isCancelled: asked often, by any thread; true ends the work.
    /// - Throws: `RankingError.cancelled`.
    init(of matrix: EmbeddingMatrix, length: Int, isCancelled: @Sendable () -> Bool) throws(RankingError) {
        self.length = max(0, min(length, matrix.count - 1))
        farthest.reserveCapacity(matrix.count)
        entries.reserveCapacity(matrix.count * self.length)
        for lists in try Self.lists(of: matrix, length: self.length, isCancelled: isCancelled) {
            entries += lists.nearest
            farthest.append(lists.farthest.first.map { -$0.distance } ?? 0)
        }
    }

    private static func lists(
        of matrix: EmbeddingMatrix, length: Int, isCancelled: @Sendable () -> Bool
    ) throws(RankingError) -> [AllNeighbors.Lists] {
        if let all = AllNeighbors(matrix, nearest: length, farthest: 1) {
            return try all.lists(isCancelled: isCancelled)
        }
        // Products in float32 could overflow, so every distance is computed exactly.
        let lists = mapDistances(from: matrix, to: matrix) { row, distances -> AllNeighbors.Lists? in
            guard !isCancelled() else { return nil }
            var nearest = SmallestHeap<Neighbor>(capacity: length)
            var farthest = SmallestHeap<Neighbor>(capacity: 1)
            for (other, distance) in distances.enumerated() where other != row {
                nearest.insert(Neighbor(distance, other))
                farthest.insert(Neighbor(-distance, other))
            }
            return (nearest.sorted(), farthest.sorted())
        }
        let whole = lists.compactMap { $0 }
        guard whole.count == lists.count else { throw .cancelled }
        return whole
    }

    /// The list of a row, nearest first.
    subscript(row: Int) -> ArraySlice<Neighbor> { entries[row * length..<(row + 1) * length] }
}
