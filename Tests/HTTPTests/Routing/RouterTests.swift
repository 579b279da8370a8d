import HTTPTypes
import Testing

@testable import HTTP

@Suite struct RequestTargetTests {
    @Test(arguments: [
        ("/", [""]), ("/a/b", ["a", "b"]), ("/a/", ["a", ""]), ("//", ["", ""]), ("/a%2Fb/%C3%A9", ["a/b", "é"]),
        ("/a+b?c", ["a+b"]), ("/%2e%2E", [".."]),
    ])
    func `a path is decoded segment by segment`(target: String, segments: [String]) throws {
        #expect(try RequestTarget(parsing: Array(target.utf8)).segments == segments)
    }

    @Test func `a query is decoded item by item`() throws {
        let query = try RequestTarget(parsing: Array("/?a=1&b=x%26y+z&&c&=d&a=2=3".utf8)).query
        #expect(query.map(\.name) == ["a", "b", "c", "", "a"])
        #expect(query.map(\.value) == ["1", "x&y z", "", "d", "2=3"])
    }

    @Test(arguments: [
        "", "a", "/%", "/%a", "/%4", "/%zz", "/%4g", "/%00", "/%ff", "/%c3", "/a%c0%af", "/?%", "/?a=%zz", "/?%ff=1",
        "/?a=%00",
    ])
    func `a bad escape is a 400`(target: String) {
        let problem = #expect(throws: HTTPProblem.self) { try RequestTarget(parsing: Array(target.utf8)) }
        #expect(problem?.status == .badRequest)
    }
}

@Suite struct RouterTests {
    static func router() -> Router {
        var router = Router()
        let name: @Sendable (String) -> @Sendable (ServerRequest) throws -> Reply = { name in
            { request in text("\(name) \(request.parameters.sorted { $0.key < $1.key }.map { "\($0)=\($1)" })") }
        }
        router.add(
            Route(.get, "/", access: .anyone, handler: name("root")),
            Route(.get, "/v1/things", access: .anyone, handler: name("list")),
            Route(.get, "/v1/things/{thing}", access: .anyone, handler: name("one")),
            Route(.delete, "/v1/things/{thing}", access: .anyone, handler: name("delete")),
            Route(.get, "/v1/things/latest", access: .anyone, handler: name("latest")),
            Route(.get, "/v1/things/{thing}/parts/{part}", access: .anyone, handler: name("part")),
            Route(.post, "/v1/{kind}/search", access: .anyone, bodyLimit: 4, handler: name("search")))
        return router
    }

    static func answer(
        _ router: Router, _ method: HTTPRequest.Method, _ target: String, body: [UInt8] = [], fields: HTTPFields = [:]
    ) throws -> (status: Int, text: String, fields: HTTPFields) {
        let request = try ServerRequest(method: method, target: target, fields: fields, body: .bytes(body))
        guard case .now(let response) = router.respond(to: request), case .bytes(let bytes) = response.body else {
            return (0, "", [:])
        }
        return (response.status.code, String(decoding: bytes, as: UTF8.self), response.fields)
    }

    @Test(arguments: [
        ("GET", "/", "root []"), ("GET", "/v1/things", "list []"), ("GET", "/v1/things/7", "one [\"thing=7\"]"),
        ("HEAD", "/v1/things/a%2Fb", "one [\"thing=a/b\"]"),
        ("DELETE", "/v1/things/latest", "delete [\"thing=latest\"]"),
        ("GET", "/v1/things/latest", "latest []"),
        ("GET", "/v1/things/latest/parts/2", "part [\"part=2\", \"thing=latest\"]"),
        ("POST", "/v1/things/search", "search [\"kind=things\"]"),
    ])
    func `a path finds its route and parameters`(method: String, target: String, expected: String) throws {
        let method = try #require(HTTPRequest.Method(rawValue: method))
        #expect(try Self.answer(Self.router(), method, target).text == expected)
    }

    @Test(arguments: [
        "/v1", "/v1/", "/v1/things/", "/v1/things//parts/1", "/v2", "/v1/things/7/parts", "/v1/things/7/",
    ])
    func `a path without a route is a 404 problem`(target: String) throws {
        let answer = try Self.answer(Self.router(), .get, target)
        #expect(answer.status == 404 && answer.fields[.contentType] == "application/problem+json")
    }

