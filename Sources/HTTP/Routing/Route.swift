public import HTTPTypes

/// Where a handler runs.
public enum RouteExecution: Sendable, Equatable {
    /// On the connection's event loop: only for answers that take microseconds and never block.
    case loop
    /// On a worker: for short work, such as reading the disk or the database.
    case worker
    /// On a worker of the searches: for handlers that wait for the network or search a gallery.
    ///
    /// They have workers of their own, so that they cannot keep the short work waiting.
    case search
}

/// A method and a path with the handler that answers them.
public struct Route: Sendable {
    /// The method; a `GET` route also answers `HEAD`.
    public let method: HTTPRequest.Method
    /// The path, with `{name}` for a segment that is a parameter.
    public let pattern: String
    /// Who may call it; the service's `Router.admit` compares a request with it.
    public let access: Access
    /// Where the handler runs.
    public let execution: RouteExecution
    /// The most bytes of a body; 0: no body is allowed.
    public let bodyLimit: Int
    /// Whether a request that declares no body is refused with 411.
    public let requiresBody: Bool
    /// Called on the event loop before the handler: returns a reply that is ready in memory, or nil if there is none.
    ///
    /// It must not block or read a file.
    public let shortcut: (@Sendable (ServerRequest) -> Reply?)?
    /// Answers a request.
    public let handler: @Sendable (ServerRequest) throws -> Reply

    /// Creates a route.
    public init(
        _ method: HTTPRequest.Method, _ pattern: String, access: Access, execution: RouteExecution = .worker,
        bodyLimit: Int = 0,
        requiresBody: Bool = false, shortcut: (@Sendable (ServerRequest) -> Reply?)? = nil,
        handler: @escaping @Sendable (ServerRequest) throws -> Reply
    ) {
        precondition(pattern.hasPrefix("/"), "the pattern \(pattern) does not begin with a slash")
        precondition(bodyLimit >= 0, "the body limit \(bodyLimit) of \(pattern) is negative")
        self.method = method
        self.pattern = pattern
        self.access = access
        self.execution = execution
        self.bodyLimit = bodyLimit
        self.requiresBody = requiresBody
        self.shortcut = shortcut
        self.handler = handler
    }
}
