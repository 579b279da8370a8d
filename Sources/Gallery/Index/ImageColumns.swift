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

    /// Stands for an unknown time.
    static let noTime = Int64.min

    /// Makes columns without rows.
    init(capacity: Int) throws(IndexFileError) {
        self.capacity = capacity
        storage = try RowStorage(
            .init(identity: [4], columns: [8, 4, 4, 8], capacity: capacity), path: nil, exists: false)
        unsafe keys = storage.column(0, of: Int64.self)
        unsafe people = storage.column(1, of: UInt32.self)
        unsafe cameras = storage.column(2, of: UInt32.self)
        unsafe times = storage.column(3, of: Int64.self)
    }

    /// Writes the row of an image behind `row` others.
    func write(_ image: IndexedImage, at row: Int) {
        precondition(row >= 0 && row < capacity, "row \(row) of \(capacity)")
        unsafe keys[row] = image.key
        unsafe people[row] = image.person ?? 0
        unsafe cameras[row] = image.camera ?? 0
        unsafe times[row] = image.capturedAt?.milliseconds ?? Self.noTime
    }

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
