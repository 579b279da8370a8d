import HTTPTypes
import Testing

@testable import HTTP

/// Parses a head given as text, with the default limits.
func parse(_ text: String, limits: HTTPServer.Configuration = HTTPServer.Configuration()) -> HeadParse {
    parseHead(Array(text.utf8).span, limits: HeadLimits(limits))
}

/// The head of a well-formed request.
func head(_ text: String) throws -> RequestHead {
    guard case .complete(let head, _) = parse(text) else { throw HTTPProblem.badRequest("\(parse(text))") }
    return head
}

@Suite struct HeadParserTests {
    static let request = Array(
        ("POST /v1/a%20b?x=1&y HTTP/1.1\r\nHost: example.org:8080\r\nContent-Type:\timage/jpeg \r\nEmpty:\r\n"
            + "content-length: 12\r\nX-Caf\u{e9}: \u{e9}\r\nConnection: Keep-Alive, close\r\nExpect: 100-Continue\r\n\r\n")
            .replacing("X-Caf\u{e9}", with: "X-Cafe").utf8)
    static let limits = HeadLimits(HTTPServer.Configuration())

    @Test(arguments: 0..<request.count)
    func `every proper prefix asks for more`(length: Int) {
        #expect(parseHead(Array(Self.request.prefix(length)).span, limits: Self.limits) == .needsMore)
    }

    @Test func `a whole head is read, and what follows it is left`() throws {
        let bytes = Self.request + Array("twelve bytes".utf8)
        guard case .complete(let head, let bodyStart) = parseHead(bytes.span, limits: Self.limits) else {
            Issue.record("the head is not complete")
            return
        }
        #expect(bodyStart == Self.request.count)
        #expect(head.method == .post)
        #expect(head.target == .resource(Array("/v1/a%20b?x=1&y".utf8)))
        #expect(!head.isHTTP10)
        #expect(head.framing == .length(12))
        #expect(head.declaresBody && head.expectsContinue && !head.keepsAlive)
        #expect(head.fields[.contentType] == "image/jpeg")
        #expect(head.fields[HTTPField.Name("Empty").unsafelyKnown] == "")
        #expect(head.fields.count == 7)
    }

    @Test(arguments: [
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", true), ("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", false),
        ("GET / HTTP/1.2\r\nHost: a\r\n\r\n", true), ("GET / HTTP/1.9\r\nHost: a\r\n\r\n", true),
        ("GET / HTTP/1.0\r\n\r\n", false), ("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true),
        ("GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", false),
    ])
    func `the connection is kept as the version and the options say`(text: String, keepsAlive: Bool) throws {
        #expect(try head(text).keepsAlive == keepsAlive)
    }

    @Test func `one empty line before the request is forgiven, two are not`() throws {
        #expect(try head("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n").method == .get)
        #expect(parse("\r") == .needsMore)
        guard case .malformed(let problem) = parse("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n") else {
            Issue.record("two empty lines are accepted")
            return
        }
        #expect(problem.status == .badRequest)
    }

    @Test(arguments: [
        ("GET http://a/x?y HTTP/1.1\r\nHost: a\r\n\r\n", "/x?y"),
        ("GET HTTP://A:80 HTTP/1.1\r\nHost: a:80\r\n\r\n", "/"),
        ("GET http://a?q HTTP/1.1\r\nHost: a\r\n\r\n", "/?q"),
        ("GET https://[::1]/ HTTP/1.1\r\nHost: [::1]\r\n\r\n", "/"),
        ("GET //x HTTP/1.1\r\nHost: a\r\n\r\n", "//x"),
    ])
    func `an absolute target is a path on its own host`(text: String, path: String) throws {
        #expect(try head(text).target == .resource(Array(path.utf8)))
    }

    @Test func `an asterisk addresses the server, for OPTIONS`() throws {
        #expect(try head("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n").target == .server)
    }

    @Test(arguments: [
        ("Content-Length: 0", BodyFraming.none), ("Content-Length: 007", .length(7)),
        ("Transfer-Encoding: chunked", .chunked),
        ("transfer-encoding:  Chunked ", .chunked),
    ])
    func `the body's framing is told by one header`(line: String, framing: BodyFraming) throws {
        let head = try head("POST / HTTP/1.1\r\nHost: a\r\n\(line)\r\n\r\n")
        #expect(head.framing == framing && head.declaresBody)
    }

    @Test func `a later HTTP 1 has all that HTTP 1.1 has`() throws {
        let later = try head("POST / HTTP/1.2\r\nHost: a\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n")
        #expect(!later.isHTTP10 && later.framing == .chunked && later.expectsContinue)
    }

    @Test func `HTTP 1.0 ignores Expect and needs no Host`() throws {
        #expect(try !head("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n").expectsContinue)
    }

    @Test func `bytes beyond ASCII in a value are kept`() throws {
        let bytes = Array("GET / HTTP/1.1\r\nHost: a\r\nX: ".utf8) + [0xff, 0xfe] + Array("\r\n\r\n".utf8)
        guard case .complete(let head, _) = parseHead(bytes.span, limits: Self.limits) else {
            Issue.record("the head is not complete")
            return
        }
        let value = head.fields.first { $0.name.canonicalName == "x" }
        #expect(unsafe value?.withUnsafeBytesOfValue { unsafe Array($0) } == [0xff, 0xfe])
    }

    @Test func `a head of exactly the limit passes, one byte more is a 431`() throws {
        var configuration = HTTPServer.Configuration()
        let text = "GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "x", count: 100))\r\n\r\n"
        configuration.headBytes = text.utf8.count
        guard case .complete = parse(text, limits: configuration) else {
            Issue.record("the limit itself is refused")
            return
        }
        configuration.headBytes -= 1
        #expect(parse(text, limits: configuration).status == .requestHeaderFieldsTooLarge)
        let prefix = String(decoding: text.utf8.dropLast(), as: UTF8.self)
        #expect(parse(prefix, limits: configuration).status == .requestHeaderFieldsTooLarge)
    }

    @Test func `a target of exactly the limit passes, one byte more is a 414`() {
        var configuration = HTTPServer.Configuration()
        configuration.targetBytes = 10
        let text: (Int) -> String = { "GET /\(String(repeating: "x", count: $0 - 1)) HTTP/1.1\r\nHost: a\r\n\r\n" }
        #expect(parse(text(10), limits: configuration).status == nil)
        #expect(parse(text(11), limits: configuration).status == .uriTooLong)
        #expect(parse("GET /\(String(repeating: "x", count: 200))", limits: configuration).status == .uriTooLong)
    }

    @Test func `as many headers as allowed pass, one more is a 431`() {
        let text: (Int) -> String = {
            "GET / HTTP/1.1\r\nHost: a\r\n\(String(repeating: "X: y\r\n", count: $0 - 1))\r\n"
        }
        #expect(parse(text(100)).status == nil)
        #expect(parse(text(101)).status == .requestHeaderFieldsTooLarge)
    }
}

extension HeadParse {
    /// The status of a refusal.
    var status: HTTPResponse.Status? {
        if case .malformed(let problem) = self { problem.status } else { nil }
    }
}

extension HTTPField.Name? {
    /// The text as a header name; only for valid names in tests.
    var unsafelyKnown: HTTPField.Name {
        guard let self else { preconditionFailure("no field name") }
        return self
    }
}
