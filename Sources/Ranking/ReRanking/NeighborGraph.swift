/// Each gallery image's nearest and farthest others, over the gallery alone.
///
/// With these lists one query is re-ranked without the matrix of all distances. They belong to one state of an
/// `EmbeddingMatrix`: made from it once, extended when rows are added, cut down when rows are taken away. All are exact, in
/// double-precision squared distance, ties by the smaller row.
public struct NeighborGraph: Sendable {
    /// Entries that re-ranking with the standard options looks at.
    public static let standardDepth = ReRanking.standard.depth
    /// Entries kept beyond the depth, so that a deletion seldom needs a new scan.
    static let margin = 8
    /// Farthest images kept: one is needed, the rest outlast deletions.
    static let farthestKept = 5

    /// The list entries that are present at least, unless the gallery is smaller; bounds k1 and k2 of fast re-ranking.
    public let depth: Int
    /// Per row the nearest others.
    private(set) var nearest: NeighborTable
    /// Per row the farthest others, by negated distance.
    private(set) var farthest: NeighborTable

    /// The number of rows that have lists.
    public var count: Int { nearest.count }

    /// The lists of no rows.
    public init(depth: Int = Self.standardDepth) {
        precondition(depth > 0, "a neighbor graph of depth \(depth)")
        self.init(depth: depth, margin: Self.margin)
    }

    /// The lists of all rows of a matrix.
    public init(of matrix: EmbeddingMatrix, depth: Int = Self.standardDepth) {
        self.init(depth: depth)
        extend(to: matrix)
    }

    init(depth: Int, margin: Int) {
        self.depth = depth
        nearest = NeighborTable(capacity: depth + margin)
        farthest = NeighborTable(capacity: margin > 0 ? Self.farthestKept : 1)
    }

    /// Adds the lists of the rows behind those that have some, and enters the new rows in the lists of the old ones.
    ///
    /// - Parameter matrix: the matrix this was made from, with rows added at the end.
    public mutating func extend(to matrix: EmbeddingMatrix) {
        precondition(matrix.count >= count, "\(matrix.count) rows are fewer than the \(count) that have lists")
        let old = count
        guard matrix.count > old else { return }
        if old == 0, let found = allLists(of: matrix) {
            for lists in found {
                nearest.append(lists.nearest)
                farthest.append(lists.farthest)
            }
            return
        }
        let table = self
        let found = NeighborScan(matrix).map(Array(old..<matrix.count)) { scan in
            // Bounds from before the first new row only let too many pass; `insert` decides.
            let changed = scan.rows(
                below: old, near: { table.nearest.bound($0, others: old - 1) },
                far: { -table.farthest.bound($0, others: old - 1) })
            return (table.lists(scan), changed)
        }
        for (row, (lists, changed)) in zip(old..., found) {
            nearest.append(lists.nearest)
            farthest.append(lists.farthest)
            for other in changed {
                nearest.insert(Neighbor(other.distance, row), into: other.item, others: row - 1)
                farthest.insert(Neighbor(-other.distance, row), into: other.item, others: row - 1)
            }
        }
    }

    private func allLists(of matrix: EmbeddingMatrix) -> [(nearest: [Neighbor], farthest: [Neighbor])]? {
        AllNeighbors(matrix, nearest: nearest.capacity, farthest: farthest.capacity)?.lists()
    }

    private func lists(_ scan: RowScan) -> (nearest: [Neighbor], farthest: [Neighbor]) {
        (scan.nearest(nearest.capacity), scan.farthest(farthest.capacity))
    }

    /// The lists over some of the rows alone.
    ///
    /// What remains of a list is kept; a list that is left too short is found anew.
    ///
    /// - Parameters:
    ///   - rows: the rows to keep, ascending.
    ///   - selected: the matrix of those rows, in that order.
    /// - Returns: the lists of `selected`.
    public func selecting(_ rows: [Int], of selected: EmbeddingMatrix) -> NeighborGraph {
        precondition(rows.count == selected.count, "\(rows.count) rows of a matrix of \(selected.count)")
        var place = Array(repeating: -1, count: count)
        for (index, row) in rows.enumerated() { place[row] = index }
        func renumbered(_ list: ArraySlice<Neighbor>) -> [Neighbor] {
            list.compactMap { place[$0.item] < 0 ? nil : Neighbor($0.distance, place[$0.item]) }
        }
        var result = self
        result.nearest = NeighborTable(capacity: nearest.capacity)
        result.farthest = NeighborTable(capacity: farthest.capacity)
        let others = rows.count - 1
        var short: [Int] = []
        for (index, row) in rows.enumerated() {
            result.nearest.append(renumbered(nearest[row]))
            result.farthest.append(renumbered(farthest[row]))
            if result.nearest.length(index) < min(depth, others)
                || (others > 0 && result.farthest.length(index) == 0)
            {
                short.append(index)
            }
        }
        guard !short.isEmpty else { return result }
        for (row, lists) in zip(short, NeighborScan(selected).map(short, lists)) {
            result.nearest.replace(row, with: lists.nearest)
            result.farthest.replace(row, with: lists.farthest)
        }
        return result
    }

    /// The lists without the given rows.
    ///
    /// - Parameters:
    ///   - rows: the rows to leave out.
    ///   - remaining: the matrix that `EmbeddingMatrix.removing` gives for them.
    /// - Returns: the lists of `remaining`.
    public func removing(_ rows: Set<Int>, leaving remaining: EmbeddingMatrix) -> NeighborGraph {
        selecting((0..<count).filter { !rows.contains($0) }, of: remaining)
    }
}
