internal import CDistance
import Synchronization

/// A part of a gallery's vectors in one region of memory: the rows as they are, and an 8-bit code of each.
///
/// Rows are only added, up to a fixed number, by one writer at a time. Readers look only at rows below a count that they
/// got after these were added, and need no lock. With a path, the region is a file's pages: 5 bytes a value and 12
/// a row.
///
/// Unchecked Sendable: rows below `count` never change, and the caller sees to it that one thread at a time appends.
@safe public final class VectorSegment: @unchecked Sendable {
    /// The rows of a segment unless something else is said.
    public static let usualCapacity = 65_536
    /// The longest rows that the bounds are proven for.
    public static let dimensions = 1...65_536

    /// The length of every row.
    public let dimensions: Int
    /// The number of rows that there is room for, a multiple of 64.
    public let capacity: Int
    /// The number of rows.
    public var count: Int { published.load(ordering: .acquiring) }
    /// The file's path; nil for a segment that is only in memory.
    public var path: String? { storage.path }

    private let storage: RowStorage
    private let published: Atomic<Int>
    let rows: UnsafePointer<Float>
    /// The codes of whole rows.
    let coded: c_coded_rows

    /// Makes an empty segment, in a new file if there is a path; an existing file is emptied.
    ///
    /// - Throws: `IndexFileError.unusable`.
    public convenience init(
        dimensions: Int, capacity: Int = VectorSegment.usualCapacity, path: String? = nil
    ) throws(IndexFileError) {
        try self.init(dimensions: dimensions, capacity: capacity, path: path, count: 0, exists: false)
    }

    /// Maps the file of a segment of which the caller knows that `count` rows were written completely.
    ///
    /// Only the kind of the file is checked: whether its rows are the right ones is what the caller must know.
    ///
    /// - Throws: `IndexFileError.unusable`, or `.doesNotFit` for a file with other dimensions or another capacity.
    public convenience init(
        opening path: String, dimensions: Int, capacity: Int = VectorSegment.usualCapacity, count: Int
    ) throws(IndexFileError) {
        try self.init(dimensions: dimensions, capacity: capacity, path: path, count: count, exists: true)
    }

    private init(
        dimensions: Int, capacity: Int, path: String?, count: Int, exists: Bool
    ) throws(IndexFileError) {
        precondition(Self.dimensions ~= dimensions, "rows of \(dimensions) values")
        precondition(
            capacity > 0 && capacity.isMultiple(of: 64) && 0...capacity ~= count,
            "\(count) rows in a segment of \(capacity)")
        self.dimensions = dimensions
        self.capacity = capacity
        let stride = RowCode.stride(dimensions)
        let layout = RowStorage.Layout(
            identity: [1, UInt64(dimensions)], columns: [4 * dimensions, stride, 4, 4, 4], capacity: capacity)
        storage = try RowStorage(layout, path: path, exists: exists)
        published = Atomic(count)
        unsafe rows = UnsafePointer(storage.column(0, of: Float.self))
        let errors = unsafe UnsafePointer(storage.column(3, of: Float.self))
        // The code is of all values, so there is no tail; the query's factor for it is 0.
        unsafe coded = c_coded_rows(
            codes: storage.column(1, of: Int8.self), stride: stride, scales: storage.column(2, of: Float.self),
            errors: errors, tails: errors, squared_lengths: storage.column(4, of: Float.self))
    }

    /// Adds rows at the end, and codes them; O(rows · dimensions).
    ///
    /// - Parameter values: Finite values, [rows, dimensions]; no more rows than there is room for.
    /// - Throws: `IndexFileError.unusable` if the disk is full. Then nothing was added.
    public func append(_ values: [Float]) throws(IndexFileError) {
        let (first, added) = (count, values.count / dimensions)
        precondition(values.count == added * dimensions, "\(values.count) values are not rows of \(dimensions)")
        precondition(first + added <= capacity, "\(first) and \(added) rows in a segment of \(capacity)")
        try storage.allocate(rows: first + added)
        let rows = unsafe storage.column(0, of: Float.self)
        let codes = unsafe storage.column(1, of: Int8.self)
        let scales = unsafe storage.column(2, of: Float.self)
        let errors = unsafe storage.column(3, of: Float.self)
        let squaredLengths = unsafe storage.column(4, of: Float.self)
        unsafe values.withUnsafeBufferPointer { values in
            guard let start = values.baseAddress else { return }
            unsafe (rows + first * dimensions).update(from: start, count: values.count)
        }
        var wide = [Double](repeating: 0, count: dimensions)
        for row in first..<first + added {
            let values = unsafe rows + row * dimensions
            for index in 0..<dimensions { unsafe wide[index] = Double(values[index]) }
            let squared = unsafe squaredLength(values, dimensions: dimensions)
            unsafe squaredLengths[row] = Float(squared)
            unsafe errors[row] = RowCode.write(
                wide, squaredLength: squared, to: codes + row * coded.stride, scale: scales + row)
        }
        storage.seal(first..<first + added)
        published.store(first + added, ordering: .releasing)
    }

    /// A number that tells whether a row of a file is the one that was written; 0 for a row that never was.
    package func check(ofRow row: Int) -> UInt64 { storage.check(ofRow: row) }

    /// Whether a row of a file is as it was written; O(dimensions).
    package func isIntact(_ row: Int) -> Bool { storage.isIntact(row) }

    /// Forgets the rows behind the first `count`, before anybody searches.
    package func keep(first count: Int) {
        precondition(0...self.count ~= count, "\(count) of \(self.count) rows")
        published.store(count, ordering: .releasing)
    }

    /// Overwrites a row with zeros; nobody may search for it any more.
    package func wipe(_ row: Int) { storage.wipe(row..<row + 1) }

    /// The values of one row.
    public subscript(row: Int) -> [Float] {
        precondition(row >= 0 && row < count, "row \(row) of a segment of \(count)")
        return unsafe Array(UnsafeBufferPointer(start: rows + row * dimensions, count: dimensions))
    }

    /// Writes the file's pages to the disk, and waits for it.
    ///
    /// - Throws: `IndexFileError.unusable`.
    public func flush() throws(IndexFileError) { try storage.flush() }
}
