import Dispatch
import Synchronization

/// Finds the nearest and the farthest other rows of every row of a matrix; looks at each pair of rows only once.
///
/// Inner products in float32 give every distance up to a proven error; only pairs that this error cannot exclude are
/// computed exactly, in double. The result is the same as if all pairs were computed exactly. Each core keeps the
/// products of two tiles of rows at a time, never those of all rows. Costs O(n²) inner products for n rows.
struct AllNeighbors: Sendable {
    /// The nearest and the farthest other rows of one row, best first, the farthest with negated distances.
    typealias Lists = (nearest: [Neighbor], farthest: [Neighbor])

    /// The candidates gathered for the rows of one block of the matrix.
    private final class Tile: Sendable {
        let rows: Mutex<TileRows>

        init(_ rows: TileRows) { self.rows = Mutex(rows) }
    }

    private let matrix: EmbeddingMatrix
    private let tiles: [Tile]

    /// Prepares lists of `nearest` and `farthest` other rows; nil if float32 products of these vectors could overflow.
    init?(_ matrix: EmbeddingMatrix, nearest: Int, farthest: Int) {
        let lengths = matrix.squaredLengths()
        guard let longest = lengths.max(), matrix.productDistanceError(scale: 2 * longest) != nil else { return nil }
        self.matrix = matrix
        tiles = stride(from: 0, to: matrix.count, by: EmbeddingMatrix.rowsPerBlock).map { first in
            let own = lengths[first..<min(first + EmbeddingMatrix.rowsPerBlock, matrix.count)]
            return Tile(
                TileRows(first: first, squaredLengths: own.map(Float.init)) { place in
                    let error = matrix.productDistanceError(scale: own[first + place] + longest) ?? .infinity
                    return (
                        NeighborCandidates(capacity: nearest, error: error),
                        NeighborCandidates(capacity: farthest, error: error, farthest: true)
                    )
                })
        }
    }

    /// The lists of every row; asks `isCancelled` often, on every core.
    ///
    /// - Throws: `RankingError.cancelled`.
    func lists(isCancelled: @Sendable () -> Bool) throws(RankingError) -> [Lists] {
        let wasCancelled = Atomic(false)
        @Sendable func isStopped() -> Bool {
            if isCancelled() { wasCancelled.store(true, ordering: .relaxed) }
            return wasCancelled.load(ordering: .relaxed)
        }
        let pairs = tiles.indices.flatMap { left in (left..<tiles.count).map { (left, $0) } }
        DispatchQueue.concurrentPerform(iterations: pairs.count) { index in
            guard !isStopped() else { return }
            let (left, right) = pairs[index]
            let products = matrix.products(ofBlock: left, withBlock: right)
            tiles[left].rows.withLock { rows in
                if left == right { return rows.joinEachOther(products, matrix, isStopped: isStopped) }
                tiles[right].rows.withLock { rows.join(&$0, products, matrix, isStopped: isStopped) }
            }
        }
        let lists = Mutex([[Lists]](repeating: [], count: tiles.count))
        DispatchQueue.concurrentPerform(iterations: tiles.count) { index in
            let found = tiles[index].rows.withLock { $0.lists(matrix, isStopped: isStopped) }
            lists.withLock { $0[index] = found }
        }
        guard !wasCancelled.load(ordering: .relaxed) else { throw .cancelled }
        return lists.withLock { $0.flatMap { $0 } }
    }
}

/// The rows of one block, and the candidates for their lists.
private struct TileRows: Sendable {
    /// A candidate, by its index in its own tile.
    private struct Hit {
        let place: Int
        let distance: Float
    }

    private let first: Int
    private let squaredLengths: [Float]
    private var nearest: [NeighborCandidates] = []
    private var farthest: [NeighborCandidates] = []
    /// The limits of each row's candidates in one array, so that many are compared at once.
    private var nearLimits: [Float] = []
    private var farLimits: [Float] = []

    init(
        first: Int, squaredLengths: [Float],
        candidates: (Int) -> (nearest: NeighborCandidates, farthest: NeighborCandidates)
    ) {
        self.first = first
        self.squaredLengths = squaredLengths
        for place in squaredLengths.indices {
            let (near, far) = candidates(place)
            nearest.append(near)
            farthest.append(far)
            nearLimits.append(near.limit)
            farLimits.append(far.limit)
        }
    }

