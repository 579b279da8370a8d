public import HTTPTypes

/// One complete request, checked; the argument of a handler.
public struct ServerRequest: Sendable {
    /// The request's id; a response has it as `X-Request-Id`, a problem document as `instance`.
    public let id: String
    /// The method; `HEAD` reaches the handler of a `GET` route as `GET`.
    public let method: HTTPRequest.Method
    /// The path's decoded segments and the decoded query.
    public let target: RequestTarget
    /// The values of the route's `{name}` segments, decoded.
    public internal(set) var parameters: [String: String]
    /// The header fields, in the order received.
    public let fields: HTTPFields
    /// The body; empty unless the route allows one.
    public internal(set) var body: RequestBody
    /// Who asks, as `Router.admit` found; nil: a stranger.
    public var principal: Principal?
    /// The client's IP address, without its port.
    public let peer: String
    /// Whether the request came under TLS.
    public internal(set) var isSecure = false
    /// The subject of the client's certificate, as RFC 2253 writes it, for example `CN=dock`; nil: it showed none.
    ///
    /// An authority of `TLSFiles.clientAuthority` has signed it.
    public internal(set) var clientCertificate: String?
    /// Set when the client has gone away, or when the server stops for good.
    public let cancellation: Cancellation

    /// The decoded path, `/`-separated.
    public var path: String { target.path }
    /// The decoded query items, in order; `+` stands for a space.
    public var query: [(name: String, value: String)] { target.query }

    /// Creates a request, as the server does and as a router's test may.
    ///
    /// - Throws: A problem 400 if `target` is not in origin form with valid percent-encoding.
    public init(
        method: HTTPRequest.Method, target: String, fields: HTTPFields = [:], body: RequestBody = .bytes([]),
        id: String = "test", peer: String = "127.0.0.1", principal: Principal? = nil, isSecure: Bool = false,
        clientCertificate: String? = nil,
        cancellation: Cancellation = Cancellation()
    ) throws(HTTPProblem) {
        self.init(
            id: id, method: method, target: try RequestTarget(parsing: Array(target.utf8)), parameters: [:],
            fields: fields, body: body, peer: peer, cancellation: cancellation)
        self.principal = principal
        self.isSecure = isSecure
        self.clientCertificate = clientCertificate
    }

    init(
        id: String, method: HTTPRequest.Method, target: RequestTarget, parameters: [String: String],
        fields: HTTPFields, body: RequestBody, peer: String, cancellation: Cancellation
    ) {
        self.id = id
        self.method = method
        self.target = target
        self.parameters = parameters
        self.fields = fields
        self.body = body
        self.peer = peer
        self.cancellation = cancellation
    }
}
