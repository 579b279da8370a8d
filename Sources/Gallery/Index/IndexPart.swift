import Ranking

/// Some of a gallery's images, up to the capacity of a segment: their vectors, codes and columns.
///
/// A copy is a snapshot: what the writer adds to the columns later is not seen.
struct IndexPart: Sendable {
    /// The row of the gallery at which the part begins, a multiple of 64.
    let first: Int
    let columns: ImageColumns
    let vectors: VectorSegment
    /// The coded heads of at least `count` rows; nil if the gallery is small, or while they are being made.
    var heads: HeadCodes?
    /// The camera's mean of at least `count` rows.
    var cameras: CameraColumn
    /// The number of rows, with those that were erased.
    private(set) var count = 0
    /// A bit for each erased row, 64 a word; shorter than the rows if later ones are all there.
    private(set) var erased: [UInt64] = []
    /// The number of erased rows.
    private(set) var erasedCount = 0

    /// The rows of a gallery's first part; a small gallery then takes little memory.
    static let smallCapacity = 4_096

    /// Makes an empty part.
    init(
        first: Int, capacity: Int, dimensions: Int, rotation: HeadRotation?, means: MeanTable
    ) throws(IndexFileError) {
        self.first = first
        columns = try ImageColumns(capacity: capacity)
        vectors = try VectorSegment(dimensions: dimensions, capacity: capacity)
        heads = if let rotation { try HeadCodes(rotation, capacity: capacity) } else { nil }
        cameras = try CameraColumn(means, capacity: capacity)
    }

    /// The number of rows that still fit.
    var room: Int { columns.capacity - count }
    /// The number of images.
    var liveCount: Int { count - erasedCount }
    /// The last row's key; nil without rows.
    var lastKey: Int64? { count > 0 ? columns.key(count - 1) : nil }

    /// Adds images, not more than there is room for.
    ///
    /// - Parameters:
    ///   - images: The images, in the order of their keys.
    ///   - means: The number of each image's mean.
    mutating func append(_ images: ArraySlice<IndexedImage>, means: [Int]) throws(IndexFileError) {
        var values: [Float] = []
        values.reserveCapacity(images.count * vectors.dimensions)
        for image in images { values += image.embedding }
        // A writer that was stopped by an error may have left rows behind those of this part; they are written over.
        precondition(vectors.count == count, "\(vectors.count) vectors for \(count) images")
        try vectors.append(values)
        for (place, image) in images.enumerated() { columns.write(image, at: count + place) }
        try heads?.append(from: vectors, upTo: count + images.count)
        cameras.append(from: vectors, means: means)
        count += images.count
    }

    /// Marks a row as erased; false if it is already.
    mutating func erase(_ row: Int) -> Bool {
        guard !isErased(row) else { return false }
        if erased.count <= row / 64 { erased += Array(repeating: 0, count: row / 64 + 1 - erased.count) }
        erased[row / 64] |= 1 << UInt64(row % 64)
        erasedCount += 1
        return true
    }

    /// Whether a row is erased.
    func isErased(_ row: Int) -> Bool {
        row / 64 < erased.count && erased[row / 64] >> UInt64(row % 64) & 1 == 1
    }

    /// A bit for each of 64 rows that are there and not erased.
    func live(word: Int) -> UInt64 {
        let rows = min(64, count - 64 * word)
        guard rows > 0 else { return 0 }
        return ~(word < erased.count ? erased[word] : 0) & (.max >> UInt64(64 - rows))
    }

    /// The place of the image with this key; nil if it is not here or erased.
    func row(ofKey key: Int64) -> Int? {
        let row = firstRow(from: key)
        return row < count && columns.key(row) == key && !isErased(row) ? row : nil
    }

    /// The first row whose key is `key` or greater, by bisection.
    func firstRow(from key: Int64) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if columns.key(middle) < key { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
