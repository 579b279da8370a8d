import Dispatch
import Distances
import Synchronization

/// Finds the nearest and farthest other rows of many rows of a matrix.
///
/// Inner products of whole blocks in float32 give every distance up to a proven error; only rows that this error cannot
/// exclude are computed exactly, in double. The result is the same as if all rows were computed exactly.
struct NeighborScan: Sendable {
    /// The number of rows whose inner products with all rows are computed together, by one thread.
    static let rowsPerTile = 64

    private let matrix: EmbeddingMatrix
    private let squaredLengths: [Double]
    private let largestLength: Double

    init(_ matrix: EmbeddingMatrix) {
        self.matrix = matrix
        squaredLengths = matrix.squaredLengths()
        largestLength = (squaredLengths.max() ?? 0).squareRoot()
    }

    /// Calls `body` for each given row and returns the results in order; tiles of rows are processed in parallel.
    func map<Result: Sendable>(_ rows: [Int], _ body: @Sendable (RowScan) -> Result) -> [Result] {
        let tiles = (rows.count + Self.rowsPerTile - 1) / Self.rowsPerTile
        let results = Mutex([[Result]](repeating: [], count: tiles))
        DispatchQueue.concurrentPerform(iterations: tiles) { index in
            let start = index * Self.rowsPerTile
            let tile = Array(rows[start..<min(start + Self.rowsPerTile, rows.count)])
            let products = matrix.products(of: tile)
            var approximate = [Double](repeating: 0, count: matrix.count)
            let found = tile.enumerated().map { place, row in
                let error = approximateDistances(
                    of: row, place: place, of: tile.count, products: products, into: &approximate)
                return body(RowScan(row: row, matrix: matrix, approximate: approximate, error: error))
            }
            results.withLock { $0[index] = found }
        }
        return results.withLock { $0.flatMap { $0 } }
    }

    /// Writes a row's approximate distances to all rows, and returns the largest possible error; infinity if no
    /// approximation is possible.
    ///
    /// d = |a|² + |b|² − 2 a·b.
    private func approximateDistances(
        of row: Int, place: Int, of tileCount: Int, products: [[Float]], into approximate: inout [Double]
    ) -> Double {
        // Products of long vectors could overflow.
        guard largestLength < 0x1p60, let relative = matrix.relativeProductError else {
            return .infinity
        }
        let length = squaredLengths[row]
        var start = 0
        for block in products {
            let width = block.count / tileCount
            for offset in 0..<width {
                approximate[start + offset] =
                    length + squaredLengths[start + offset] - 2 * Double(block[place * width + offset])
            }
            start += width
        }
        // The second term covers products so small that their relative error is larger.
        return 2 * relative * length.squareRoot() * largestLength + Double(matrix.dimensions + 2) * 0x1p-120
    }
}

/// One row with its approximate distances to every row of its matrix.
struct RowScan {
    let row: Int
    let matrix: EmbeddingMatrix
    /// The distances to all rows; each is wrong by at most `error`.
    let approximate: [Double]
    /// The largest error of an approximate distance; infinity if they are unusable.
    let error: Double

    /// The nearest other rows, the nearest first.
    func nearest(_ count: Int) -> [Neighbor] { smallest(count, sign: 1) }

    /// The farthest other rows, the farthest first, with negated distances.
    func farthest(_ count: Int) -> [Neighbor] { smallest(count, sign: -1) }

    private func smallest(_ count: Int, sign: Double) -> [Neighbor] {
        var limit = Double.infinity
        if error.isFinite {
            var smallest = SmallestHeap<Double>(capacity: count)
            for other in approximate.indices where other != row { smallest.insert(sign * approximate[other]) }
            if smallest.isFull, let largest = smallest.largest { limit = largest + 2 * error }
        }
        let candidates = approximate.indices.filter {
            $0 != row && (limit == .infinity || sign * approximate[$0] <= limit)
        }
        var best = SmallestHeap<Neighbor>(capacity: count)
        for (other, distance) in zip(candidates, matrix.squaredDistances(from: matrix[row], to: candidates)) {
            best.insert(Neighbor(sign * distance, other))
        }
        return best.sorted()
    }

    /// The rows below `end` whose distance may be at most `near` of the row, or at least `far` of it; with their exact
    /// distances.
    func rows(below end: Int, near: (Int) -> Double, far: (Int) -> Double) -> [Neighbor] {
        let candidates = (0..<end).filter { other in
            error == .infinity || approximate[other] - error <= near(other) || approximate[other] + error >= far(other)
        }
        return zip(candidates, matrix.squaredDistances(from: matrix[row], to: candidates)).map { Neighbor($1, $0) }
    }
}

extension EmbeddingMatrix {
    /// |row|² of every row.
    func squaredLengths() -> [Double] {
        var result: [Double] = []
        result.reserveCapacity(count)
        forEachDistance(from: Array(repeating: 0, count: dimensions)) { result.append($1) }
        return result
    }

    /// γ: the float32 inner product of two rows differs from the true one by at most γ·|a|·|b|; nil if rows have too
    /// many values.
    ///
    /// A sum of n products in any order, fused or not, has γ = n·u / (1 − n·u) with u = 2⁻²⁴ (Higham, "Accuracy and
    /// Stability of Numerical Algorithms", 3.1); two terms are added for rounding in the computations in double that
    /// follow.
    var relativeProductError: Double? {
        let terms = Double(dimensions + 2)
        return terms < 0x1p23 ? terms * 0x1p-24 / (1 - terms * 0x1p-24) : nil
    }

    /// The float32 inner products of the rows of two blocks, [rows of `left`, rows of `right`].
    func products(ofBlock left: Int, withBlock right: Int) -> [Float] {
        innerProducts(blocks[left], blocks[right], dimensions: dimensions)
    }

    /// The float32 inner products of some rows with all rows: for each block of the matrix an array [rows.count, rows
    /// of the block].
    func products(of rows: [Int]) -> [[Float]] {
        let left = rows.flatMap { self[$0] }
        return blocks.map { innerProducts(left, $0, dimensions: dimensions) }
    }
}
