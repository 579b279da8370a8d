import Foundation
import HTTPTypes
import Synchronization
import Testing

@testable import HTTP

@Suite struct AccessLogTests {
    /// The lines of a log.
    private final class Lines: Sendable {
        private let texts = Mutex<[String]>([])

        var all: [String] { texts.withLock { $0 } }

        func add(_ text: String) { texts.withLock { $0.append(text) } }
    }

    /// A line, decoded.
    private struct Line: Decodable, Equatable {
        var at: String
        var request: String
        var peer: String
        var method: String?
        var route: String?
        var path: String?
        var status: Int?
        var bytes: Int
        var milliseconds: Double?
        var token: String?
    }

    /// What one connection logs while it receives `pieces`.
    private func lines(
        _ pieces: String..., isOn: Bool = true, router: Router = testRouter(), wait count: Int = 1
    ) throws -> (texts: [String], lines: [Line]) {
        var configuration = HTTPServer.Configuration()
        configuration.logsRequests = isOn
        let log = Lines()
        let client = MemoryConnection(router, configuration: configuration, accessLog: { log.add($0) })
        client.receive(pieces.map { Array($0.utf8) })
        if isOn { #expect(client.wait { log.all.count >= count }) }
        client.receive([nil])
        let texts = log.all
        return (texts, try texts.map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) })
    }

    @Test func `each request is one line of JSON with what happened`() throws {
        let (texts, lines) = try lines(
            "GET /hello?token=secret-1 HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer secret-2\r\n\r\n",
            "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\nsecret-3",
            "HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\n", "GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n", wait: 4)
        try #require(lines.count == 4)
        let expected = [("GET", "/hello", 200, 5), ("POST", "/echo", 200, 8), ("HEAD", "/hello", 200, 0)]
        for (line, (method, path, status, bytes)) in zip(lines, expected) {
            #expect(line.method == method && line.path == path && line.status == status)
            #expect(line.route == path && line.token == nil)
            #expect(line.bytes == bytes && line.peer == "192.0.2.1")
            #expect(line.milliseconds != nil)
            #expect(line.at.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/) != nil, "\(line.at)")
        }
        #expect(lines[3].status == 404 && lines[3].path == "/nowhere" && lines[3].route == nil)
        #expect(Set(lines.map(\.request)).count == 4)
        #expect(!texts.joined().contains("secret"))
        #expect(texts.allSatisfy { !$0.contains("\n") })
    }

    @Test func `the name of the token stands in the line, however it is written`() throws {
        var router = testRouter()
        let name = "do\"ck\n🚪"
        router.admit = { request, _ in
            request.principal = Principal(id: "t_1", name: name, scopes: [])
            if request.path == "/fails" { throw HTTPProblem(.forbidden) }
        }
        let hello = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"
        let (texts, lines) = try lines(hello + hello.replacing("hello", with: "fails"), router: router)
        #expect(lines.map(\.token) == [name, name], "also if it may not do what it asks for")
        #expect(lines.map(\.status) == [200, 403])
        #expect(!texts[0].contains("\n"))
    }

    @Test func `the route is the pattern, and unknown values are null`() throws {
        var router = Router()
        router.add(Route(.get, "/people/{person}", access: .anyone) { _ in .now(ServerResponse(.noContent)) })
        let (texts, lines) = try lines("GET /people/0042 HTTP/1.1\r\nHost: a\r\n\r\n", router: router)
        #expect(lines.map(\.route) == ["/people/{person}"] && lines.map(\.path) == ["/people/0042"])
        #expect(texts[0].contains(#""token":null"#))
    }

    @Test func `a reply made piece by piece is noted once, with the bytes of its body`() throws {
        let lines = try lines("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n").lines
        #expect(lines.map(\.bytes) == [11] && lines.map(\.status) == [200])
    }

    @Test func `a request that is given up has a line too`() throws {
        let lines = try lines("POST /job HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc", wait: 0).lines
        #expect(lines.map(\.path) == ["/job"] && lines.map(\.status) == [400])
    }

    @Test func `what is no request has a line without method, route and path`() throws {
        let lines = try lines("nonsense\r\n\r\n").lines
        try #require(lines.count == 1)
        #expect(lines[0].status == 400 && lines[0].peer == "192.0.2.1")
        #expect(lines[0].method == nil && lines[0].route == nil && lines[0].path == nil)
    }

    @Test func `no path can break a line or forge another`() throws {
        let (texts, lines) = try lines("GET /a%0Ab%20%25%C3%A9%22%5C HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(lines.map(\.path) == [#"/a%0Ab%20%25%C3%A9"\"#] && texts.count == 1)
    }

    @Test func `nothing is noted unless it is asked for`() throws {
        #expect(try lines("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n", isOn: false).texts.isEmpty)
    }
}
