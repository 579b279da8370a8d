import DequeModule
import Glibc

/// The bytes to send on one connection, as a few segments.
struct OutputQueue {
    /// Segments up to this size are copied together instead of being sent as separate segments.
    private static let joinedBytes = 4 << 10

    private var segments = Deque<[UInt8]>()
    /// The bytes of the first segment that are sent already.
    private var offset = 0
    /// The number of bytes still to send.
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }

    mutating func append(_ bytes: [UInt8]) {
        guard !bytes.isEmpty else { return }
        count += bytes.count
        if let last = segments.indices.last, bytes.count <= Self.joinedBytes, segments[last].count <= Self.joinedBytes {
            segments[last] += bytes
        } else {
            segments.append(bytes)
        }
    }

    /// Removes the first `sent` bytes.
    mutating func remove(_ sent: Int) {
        precondition(sent <= count, "cannot remove \(sent) of \(count) bytes")
        count -= sent
        offset += sent
        while let first = segments.first, offset >= first.count {
            offset -= first.count
            segments.removeFirst()
        }
    }

    /// Calls `body` with up to two segments, as `writev` takes them.
    func withVectors<R>(_ body: (UnsafePointer<iovec>, Int32) -> R) -> R? {
        guard let first = segments.first else { return nil }
        let second = segments.count > 1 ? segments[1] : []
        return unsafe first.withUnsafeBytes { head in
            unsafe second.withUnsafeBytes { body2 in
                let head = unsafe UnsafeRawBufferPointer(rebasing: head[offset...])
                let vectors = unsafe [
                    iovec(iov_base: UnsafeMutableRawPointer(mutating: head.baseAddress), iov_len: head.count),
                    iovec(iov_base: UnsafeMutableRawPointer(mutating: body2.baseAddress), iov_len: body2.count),
                ]
                return unsafe vectors.withUnsafeBufferPointer { vectors -> R? in
                    guard let base = vectors.baseAddress else { return nil }
                    return unsafe body(base, second.isEmpty ? 1 : 2)
                }
            }
        }
    }

    /// A copy of the bytes still to send.
    var bytes: [UInt8] { Array(segments.joined().dropFirst(offset)) }
}
