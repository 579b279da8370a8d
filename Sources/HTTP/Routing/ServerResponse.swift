public import HTTPTypes

/// A handler's response; the server adds framing, `Date` and `X-Request-Id`, and unless the handler sets them,
/// `X-Content-Type-Options: nosniff` and `Cross-Origin-Resource-Policy: same-origin`.
public struct ServerResponse: Sendable {
    /// The status; 1xx is not allowed, because only the server sends it.
    public var status: HTTPResponse.Status
    /// Header fields; fields that frame the message (`Content-Length`, `Transfer-Encoding`, `Connection`, …) are
    /// ignored.
    public var fields: HTTPFields
    /// The body; not sent for `HEAD`, 204 and 304.
    public var body: ResponseBody
    /// The part of a file that is sent; nil: all of it.
    var part: Range<Int>?

    /// Creates a response.
    public init(_ status: HTTPResponse.Status = .ok, fields: HTTPFields = [:], body: ResponseBody = .empty) {
        precondition(status.kind != .informational, "a handler cannot answer \(status)")
        self.status = status
        self.fields = fields
        self.body = body
    }

    /// Creates a response of `bytes` with their media type.
    public init(_ status: HTTPResponse.Status = .ok, contentType: String, bytes: [UInt8]) {
        self.init(status, fields: [.contentType: contentType], body: .bytes(bytes))
    }
}

/// A response's body.
public enum ResponseBody: Sendable {
    /// No body.
    case empty
    /// The whole body, in memory.
    case bytes([UInt8])
    /// An open file, sent piece by piece.
    case file(OpenFile)
    /// Chunks that are produced one after another, sent with chunked coding.
    case stream(ResponseStream)
    /// Pieces that come while the connection is held, sent with chunked coding.
    case live(LiveBody)
}

/// A body that is produced while it is sent.
public struct ResponseStream: Sendable {
    /// Returns the next chunk, or nil at the end; an error closes the connection early, so that the client notices it.
    ///
    /// Runs on a worker, one call at a time, each after the previous chunk was sent.
    let next: @Sendable () throws -> [UInt8]?

    /// Creates a stream from the function that makes its chunks.
    public init(next: @escaping @Sendable () throws -> [UInt8]?) {
        self.next = next
    }
}
