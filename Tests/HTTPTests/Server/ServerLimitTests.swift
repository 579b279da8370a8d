import Glibc
import HTTPTypes
import Testing

@testable import HTTP

/// Each time-out and limit of the configuration, over sockets; the parser's own limits are in `HeadParserTests`.
@Suite(.overBothStreams) struct ServerLimitTests {
    @Test func `an idle connection is closed without a word`() throws {
        try withServer(testRouter(), { $0.idleSeconds = 0.2 }) { server, address in
            let client = try RawClient(address)
            #expect(client.isClosed())
            #expect(server.counters.timeouts == 1 && server.counters.responses.isEmpty)
        }
    }

    @Test func `a head that comes a byte at a time is a 408`() throws {
        try withServer(testRouter(), { $0.headSeconds = 0.3 }) { _, address in
            let client = try RawClient(address)
            let reply = try trickle("GET /hello HTTP/1.1\r\nHost: \(String(repeating: "a", count: 200))", to: client)
            #expect(reply.status == 408 && reply.field("Connection") == "close")
        }
    }

    @Test func `a body that comes a byte at a time is a 408`() throws {
        try withServer(testRouter(), { $0.bodyStallSeconds = 0.3 }) { _, address in
            let client = try RawClient(address)
            try client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n")
            let reply = try trickle(String(repeating: "b", count: 200), to: client)
            #expect(reply.status == 408 && reply.field("Connection") == "close")
        }
    }

    @Test func `a body that advances is waited for longer than a stall`() throws {
        try withServer(testRouter(), { ($0.bodyStallSeconds, $0.progressBytes) = (1, 10) }) { _, address in
            let client = try RawClient(address)
            try client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 300\r\n\r\n")
            for _ in 0..<30 {
                try client.send("0123456789")
                usleep(50_000)
            }
            #expect(try client.reply().body.count == 300)
        }
    }

