import Foundation
import HTTP
import HTTPTypes
import Synchronization
import Testing

@testable import ReIDService

/// Compares a listener's answers with its description.
struct DescribedAPI: Sendable {
    /// One described route.
    struct Operation: Sendable {
        let method: HTTPRequest.Method
        let pattern: String
        let description: JSONValue

        /// The names of its parameters in one place: `path`, `query` or `header`.
        func parameters(in place: String) -> [String] {
            (description["parameters"]?.items ?? []).filter { $0["in"] == .text(place) }.compactMap { $0["name"]?.text }
        }
    }

    let document: JSONValue
    let operations: [Operation]
    private let validator: JSONSchemaValidator

    init(_ document: JSONValue) {
        self.document = document
        validator = JSONSchemaValidator(document: document)
        operations = (document["paths"]?.members ?? [:]).flatMap { pattern, methods in
            methods.members.compactMap { method, description in
                HTTPRequest.Method(rawValue: method.uppercased()).map {
                    Operation(method: $0, pattern: pattern, description: description)
                }
            }
        }
    }

    /// The operation of a request; nil: none is described.
    func operation(_ method: HTTPRequest.Method, _ target: String) -> Operation? {
        let segments = Self.segments(target)
        return operations.filter { operation in
            let pattern = Self.segments(operation.pattern)
            return operation.method == method && pattern.count == segments.count
                && zip(pattern, segments).allSatisfy { $0 == $1 || $0.hasPrefix("{") }
        }.min { Self.openSegments($0.pattern) < Self.openSegments($1.pattern) }
    }

    /// The parts of an answer that are not described; `isWhole`: the answer came over a socket, with the server's own
    /// fields.
    func faults(
        of answer: (status: Int, fields: HTTPFields, body: [UInt8]), to method: HTTPRequest.Method, _ target: String,
        isWhole: Bool = false
    ) -> [String] {
        guard let operation = operation(method, target) else { return faultsOfUndescribed(answer) }
        guard let described = resolved(operation.description["responses"]?[String(answer.status)]) else {
            return ["the status \(answer.status) is not described"]
        }
        var faults: [String] = []
        if answer.status < 300 {
            let names = Set(operation.parameters(in: "query"))
            faults += Self.queryNames(target).filter { !names.contains($0) }.map {
                "the parameter \($0) is not described"
            }
        }
        return faults + self.faults(of: answer.fields, against: described, isWhole: isWhole)
            + self.faults(of: answer.body, answer.fields[.contentType], against: described)
    }

    /// The faults of an answer for a path without a route, which must be a problem or a file of the dashboard.
    private func faultsOfUndescribed(_ answer: (status: Int, fields: HTTPFields, body: [UInt8])) -> [String] {
        if answer.fields[.contentSecurityPolicy] != nil { return [] }
        guard answer.status == 404 || answer.status == 405 else { return ["the route is not described"] }
        guard answer.status == 404 || answer.fields[.allow] != nil else { return ["a 405 without Allow"] }
        return faults(ofJSON: answer.body, against: ["$ref": "#/components/schemas/Problem"])
    }

    private func faults(of fields: HTTPFields, against described: JSONValue, isWhole: Bool) -> [String] {
        let headers = described["headers"]?.members ?? [:]
        let known = Set(headers.keys.map { $0.lowercased() }).union(
            ["content-type"] + (isWhole ? ["date", "content-length", "transfer-encoding", "connection"] : []))
        let surplus = fields.map(\.name).filter { !known.contains($0.canonicalName) }
        let missing = headers.filter { name, header in
            let isRequired = resolved(header)?["required"] == .flag(true)
            return isRequired && (isWhole || !Self.serversOwn.contains(name))
                && !fields.contains { $0.name.canonicalName == name.lowercased() }
        }
        return surplus.map { "the header \($0.rawName) is not described" }
            + missing.map { "the header \($0.key) is missing" }
    }

    /// The fields that the server adds to every answer on its way out.
    private static let serversOwn = Set(Answer.ofEveryAnswer.map(\.rawName))

    private func faults(of body: [UInt8], _ contentType: String?, against described: JSONValue) -> [String] {
        guard let content = described["content"] else {
            return body.isEmpty && contentType == nil ? [] : ["a body is not described"]
        }
        let essence = contentType.flatMap { MediaType(parsing: $0) }?.essence ?? "none"
        guard let schema = content[essence]?["schema"] else { return ["the media type \(essence) is not described"] }
        return essence.hasSuffix("json") ? faults(ofJSON: body, against: schema) : []
    }

    private func faults(ofJSON body: [UInt8], against schema: JSONValue) -> [String] {
        guard let value = try? fromJSON(body, as: JSONValue.self) else { return ["the body is not JSON"] }
        return validator.faults(of: value, against: schema)
    }

    /// The component for a reference; other values are returned unchanged.
    private func resolved(_ value: JSONValue?) -> JSONValue? {
        guard let reference = value?["$ref"]?.text else { return value }
        return validator.resolved(reference)
    }

    private static func openSegments(_ pattern: String) -> Int { pattern.filter { $0 == "{" }.count }

    private static func segments(_ target: String) -> [Substring] {
        target.prefix { $0 != "?" }.split(separator: "/", omittingEmptySubsequences: false)
    }

    private static func queryNames(_ target: String) -> [String] {
        guard let start = target.firstIndex(of: "?") else { return [] }
        return target[target.index(after: start)...].split(separator: "&").map { item in
            let name = String(item.prefix { $0 != "=" })
            return name.removingPercentEncoding ?? name
        }
    }
}

extension DescribedAPI {
    /// The description of the query listener of a service with this configuration.
    static func query(_ configuration: Service.Configuration) throws -> DescribedAPI {
        try made(.query(configuration), for: configuration, listener: "query")
    }

    /// The description of the admin listener.
    static func admin(_ configuration: Service.Configuration) throws -> DescribedAPI {
        try made(.admin(configuration), for: configuration, listener: "admin")
    }

    private static func made(
        _ description: @autoclosure () -> APIDescription, for configuration: Service.Configuration, listener: String
    ) throws -> DescribedAPI {
        let (limits, ranking) = (configuration.limits, configuration.ranking)
        return try known.withLock { known in
            if let made = known.first(where: {
                $0.listener == listener && $0.limits == limits && $0.ranking == ranking
            }) {
                return made.api
            }
            let api = DescribedAPI(try description().json())
            known.append(Made(listener: listener, limits: limits, ranking: ranking, api: api))
            return api
        }
    }

    /// The descriptions that were made before, because many tests have the same configuration.
    private static let known = Mutex<[Made]>([])

    /// A description with what it depends on.
    private struct Made: Sendable {
        let listener: String
        let limits: Service.Configuration.Limits
        let ranking: Service.Configuration.Ranking
        let api: DescribedAPI
    }

    /// Fails the running test if an answer is not as described.
    func check(_ response: ServerResponse, to method: HTTPRequest.Method, _ target: String) {
        let body: [UInt8]
        switch response.body {
        case .empty: body = []
        case .bytes(let bytes): body = bytes
        case .file, .stream: return
        // Its first bytes come later.
        case .live: body = []
        }
        for fault in faults(of: (response.status.code, response.fields, body), to: method, target) {
            Issue.record("\(method) \(target) answered \(response.status.code): \(fault)")
        }
    }
}
