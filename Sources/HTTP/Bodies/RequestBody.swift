import HTTPTypes

/// A request's body: a small one in memory, a large one in a file.
public enum RequestBody: Sendable {
    /// The whole body, in memory.
    case bytes([UInt8])
    /// A body of more than `HTTPServer.Configuration.bodyMemoryThreshold` bytes, in a file.
    case file(SpooledFile)

    /// The number of bytes in the body.
    public var count: Int {
        switch self {
        case .bytes(let bytes): bytes.count
        case .file(let file): file.size
        }
    }

    /// Whether the body has no bytes.
    public var isEmpty: Bool { count == 0 }

    /// Loads the whole body into memory; it may read the disk, so it must not be called on an event loop.
    ///
    /// - Throws: A problem 413 for a body of more than `limit` bytes, 500 if its file cannot be read.
    public func bytes(limit: Int) throws(HTTPProblem) -> [UInt8] {
        guard count <= limit else { throw .contentTooLarge(limit: limit) }
        switch self {
        case .bytes(let bytes): return bytes
        case .file(let file):
            do {
                return try OpenFile(path: file.path).bytes(in: 0..<file.size)
            } catch {
                throw HTTPProblem(.internalServerError, detail: "The body's file could not be read: \(error).")
            }
        }
    }
}
