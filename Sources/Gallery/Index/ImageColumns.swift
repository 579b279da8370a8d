import Ranking

/// What an index keeps of an image.
struct IndexedImage {
    /// The image's key; a newer image has a greater one.
    let key: Int64
    /// The key of the person on it; nil if unknown.
    let person: UInt32?
    /// The key of its camera; nil if unknown.
    let camera: UInt32?
    /// When it was taken; nil if unknown.
    let capturedAt: Timestamp?
    /// Its vector.
    let embedding: [Float]
}

/// For each row of a segment: the image's key, person, camera and time, in one region of memory.
///
/// Rows are added in the order of their keys by one writer at a time. Everything else about an image is read from the
/// database when it is shown.
///
/// Unchecked Sendable: rows below a count that was handed out never change, and one thread at a time appends.
@safe final class ImageColumns: @unchecked Sendable {
    /// The number of rows that there is room for.
    let capacity: Int
    private let storage: RowStorage
    let keys: UnsafeMutablePointer<Int64>
    /// 0: unknown; SQLite's keys begin with 1.
    let people: UnsafeMutablePointer<UInt32>
    /// 0: unknown.
    let cameras: UnsafeMutablePointer<UInt32>
    /// Milliseconds since 1970; `noTime`: unknown.
    let times: UnsafeMutablePointer<Int64>
    private let vectorChecks: UnsafeMutablePointer<UInt64>
    private let erasures: UnsafeMutablePointer<UInt32>

    /// Stands for an unknown time.
    static let noTime = Int64.min

    /// Makes columns without rows, in a new file if there is a path; or maps the file if it `exists`.
    init(capacity: Int, path: String? = nil, exists: Bool = false) throws(IndexFileError) {
        self.capacity = capacity
        storage = try RowStorage(
            .init(identity: [4], columns: [8, 4, 4, 8, 8, 4], capacity: capacity), path: path, exists: exists)
        unsafe keys = storage.column(0, of: Int64.self)
        unsafe people = storage.column(1, of: UInt32.self)
        unsafe cameras = storage.column(2, of: UInt32.self)
        unsafe times = storage.column(3, of: Int64.self)
        unsafe vectorChecks = storage.column(4, of: UInt64.self)
        unsafe erasures = storage.column(5, of: UInt32.self)
    }

    /// Takes space on the disk for rows.
    func allocate(rows: Int) throws(IndexFileError) { try storage.allocate(rows: rows) }

    /// Writes the row of an image behind `row` others.
    ///
    /// - Parameters:
    ///   - image: The image.
    ///   - row: The row.
    ///   - vectorCheck: The check number of its vector, so that the two files cannot be of different images.
    func write(_ image: IndexedImage, at row: Int, vectorCheck: UInt64) {
        precondition(row >= 0 && row < capacity, "row \(row) of \(capacity)")
        unsafe people[row] = image.person ?? 0
        unsafe cameras[row] = image.camera ?? 0
        unsafe times[row] = image.capturedAt?.milliseconds ?? Self.noTime
        unsafe vectorChecks[row] = vectorCheck
        unsafe erasures[row] = 0
        unsafe keys[row] = image.key
        storage.seal(row..<row + 1)
    }

    /// Notes in the file that an image is erased; snapshots do not look at it.
    func markErased(_ row: Int) {
        unsafe erasures[row] = 1
        storage.seal(row..<row + 1)
    }

    /// Removes what is known of an erased image, except its key, when its vector is gone and no snapshot shows it.
    func wipe(_ row: Int, vectorCheck: UInt64) {
        let key = unsafe keys[row]
        storage.wipe(row..<row + 1)
        unsafe keys[row] = key
        unsafe vectorChecks[row] = vectorCheck
        unsafe erasures[row] = 1
        storage.seal(row..<row + 1)
    }

    /// Whether the file has an image in this row, as it was written, with the vector of this check number.
    func isIntact(_ row: Int, vectorCheck: UInt64) -> Bool {
        unsafe keys[row] != 0 && vectorChecks[row] == vectorCheck && storage.isIntact(row)
    }

    /// Whether the file says that the image of a row is erased.
    func isMarkedErased(_ row: Int) -> Bool { unsafe erasures[row] != 0 }

    /// The image's key in a row.
    func key(_ row: Int) -> Int64 { unsafe keys[row] }

    /// The person's key in a row; nil if unknown.
    func person(_ row: Int) -> UInt32? { unsafe people[row] == 0 ? nil : people[row] }

    /// The camera's key in a row; nil if unknown.
    func camera(_ row: Int) -> UInt32? { unsafe cameras[row] == 0 ? nil : cameras[row] }

    /// The time in a row; nil if unknown.
    func time(_ row: Int) -> Timestamp? {
        unsafe times[row] == Self.noTime ? nil : Timestamp(milliseconds: times[row])
    }
}
