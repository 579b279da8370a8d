import Dispatch
import Distances
import Synchronization

/// The neighbor lists of a pool of one query (item 0) and its candidates (row r is item r + 1).
///
/// Inner products of all candidates in float32 give every distance up to a proven error; a list is made only when it is
/// asked for, and only the few distances that this error leaves open are computed in double. So the lists are exact: by
/// the squared distance in double precision; of equal distances, the smaller item comes first.
struct CandidateNeighbors: QueryNeighborLists {
    let original: [Double]
    private let rows: EmbeddingMatrix
    /// The squared length of every row.
    private let squaredLengths: [Float]
    /// The float32 products of each pair of blocks, [left rows, right rows]; empty if such products could overflow.
    ///
    /// Those of blocks l ≤ r are at l · blocks + r.
    private let products: [[Float]]
    /// How far a distance that is made from a product can be from the true one.
    private let error: Double

    /// Computes the products of all pairs of rows; costs O(rows²) inner products, on all cores.
    ///
    /// - Parameters:
    ///   - rows: The candidates.
    ///   - original: The query's squared distance to every row.
    ///   - isCancelled: Asked often, by any thread; true ends the work.
    /// - Throws: `RankingError.cancelled`.
    init(
        rows: EmbeddingMatrix, original: [Double], isCancelled: @Sendable () -> Bool
    ) throws(RankingError) {
        precondition(original.count == rows.count, "\(original.count) distances to \(rows.count) candidates")
        self.rows = rows
        self.original = original
        let lengths = rows.squaredLengths()
        squaredLengths = lengths.map(Float.init)
        guard let longest = lengths.max(), let error = rows.productDistanceError(scale: 2 * longest) else {
            products = []
            error = 0
            return
        }
        self.error = error
        products = try Self.products(of: rows, isCancelled: isCancelled)
    }

    private static func products(
        of rows: EmbeddingMatrix, isCancelled: @Sendable () -> Bool
    ) throws(RankingError) -> [[Float]] {
        let blocks = rows.blocks.count
        let pairs = (0..<blocks).flatMap { left in (left..<blocks).map { (left, $0) } }
        let found = Mutex([[Float]](repeating: [], count: blocks * blocks))
        let wasCancelled = Atomic(false)
        // One block is the usual case of a small gallery: no other thread is woken for it.
        DispatchQueue.concurrentPerform(iterations: pairs.count) { index in
            guard !wasCancelled.load(ordering: .relaxed) else { return }
            guard !isCancelled() else { return wasCancelled.store(true, ordering: .relaxed) }
            let (left, right) = pairs[index]
            let products = rows.products(ofBlock: left, withBlock: right)
            found.withLock { $0[left * blocks + right] = products }
        }
        guard !wasCancelled.load(ordering: .relaxed) else { throw .cancelled }
        return found.withLock { $0 }
    }

    var count: Int { original.count + 1 }

    func list(of item: Int, depth: Int) -> [Neighbor] {
        guard item > 0 else {
            var best = SmallestHeap<Neighbor>(capacity: min(depth - 1, original.count))
            for (row, distance) in original.enumerated() { best.insert(Neighbor(distance, row + 1)) }
            return [Neighbor(0, 0)] + best.sorted()
        }
        let row = item - 1
        let near = nearest(depth, of: row)
        var list = zip(near, rows.squaredDistances(fromRow: row, to: near)).map { Neighbor($1, $0 + 1) }
        list.append(Neighbor(original[row], 0))
        list.sort()
        return Array(list.prefix(depth))
    }

    func farthest(from item: Int) -> Double {
        guard item > 0 else { return original.max() ?? 0 }
        let row = item - 1
        var far: [Int] = []
        let distances = approximateDistances(of: row)
        if let largest = distances.max() {
            let bound = Double(largest) - 2 * error
            far = distances.indices.filter { Double(distances[$0]) >= bound }
        }
        return max(original[row], rows.squaredDistances(fromRow: row, to: far).max() ?? 0)
    }

    func distances(from item: Int, to others: [Int]) -> [Double] {
        guard item > 0 else { return others.map { $0 == 0 ? 0 : original[$0 - 1] } }
        let places = others.map { max($0 - 1, 0) }
        var result = rows.squaredDistances(fromRow: item - 1, to: places)
        if let place = others.firstIndex(of: 0) { result[place] = original[item - 1] }
        return result
    }

    func mayAverage(_ row: Int, _ isMeeting: [Bool], k2: Int) -> Bool { k2 > 1 || isMeeting[row + 1] }

    /// Rows that contain the `count` nearest of a row, including itself, and few others.
    ///
    /// Let a be the `count`-th smallest approximate distance. `count` true distances are at most a + error, so a row
    /// among the nearest has an approximate distance of at most a + 2 · error.
    private func nearest(_ count: Int, of row: Int) -> [Int] {
        let distances = approximateDistances(of: row)
        guard count < distances.count else { return Array(distances.indices) }
        var best = SmallestHeap<Float>(capacity: count)
        for distance in distances { best.insert(distance) }
        let bound = Double(best.largest ?? .infinity) + 2 * error
        return distances.indices.filter { Double(distances[$0]) <= bound }
    }

    /// The squared distances from a row to all rows, each wrong by at most `error`.
    private func approximateDistances(of row: Int) -> [Float] {
        guard !products.isEmpty else {
            return rows.squaredDistances(fromRow: row, to: 0..<rows.count).map(Float.init)
        }
        let size = EmbeddingMatrix.rowsPerBlock
        let (block, place) = (row / size, row % size)
        let length = squaredLengths[row]
        var result: [Float] = []
        result.reserveCapacity(rows.count)
        for other in rows.blocks.indices {
            let columns = min(size, rows.count - other * size)
            let tile = products[min(block, other) * rows.blocks.count + max(block, other)]
            // A tile on the left of the diagonal is read as the transposed one on its right.
            let (start, step) = other < block ? (place, min(size, rows.count - block * size)) : (place * columns, 1)
            for column in 0..<columns {
                result.append(length + squaredLengths[other * size + column] - 2 * tile[start + column * step])
            }
        }
        return result
    }
}
