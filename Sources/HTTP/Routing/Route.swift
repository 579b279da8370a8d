public import HTTPTypes

/// Where a handler runs.
public enum RouteExecution: Sendable, Equatable {
    /// On the connection's event loop: only for answers that take microseconds and never block.
    case loop
    /// On a worker: may decode, search and wait.
    case worker
}

/// One method on one path, and what answers it.
public struct Route: Sendable {
    /// The method; a `GET` route answers `HEAD` too.
    public let method: HTTPRequest.Method
    /// The path, with `{name}` for a segment that is a parameter.
    public let pattern: String
    /// Where the handler runs.
    public let execution: RouteExecution
    /// Bytes a body may have; 0 admits none.
    public let bodyLimit: Int
    /// Whether a request that declares no body at all is refused with 411.
    public let requiresBody: Bool
    /// Answers a request.
    public let handler: @Sendable (ServerRequest) throws -> Reply

    /// Creates a route.
    public init(
        _ method: HTTPRequest.Method, _ pattern: String, execution: RouteExecution = .worker, bodyLimit: Int = 0,
        requiresBody: Bool = false, handler: @escaping @Sendable (ServerRequest) throws -> Reply
    ) {
        precondition(pattern.hasPrefix("/"), "the pattern \(pattern) does not begin with a slash")
        precondition(bodyLimit >= 0, "the body limit \(bodyLimit) of \(pattern) is negative")
        self.method = method
        self.pattern = pattern
        self.execution = execution
        self.bodyLimit = bodyLimit
        self.requiresBody = requiresBody
        self.handler = handler
    }
}
