import Dispatch
import Glibc
import HTTPTypes
import Synchronization
import Testing

@testable import HTTP

/// A client that resets its connection, or closes it, is gone in every phase; one that closes only its side is not.
@Suite struct ServerResetTests {
    private static let upload = "POST /job HTTP/1.1\r\nHost: a\r\nContent-Length: 5000000\r\n\r\n"
    /// Bytes behind a request: none, and more than a connection is read ahead.
    private static let bytesAhead = [0, 300_000]

    /// Routes that answer when the test says so; what they saw of their clients is told.
    private final class Gate: Sendable {
        let running = Signal()
        let release = Signal()
        let cancelled = Mutex(0)
        let held = Mutex<HeldReply?>(nil)
        let abandoned = Signal()

        var router: Router {
            var router = testRouter()
            let body = [UInt8](repeating: 1, count: 32 << 20)
            router.add(
                Route(.get, "/slow", access: .anyone) { [self] request in
                    running.raise()
                    #expect(eventually { request.cancellation.isCancelled })
                    cancelled.withLock { $0 += 1 }
                    return text("late")
                },
                Route(.post, "/gate", access: .anyone, bodyLimit: 64 << 20) { [self] request in
                    running.raise()
                    #expect(release.wait())
                    return text("\(request.body.count) \(request.cancellation.isCancelled)")
                },
                Route(.get, "/held", access: .anyone, execution: .loop) { [self] _ in
                    let reply = HeldReply(
                        timeout: .seconds(60), onTimeout: { ServerResponse(.notModified) },
                        onEnd: { [self] in abandoned.raise() })
                    held.withLock { $0 = reply }
                    return .held(reply)
                },
                Route(.get, "/long", access: .anyone, execution: .loop) { _ in
                    .now(ServerResponse(body: .bytes(body)))
                })
            return router
        }
    }

    @Test func `uploads that are reset in the middle free their address at once`() throws {
        let folder = try TemporaryFolder()
        try withServer(testRouter(), { ($0.spoolFolder, $0.connectionsPerAddress) = (folder.path, 256) }) {
            server, address in
            var clients: [RawClient] = []
            for _ in 0..<600 {
                let client = try RawClient(address)
                // A refused connection may be closed before everything is sent.
                try? client.send(Self.upload)
                try? client.send([UInt8](repeating: 7, count: 300_000))
                clients.append(client)
            }
            for client in clients { client.reset() }
            #expect(eventually(within: 15) { server.counters.connectionsOpen == 0 })
            #expect(eventually { folder.names.isEmpty })
            let next = try RawClient(address)
            try next.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try next.reply().status == 200)
            #expect(server.counters.timeouts == 0)
        }
    }

    @Test func `a reset is noticed while the disk still writes the body`() throws {
        try withServer { server, address in
            server.core.disk.suspend()
            defer { server.core.disk.resume() }
            let client = try RawClient(address)
            try client.send(Self.upload)
            try client.send([UInt8](repeating: 7, count: 600_000))
            #expect(eventually { server.counters.bytesReceived >= 256 << 10 })
            client.reset()
            #expect(eventually { server.counters.connectionsOpen == 0 })
            #expect(server.counters.timeouts == 0)
        }
    }

    @Test(arguments: bytesAhead)
    func `a reset cancels a request that a worker has`(ahead: Int) throws {
        let gate = Gate()
        try withServer(gate.router) { server, address in
            let client = try RawClient(address)
            try client.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(gate.running.wait())
            try client.send([UInt8](repeating: 0x41, count: ahead))
            client.reset()
            #expect(eventually { gate.cancelled.withLock { $0 } == 1 })
            #expect(eventually { server.counters.connectionsOpen == 0 })
        }
    }

    @Test(arguments: bytesAhead)
    func `a reset abandons a held reply`(ahead: Int) throws {
        let gate = Gate()
        try withServer(gate.router) { server, address in
            let client = try RawClient(address)
            try client.send("GET /held HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(eventually { server.counters.held == 1 })
            try client.send([UInt8](repeating: 0x41, count: ahead))
            client.reset()
            #expect(gate.abandoned.wait())
            #expect(eventually { server.counters.held == 0 && server.counters.connectionsOpen == 0 })
        }
    }

    @Test func `a reset is noticed while the client does not read its reply`() throws {
        let gate = Gate()
        try withServer(gate.router) { server, address in
            let client = try RawClient(address)
            try client.send("GET /long HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(eventually { server.counters.responses[200] == 1 })
            client.reset()
            #expect(eventually { server.counters.connectionsOpen == 0 })
            #expect(server.counters.timeouts == 0)
        }
    }

    @Test(arguments: [5, 3_000_000])
    func `a client that closes only its side gets the answer of a worker`(length: Int) throws {
        let gate = Gate()
        try withServer(gate.router, { ($0.loops, $0.idleSeconds) = (1, 0.2) }) { server, address in
            let client = try RawClient(address)
            try client.send("POST /gate HTTP/1.1\r\nHost: a\r\nContent-Length: \(length)\r\n\r\n")
            try client.send([UInt8](repeating: 7, count: length))
            client.finish()
            #expect(gate.running.wait())
            #expect(try client.reply().status == 100)
            // The timer that closes an idle connection looks for resets too.
            #expect(try RawClient(address).isClosed())
            gate.release.raise()
            let reply = try client.reply()
            #expect(reply.status == 200 && reply.text == "\(length) false")
            #expect(client.isClosed())
        }
    }

    @Test func `a client that closes only its side gets a held reply`() throws {
        let gate = Gate()
        try withServer(gate.router) { server, address in
            let client = try RawClient(address)
            try client.send("GET /held HTTP/1.1\r\nHost: a\r\n\r\n")
            client.finish()
            #expect(try client.reply().status == 100)
            #expect(eventually { server.counters.held == 1 })
            let held = try #require(gate.held.withLock { $0 })
            #expect(held.complete(ServerResponse(.accepted)))
            #expect(try client.reply().status == 202)
            #expect(client.isClosed())
        }
    }
}
