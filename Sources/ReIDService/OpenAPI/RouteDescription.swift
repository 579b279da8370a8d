internal import HTTP
internal import HTTPTypes

/// The description of one route, which is an operation in OpenAPI.
struct RouteDescription: Sendable {
    /// The method.
    let method: HTTPRequest.Method
    /// The path, with `{name}` for a segment that is a parameter; as in the route.
    let pattern: String
    /// The operation's own name, for generated clients.
    let name: String
    /// What the route does, in a few words.
    let summary: String
    /// Query parameters and header fields; the parameters of the path follow from the pattern.
    var parameters: [Parameter] = []
    /// The forms of the body; empty if the route takes no body.
    var body: [Content] = []
    /// Whether a request without a body is refused.
    var requiresBody = true
    /// The answers to a request that was understood.
    var answers: [Answer]
    /// The errors that the route itself may answer, with an example of each kind; every route adds `Refusals.common`.
    var refusals: [any Error] = []
    /// Whether it is for anyone, with or without a token.
    var isOpen = false

    /// The operation in OpenAPI's form; `needsToken`: whether the listener's routes need a token.
    func json(needsToken: Bool) throws -> JSONValue {
        var operation: [String: JSONValue] = [
            "operationId": .text(name), "summary": .text(summary), "responses": try responses(),
        ]
        let parameters = pathParameters + parameters
        if !parameters.isEmpty { operation["parameters"] = .list(parameters.map(\.json)) }
        if !body.isEmpty {
            operation["requestBody"] = ["required": .flag(requiresBody), "content": try Content.json(body)]
        }
        var security: [JSONValue] = isOpen ? [] : [["token": []], ["session": []]]
        // An empty alternative: without any credentials.
        if !isOpen, !needsToken { security.append([:]) }
        operation["security"] = .list(security)
        return .object(operation)
    }

    private var pathParameters: [Parameter] {
        pattern.split(separator: "/").filter { $0.hasPrefix("{") }.map { .path(String($0.dropFirst().dropLast())) }
    }

    /// The answers, each status once; an answer that is the same for every route refers to a component.
    private func responses() throws -> JSONValue {
        var refusals = refusals
        if !isOpen { refusals += Refusals.ofGuarded }
        let problems = refusals.map(problem(for:))
        var merged: [String: Answer] = [:]
        var responses: [String: JSONValue] = [:]
        for problem in problems + Refusals.common {
            let code = String(problem.status.code)
            let isOwn =
                problems.contains { $0.status == problem.status } || answers.contains { $0.status == problem.status }
            if isOwn {
                merged[code] = Answer(problem).merged(into: merged[code])
            } else {
                responses[code] = ["$ref": .text("#/components/responses/\(code)")]
            }
        }
        for answer in answers {
            let code = String(answer.status.code)
            merged[code] = answer.merged(into: merged[code])
        }
        for (code, answer) in merged { responses[code] = try answer.json }
        return .object(responses)
    }
}

/// A parameter of a route.
struct Parameter: Sendable {
    /// The place of a parameter.
    enum Place: String, Sendable {
        case path
        case query
        case header
    }

    /// Its name.
    let name: String
    /// The parameter's place.
    let place: Place
    /// The schema of its value; for a list, the parameter is repeated.
    let schema: Schema
    /// A value that it may have.
    var example: JSONValue?

    /// A query parameter, which may be absent.
    static func query(_ name: String, _ schema: Schema, example: JSONValue? = nil) -> Parameter {
        Parameter(name: name, place: .query, schema: schema, example: example)
    }

    /// The parameter for a segment of a path.
    static func path(_ name: String) -> Parameter {
        guard name == "gallery" else {
            return Parameter(
                name: name, place: .path, schema: .text("The id of the \(name)."),
                example: .text("\(name.prefix(1))_\(Examples.idTail)"))
        }
        var schema = Schema.text("The gallery's name.")
        schema.keywords["pattern"] = "^[a-z0-9][a-z0-9._-]{0,63}$"
        return Parameter(name: name, place: .path, schema: schema, example: .text(Examples.galleryName))
    }

    /// The parameter in OpenAPI's form.
    var json: JSONValue {
        var schema = schema
        schema.keywords["description"] = nil
        var parameter: [String: JSONValue] = [
            "name": .text(name), "in": .text(place.rawValue), "schema": schema.json,
        ]
        parameter["description"] = self.schema.description.map(JSONValue.text)
        if place == .path { parameter["required"] = true }
        parameter["example"] = example
        return .object(parameter)
    }
}

/// One form of a body.
struct Content: Sendable {
    /// Its media type.
    let type: String
    /// The schema of the value.
    let schema: Schema
    /// The examples by their names; texts if the body is not JSON.
    var examples: [String: any Encodable & Sendable] = [:]
    /// The media types of a form's parts, by the parts' names.
    var partTypes: [String: String] = [:]

    /// The forms by their media types, in OpenAPI's form; forms of the same type share their examples.
    static func json(_ contents: [Content]) throws -> JSONValue {
        var merged: [String: Content] = [:]
        for content in contents {
            var content = content
            if let earlier = merged[content.type] { content.examples.merge(earlier.examples) { $1 } }
            merged[content.type] = content
        }
        return .object(try merged.mapValues { try $0.json })
    }

    private var json: JSONValue {
        get throws {
            var content: [String: JSONValue] = ["schema": schema.json]
            if !examples.isEmpty {
                content["examples"] = .object(
                    try examples.mapValues { .object(["value": try fromJSON(try jsonBytes($0))]) })
            }
            if !partTypes.isEmpty {
                content["encoding"] = .object(partTypes.mapValues { ["contentType": .text($0)] })
            }
            return .object(content)
        }
    }
}
