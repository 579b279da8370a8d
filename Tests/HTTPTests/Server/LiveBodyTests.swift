import Foundation
import HTTPTypes
import Synchronization
import Testing

@testable import HTTP

/// Bodies whose pieces come while the connection is held.
@Suite(.overBothStreams) struct LiveBodyTests {
    /// Opens live bodies at `/live`, and keeps them for the test.
    private final class Source: Sendable {
        let bodies = Mutex<[LiveBody]>([])
        let ended = Signal()
        let beats = Mutex(0)
        let silence: Duration

        init(silence: Duration = .seconds(60)) { self.silence = silence }

        var last: LiveBody? { bodies.withLock { $0.last } }

        func router() -> Router {
            var router = testRouter()
            router.add(
                Route(.get, "/live", access: .anyone) { [self] _ in
                    let body = LiveBody(
                        opening: Array("open,".utf8), silence: silence, farewell: Array("farewell".utf8),
                        onSilence: { body in
                            self.beats.withLock { $0 += 1 }
                            body.send(Array("beat,".utf8), as: "beat")
                        }, onEnd: { self.ended.raise() })
                    bodies.withLock { $0.append(body) }
                    return .now(ServerResponse(fields: [.contentType: "text/plain"], body: .live(body)))
                })
            return router
        }

        /// Waits for a body to be opened.
        func next() throws -> LiveBody {
            #expect(eventually { self.last != nil })
            return try #require(last)
        }
    }

    private static let request = "GET /live HTTP/1.1\r\nHost: a\r\n\r\n"

    @Test func `curl sees each piece while the reply is open, and its end`() throws {
        let source = Source()
        try withServer(source.router(), { $0.workers = 1 }) { server, address in
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            process.arguments =
                ["curl", "--silent", "--no-buffer", "--max-time", "60", "--noproxy", "*"]
                + Transport.current.curlOptions + ["\(Transport.current.scheme)://\(address)/live"]
            let output = Pipe()
            process.standardOutput = output
            try process.run()
            var seen = ""
            /// Reads until curl has printed `text`.
            func read(to text: String) {
                while seen.utf8.count < text.utf8.count {
                    let data = output.fileHandleForReading.availableData
                    if data.isEmpty { break }
                    seen += String(decoding: data, as: UTF8.self)
                }
                #expect(seen == text)
            }
            let body = try source.next()
            read(to: "open,")
            #expect(server.counters.streams == 1 && server.counters.workersBusy == 0)
            for index in 0..<3 {
                body.send(Array("\(index),".utf8), as: "number")
                read(to: "open," + (0...index).map { "\($0)," }.joined())
            }
            body.end(with: Array("end".utf8))
            read(to: "open,0,1,2,end")
            process.waitUntilExit()
            #expect(process.terminationStatus == 0)
            #expect(source.ended.wait() && eventually { server.counters.streams == 0 })
        }
    }

