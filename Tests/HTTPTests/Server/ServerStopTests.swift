import Dispatch
import HTTPTypes
import Synchronization
import Testing

@testable import HTTP

@Suite(.overBothStreams) struct ServerStopTests {
    @Test func `a stopping server finishes what is in flight and ends what is idle`() throws {
        let running = Signal()
        let release = Signal()
        var router = testRouter()
        router.add(
            Route(.get, "/slow", access: .anyone) { _ in
                running.raise()
                #expect(release.wait())
                return text("done")
            })
        let (server, address) = try startedServer(router)
        let idle = try RawClient(address)
        try idle.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try idle.reply().field("Connection") == nil)
        let busy = try RawClient(address)
        try busy.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(running.wait())
        let uploading = try RawClient(address)
        try uploading.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab")
        #expect(eventually { server.counters.connectionsOpen == 3 })

        let stopped = Signal()
        DispatchQueue.global().async {
            server.stop(grace: .seconds(60))
            stopped.raise()
        }
        #expect(idle.isClosed())
        #expect(throws: ClientError.self) { try RawClient(address) }
        try uploading.send("cd")
        let echo = try uploading.reply()
        #expect(echo.text == "abcd" && echo.field("Connection") == "close")
        release.raise()
        let done = try busy.reply()
        #expect(done.text == "done" && done.field("Connection") == "close")
        #expect(stopped.wait())
        #expect(server.counters.connectionsOpen == 0)
    }

    @Test func `when the grace is over the rest is cut and cancelled`() throws {
        let running = Signal()
        var router = Router()
        router.add(
            Route(.get, "/endless", access: .anyone) { request in
                running.raise()
                #expect(eventually { request.cancellation.isCancelled })
                return text("late")
            })
        let (server, address) = try startedServer(router)
        let client = try RawClient(address)
        try client.send("GET /endless HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(running.wait())
        server.stop(grace: .milliseconds(50))
        #expect(client.isClosed())
        #expect(server.counters.connectionsOpen == 0)
    }

    @Test func `a stopping server answers held replies at once`() throws {
        let holding = Signal()
        var router = Router()
        router.add(
            Route(.get, "/held", access: .anyone, execution: .loop) { _ in
                holding.raise()
                return .held(HeldReply(timeout: .seconds(60), onTimeout: { ServerResponse(.notModified) }))
            })
        let (server, address) = try startedServer(router)
        let client = try RawClient(address)
        try client.send("GET /held HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(holding.wait())
        server.stop(grace: .seconds(60))
        let reply = try client.reply()
        #expect(reply.status == 304 && reply.field("Connection") == "close")
    }

    @Test func `stopping twice, or before starting, does nothing`() throws {
        let server = HTTPServer(router: Router(), logger: quietLogger)
        server.stop(grace: .seconds(60))
        _ = try server.start(address: "127.0.0.1:0")
        server.stop(grace: .seconds(60))
        server.stop(grace: .seconds(60))
        #expect(throws: ServerError.alreadyStarted) { try server.start(address: "127.0.0.1:0") }
    }
}

@Suite(.overBothStreams) struct HeldReplyTests {
    /// A route whose replies are held until the test completes them.
    private final class Holder: Sendable {
        let replies = Mutex<[HeldReply]>([])
        let ended = Signal()

        func router(timeout: Duration) -> Router {
            var router = testRouter()
            router.add(
                Route(.get, "/held", access: .anyone, execution: .loop) { [self] _ in
                    let reply = HeldReply(
                        timeout: timeout, onTimeout: { ServerResponse(.notModified) },
                        onEnd: { [self] in ended.raise() })
                    replies.withLock { $0.append(reply) }
                    return .held(reply)
                })
            return router
        }

        var last: HeldReply? { replies.withLock { $0.last } }
    }

    @Test func `a held reply is completed from another thread, and the connection goes on`() throws {
        let holder = Holder()
        try withServer(holder.router(timeout: .seconds(60))) { server, address in
            let client = try RawClient(address)
            try client.send("GET /held HTTP/1.1\r\nHost: a\r\n\r\nGET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(eventually { server.counters.held == 1 })
            #expect(server.counters.workersBusy == 0)
            let reply = try #require(holder.last)
            #expect(reply.complete(ServerResponse(contentType: "text/plain", bytes: Array("news".utf8))))
            #expect(holder.ended.wait())
            #expect(!reply.complete(ServerResponse()))
            #expect(try client.reply().text == "news")
            #expect(try client.reply().text == "hello")
            #expect(server.counters.held == 0)
        }
    }

    @Test func `many held replies cost no thread`() throws {
        let holder = Holder()
        try withServer(holder.router(timeout: .seconds(60)), { $0.workers = 1 }) { server, address in
            let clients = try (0..<100).map { _ in try RawClient(address) }
            for client in clients { try client.send("GET /held HTTP/1.1\r\nHost: a\r\n\r\n") }
            #expect(eventually { server.counters.held == 100 })
            #expect(server.counters.workersBusy == 0 && server.counters.workersWaiting == 0)
            for reply in holder.replies.withLock({ $0 }) { reply.complete(ServerResponse(.noContent)) }
            for client in clients { #expect(try client.reply().status == 204) }
        }
    }

    @Test func `a thousand replies are held at once, and those beyond the limit are told 503`() throws {
        let holder = Holder()
        var router = holder.router(timeout: .seconds(60))
        router.add(
            Route(.get, "/poll", access: .anyone) { _ in
                let reply = HeldReply(timeout: .seconds(60), onTimeout: { ServerResponse(.notModified) })
                holder.replies.withLock { $0.append(reply) }
                return .held(reply)
            })
        try withServer(router, { $0.held = 1000 }) { server, address in
            let clients = try (0..<1100).map { _ in try RawClient(address) }
            for client in clients { try client.send("GET /poll HTTP/1.1\r\nHost: a\r\n\r\n") }
            #expect(eventually { server.counters.held == 1000 && server.counters.overloads == 100 })
            for reply in holder.replies.withLock({ $0 }) { reply.complete(ServerResponse(.noContent)) }
            let replies = try clients.map { try $0.reply() }
            #expect(replies.count { $0.status == 204 } == 1000)
            #expect(replies.count { $0.status == 503 && $0.field("Retry-After") == "1" } == 100)
            #expect(server.counters.held == 0)
        }
    }

    @Test func `a held reply times out with its own answer`() throws {
        let holder = Holder()
        try withServer(holder.router(timeout: .milliseconds(100))) { server, address in
            let client = try RawClient(address)
            try client.send("GET /held HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try client.reply().status == 304)
            #expect(holder.ended.wait())
            #expect(holder.last?.complete(ServerResponse()) == false)
            #expect(server.counters.timeouts == 0)
        }
    }

    @Test func `no reply is held longer than the configuration allows`() throws {
        let holder = Holder()
        try withServer(holder.router(timeout: .seconds(3600)), { $0.heldSeconds = 0.1 }) { _, address in
            let client = try RawClient(address)
            try client.send("GET /held HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try client.reply().status == 304)
        }
    }

    @Test func `a held reply is abandoned when its client goes away`() throws {
        let holder = Holder()
        try withServer(holder.router(timeout: .seconds(60))) { server, address in
            var client: RawClient? = try RawClient(address)
            try client?.send("GET /held HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(eventually { server.counters.held == 1 })
            client = nil
            #expect(holder.ended.wait())
            #expect(holder.last?.complete(ServerResponse()) == false)
            #expect(eventually { server.counters.held == 0 && server.counters.connectionsOpen == 0 })
        }
    }

    @Test func `a reply completed before it is held is sent`() throws {
        var router = Router()
        router.add(
            Route(.get, "/early", access: .anyone) { _ in
                let reply = HeldReply(timeout: .seconds(60), onTimeout: { ServerResponse(.notModified) })
                reply.complete(ServerResponse(.accepted))
                return .held(reply)
            })
        try withServer(router) { server, address in
            let client = try RawClient(address)
            try client.send("GET /early HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try client.reply().status == 202)
            #expect(server.counters.held == 0)
        }
    }
}
