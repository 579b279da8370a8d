public import HTTPTypes

/// What a handler answers; the server adds framing, `Date` and `X-Request-Id`.
public struct ServerResponse: Sendable {
    /// The status; 1xx is the server's own business and not allowed here.
    public var status: HTTPResponse.Status
    /// Header fields; any that frame the message (`Content-Length`, `Transfer-Encoding`, `Connection`, …) are left out.
    public var fields: HTTPFields
    /// The body; not sent for `HEAD`, 204 and 304.
    public var body: ResponseBody

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
    /// The whole body.
    case bytes([UInt8])
    /// An open file, sent piece by piece.
    case file(OpenFile)
    /// Chunks made one after another, sent with chunked coding.
    case stream(ResponseStream)
}

/// A body made while it is sent.
public struct ResponseStream: Sendable {
    /// Makes the next chunk, or returns nil at the end; an error cuts the connection, so that the client sees it.
    ///
    /// Runs on a worker, one call at a time, each after the previous chunk has been taken by the network.
    let next: @Sendable () throws -> [UInt8]?

    /// Creates a stream from the function that makes its chunks.
    public init(next: @escaping @Sendable () throws -> [UInt8]?) {
        self.next = next
    }
}
