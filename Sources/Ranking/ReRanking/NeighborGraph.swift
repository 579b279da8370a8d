/// The lists of the nearest and farthest other images of every gallery image, without any query.
///
/// With these lists, one query is re-ranked without the matrix of all distances. They belong to one state of an
/// `EmbeddingMatrix`: they are made from it once, extended when rows are added, and reduced when rows are removed. All
/// lists are exact by the squared distance in double precision; of equal distances, the smaller row comes first.
public struct NeighborGraph: Sendable {
    /// The number of entries that re-ranking with the standard options uses.
    public static let standardDepth = ReRanking.standard.depth
    /// Entries that are kept beyond the depth, so that a deletion rarely needs a new scan.
    static let margin = 8
    /// The number of farthest images that are kept: one is needed, the others replace it after deletions.
    static let farthestKept = 5

    /// The entries that every list has at least, unless the gallery is smaller; this limits k1 and k2 of fast
    /// re-ranking.
    public let depth: Int
    /// For each row, its nearest other rows.
    private(set) var nearest: NeighborTable
    /// For each row, its farthest other rows, with negated distances.
    private(set) var farthest: NeighborTable

    /// The number of rows that have lists.
    public var count: Int { nearest.count }

    /// A graph without rows.
    public init(depth: Int = Self.standardDepth) {
        precondition(depth > 0, "a neighbor graph of depth \(depth)")
        self.init(depth: depth, margin: Self.margin)
    }

    /// Computes the lists of all rows of a matrix; costs O(n²) inner products for n rows.
    public init(of matrix: EmbeddingMatrix, depth: Int = Self.standardDepth) {
        self.init(depth: depth)
        extend(to: matrix)
    }

    init(depth: Int, margin: Int) {
        self.depth = depth
        nearest = NeighborTable(capacity: depth + margin)
        farthest = NeighborTable(capacity: margin > 0 ? Self.farthestKept : 1)
    }

    /// Computes the lists of rows that were added at the end, and adds these rows to the lists of the old ones.
    ///
    /// - Parameter matrix: the matrix that the graph was made from, with rows added at the end.
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
            // These bounds are older than the new rows and may let too many through; `insert` decides.
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

    /// The graph of only some of the rows.
    ///
    /// What remains of a list is kept; a list that becomes too short is computed again.
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

    /// The graph without the given rows.
    ///
    /// - Parameters:
    ///   - rows: the rows to leave out.
    ///   - remaining: the matrix without these rows, from `EmbeddingMatrix.removing`.
    /// - Returns: the lists of `remaining`.
    public func removing(_ rows: Set<Int>, leaving remaining: EmbeddingMatrix) -> NeighborGraph {
        selecting((0..<count).filter { !rows.contains($0) }, of: remaining)
    }
}