    @Test func `the connection is used again after the end, by a request that came before it too`() throws {
        let source = Source()
        try withServer(source.router()) { _, address in
            let client = try RawClient(address)
            try client.send(Self.request + "GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            try source.next().end(with: Array("end".utf8))
            let reply = try client.reply()
            #expect(reply.field("Transfer-Encoding") == "chunked")
            let parts = reply.text.components(separatedBy: "\r\n0\r\n\r\n")
            #expect(["5\r\nopen,\r\n3\r\nend", "8\r\nopen,end"].contains(parts[0]))
            #expect(parts[1].hasPrefix("HTTP/1.1 200 OK\r\n") && parts[1].hasSuffix("hello"))
        }
    }

    @Test func `a client of HTTP 1_0 gets the pieces as they are, and then the end`() throws {
        let source = Source()
        try withServer(source.router()) { _, address in
            let client = try RawClient(address)
            try client.send("GET /live HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            try source.next().end(with: Array("end".utf8))
            let reply = try client.reply()
            #expect(reply.text == "open,end" && reply.field("Connection") == "close")
        }
    }

    @Test func `silence is broken again and again`() throws {
        let source = Source(silence: .milliseconds(20))
        try withServer(source.router(), { $0.lingerSeconds = 0.04 }) { server, address in
            let client = try RawClient(address)
            try client.send("GET /live HTTP/1.0\r\n\r\n")
            let body = try source.next()
            #expect(eventually { source.beats.withLock { $0 } > 3 })
            body.end()
            #expect(try client.reply().text.hasPrefix("open,beat,beat,beat,"))
            #expect(server.counters.timeouts == 0)
        }
    }

    @Test func `a client that leaves is noticed, and its place is free`() throws {
        let source = Source(silence: .milliseconds(20))
        try withServer(source.router(), { $0.streams = 1 }) { server, address in
            var client: RawClient? = try RawClient(address)
            try client?.send(Self.request)
            #expect(eventually { server.counters.streams == 1 })
            let refused = try RawClient(address)
            try refused.send(Self.request)
            let reply = try refused.reply()
            #expect(reply.status == 503 && reply.field("Retry-After") == "1")
            #expect(source.ended.wait(), "the refused body is over")
            client = nil
            #expect(source.ended.wait())
            #expect(eventually { server.counters.streams == 0 && server.counters.connectionsOpen <= 1 })
            try refused.send(Self.request)
            #expect(eventually { server.counters.streams == 1 })
        }
    }

    @Test func `a client that closes its side alone still gets the pieces`() throws {
        let source = Source()
        try withServer(source.router()) { _, address in
            let client = try RawClient(address)
            try client.send("GET /live HTTP/1.0\r\n\r\n")
            let body = try source.next()
            // Under TLS the end of one side is the end of both.
            if Transport.current == .clear { client.finish() }
            body.send(Array("news,".utf8), as: "news")
            body.end(with: Array("end".utf8))
            let text = try client.reply().text
            #expect(text.hasPrefix("open,") && text.contains("news,") && text.hasSuffix("end"))
        }
    }

    @Test func `a client that does not read is cut off, and costs little memory until then`() throws {
        let source = Source()
        try withServer(source.router(), { $0.writeStallSeconds = 0.3 }) { server, address in
            let client = try RawClient(address)
            try client.send(Self.request)
            let body = try source.next()
            let piece = [UInt8](repeating: 0x41, count: 1 << 20)
            #expect(
                eventually {
                    body.send(piece, as: "piece")
                    return server.counters.timeouts == 1
                })
            #expect(source.ended.wait() && eventually { server.counters.streams == 0 })
            withExtendedLifetime(client) {}
        }
    }

    @Test func `when the server stops, each body says farewell and its connection closes`() throws {
        let source = Source()
        var configuration = HTTPServer.Configuration()
        configuration.lingerSeconds = 0.2
        let (server, address) = try startedServer(source.router(), configuration)
        let clients = try (0..<3).map { _ in try RawClient(address) }
        for client in clients { try client.send("GET /live HTTP/1.0\r\n\r\n") }
        #expect(eventually { server.counters.streams == 3 })
        server.stop(grace: .seconds(30))
        for client in clients { #expect(try client.reply().text == "open,farewell") }
        #expect(server.counters.streams == 0)
    }

    @Test func `HEAD has no body, and opens none`() throws {
        let source = Source()
        try withServer(source.router()) { server, address in
            let client = try RawClient(address)
            try client.send("HEAD /live HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try client.reply(toHead: true).status == 200)
            #expect(source.ended.wait() && server.counters.streams == 0)
        }
    }
}

/// Live bodies over a stream that a test controls.
@Suite struct LiveBodyBufferTests {
    @Test func `a slow client gets the newest piece of each kind, and nothing piles up`() throws {
        let body = LiveBody(opening: [], silence: .seconds(60), farewell: [], onSilence: { _ in })
        var router = Router()
        router.add(
            Route(.get, "/live", access: .anyone, execution: .loop) { _ in
                .now(ServerResponse(body: .live(body)))
            })
        let memory = MemoryConnection(router)
        memory.receive([Array("GET /live HTTP/1.0\r\n\r\n".utf8)])
        memory.loop.queue.sync { memory.stream.capacity = 0 }
        let waiting = { memory.loop.queue.sync { memory.connection.output.count } }
        body.send(Array("first;".utf8), as: "news")
        #expect(eventually { waiting() == 6 })
        for index in 0..<1000 {
            body.send(Array("news \(index);".utf8), as: "news")
            if index == 500 { body.send(Array("state;".utf8), as: "state") }
        }
        #expect(waiting() == 6)
        memory.loop.queue.sync {
            memory.stream.capacity = .max
            memory.connection.turn(receives: false)
        }
        #expect(memory.sent.hasSuffix("\r\n\r\nfirst;state;news 999;"))
        body.end()
        body.send(Array("late".utf8), as: "news")
        #expect(eventually { memory.isClosed || memory.loop.queue.sync { memory.stream.isFinished } })
        #expect(memory.sent.hasSuffix("news 999;"))
    }

    @Test(arguments: [
        ("one line", "event: a\ndata: one line\n\n"), ("two\nlines\n", "event: a\ndata: two\ndata: lines\ndata: \n\n"),
    ])
    func `an event has a field for each line of its data`(data: String, text: String) {
        #expect(ServerSentEvent("a", data: Array(data.utf8)).text == Array(text.utf8))
        #expect(ServerSentEvent("a", id: "7", data: Array(data.utf8)).text == Array(("id: 7\n" + text).utf8))
    }
}
