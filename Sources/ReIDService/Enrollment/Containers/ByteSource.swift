internal import HTTP

/// The bytes of a batch's body, in memory or in a file, read at an offset.
enum ByteSource: Sendable {
    /// Bytes in memory.
    case bytes([UInt8])
    /// An open file.
    case file(OpenFile)

    /// Opens the file at `path`.
    init(contentsOf path: String) throws(ContainerError) {
        do {
            self = .file(try OpenFile(path: path))
        } catch {
            throw .unreadable(error)
        }
    }

    /// The body of a request, from memory or from its file.
    init(_ body: RequestBody) throws(ContainerError) {
        switch body {
        case .bytes(let bytes): self = .bytes(bytes)
        case .file(let file): try self.init(contentsOf: file.path)
        }
    }

    /// The number of bytes.
    var count: Int {
        switch self {
        case .bytes(let bytes): bytes.count
        case .file(let file): file.size
        }
    }

    /// The bytes from `offset`, at most `count` of them; fewer only at the end of the source.
    func read(at offset: Int, count: Int) throws(ContainerError) -> [UInt8] {
        precondition(offset >= 0 && count >= 0, "cannot read \(count) bytes at \(offset)")
        let start = min(offset, self.count)
        let range = start..<min(start + count, self.count)
        switch self {
        case .bytes(let bytes):
            return [UInt8](bytes[range])
        case .file(let file):
            do {
                return try file.bytes(in: range)
            } catch {
                throw .unreadable(error)
            }
        }
    }

    /// The bytes in `range`, which must be within the source.
    func read(_ range: Range<Int>) throws(ContainerError) -> [UInt8] {
        precondition(range.upperBound <= count, "\(range) is outside a body of \(count) bytes")
        return try read(at: range.lowerBound, count: range.count)
    }
}
