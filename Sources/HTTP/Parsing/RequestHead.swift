import HTTPTypes

/// How the end of a request's body is found.
enum BodyFraming: Sendable, Equatable {
    /// There is no body.
    case none
    /// By its length in bytes, at least 1.
    case length(Int)
    /// By chunked coding.
    case chunked
}

/// A request line with its header fields; ambiguous ones have been refused.
struct RequestHead: Sendable, Equatable {
    /// What the target addresses.
    enum Target: Sendable, Equatable {
        /// A path and query, not yet decoded.
        case resource([UInt8])
        /// The server as a whole: `OPTIONS *`.
        case server
    }

    let method: HTTPRequest.Method
    let target: Target
    let isHTTP10: Bool
    let fields: HTTPFields
    let framing: BodyFraming
    /// Whether a body was declared: `Content-Length: 0` declares one, no field does not.
    let declaresBody: Bool
    /// Whether the connection stays open for another request.
    let keepsAlive: Bool
    /// Whether the client waits for a 100 before it sends the body.
    let expectsContinue: Bool
}

/// The result of parsing the bytes received so far.
enum HeadParse: Equatable {
    case needsMore
    case complete(RequestHead, bodyStart: Int)
    case malformed(HTTPProblem)
}

/// The limits of a request head.
struct HeadLimits {
    /// Bytes of request line plus headers, including the blank line.
    var head: Int
    /// Bytes of the target.
    var target: Int
    /// Header fields.
    var headers: Int

    init(_ configuration: HTTPServer.Configuration) {
        head = configuration.headBytes
        target = configuration.targetBytes
        headers = configuration.headerCount
    }
}
