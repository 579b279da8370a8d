internal import CDistance
internal import Distances
internal import Randomness

/// Directions that hold most of the length of a gallery's vectors: the head of a vector is its inner products with them.
///
/// The directions are rows p of a matrix P, nearly orthonormal; how nearly is measured, as ‖P·Pᵀ − I‖ in the Frobenius
/// norm, and enters the bounds. So a search is exact with any directions, and fast with good ones.
public final class HeadRotation: Sendable {
    /// The most directions that a head has.
    public static let size = 128
    /// The rows to make directions from: more gain nothing.
    public static let usualSample = 4_096
    /// The steps of the iteration; more change little, because directions of nearly the same length do equally well.
    private static let steps = 8
    /// The largest defect that the proof of the bounds allows.
    private static let defects = 0...0x1p-7

    /// The length of the vectors.
    public let dimensions: Int
    /// The values of a head: 128, or all if the vectors are shorter.
    public var size: Int { directions.count / dimensions }
    /// The directions, [size, dimensions], for keeping them.
    public let directions: [Float]
    /// Tells different directions apart.
    let identity: UInt64
    /// How far the directions are from orthonormal, rounded up.
    let defect: Double
    private let wide: [Double]

    /// Takes directions that were kept; nil if they are not even nearly orthonormal.
    ///
    /// - Parameters:
    ///   - directions: [size, dimensions].
    ///   - dimensions: The length of the vectors, in `VectorSegment.dimensions`.
    public init?(directions: [Float], dimensions: Int) {
        precondition(VectorSegment.dimensions ~= dimensions, "directions of \(dimensions) values")
        guard directions.count == min(Self.size, dimensions) * dimensions else { return nil }
        self.dimensions = dimensions
        self.directions = directions
        wide = directions.map(Double.init)
        let size = directions.count / dimensions
        var squares = 0.0
        for (place, product) in Self.products(of: directions, with: wide, dimensions: dimensions).enumerated() {
            let difference = product - (place / size == place % size ? 1 : 0)
            squares += difference * difference
        }
        defect = squares.squareRoot() + RowCode.reserve
        // FNV-1a over the values' bits.
        identity = directions.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1.bitPattern)) &* 0x100_0000_01B3 }
        guard Self.defects ~= defect else { return nil }
    }

    /// Finds the directions along which rows are longest, by orthogonal iteration on their second moment.
    ///
    /// The same rows give the same directions on one machine. Costs O(rows · dimensions · size): about a second for 4,096
    /// rows of 1,024 values.
    ///
    /// - Parameters:
    ///   - rows: [rows, dimensions], at best some thousand that were chosen evenly.
    ///   - dimensions: The length of the rows, in `VectorSegment.dimensions`.
    /// - Returns: The directions; nil in the unlikely case that rounding spoiled them.
    public static func make(from rows: [Float], dimensions: Int) -> HeadRotation? {
        make(from: rows, dimensions: dimensions, steps: steps)
    }

    /// The same with another number of steps, for tests.
    static func make(from rows: [Float], dimensions: Int, steps: Int) -> HeadRotation? {
        let (rows, columns) = unitRows(rows, dimensions: dimensions)
        let (size, count) = (min(Self.size, dimensions), rows.count / dimensions)
        var generator = SeededGenerator(seed: 1)
        var directions = random(size, dimensions, &generator)
        orthonormalize(&directions, dimensions: dimensions, &generator)
        for _ in 0..<(count > 0 ? steps : 0) {
            let heads = innerProducts(directions, rows, dimensions: dimensions)
            directions = innerProducts(heads, columns, dimensions: count)
            orthonormalize(&directions, dimensions: dimensions, &generator)
        }
        // The first direction is nearly that of the rows' mean, so each head would have one large value and a coarse code.
        // Mixing the directions spreads it.
        var mix = random(size, size, &generator)
        orthonormalize(&mix, dimensions: size, &generator)
        directions = innerProducts(mix, transposed(directions, dimensions: dimensions), dimensions: size)
        orthonormalize(&directions, dimensions: dimensions, &generator)
        return HeadRotation(directions: directions, dimensions: dimensions)
    }

    /// The heads of `count` rows, [rows, size], in double precision.
    func heads(of rows: UnsafePointer<Float>, count: Int) -> [Double] {
        unsafe [Double](unsafeUninitializedCapacity: count * size) { products, initialized in
            guard let start = products.baseAddress else { return }
            unsafe c_project(rows, count, dimensions, wide, size, start)
            initialized = count * size
        }
    }

    /// The length of what the head misses, and somewhat more: ‖r‖ with r = x − Pᵀ·h.
    ///
    /// ‖r‖² = ‖x‖² − 2 h·h + hᵀ·P·Pᵀ·h ≤ ‖x‖² − ‖h‖² + defect · ‖h‖².
    func tail(squaredLength: Double, head: some Sequence<Double>) -> Double {
        let squaredHead = head.reduce(0) { $0 + $1 * $1 }
        let squared = squaredLength - squaredHead + defect * squaredHead + RowCode.reserve * squaredLength
        return max(squared, 0).squareRoot()
    }

    private static func products(of rows: [Float], with directions: [Double], dimensions: Int) -> [Double] {
        let (count, others) = (rows.count / dimensions, directions.count / dimensions)
        return unsafe [Double](unsafeUninitializedCapacity: count * others) { products, initialized in
            guard let start = products.baseAddress else { return }
            unsafe c_project(rows, count, dimensions, directions, others, start)
            initialized = count * others
        }
    }

    /// The rows that are not zero, scaled to length 1, and the same transposed.
    private static func unitRows(_ rows: [Float], dimensions: Int) -> (rows: [Float], columns: [Float]) {
        precondition(rows.count.isMultiple(of: dimensions), "\(rows.count) values are not rows of \(dimensions)")
        var result: [Float] = []
        result.reserveCapacity(rows.count)
        for start in stride(from: 0, to: rows.count, by: dimensions) {
            let values = rows[start..<start + dimensions]
            let length = values.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
            if length > 0 { result += values.map { Float(Double($0) / length) } }
        }
        return (result, transposed(result, dimensions: dimensions))
    }

    private static func transposed(_ rows: [Float], dimensions: Int) -> [Float] {
        let count = rows.count / dimensions
        var columns = [Float](repeating: 0, count: rows.count)
        for row in 0..<count {
            for index in 0..<dimensions { columns[index * count + row] = rows[row * dimensions + index] }
        }
        return columns
    }

    private static func random(_ rows: Int, _ dimensions: Int, _ generator: inout SeededGenerator) -> [Float] {
        (0..<rows * dimensions).map { _ in .random(in: -1...1, using: &generator) }
    }

    /// Makes the rows orthonormal; one that depends on those before it is drawn anew.
    private static func orthonormalize(
        _ rows: inout [Float], dimensions: Int, _ generator: inout SeededGenerator
    ) {
        var done: [Double] = []
        for start in stride(from: 0, to: rows.count, by: dimensions) {
            var row = rows[start..<start + dimensions].map(Double.init)
            let length = row.reduce(0) { $0 + $1 * $1 }.squareRoot()
            var rest = unsafe c_orthonormalize(&row, done, start / dimensions, dimensions)
            while rest.isFinite && rest <= 1e-6 * length {
                row = random(1, dimensions, &generator).map(Double.init)
                rest = unsafe c_orthonormalize(&row, done, start / dimensions, dimensions) >= 1e-3 ? .infinity : 0
            }
            done += row
        }
        rows = done.map(Float.init)
    }
}
