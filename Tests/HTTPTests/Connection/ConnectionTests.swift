import Foundation
import HTTPTypes
import Synchronization
import Testing

@testable import HTTP

@Suite struct ConnectionTests {
    /// Four requests at once: pipelined, with a length, chunked, and a last one that asks to close.
    static let conversation = Array(
        ("GET /items/a%2Fb?x=%20+ HTTP/1.1\r\nHost: a\r\n\r\n"
            + "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
            + "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x\r\nde\r\n0\r\nT: u\r\n\r\n"
            + "HEAD /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").utf8)

    static func expectConversation(_ sent: String, _ comment: Comment) {
        let replies = sent.components(separatedBy: "HTTP/1.1 200 OK\r\n").dropFirst().map { $0 }
        #expect(replies.count == 4, comment)
        guard replies.count == 4 else { return }
        #expect(replies[0].hasSuffix("\r\n\r\na/b|[\"x=  \"]|192.0.2.1"), comment)
        #expect(replies[1].hasSuffix("Content-Length: 5\r\n\r\nhello"), comment)
        #expect(replies[2].hasSuffix("Content-Length: 5\r\n\r\nabcde"), comment)
        #expect(replies[3].contains("Content-Length: 5\r\n") && replies[3].hasSuffix("\r\n\r\n"), comment)
        #expect(replies[3].contains("Connection: close\r\n") && !replies[0].contains("Connection:"), comment)
        #expect(replies.allSatisfy { $0.contains("Date: ") && $0.contains(" GMT\r\n") }, comment)
        #expect(replies.allSatisfy { $0.contains("X-Request-Id: ") }, comment)
    }

    @Test(arguments: 0...conversation.count)
    func `a conversation is answered alike wherever it is split`(split: Int) {
        let memory = MemoryConnection()
        memory.receive([Array(Self.conversation[..<split]), Array(Self.conversation[split...])])
        Self.expectConversation(memory.sent, "split at \(split)")
        #expect(memory.isClosed)
    }

    @Test func `a conversation is answered alike byte by byte`() {
        let memory = MemoryConnection()
        memory.receive(Self.conversation.map { [$0] })
        Self.expectConversation(memory.sent, "byte by byte")
        #expect(memory.isClosed)
    }

    @Test func `a conversation is answered alike when the client takes a byte at a time`() {
        let memory = MemoryConnection()
        memory.loop.queue.sync { memory.stream.capacity = 1 }
        memory.receive([Self.conversation])
        for _ in 0..<2000 {
            memory.loop.queue.sync {
                memory.stream.capacity = 1
                memory.connection.turn(receives: true)
            }
        }
        Self.expectConversation(memory.sent, "slow client")
        #expect(memory.isClosed)
    }

    @Test func `one turn answers no more requests than allowed, and the next turns the rest`() {
        var configuration = HTTPServer.Configuration()
        configuration.turnRequests = 3
        let memory = MemoryConnection(configuration: configuration)
        let request = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"
        memory.receive([Array(String(repeating: request, count: 10).utf8)])
        let answers = { memory.sent.components(separatedBy: "HTTP/1.1 200 OK").count - 1 }
        #expect(answers() >= 3)
        #expect(eventually { answers() == 10 })
    }

    @Test(arguments: [(20_000, 8), (20_001, 7)])
    func `one turn receives no more than allowed and one read, and the next turns the rest`(turnBytes: Int, left: Int) {
        var configuration = HTTPServer.Configuration()
        configuration.turnBytes = turnBytes
        let memory = MemoryConnection(configuration: configuration)
        memory.receive([Array("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n".utf8)])
        memory.loop.queue.sync {
            memory.stream.incoming = Array(repeating: [UInt8](repeating: 0x41, count: 10_000), count: 10)
            memory.connection.turn(receives: true)
            #expect(memory.stream.incoming.count == left)
        }
        #expect(memory.sent.isEmpty)
        memory.receive([])
        #expect(memory.sent.hasSuffix(String(repeating: "A", count: 100_000)))
    }

    @Test func `no request is taken up while too much is unsent`() {
        var configuration = HTTPServer.Configuration()
        configuration.unsentBytes = 300
        let memory = MemoryConnection(configuration: configuration)
        memory.loop.queue.sync { memory.stream.capacity = 0 }
        let request = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"
        memory.receive([Array(String(repeating: request, count: 20).utf8)])
        memory.loop.queue.sync {
            #expect(memory.connection.output.count < 600)
            memory.stream.capacity = .max
            memory.connection.turn(receives: false)
        }
        #expect(memory.sent.components(separatedBy: "HTTP/1.1 200 OK").count == 21)
    }

