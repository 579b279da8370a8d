/// A receive buffer of fixed capacity; bytes are added at its end and consumed at its start.
struct ByteBuffer {
    private(set) var storage: [UInt8]
    private(set) var start = 0
    private(set) var end = 0

    init(capacity: Int) { storage = [UInt8](repeating: 0, count: capacity) }

    /// The number of bytes that were received and not consumed.
    var count: Int { end - start }
    var isEmpty: Bool { start == end }
    /// The number of bytes that still fit.
    var room: Int { storage.count - count }
    /// A copy of the bytes.
    var bytes: [UInt8] { Array(storage[start..<end]) }

    /// Removes the first `count` bytes.
    mutating func consume(_ count: Int) {
        precondition(count <= self.count, "cannot consume \(count) of \(self.count) bytes")
        start += count
        if start == end { clear() }
    }

    mutating func clear() {
        start = 0
        end = 0
    }

    /// Appends bytes that must fit.
    mutating func append(_ bytes: [UInt8]) {
        precondition(bytes.count <= room, "\(bytes.count) bytes do not fit in \(room)")
        makeRoomContiguous()
        storage.replaceSubrange(end..<(end + bytes.count), with: bytes)
        end += bytes.count
    }

    /// Calls `body` with the free room at the end; `body` returns how many bytes it wrote there.
    mutating func fill<E: Error>(_ body: (UnsafeMutableRawBufferPointer) throws(E) -> Int) throws(E) -> Int {
        makeRoomContiguous()
        let from = end
        let count = try unsafe storage.withUnsafeMutableBufferPointer { (bytes) throws(E) -> Int in
            let bytes = UnsafeMutableRawBufferPointer(bytes)
            return try unsafe body(UnsafeMutableRawBufferPointer(rebasing: bytes[from...]))
        }
        end += count
        return count
    }

    private mutating func makeRoomContiguous() {
        guard start > 0 else { return }
        storage.replaceSubrange(0..<count, with: storage[start..<end])
        end = count
        start = 0
    }
}
