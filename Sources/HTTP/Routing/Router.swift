public import HTTPTypes

/// Finds the route of a request; it is a value, and complete before a server starts.
public struct Router: Sendable {
    /// The result of looking up a method and a path.
    enum Resolution {
        case route(Route, parameters: [String: String])
        case problem(HTTPProblem)
    }

    /// A node in the tree of patterns.
    private struct Node: Sendable {
        var literals: [String: Node] = [:]
        var parameter: [Node] = []
        var routes: [(route: Route, names: [String])] = []
    }

    /// All routes, in the order in which they were added.
    public private(set) var routes: [Route] = []
    /// Turns an error of a handler into a response.
    public let errorResponse: @Sendable (any Error, ServerRequest) -> ServerResponse
    /// Called first for every request, whether it has a route or not; returns a response to answer with at once, or nil to
    /// go on.
    ///
    /// If it throws, the request is refused with that error. Runs on an event loop, so it must not block.
    public var screen: (@Sendable (ServerRequest) throws -> ServerResponse?)?
    /// Returns header fields to add to the response to a request, whatever the response is; runs on an event loop.
    public var extraFields: (@Sendable (ServerRequest) -> HTTPFields)?
    /// Called when a request's head is read and its route is found, before its body is read; sets who asks, unless it is a
    /// stranger.
    ///
    /// If it throws, the request is refused with that error; who asks stays in it, for the logs. Runs on an event loop, so
    /// it must not block.
    public var admit: (@Sendable (inout ServerRequest, Route) throws -> Void)?
    /// Called after every answered request, for metrics: with the pattern of its route (nil if it has none), the
    /// status, and the time from its head to its reply.
    ///
    /// Runs on an event loop, so it must not block.
    public var observe: (@Sendable (String?, ServerRequest, HTTPResponse.Status, Duration) -> Void)?
    /// The methods that have a meaning here: those of RFC 9110, PATCH, QUERY, and those of the routes.
    private var knownMethods: Set<String> = [
        "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "QUERY",
    ]
    private var root = Node()
    private var fallback: Route?
    private var files: StaticFiles?

    /// Creates a router without routes.
    ///
    /// - Parameter errorResponse: Maps an error to a response; by default a problem becomes its document, and any other
    ///   error an empty 500.
    public init(
        errorResponse: @escaping @Sendable (any Error, ServerRequest) -> ServerResponse = { error, request in
            let problem = error as? HTTPProblem ?? HTTPProblem(.internalServerError)
            return problem.response(instance: request.id)
        }
    ) {
        self.errorResponse = errorResponse
    }

    /// Adds routes; adding the same method and path twice is an error of the caller.
    public mutating func add(_ routes: Route...) { add(routes) }

    /// Adds routes; adding the same method and path twice is an error of the caller.
    public mutating func add(_ routes: [Route]) {
        for route in routes {
            self.routes.append(route)
            knownMethods.insert(route.method.rawValue)
            let segments = route.pattern.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
            Self.insert(route, segments[...].map(String.init)[...], names: [], into: &root)
        }
    }

    /// Serves `files` for every `GET` path that no route has.
    public mutating func serve(_ files: StaticFiles) {
        fallback = Route(.get, "/", access: .anyone) { request in .now(try files.response(to: request)) }
        self.files = files
    }

    /// Answers a request on the calling thread as the server would; for tests without a socket.
    public func respond(to request: ServerRequest) -> Reply {
        let reply = reply(to: request)
        guard case .now(let response) = reply else { return reply }
        return .now(complete(response.conditioned(by: request, isHead: false), to: request))
    }

    private func reply(to request: ServerRequest) -> Reply {
        if let response = screened(request) { return .now(response) }
        switch resolve(request.method, request.target) {
        case .problem(let problem):
            return .now(errorResponse(problem, request))
        case .route(let route, let parameters):
            var request = request
            request.parameters = parameters
            guard request.body.count <= route.bodyLimit else {
                return .now(errorResponse(HTTPProblem.contentTooLarge(limit: route.bodyLimit), request))
            }
            do {
                try admit?(&request, route)
                try HTTPProblem.checkPreconditions(request.method, request.fields)
            } catch {
                return .now(errorResponse(error, request))
            }
            if let reply = route.shortcut?(request) { return reply }
            return run(route, request)
        }
    }

    /// The response of `screen`, or to the error that it throws; nil: the request goes on.
    func screened(_ request: ServerRequest) -> ServerResponse? {
        do {
            return try screen?(request)
        } catch {
            return errorResponse(error, request)
        }
    }