    @Test func `no more is read ahead than allowed while a handler works`() {
        var configuration = HTTPServer.Configuration()
        configuration.readAheadBytes = 20_000
        var router = Router()
        let held = HeldReply(timeout: .seconds(60), onTimeout: { ServerResponse() })
        router.add(Route(.get, "/wait", access: .anyone, execution: .loop) { _ in .held(held) })
        let memory = MemoryConnection(router, configuration: configuration)
        memory.receive([Array("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n".utf8)])
        memory.receive(Array(repeating: [UInt8](repeating: 0x41, count: 10_000), count: 10))
        memory.loop.queue.sync { #expect(memory.stream.incoming.compactMap { $0 }.joined().count == 80_000) }
        #expect(held.complete(ServerResponse(.noContent)))
        #expect(eventually { memory.sent.contains("204 No Content") })
    }

    @Test func `100 Continue comes before the body, and not when the body is there already`() {
        let head = "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
        let waiting = MemoryConnection()
        waiting.receive([Array(head.utf8)])
        #expect(waiting.sent == "HTTP/1.1 100 Continue\r\n\r\n")
        waiting.receive([Array("ok".utf8)])
        #expect(waiting.sent.hasSuffix("\r\n\r\nok"))
        let hasty = MemoryConnection()
        hasty.receive([Array("\(head)ok".utf8)])
        #expect(!hasty.sent.contains("100 Continue") && hasty.sent.hasSuffix("\r\n\r\nok"))
    }

    @Test(arguments: [
        ("POST /needs HTTP/1.1\r\nHost: a\r\n\r\n", "411 Length Required", false),
        ("POST /needs HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n", "413 Content Too Large", true),
        (
            "POST /needs HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 11\r\n\r\n",
            "413 Content Too Large", true
        ),
        ("POST /needs HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n", "413 Content Too Large", true),
        (
            "POST /needs HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n123456789\r\n2\r\n12",
            "413 Content", true
        ),
        ("GET /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n", "413 Content Too Large", true),
        ("GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n", "404 Not Found", false),
        ("POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n", "404 Not Found", true),
        ("PUT /hello HTTP/1.1\r\nHost: a\r\n\r\n", "405 Method Not Allowed", false),
        ("BREW /hello HTTP/1.1\r\nHost: a\r\n\r\n", "501 Not Implemented", false),
        ("get /hello HTTP/1.1\r\nHost: a\r\n\r\n", "501 Not Implemented", false),
        ("BREW /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n", "501 Not Implemented", true),
        (
            "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\n",
            "415 Unsupported Media Type", true
        ),
        (
            "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Encoding: identity, br\r\nTransfer-Encoding: chunked\r\n\r\n",
            "415 Unsupported Media Type", true
        ),
        ("GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n", "400 Bad Request", true),
        ("GET /hello?%ff HTTP/1.1\r\nHost: a\r\n\r\n", "400 Bad Request", true),
        ("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx", "400 Bad Request", true),
    ])
    func `a refusal is a problem, and closes where the body is unread`(request: String, status: String, closes: Bool) {
        let memory = MemoryConnection()
        memory.receive([Array(request.utf8)])
        #expect(memory.sent.hasPrefix("HTTP/1.1 \(status)"))
        #expect(memory.sent.contains("Content-Type: application/problem+json"))
        #expect(memory.sent.contains("Connection: close") == closes)
        #expect(!memory.sent.contains("100 Continue"))
        memory.loop.queue.sync { #expect(memory.stream.isFinished == closes) }
        #expect(!memory.isClosed)
        memory.receive([nil])
        #expect(memory.isClosed)
    }

    @Test func `a body's coding is refused with the one that is taken, and no coding is no coding`() {
        let memory = MemoryConnection()
        memory.receive([
            Array("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Encoding: Identity\r\nContent-Length: 2\r\n\r\nok".utf8)
        ])
        #expect(memory.sent.hasSuffix("\r\n\r\nok"))
        memory.receive([
            Array("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nok".utf8)
        ])
        #expect(memory.sent.contains("HTTP/1.1 415") && memory.sent.contains("\r\nAccept-Encoding: identity\r\n"))
    }

    @Test(arguments: [
        "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n", "GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n", "BAD\r\n",
        "DELETE /nothing HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /stream HTTP/1.1\r\nHost: a\r\n\r\n",
    ])
    func `every answer forbids guessing its type and loading it into other sites`(request: String) {
        let memory = MemoryConnection()
        memory.receive([Array(request.utf8)])
        let fields = ["X-Content-Type-Options: nosniff", "Cross-Origin-Resource-Policy: same-origin"]
        for field in fields { #expect(memory.sent.components(separatedBy: "\r\n\(field)\r\n").count == 2) }
    }

    @Test func `lingering ends after its limit of bytes`() {
        var configuration = HTTPServer.Configuration()
        configuration.lingerBytes = 50_000
        let memory = MemoryConnection(configuration: configuration)
        memory.receive([Array("BAD\r\n".utf8)])
        for _ in 0..<10 { memory.receive([[UInt8](repeating: 0, count: 10_000)]) }
        #expect(memory.isClosed)
    }

    @Test func `a body cut short is a 400`() {
        let memory = MemoryConnection()
        memory.receive([Array("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel".utf8), nil])
        #expect(memory.sent.hasPrefix("HTTP/1.1 400 Bad Request"))
        #expect(memory.isClosed)
    }

    @Test func `OPTIONS for the server lists every method`() {
        let memory = MemoryConnection()
        memory.receive([Array("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n".utf8)])
        #expect(memory.sent.hasPrefix("HTTP/1.1 204 No Content"))
        #expect(memory.sent.contains("Allow: DELETE, GET, HEAD, OPTIONS, POST\r\n"))
    }

    @Test func `a stream is chunked for HTTP 1.1 and ends with the connection for HTTP 1.0`() {
        let new = MemoryConnection()
        new.receive([Array("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n".utf8)])
        #expect(eventually { new.sent.hasSuffix("\r\n\r\n3\r\none\r\n3\r\ntwo\r\n5\r\nthree\r\n0\r\n\r\n") })
        #expect(new.sent.contains("Transfer-Encoding: chunked") && !new.isClosed)
        let old = MemoryConnection()
        old.receive([Array("GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n".utf8)])
        #expect(eventually { old.isClosed })
        #expect(old.sent.hasSuffix("\r\n\r\nonetwothree") && old.sent.contains("Connection: close"))
        #expect(!old.sent.contains("chunked"))
    }

    @Test func `HTTP 1.0 with keep-alive is answered with it`() {
        let memory = MemoryConnection()
        memory.receive([Array("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n".utf8)])
        #expect(memory.sent.contains("Connection: keep-alive\r\n") && !memory.isClosed)
    }

    @Test func `a 204 has neither body nor length`() {
        let memory = MemoryConnection()
        memory.receive([Array("DELETE /nothing HTTP/1.1\r\nHost: a\r\n\r\n".utf8)])
        #expect(!memory.sent.contains("Content-Length") && memory.sent.hasSuffix("\r\n\r\n"))
    }

    @Test func `what admit throws refuses a request before its body is asked for`() {
        var router = testRouter()
        router.admit = { request, _ in
            guard request.fields[.authorization] != nil else { throw HTTPProblem(.unauthorized, detail: "no token") }
        }
        let memory = MemoryConnection(router)
        memory.receive([
            Array("POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n".utf8)
        ])
        #expect(memory.sent.hasPrefix("HTTP/1.1 401 Unauthorized"))
    }
}

@Suite struct ObservationTests {
    @Test func `every answered request is told with its route and status`() {
        let seen = Mutex<[String]>([])
        var router = testRouter()
        router.observe = { pattern, request, status, duration in
            seen.withLock { $0.append("\(pattern ?? "-") \(request.path) \(status.code) \(duration >= .zero)") }
        }
        let memory = MemoryConnection(router)
        memory.receive([
            Array(
                ("GET /items/7 HTTP/1.1\r\nHost: a\r\n\r\nGET /fails HTTP/1.1\r\nHost: a\r\n\r\n"
                    + "GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\nPOST /needs HTTP/1.1\r\nHost: a\r\n\r\n").utf8)
        ])
        #expect(eventually { seen.withLock { $0.count } == 4 })
        #expect(
            seen.withLock { $0 } == [
                "/items/{item} /items/7 200 true", "/fails /fails 409 true", "- /nowhere 404 true",
                "/needs /needs 411 true",
            ])
    }
}
