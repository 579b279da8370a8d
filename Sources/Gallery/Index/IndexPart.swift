import Ranking

/// Some of a gallery's images, up to the capacity of a segment: their vectors, codes and columns.
///
/// A copy is a snapshot: what the writer adds to the columns later is not seen.
struct IndexPart: Sendable {
    /// The row of the gallery at which the part begins, a multiple of 64.
    let first: Int
    /// The number in the names of its files; tells parts apart.
    let number: Int
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

    /// Makes an empty part, in files if there is a folder for them.
    init(
        _ entry: IndexFolder.Manifest.Part, in folder: IndexFolder?, dimensions: Int, rotation: HeadRotation?,
        means: MeanTable
    ) throws(IndexFileError) {
        first = entry.first
        number = entry.number
        columns = try ImageColumns(capacity: entry.capacity, path: folder?.file("columns", entry.number))
        vectors = try VectorSegment(
            dimensions: dimensions, capacity: entry.capacity, path: folder?.file("vectors", entry.number))
        heads =
            if let rotation {
                try HeadCodes(
                    rotation, capacity: entry.capacity,
                    path: folder.flatMap { folder in entry.heads.map { folder.file("heads", $0) } })
            } else { nil }
        cameras = try CameraColumn(means, capacity: entry.capacity)
    }

    /// Maps the files of an earlier run, and keeps the rows up to the first that is not whole.
    ///
    /// - Parameters:
    ///   - entry: What the folder says of the part.
    ///   - folder: The folder.
    ///   - dimensions: The length of the vectors.
    ///   - rotation: The directions of the heads; nil if there are none.
    ///   - means: The means of the cameras.
    ///   - mean: The number of a camera's mean.
    /// - Throws: `IndexFileError` if a file is missing or of another kind.
    init(
        opening entry: IndexFolder.Manifest.Part, in folder: IndexFolder, dimensions: Int, rotation: HeadRotation?,
        means: MeanTable, mean: (UInt32?) -> Int
    ) throws(IndexFileError) {
        first = entry.first
        number = entry.number
        let (capacity, number) = (entry.capacity, entry.number)
        columns = try ImageColumns(capacity: capacity, path: folder.file("columns", number), exists: true)
        vectors = try VectorSegment(
            opening: folder.file("vectors", number), dimensions: dimensions, capacity: capacity, count: capacity)
        var count = 0
        while count < capacity, columns.isIntact(count, vectorCheck: vectors.check(ofRow: count)),
            vectors.isIntact(count), count == 0 || columns.key(count - 1) < columns.key(count)
        { count += 1 }
        vectors.keep(first: count)
        cameras = try CameraColumn(means, capacity: capacity)
        let columns = columns
        cameras.append(from: vectors, means: (0..<count).map { mean(columns.camera($0)) })
        if let rotation, let number = entry.heads {
            let heads = try HeadCodes(opening: folder.file("heads", number), rotation, capacity: capacity, count: count)
            var intact = 0
            while intact < count, heads.isIntact(intact) { intact += 1 }
            heads.keep(first: intact)
            try heads.append(from: vectors, upTo: count)
            self.heads = heads
        }
        self.count = count
        for row in 0..<count where columns.isMarkedErased(row) { _ = erase(row) }
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
    /// - Throws: `IndexFileError` if the disk is full. Then the part is no longer to be added to.
    mutating func append(_ images: ArraySlice<IndexedImage>, means: [Int]) throws(IndexFileError) {
        var values: [Float] = []
        values.reserveCapacity(images.count * vectors.dimensions)
        for image in images { values += image.embedding }
        precondition(vectors.count == count, "\(vectors.count) vectors for \(count) images")
        try columns.allocate(rows: count + images.count)
        try vectors.append(values)
        for (place, image) in images.enumerated() {
            columns.write(image, at: count + place, vectorCheck: vectors.check(ofRow: count + place))
        }
        try heads?.append(from: vectors, upTo: count + images.count)
        cameras.append(from: vectors, means: means)
        count += images.count
    }

    /// The image in a row.
    func image(_ row: Int) -> IndexedImage {
        IndexedImage(
            key: columns.key(row), person: columns.person(row), camera: columns.camera(row),
            capturedAt: columns.time(row), embedding: vectors[row])
    }

    /// Overwrites what is left of an erased row, when no snapshot shows it any more.
    func wipe(_ row: Int) {
        precondition(isErased(row), "row \(row) is not erased")
        vectors.wipe(row)
        heads?.wipe(row)
        columns.wipe(row, vectorCheck: vectors.check(ofRow: row))
    }

    /// Marks a row as erased; false if it is already.
    mutating func erase(_ row: Int) -> Bool {
        guard !isErased(row) else { return false }
        if erased.count <= row / 64 { erased += Array(repeating: 0, count: row / 64 + 1 - erased.count) }
        erased[row / 64] |= 1 << UInt64(row % 64)
        erasedCount += 1
        if !columns.isMarkedErased(row) { columns.markErased(row) }
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
    func firstRow(from key: Int64) -> Int { (0..<count).bisected { columns.key($0) < key } }
}