    @Test(arguments: [
        ("PUT", "/v1/things/7", "DELETE, GET, HEAD"), ("POST", "/v1/things/latest", "DELETE, GET, HEAD"),
        ("GET", "/v1/x/search", "POST"),
    ])
    func `a path with other methods only is a 405 that names them`(method: String, target: String, allow: String) throws
    {
        let answer = try Self.answer(Self.router(), try #require(HTTPRequest.Method(rawValue: method)), target)
        #expect(answer.status == 405 && answer.fields[.allow] == allow)
    }

    @Test func `a body beyond the route's limit is a 413`() throws {
        #expect(try Self.answer(Self.router(), .post, "/v1/x/search", body: [1, 2, 3, 4]).status == 200)
        #expect(try Self.answer(Self.router(), .post, "/v1/x/search", body: [1, 2, 3, 4, 5]).status == 413)
    }

    @Test func `errors are told by the closure given at the start`() throws {
        struct Broken: Error {}
        var router = Router(errorResponse: { error, request in
            ServerResponse(
                .init(code: 418), contentType: "text/plain", bytes: Array("\(type(of: error)) \(request.id)".utf8))
        })
        router.add(Route(.get, "/broken", access: .anyone) { _ in throw Broken() })
        router.admit = { request, _ in
            if request.path == "/closed" { throw Broken() }
        }
        router.add(Route(.get, "/closed", access: .anyone) { _ in text("open") })
        #expect(try Self.answer(router, .get, "/broken").text == "Broken test")
        #expect(try Self.answer(router, .get, "/closed").text == "Broken test")
        #expect(try Self.answer(router, .get, "/nowhere").text == "HTTPProblem test")
    }

    @Test func `a screen comes before routes, files and errors, and every answer gets the extra fields`() throws {
        let folder = try TemporaryFolder()
        try folder.write("<p>", to: "index.html")
        var router = Self.router()
        router.add(Route(.get, "/files/{name}", access: .anyone) { _ in throw HTTPProblem(.conflict) })
        router.serve(try StaticFiles(folder: folder.path))
        router.screen = { request in
            if request.fields[.requestHost] == "evil" { throw HTTPProblem(.misdirectedRequest) }
            return request.method == .options ? ServerResponse(.noContent) : nil
        }
        router.extraFields = { [.vary: "Origin, \($0.path)"] }
        for target in ["/", "/v1/things", "/index.html", "/nowhere", "/files/a"] {
            let refused = try Self.answer(router, .get, target, fields: [.requestHost: "evil"])
            #expect(refused.status == 421 && refused.fields[.vary] == "Origin, \(target)")
            let allowed = try Self.answer(router, .get, target, fields: [.requestHost: "good"])
            #expect(allowed.status != 421 && allowed.fields[.vary] == "Origin, \(target)")
        }
        let request = try ServerRequest(method: .options, target: "/v1/things")
        guard case .now(let response) = router.respond(to: request) else { return }
        #expect(response.status == .noContent && response.fields[.vary] != nil)
    }

    @Test func `files answer what no route does`() throws {
        let folder = try TemporaryFolder()
        try folder.write("<p>", to: "index.html")
        var router = Router()
        router.add(
            Route(.post, "/v1/x", access: .anyone) { _ in text("x") },
            Route(.get, "/v1/y", access: .anyone) { _ in text("y") })
        router.serve(try StaticFiles(folder: folder.path))
        #expect(try Self.answer(router, .get, "/").text == "<p>")
        #expect(try Self.answer(router, .get, "/v1/y").text == "y")
        #expect(try Self.answer(router, .get, "/v1/z").status == 404)
        #expect(try Self.answer(router, .put, "/index.html").fields[.allow] == "GET, HEAD")
        #expect(try Self.answer(router, .post, "/").status == 405)
        #expect(try Self.answer(router, .put, "/admin/v1/x").status == 404)
        #expect(try Self.answer(router, .get, "/v1/x").fields[.allow] == "POST")
    }
}

@Suite struct HTTPProblemTests {
    @Test func `a problem is written as RFC 9457 has it`() throws {
        let problem = HTTPProblem(
            .badRequest, type: "/problems/field", title: "Bad \"field\"", detail: "no / such\nfield",
            pointer: "/items/0",
            parameter: "limit", fields: [.retryAfter: "3"])
        let response = problem.response(instance: "r1")
        guard case .bytes(let bytes) = response.body else { throw problem }
        #expect(
            String(decoding: bytes, as: UTF8.self)
                == #"{"detail":"no / such\nfield","instance":"r1","parameter":"limit","pointer":"/items/0","#
                + #""status":400,"title":"Bad \"field\"","type":"/problems/field"}"#)
        #expect(response.status == .badRequest && response.fields[.retryAfter] == "3")
        #expect(response.fields[.contentType] == "application/problem+json")
    }

    @Test func `what is not known is left out`() throws {
        guard case .bytes(let bytes) = HTTPProblem(.notFound).response(instance: "r").body else { return }
        #expect(
            String(decoding: bytes, as: UTF8.self)
                == #"{"instance":"r","status":404,"title":"Not Found","type":"about:blank"}"#)
    }
}
