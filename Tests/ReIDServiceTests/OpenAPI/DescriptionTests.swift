import Foundation
import HTTP
import HTTPTypes
import Testing

@testable import ReIDService

/// Compares `GET /openapi.json` of both listeners with their routers.
@Suite struct DescriptionTests {
    /// A listener with its description.
    private struct Listener {
        let router: Router
        let api: DescribedAPI
    }

    private func listeners(_ service: TestService) throws -> [Listener] {
        let response = try service.service.adminRouter.respond(
            to: try ServerRequest(method: .get, target: "/openapi.json")
        ).answer
        #expect(response.status == .ok, "the description needs no token")
        return [
            Listener(
                router: service.service.queryRouter,
                api: DescribedAPI(try service.ask(.get, "/openapi.json").decoded(as: JSONValue.self))),
            Listener(router: service.service.adminRouter, api: DescribedAPI(try response.decoded(as: JSONValue.self))),
        ]
    }

    @Test func `every route is described, and every described operation is a route`() throws {
        try withService { service in
            for listener in try listeners(service) {
                let routes = listener.router.routes.map { "\($0.method) \($0.pattern)" }
                let described = listener.api.operations.map { "\($0.method) \($0.pattern)" }
                #expect(routes.sorted() == described.sorted())
                #expect(routes.count > 8)
            }
        }
    }

    @Test func `a path's parameters and a body are described where the route has them`() throws {
        try withService { service in
            for listener in try listeners(service) {
                for operation in listener.api.operations {
                    let names = operation.pattern.split(separator: "/").filter { $0.hasPrefix("{") }
                        .map { $0.dropFirst().dropLast() }
                    #expect(operation.parameters(in: "path") == names.map(String.init), "\(operation.pattern)")
                    let route = try #require(
                        listener.router.routes.first {
                            $0.method == operation.method && $0.pattern == operation.pattern
                        })
                    let body = operation.description["requestBody"]
                    #expect((body != nil) == (route.bodyLimit > 0), "\(operation.pattern)")
                    #expect(body?["required"] != .flag(!route.requiresBody), "\(operation.pattern)")
                }
            }
        }
    }

    @Test func `operations have names of their own`() throws {
        try withService { service in
            for listener in try listeners(service) {
                let names = listener.api.operations.compactMap { $0.description["operationId"]?.text }
                #expect(Set(names).count == listener.api.operations.count)
            }
        }
    }

    @Test func `every reference leads somewhere, and every component is referred to`() throws {
        try withService { service in
            for listener in try listeners(service) {
                let references = Set(Self.references(in: listener.api.document))
                let components = (listener.api.document["components"]?.members ?? [:])
                    .filter { $0.key != "securitySchemes" && $0.key != "responses" && $0.key != "headers" }
                    .flatMap { kind, parts in parts.members.keys.map { "#/components/\(kind)/\($0)" } }
                let validator = JSONSchemaValidator(document: listener.api.document)
                for reference in references { #expect(validator.resolved(reference) != nil, "\(reference)") }
                // A line of a manifest is described in words, because OpenAPI 3.1 has no schema for NDJSON.
                #expect(
                    Set(components).subtracting(references).isSubset(of: ["#/components/schemas/ManifestLine"]))
            }
        }
    }

    @Test func `every example is as its schema says`() throws {
        try withService { service in
            for listener in try listeners(service) {
                let validator = JSONSchemaValidator(document: listener.api.document)
                var count = 0
                for content in Self.contents(in: listener.api.document) {
                    for example in (content["examples"]?.members ?? [:]).values {
                        let value = try #require(example["value"])
                        let schema = try #require(content["schema"])
                        #expect(validator.faults(of: value, against: schema) == [])
                        count += 1
                    }
                }
                #expect(count > 20)
                for parameter in listener.api.operations.flatMap({ $0.description["parameters"]?.items ?? [] }) {
                    guard let example = parameter["example"], let schema = parameter["schema"] else { continue }
                    #expect(validator.faults(of: example, against: schema) == [])
                }
            }
        }
    }

    @Test func `the query parameters that a route knows are the described ones`() throws {
        try withService { service in
            try service.makeGallery("demo")
            let image = FormPart.body([.image(try TestImage(seed: 1).bytes)])
            let fields: HTTPFields = [
                .authorization: try service.authorization, .contentType: "multipart/form-data; boundary=frontier",
            ]
            for listener in try listeners(service) {
                for operation in listener.api.operations {
                    let path = operation.pattern.replacing("{gallery}", with: "demo")
                    let body = operation.description["requestBody"]?["required"] == .flag(true) ? image : []
                    let request = try ServerRequest(
                        method: operation.method, target: path + "?color=red", fields: fields, body: .bytes(body))
                    let answer = try listener.router.respond(to: request).answer
                    #expect(answer.status == .badRequest, "\(operation.method) \(path)")
                    #expect(try answer.object["parameter"] == .text("color"), "\(operation.method) \(path)")
                    let detail = try #require(try answer.object["detail"]?.text)
                    let known = detail.components(separatedBy: "known are ").dropFirst().first?.dropLast()
                        .components(separatedBy: ", ")
                    #expect(operation.parameters(in: "query").sorted() == known ?? [], "\(operation.method) \(path)")
                }
            }
        }
    }

    @Test func `limits and defaults are those of the running service`() throws {
        try withService {
            $0.limits.results = 70
            $0.ranking.limit = 7
        } _: { service in
            let search = try #require(
                try listeners(service)[0].api.operation(.post, "/v1/galleries/lobby/search"))
            let limit = search.description["parameters"]?.items.first { $0["name"] == "limit" }
            #expect(limit?["schema"]?["maximum"] == 70)
            #expect(limit?["schema"]?["default"] == 7)
        }
    }

    private static func references(in value: JSONValue) -> [String] {
        switch value {
        case .object(let members):
            members.flatMap { name, value in
                name == "$ref" ? [value.text].compactMap(\.self) : references(in: value)
            }
        case .list(let items): items.flatMap(references)
        case .null, .flag, .number, .text: []
        }
    }

    /// Every form of a body, of requests and answers.
    private static func contents(in value: JSONValue) -> [JSONValue] {
        switch value {
        case .object(let members):
            members.flatMap { name, value in
                name == "content" ? Array(value.members.values) : contents(in: value)
            }
        case .list(let items): items.flatMap(contents)
        case .null, .flag, .number, .text: []
        }
    }
}
