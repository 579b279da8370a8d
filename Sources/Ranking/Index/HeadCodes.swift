internal import CDistance
import Synchronization

/// The coded heads of a segment's rows, for one rotation, in one region of memory.
///
/// Heads are added in the order of the rows by one writer at a time. For a new rotation, new head codes are filled while
/// searches go on with the old ones. With a path, the region is a file's pages: 1 byte for a value of the head and
/// 12 for a row.
///
/// Unchecked Sendable: rows below `count` never change, and the caller sees to it that one thread at a time appends.
@safe public final class HeadCodes: @unchecked Sendable {
    /// The directions of the heads.
    public let rotation: HeadRotation
    /// The number of rows whose heads are coded.
    public var count: Int { published.load(ordering: .acquiring) }
    /// The file's path; nil for codes that are only in memory.
    public var path: String? { storage.path }

    private let capacity: Int
    private let storage: RowStorage
    private let published: Atomic<Int>
    /// The rows whose heads are computed in one go.
    private static let rowsPerStep = 64

    /// Makes empty head codes, in a new file if there is a path; an existing file is emptied.
    ///
    /// - Parameters:
    ///   - rotation: The directions.
    ///   - capacity: The capacity of the segment.
    ///   - path: Where the file is made.
    /// - Throws: `IndexFileError.unusable`.
    public convenience init(
        _ rotation: HeadRotation, capacity: Int = VectorSegment.usualCapacity, path: String? = nil
    ) throws(IndexFileError) {
        try self.init(rotation, capacity: capacity, path: path, count: 0, exists: false)
    }

    /// Maps the file of head codes of which the caller knows that `count` rows were written completely.
    ///
    /// - Throws: `IndexFileError.unusable`, or `.doesNotFit` for a file for another rotation or capacity.
    public convenience init(
        opening path: String, _ rotation: HeadRotation, capacity: Int = VectorSegment.usualCapacity, count: Int
    ) throws(IndexFileError) {
        try self.init(rotation, capacity: capacity, path: path, count: count, exists: true)
    }

    private init(
        _ rotation: HeadRotation, capacity: Int, path: String?, count: Int, exists: Bool
    ) throws(IndexFileError) {
        precondition(0...capacity ~= count, "\(count) heads of at most \(capacity)")
        self.rotation = rotation
        self.capacity = capacity
        let layout = RowStorage.Layout(
            identity: [2, UInt64(rotation.dimensions), rotation.identity],
            columns: [RowCode.stride(rotation.size), 4, 4, 4], capacity: capacity)
        storage = try RowStorage(layout, path: path, exists: exists)
        published = Atomic(count)
    }

    /// Codes the heads of a segment's rows from `count` on, up to `end`; O(rows · dimensions · 128).
    ///
    /// - Parameters:
    ///   - segment: The segment, always the same.
    ///   - end: How many heads there are afterwards, at most the number of the segment's rows.
    /// - Throws: `IndexFileError.unusable` if the disk is full. Then nothing was added.
    public func append(from segment: VectorSegment, upTo end: Int) throws(IndexFileError) {
        precondition(
            segment.capacity == capacity && segment.dimensions == rotation.dimensions && end <= segment.count,
            "\(end) heads of \(segment.count) rows, \(capacity) of \(segment.capacity)")
        try storage.allocate(rows: end)
        let size = rotation.size
        let coded = unsafe coded(segment)
        let codes = unsafe storage.column(0, of: Int8.self)
        let scales = unsafe storage.column(1, of: Float.self)
        let errors = unsafe storage.column(2, of: Float.self)
        let tails = unsafe storage.column(3, of: Float.self)
        for start in stride(from: count, to: end, by: Self.rowsPerStep) {
            let rows = start..<min(start + Self.rowsPerStep, end)
            let heads = unsafe rotation.heads(
                of: segment.rows + start * segment.dimensions, count: rows.count)
            for row in rows {
                let head = heads[(row - start) * size..<(row - start + 1) * size]
                let squared = unsafe squaredLength(
                    segment.rows + row * segment.dimensions, dimensions: segment.dimensions)
                unsafe errors[row] = RowCode.write(
                    Array(head), squaredLength: squared, to: codes + row * coded.stride, scale: scales + row)
                unsafe tails[row] = RowCode.roundedUp(rotation.tail(squaredLength: squared, head: head))
            }
            storage.seal(rows)
            published.store(rows.upperBound, ordering: .releasing)
        }
    }

    /// Whether a head of a file is as it was written.
    package func isIntact(_ row: Int) -> Bool { storage.isIntact(row) }

    /// Forgets the heads behind the first `count`, before anybody searches.
    package func keep(first count: Int) {
        precondition(0...self.count ~= count, "\(count) of \(self.count) heads")
        published.store(count, ordering: .releasing)
    }

    /// Overwrites a head with zeros; nobody may search for its row any more.
    package func wipe(_ row: Int) { storage.wipe(row..<row + 1) }

    /// Writes the file's pages to the disk, and waits for it.
    ///
    /// - Throws: `IndexFileError.unusable`.
    public func flush() throws(IndexFileError) { try storage.flush() }

    /// The codes, with the squared lengths of the segment's rows.
    func coded(_ segment: VectorSegment) -> c_coded_rows {
        unsafe c_coded_rows(
            codes: storage.column(0, of: Int8.self), stride: RowCode.stride(rotation.size),
            scales: storage.column(1, of: Float.self), errors: storage.column(2, of: Float.self),
            tails: storage.column(3, of: Float.self), squared_lengths: segment.coded.squared_lengths)
    }
}
