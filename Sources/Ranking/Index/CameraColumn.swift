internal import CDistance
import Synchronization

/// For each row of a segment: which mean is subtracted from it, and the length of what remains.
///
/// Rows are added in the order of the segment by one writer at a time; 8 bytes a row, in memory. When means change, make
/// a new column.
///
/// Unchecked Sendable: rows below `count` never change, and the caller sees to it that one thread at a time appends.
@safe public final class CameraColumn: @unchecked Sendable {
    /// The means.
    public let table: MeanTable
    /// The number of rows.
    public var count: Int { published.load(ordering: .acquiring) }

    private let capacity: Int
    private let storage: RowStorage
    private let published = Atomic(0)
    let means: UnsafeMutablePointer<Int32>
    private let inverseLengths: UnsafeMutablePointer<Float>

    /// Makes an empty column for a segment of `capacity` rows.
    ///
    /// - Throws: `IndexFileError.unusable` if there is no memory.
    public init(_ table: MeanTable, capacity: Int = VectorSegment.usualCapacity) throws(IndexFileError) {
        self.table = table
        self.capacity = capacity
        storage = try RowStorage(.init(identity: [3], columns: [4, 4], capacity: capacity), path: nil, exists: false)
        unsafe means = storage.column(0, of: Int32.self)
        unsafe inverseLengths = storage.column(1, of: Float.self)
    }

    /// Adds the next rows of a segment; O(rows · dimensions), and less for rows whose mean is as before.
    ///
    /// - Parameters:
    ///   - segment: The segment, always the same; its rows from `count` on are added.
    ///   - added: The number of each row's mean in `table`.
    ///   - previous: A column of the same rows with other means, whose lengths are taken over where a row's mean has not
    ///     changed.
    public func append(from segment: VectorSegment, means added: some Collection<Int>, previous: CameraColumn? = nil) {
        let first = count
        precondition(
            segment.capacity == capacity && first + added.count <= segment.count
                && segment.dimensions == table.dimensions,
            "\(first) and \(added.count) rows of a segment of \(segment.count)")
        let known = previous?.count ?? 0
        // For each mean, its number in the previous table if it is still the same.
        let numbers = Dictionary((previous?.table.means ?? []).enumerated().map { ($1, $0) }) { first, _ in first }
        let same = table.means.map { numbers.isEmpty ? nil : numbers[$0] }
        var row = first
        for mean in added {
            precondition(table.means.indices.contains(mean), "mean \(mean) of \(table.means.count)")
            unsafe means[row] = Int32(mean)
            if let previous, row < known, let old = same[mean], unsafe previous.means[row] == old {
                unsafe inverseLengths[row] = previous.inverseLengths[row]
            } else {
                unsafe inverseLengths[row] = table.inverseLength(
                    segment.rows + row * segment.dimensions, mean: mean)
            }
            row += 1
        }
        published.store(row, ordering: .releasing)
    }

    /// The column for kernels, with the constants of a query.
    func raw(_ constants: UnsafePointer<Float>) -> c_row_cameras {
        unsafe c_row_cameras(slots: means, inverse_lengths: inverseLengths, constants: constants)
    }
}