    /// The response with `extraFields`.
    func complete(_ response: ServerResponse, to request: ServerRequest) -> ServerResponse {
        guard let more = extraFields?(request), !more.isEmpty else { return response }
        var response = response
        response.fields.append(contentsOf: more)
        return response
    }

    /// Runs a route's handler and maps its error.
    func run(_ route: Route, _ request: ServerRequest) -> Reply {
        do {
            return try route.handler(request)
        } catch {
            return .now(errorResponse(error, request))
        }
    }

    /// Looks up a method and a target; literal segments win over parameters.
    ///
    /// A method without any meaning here is a 501, one that is not for this path a 405 (RFC 9110, section 9.1).
    func resolve(_ method: HTTPRequest.Method, _ target: RequestTarget) -> Resolution {
        guard knownMethods.contains(method.rawValue) else {
            return .problem(.unknownMethod)
        }
        let wanted = method == .head ? .get : method
        var allowed: [HTTPRequest.Method] = []
        var values: [String] = []
        if let found = find(wanted, target.segments[...], in: root, values: &values, allowed: &allowed) {
            var parameters: [String: String] = [:]
            for (name, value) in zip(found.names, values) { parameters[name] = value }
            return .route(found.route, parameters: parameters)
        }
        if allowed.isEmpty, let fallback, wanted == .get { return .route(fallback, parameters: [:]) }
        if files?.had(target) == true { allowed.append(.get) }
        guard !allowed.isEmpty else {
            return .problem(HTTPProblem(.notFound, detail: "There is nothing at this path."))
        }
        return .problem(.methodNotAllowed(method, allowed: allowed))
    }

    /// Every method that some route has, for `OPTIONS *`.
    var methods: [HTTPRequest.Method] { routes.map(\.method) + (fallback == nil ? [] : [.get]) }

    private func find(
        _ method: HTTPRequest.Method, _ segments: ArraySlice<String>, in node: Node, values: inout [String],
        allowed: inout [HTTPRequest.Method]
    ) -> (route: Route, names: [String])? {
        guard let segment = segments.first else {
            if let found = node.routes.first(where: { $0.route.method == method }) { return found }
            allowed += node.routes.map(\.route.method)
            return nil
        }
        if let next = node.literals[segment],
            let found = find(method, segments.dropFirst(), in: next, values: &values, allowed: &allowed)
        {
            return found
        }
        guard !segment.isEmpty, let next = node.parameter.first else { return nil }
        values.append(segment)
        if let found = find(method, segments.dropFirst(), in: next, values: &values, allowed: &allowed) { return found }
        values.removeLast()
        return nil
    }

    private static func insert(
        _ route: Route, _ segments: ArraySlice<String>, names: [String], into node: inout Node
    ) {
        guard let segment = segments.first else {
            precondition(
                !node.routes.contains { $0.route.method == route.method },
                "\(route.method) \(route.pattern) is added twice")
            node.routes.append((route, names))
            return
        }
        guard segment.hasPrefix("{"), segment.hasSuffix("}") else {
            return insert(route, segments.dropFirst(), names: names, into: &node.literals[segment, default: Node()])
        }
        let name = String(segment.dropFirst().dropLast())
        precondition(!name.isEmpty && !names.contains(name), "\(route.pattern) has a bad parameter \(segment)")
        if node.parameter.isEmpty { node.parameter.append(Node()) }
        insert(route, segments.dropFirst(), names: names + [name], into: &node.parameter[0])
    }
}

extension HTTPProblem {
    /// A problem 501: the method has no meaning here.
    package static let unknownMethod = HTTPProblem(.notImplemented, detail: "This method is not implemented.")

    /// A problem 405 that names the allowed methods.
    static func methodNotAllowed(_ method: HTTPRequest.Method, allowed: [HTTPRequest.Method]) -> HTTPProblem {
        HTTPProblem(
            .methodNotAllowed, detail: "\(method.rawValue) is not for this path.",
            fields: [.allow: allowHeader(allowed)])
    }
}

/// The value of `Allow`: each method once, `HEAD` wherever there is `GET`.
func allowHeader(_ methods: [HTTPRequest.Method]) -> String {
    var names = Set(methods.map(\.rawValue))
    if names.contains("GET") { names.insert("HEAD") }
    return names.sorted().joined(separator: ", ")
}