    @Test func `a client that takes nothing of a long reply is cut off`() throws {
        var router = testRouter()
        let body = [UInt8](repeating: 1, count: 32 << 20)
        router.add(
            Route(.get, "/long", access: .anyone, execution: .loop) { _ in .now(ServerResponse(body: .bytes(body))) })
        try withServer(router, { $0.writeStallSeconds = 0.3 }) { server, address in
            let client = try RawClient(address)
            try client.send("GET /long HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(eventually { server.counters.timeouts == 1 && server.counters.connectionsOpen == 0 })
            withExtendedLifetime(client) {}
        }
    }

    @Test func `the system holds little of a long reply for a client that does not read`() throws {
        var router = testRouter()
        let body = [UInt8](repeating: 1, count: 32 << 20)
        router.add(
            Route(.get, "/long", access: .anyone, execution: .loop) { _ in .now(ServerResponse(body: .bytes(body))) })
        try withServer(router, { $0.socketUnsentBytes = 64 << 10 }) { server, address in
            let client = try RawClient(address)
            var window: Int32 = 4 << 10
            unsafe setsockopt(
                client.descriptor, SOL_SOCKET, SO_RCVBUF, &window, socklen_t(MemoryLayout<Int32>.size))
            try client.send("GET /long HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(eventually { server.counters.bytesSent > 0 })
            usleep(300_000)
            // What is on its way (the first window of 64 KiB), the limit, and one buffer of the system more.
            #expect(server.counters.bytesSent <= 256 << 10)
            withExtendedLifetime(client) {}
        }
    }

    @Test func `one connection too many is a 503, and there is room again when one goes`() throws {
        try withServer(testRouter(), { $0.connections = 2 }) { server, address in
            var clients = try (0..<2).map { _ in try RawClient(address) }
            #expect(eventually { server.counters.connectionsOpen == 2 })
            let refused = try RawClient(address).reply()
            #expect(refused.status == 503 && refused.field("Retry-After") != nil)
            #expect(server.counters.connectionsRefused == 1)
            clients.removeLast()
            #expect(eventually { server.counters.connectionsOpen == 1 })
            let next = try RawClient(address)
            try next.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try next.reply().status == 200)
        }
    }

    @Test func `one connection too many from one address is a 429`() throws {
        try withServer(testRouter(), { $0.connectionsPerAddress = 1 }) { server, address in
            let client = try RawClient(address)
            #expect(eventually { server.counters.connectionsOpen == 1 })
            let refused = try RawClient(address).reply()
            #expect(refused.status == 429 && refused.field("Retry-After") != nil)
            withExtendedLifetime(client) {}
        }
    }

    @Test func `connections refused beyond a few are dropped`() {
        let admission = Admission(total: 1, perAddress: 1, refusals: 64)
        #expect(admission.enter("a") == .admitted)
        for _ in 0..<64 { #expect(admission.enter("b") == .tooMany) }
        #expect(admission.enter("b") == .dropped)
        admission.leave("b", verdict: .tooMany)
        #expect(admission.enter("b") == .tooMany)
        admission.leave("a", verdict: .admitted)
        #expect(admission.enter("b") == .admitted)
    }

    @Test func `the route's and the server's body limits are a 413 before the body`() throws {
        try withServer(testRouter(), { $0.bodyBytes = 50 }) { _, address in
            for (path, length) in [("/needs", 11), ("/echo", 51)] {
                let client = try RawClient(address)
                try client.send("POST \(path) HTTP/1.1\r\nHost: a\r\nContent-Length: \(length)\r\n\r\n")
                #expect(try client.reply().status == 413)
                #expect(client.isClosed())
            }
        }
    }

    @Test(arguments: [(8, 200), (9, 400)])
    func `a chunk's extensions beyond their limit are a 400`(count: Int, status: Int) throws {
        try withServer(testRouter(), { $0.chunkExtensionBytes = 8 }) { _, address in
            let client = try RawClient(address)
            try client.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
            // The limit applies to each chunk separately.
            try client.send("1;aaaaaaaa\r\nb\r\n1;\(String(repeating: "a", count: count))\r\nc\r\n0\r\n\r\n")
            let reply = try client.reply()
            #expect(reply.status == status && (reply.text == "bc") == (status == 200))
        }
    }

    @Test(arguments: [(14, 200), (15, 431)])
    func `trailers beyond their limit are a 431`(count: Int, status: Int) throws {
        try withServer(testRouter(), { $0.trailerBytes = 20 }) { _, address in
            let client = try RawClient(address)
            try client.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nb\r\n0\r\n")
            // Two lines together: six bytes, then the others.
            try client.send("T: u\r\nU: \(String(repeating: "v", count: count - 5))\r\n\r\n")
            let reply = try client.reply()
            #expect(reply.status == status && (reply.text == "b") == (status == 200))
        }
    }

    @Test func `a body of many turns arrives whole`() throws {
        try withServer(testRouter(), { $0.turnBytes = 1000 }) { _, address in
            let body = someBytes(300_000)
            let client = try RawClient(address)
            try client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.count)\r\n\r\n")
            try client.send(body)
            #expect(try client.reply().body == body)
        }
    }

    @Test func `a refused upload's client sees the reply although it sends on`() throws {
        try withServer(testRouter()) { _, address in
            let client = try RawClient(address)
            try client.send("POST /needs HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\n")
            try client.send([UInt8](repeating: 1, count: 3_000_000))
            #expect(try client.reply().status == 413)
        }
    }

    @Test func `lingering ends after its time`() throws {
        try withServer(testRouter(), { $0.lingerSeconds = 0.2 }) { server, address in
            let client = try RawClient(address)
            try client.send("BAD\r\n")
            #expect(try client.reply().status == 400)
            #expect(eventually { server.counters.connectionsOpen == 0 })
            withExtendedLifetime(client) {}
        }
    }

    /// Sends one byte after the other, slowly, until there is a reply.
    private func trickle(_ text: String, to client: RawClient) throws -> RawReply {
        for byte in text.utf8 {
            do {
                try client.send([byte])
            } catch {
                break
            }
            usleep(5_000)
        }
        return try client.reply()
    }
}