    /// The lists of these rows; empty if the work is stopped.
    func lists(_ matrix: EmbeddingMatrix, isStopped: () -> Bool) -> [AllNeighbors.Lists] {
        var lists: [AllNeighbors.Lists] = []
        for place in squaredLengths.indices {
            guard !isStopped() else { return [] }
            let row = first + place
            lists.append(
                (
                    nearest[place].list { matrix.squaredDistances(fromRow: row, to: $0) },
                    farthest[place].list { matrix.squaredDistances(fromRow: row, to: $0) }
                ))
        }
        return lists
    }

    /// Adds the rows of another tile to the lists of these rows, and the other way round; `products` is [these, those].
    mutating func join(
        _ other: inout TileRows, _ products: [Float], _ matrix: EmbeddingMatrix, isStopped: () -> Bool
    ) {
        var hits: [Hit] = []
        for place in squaredLengths.indices {
            guard !isStopped() else { return }
            findHits(of: place, among: other, products, into: &hits)
            for hit in hits {
                insert(other.first + hit.place, hit.distance, into: place, matrix)
                other.insert(first + place, hit.distance, into: hit.place, matrix)
            }
        }
    }

    /// Adds these rows to each other's lists; `products` is [these, these].
    mutating func joinEachOther(_ products: [Float], _ matrix: EmbeddingMatrix, isStopped: () -> Bool) {
        var hits: [Hit] = []
        for place in squaredLengths.indices {
            guard !isStopped() else { return }
            findHits(of: place, among: self, products, into: &hits)
            for hit in hits where hit.place > place {
                insert(first + hit.place, hit.distance, into: place, matrix)
                insert(first + place, hit.distance, into: hit.place, matrix)
            }
        }
    }

    private mutating func insert(_ index: Int, _ distance: Float, into place: Int, _ matrix: EmbeddingMatrix) {
        let row = first + place
        if distance <= nearLimits[place] {
            nearest[place].insert(index, distance) { matrix.squaredDistances(fromRow: row, to: $0) }
            nearLimits[place] = nearest[place].limit
        }
        if distance >= farLimits[place] {
            farthest[place].insert(index, distance) { matrix.squaredDistances(fromRow: row, to: $0) }
            farLimits[place] = farthest[place].limit
        }
    }

    /// The other rows that a row's limits, or the other rows' own limits, let through.
    private func findHits(of place: Int, among other: TileRows, _ products: [Float], into hits: inout [Hit]) {
        hits.removeAll(keepingCapacity: true)
        let columns = other.squaredLengths.count
        let (length, near, far) = (squaredLengths[place], nearLimits[place], farLimits[place])
        unsafe products.withUnsafeBytes { products in
            unsafe other.squaredLengths.withUnsafeBytes { lengths in
                unsafe other.nearLimits.withUnsafeBytes { nears in
                    unsafe other.farLimits.withUnsafeBytes { fars in
                        let row = place * columns
                        func eight(_ column: Int) -> SIMDMask<SIMD8<Int32>> {
                            let at = column * 4
                            let product = unsafe products.loadUnaligned(
                                fromByteOffset: row * 4 + at, as: SIMD8<Float>.self)
                            let distance =
                                unsafe length
                                + lengths.loadUnaligned(
                                    fromByteOffset: at, as: SIMD8<Float>.self) - 2 * product
                            let otherNear = unsafe nears.loadUnaligned(fromByteOffset: at, as: SIMD8<Float>.self)
                            let otherFar = unsafe fars.loadUnaligned(fromByteOffset: at, as: SIMD8<Float>.self)
                            return (distance .<= near) .| (distance .<= otherNear) .| (distance .>= far)
                                .| (distance .>= otherFar)
                        }
                        func one(_ column: Int) {
                            let product = unsafe products.loadUnaligned(
                                fromByteOffset: (row + column) * 4, as: Float.self)
                            let distance = length + other.squaredLengths[column] - 2 * product
                            if distance <= near || distance >= far || distance <= other.nearLimits[column]
                                || distance >= other.farLimits[column]
                            {
                                hits.append(Hit(place: column, distance: distance))
                            }
                        }
                        let grouped = columns & ~15
                        for column in stride(from: 0, to: grouped, by: 16)
                        where any(eight(column) .| eight(column + 8)) {
                            for column in column..<column + 16 { one(column) }
                        }
                        for column in grouped..<columns { one(column) }
                    }
                }
            }
        }
    }
}
