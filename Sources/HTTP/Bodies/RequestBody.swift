import HTTPTypes

/// A request's body: small ones in memory, large ones in a file.
public enum RequestBody: Sendable {
    /// The whole body.
    case bytes([UInt8])
    /// A body beyond `ServerConfiguration.bodyMemoryThreshold`, on disk.
    case file(SpooledFile)

    /// Bytes in the body.
    public var count: Int {
        switch self {
        case .bytes(let bytes): bytes.count
        case .file(let file): file.size
        }
    }

    /// Whether there is nothing in it.
    public var isEmpty: Bool { count == 0 }

    /// The whole body in memory; reads the disk, so not on an event loop.
    ///
    /// - Throws: A 413 problem for a body of more than `limit` bytes, a 500 one if its file cannot be read.
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
