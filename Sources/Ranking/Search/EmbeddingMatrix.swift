/// A matrix whose rows are feature vectors, usually of length 1; rows are only added at the end.
///
/// Rows are stored in blocks of `rowsPerBlock`. A full block is never copied (copy-on-write), so keeping a copy of the
/// matrix, such as a snapshot, and then appending costs at most the copy of one block.
public struct EmbeddingMatrix: Sendable {
    /// The rows in every block except the last.
    static let rowsPerBlock = 256

    /// The length of every row.
    public let dimensions: Int
    /// The number of rows.
    public private(set) var count = 0
    /// Row-major blocks [rowsPerBlock, dimensions]; the last may be shorter.
    private(set) var blocks: [[Float]] = []

    /// Creates an empty matrix for rows of `dimensions` values, at least 1.
    public init(dimensions: Int) {
        precondition(dimensions > 0, "an embedding needs at least one dimension, not \(dimensions)")
        self.dimensions = dimensions
    }

    /// Creates a matrix from a row-major array [rows, dimensions].
    ///
    /// - Throws: `RankingError.notFinite` if a row contains NaN or an infinity.
    public init(elements: [Float], dimensions: Int) throws(RankingError) {
        self.init(dimensions: dimensions)
        precondition(
            elements.count.isMultiple(of: dimensions), "\(elements.count) values are not rows of \(dimensions)")
        if let bad = elements.firstIndex(where: { !$0.isFinite }) { throw .notFinite(row: bad / dimensions) }
        for start in stride(from: 0, to: elements.count, by: dimensions) {
            append(elements[start..<start + dimensions])
        }
    }

    /// The values of one row.
    public subscript(row: Int) -> [Float] {
        Array(slice(row))
    }

    /// The values of one row in double precision.
    func widened(_ row: Int) -> [Double] {
        let values = slice(row)
        return unsafe [Double](unsafeUninitializedCapacity: dimensions) { wide, count in
            unsafe values.withUnsafeBufferPointer { values in
                for place in 0..<dimensions { unsafe wide[place] = Double(values[place]) }
            }
            count = dimensions
        }
    }

    /// Adds a row at the end; its values must be finite.
    public mutating func append(_ row: [Float]) {
        append(row[...])
    }

    /// Adds all rows of another matrix at the end.
    public mutating func append(contentsOf other: EmbeddingMatrix) {
        precondition(other.dimensions == dimensions, "rows of \(other.dimensions) onto rows of \(dimensions)")
        for row in 0..<other.count { append(other.slice(row)) }
    }

    /// A new matrix of the given rows, in the given order.
    public func selecting(_ rows: some Sequence<Int>) -> EmbeddingMatrix {
        var result = EmbeddingMatrix(dimensions: dimensions)
        for row in rows { result.append(slice(row)) }
        return result
    }

    /// A new matrix without the given rows; later rows move up.
    public func removing(_ rows: Set<Int>) -> EmbeddingMatrix {
        guard let first = rows.min() else { return self }
        let untouched = first / Self.rowsPerBlock
        var result = EmbeddingMatrix(dimensions: dimensions)
        result.blocks = Array(blocks[..<untouched])
        result.count = untouched * Self.rowsPerBlock
        for row in result.count..<count where !rows.contains(row) { result.append(slice(row)) }
        return result
    }

    private func slice(_ row: Int) -> ArraySlice<Float> {
        precondition(row >= 0 && row < count, "row \(row) of a matrix of \(count)")
        let start = row % Self.rowsPerBlock * dimensions
        return blocks[row / Self.rowsPerBlock][start..<start + dimensions]
    }

    private mutating func append(_ row: ArraySlice<Float>) {
        precondition(row.count == dimensions, "a row of \(row.count) in a matrix of \(dimensions) columns")
        if count.isMultiple(of: Self.rowsPerBlock) { blocks.append([]) }
        blocks[blocks.count - 1].append(contentsOf: row)
        count += 1
    }
}
