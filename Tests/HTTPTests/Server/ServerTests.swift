import Dispatch
import Foundation
import Glibc
import HTTPTypes
import Synchronization
import Testing

@testable import HTTP

@Suite(.overBothStreams) struct ServerTests {
    @Test func `requests on one connection are answered in order, pipelined or not`() throws {
        try withServer { server, address in
            let client = try RawClient(address)
            try client.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try client.reply().text == "hello")
            var requests = ""
            for index in 0..<200 {
                requests +=
                    index % 3 == 0
                    ? "POST /job HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n\(100 + index)"
                    : "GET /items/\(index) HTTP/1.1\r\nHost: a\r\n\r\n"
            }
            try client.send(requests)
            for index in 0..<200 {
                let text = try client.reply().text
                #expect(index % 3 == 0 ? text.hasPrefix("memory 3 ") : text == "\(index)|[]|127.0.0.1")
            }
            #expect(eventually { server.counters.responses[200] == 201 })
        }
    }

    @Test func `many clients at once get their own answers`() throws {
        try withServer { server, address in
            let failures = Mutex(0)
            DispatchQueue.concurrentPerform(iterations: 8) { number in
                do {
                    let client = try RawClient(address)
                    for index in 0..<50 {
                        let body = String(repeating: "\(number)", count: 1 + index * 997 % 5000)
                        try client.send(
                            "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.count)\r\n\r\n\(body)")
                        if try client.reply().text != body { failures.withLock { $0 += 1 } }
                    }
                } catch {
                    failures.withLock { $0 += 1 }
                }
            }
            #expect(failures.withLock { $0 } == 0)
            #expect(server.counters.connectionsAccepted == 8)
            #expect(eventually { server.counters.connectionsOpen == 0 })
        }
    }

    @Test func `a large body goes to a private file that is gone afterwards`() throws {
        let folder = try TemporaryFolder()
        let seen = Mutex<(path: String, mode: mode_t)?>(nil)
        var router = testRouter()
        router.add(
            Route(.post, "/keep", access: .anyone, execution: .worker, bodyLimit: 1 << 30) { request in
                guard case .file(let file) = request.body else { return text("memory") }
                var status = stat()
                _ = unsafe stat(file.path, &status)
                seen.withLock { $0 = (file.path, status.st_mode & 0o777) }
                return text("\(checksum(try request.body.bytes(limit: 1 << 30)))")
            })
        try withServer(router, { $0.spoolFolder = folder.path }) { _, address in
            let body = someBytes(5 << 20)
            let client = try RawClient(address)
            try client.send("POST /keep HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.count)\r\n\r\n")
            try client.send(body)
            #expect(try client.reply().text == "\(checksum(body))")
            try client.send("POST /keep HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
            for start in stride(from: 0, to: body.count, by: 300_000) {
                let chunk = body[start..<min(body.count, start + 300_000)]
                try client.send(Array("\(String(chunk.count, radix: 16))\r\n".utf8) + chunk + Array("\r\n".utf8))
            }
            try client.send("0\r\n\r\n")
            #expect(try client.reply().text == "\(checksum(body))")
            #expect(seen.withLock { $0?.mode } == 0o600)
            #expect(seen.withLock { $0?.path.hasPrefix(folder.path) } == true)
            #expect(eventually { folder.names.isEmpty })
        }
    }

    @Test func `a large body cut short leaves no file`() throws {
        let folder = try TemporaryFolder()
        try withServer(testRouter(), { $0.spoolFolder = folder.path }) { server, address in
            let client = try RawClient(address)
            try client.send("POST /job HTTP/1.1\r\nHost: a\r\nContent-Length: 5000000\r\n\r\n")
            try client.send([UInt8](repeating: 7, count: 2_000_000))
            #expect(eventually { folder.names.count == 1 })
            client.finish()
            #expect(try client.reply().status == 400)
            #expect(eventually { folder.names.isEmpty && server.counters.connectionsOpen == 0 })
        }
    }

    @Test func `a body that cannot be kept is a 503, and the connection ends`() throws {
        let folder = try TemporaryFolder()
        try withServer(testRouter(), { $0.spoolFolder = folder.path }) { _, address in
            folder.remove()
            let client = try RawClient(address)
            try client.send("POST /job HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\n\r\n")
            try client.send([UInt8](repeating: 7, count: 1_000_000))
            let reply = try client.reply()
            #expect(reply.status == 503 && reply.field("Retry-After") != nil)
        }
    }

    @Test func `bodies go to files when the memory for them is used up`() throws {
        try withServer(testRouter(), { $0.bodyMemoryTotal = 1000 }) { _, address in
            let client = try RawClient(address)
            for (size, place) in [(1000, "memory"), (1001, "file"), (1000, "memory")] {
                try client.send("POST /job HTTP/1.1\r\nHost: a\r\nContent-Length: \(size)\r\n\r\n")
                try client.send([UInt8](repeating: 1, count: size))
                #expect(try client.reply().text.hasPrefix("\(place) \(size) "))
            }
        }
    }

    @Test func `the memory of bodies has what waits for the disk, and is given back`() throws {
        try withServer(testRouter(), { $0.bodyMemoryTotal = 600_000 }) { server, address in
            server.core.disk.suspend()
            var uploads: [RawClient] = []
            for taken in [262_144, 524_288, 524_288 + 16_384] {
                let client = try RawClient(address)
                try client.send("POST /job HTTP/1.1\r\nHost: a\r\nContent-Length: 5000000\r\n\r\n")
                try client.send([UInt8](repeating: 7, count: 300_000))
                #expect(eventually { server.core.memory.used == taken })
                uploads.append(client)
            }
            let small = try RawClient(address)
            try small.send("POST /job HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n")
            try small.send([UInt8](repeating: 7, count: 60_000))
            #expect(eventually { server.core.memory.used == 524_288 + 2 * 16_384 })
            server.core.disk.resume()
            #expect(try small.reply().text.hasPrefix("file 60000 "))
            for client in uploads { client.reset() }
            #expect(eventually { server.core.memory.used == 0 })
        }
    }

    @Test func `a full backlog is a 503 at once`() throws {
        let release = Signal()
        let running = Signal()
        var router = Router()
        router.add(
            Route(.get, "/slow", access: .anyone) { _ in
                running.raise()
                #expect(release.wait())
                return text("done")
            })
        try withServer(router, { ($0.workers, $0.backlog, $0.retryAfterSeconds) = (1, 1, 7) }) { server, address in
            let clients = try (0..<3).map { _ in try RawClient(address) }
            try clients[0].send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(running.wait())
            try clients[1].send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(eventually { server.counters.workersWaiting == 1 })
            #expect(server.counters.workersBusy == 1)
            try clients[2].send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
            let refusal = try clients[2].reply()
            #expect(refusal.status == 503 && refusal.field("Retry-After") == "7")
            release.raise()
            release.raise()
            #expect(try clients[0].reply().text == "done")
            #expect(try clients[1].reply().text == "done")
            #expect(server.counters.overloads == 1)
        }
    }

    @Test func `a shortcut answers while all workers are busy, and leaves the rest to the handler`() throws {
        let release = Signal()
        let running = Signal()
        var router = Router()
        router.add(
            Route(.get, "/slow", access: .anyone) { _ in
                running.raise()
                #expect(release.wait())
                return text("done")
            },
            Route(
                .get, "/things/{thing}", access: .anyone,
                shortcut: { request in
                    guard request.parameters["thing"] == "kept" else { return nil }
                    return text("at once")
                }
            ) { _ in text("made") })
        try withServer(router, { ($0.workers, $0.backlog) = (1, 1) }) { server, address in
            let clients = try (0..<3).map { _ in try RawClient(address) }
            try clients[0].send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(running.wait())
            try clients[1].send("GET /things/other HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(eventually { server.counters.workersWaiting == 1 })
            try clients[2].send("GET /things/kept HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try clients[2].reply().text == "at once")
            release.raise()
            #expect(try clients[0].reply().text == "done")
            #expect(try clients[1].reply().text == "made")
        }
    }

    @Test func `searches have workers of their own, and leave the rest theirs`() throws {
        let release = Signal()
        let running = Signal()
        var router = testRouter()
        router.add(
            Route(.get, "/search", access: .anyone, execution: .search) { _ in
                running.raise()
                #expect(release.wait())
                return text("found")
            })
        try withServer(router, { ($0.workers, $0.searches, $0.searchBacklog) = (1, 2, 1) }) { server, address in
            let clients = try (0..<4).map { _ in try RawClient(address) }
            for client in clients[..<2] { try client.send("GET /search HTTP/1.1\r\nHost: a\r\n\r\n") }
            #expect(running.wait() && running.wait())
            try clients[2].send("GET /search HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(eventually { server.counters.searchersWaiting == 1 })
            #expect(server.counters.searchersBusy == 2 && server.counters.workersBusy == 0)
            try clients[3].send("GET /search HTTP/1.1\r\nHost: a\r\n\r\n")
            let refusal = try clients[3].reply()
            #expect(refusal.status == 503 && refusal.field("Retry-After") == "1")
            try clients[3].send("GET /fails HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try clients[3].reply().status == 409)
            for _ in 0..<3 { release.raise() }
            for client in clients[..<3] { #expect(try client.reply().text == "found") }
            #expect(server.counters.overloads == 1)
        }
    }

    @Test func `a client that goes away cancels its request`() throws {
        let running = Signal()
        let sawCancel = Mutex(false)
        var router = Router()
        router.add(
            Route(.get, "/slow", access: .anyone) { request in
                running.raise()
                #expect(eventually { request.cancellation.isCancelled })
                sawCancel.withLock { $0 = request.cancellation.isCancelled }
                return text("late")
            })
        try withServer(router) { server, address in
            var client: RawClient? = try RawClient(address)
            try client?.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(running.wait())
            client = nil
            #expect(eventually { sawCancel.withLock { $0 } })
            #expect(eventually { server.counters.connectionsOpen == 0 })
        }
    }

    @Test func `a request whose client went away while it waited is not handled`() throws {
        let running = Signal()
        let release = Signal()
        let handled = Mutex(0)
        let cancellations = Mutex<[Cancellation]>([])
        var router = Router()
        router.admit = { request, _ in
            let cancellation = request.cancellation
            cancellations.withLock { $0.append(cancellation) }
        }
        router.add(
            Route(.get, "/slow", access: .anyone) { _ in
                handled.withLock { $0 += 1 }
                running.raise()
                #expect(release.wait())
                return text("done")
            })
        try withServer(router, { $0.workers = 1 }) { server, address in
            let first = try RawClient(address)
            try first.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(running.wait())
            var second: RawClient? = try RawClient(address)
            try second?.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(eventually { server.counters.workersWaiting == 1 })
            second = nil
            #expect(eventually { cancellations.withLock { $0.last?.isCancelled } == true })
            release.raise()
            #expect(try first.reply().text == "done")
            #expect(eventually { server.counters.workersBusy == 0 })
            #expect(handled.withLock { $0 } == 1)
        }
    }

    @Test func `a broken handler's error is the router's to tell`() throws {
        struct Secret: Error {}
        var router = Router()
        router.add(Route(.get, "/broken", access: .anyone) { _ in throw Secret() })
        try withServer(router) { _, address in
            let client = try RawClient(address)
            try client.send("GET /broken HTTP/1.1\r\nHost: a\r\n\r\n")
            let reply = try client.reply()
            #expect(reply.status == 500 && !reply.text.contains("Secret"))
            #expect(reply.text.contains("\"instance\":\"\(reply.field("X-Request-Id") ?? "?")\""))
        }
    }

    @Test func `a large file is sent whole, and only its head for HEAD`() throws {
        let folder = try TemporaryFolder()
        let body = someBytes(3 << 20)
        try Data(body).write(to: URL(fileURLWithPath: folder.path + "/big.bin"))
        var router = Router()
        router.serve(try StaticFiles(folder: folder.path))
        try withServer(router) { _, address in
            let client = try RawClient(address)
            try client.send("HEAD /big.bin HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try client.reply(toHead: true).field("Content-Length") == "\(body.count)")
            try client.send("GET /big.bin HTTP/1.1\r\nHost: a\r\n\r\n")
            let reply = try client.reply()
            #expect(checksum(reply.body) == checksum(body))
            #expect(reply.field("Content-Type") == "application/octet-stream")
        }
    }

    @Test func `a screen sees every request of a connection, and the extra fields are on every reply`() throws {
        var router = testRouter()
        router.screen = { request in
            guard request.fields[.requestHost] != "evil" else { throw HTTPProblem(.misdirectedRequest) }
            return nil
        }
        router.extraFields = { _ in [.vary: "Origin"] }
        try withServer(router) { _, address in
            for line in ["GET /hello", "GET /nowhere", "OPTIONS *"] {
                let client = try RawClient(address)
                try client.send("\(line) HTTP/1.1\r\nHost: good\r\n\r\n\(line) HTTP/1.1\r\nHost: evil\r\n\r\n")
                let good = try client.reply()
                #expect(good.status != 421 && good.field("Vary") == "Origin")
                let evil = try client.reply()
                #expect(evil.status == 421 && evil.field("Vary") == "Origin")
            }
        }
    }

    @Test func `the port is told, and taken only once`() throws {
        try withServer { _, address in
            #expect(address.hasPrefix("127.0.0.1:") && !address.hasSuffix(":0"))
            let second = HTTPServer(router: Router(), logger: quietLogger)
            #expect(throws: ServerError.addressInUse(address)) { try second.start(address: address) }
        }
    }

    @Test(arguments: ["", "8080", "127.0.0.1", "127.0.0.1:x", ":80", "127.0.0.1:65536", "999.0.0.1:80", "192.0.2.1:80"])
    func `what is no address of this machine is refused`(address: String) {
        let server = HTTPServer(router: Router(), logger: quietLogger)
        #expect(throws: ServerError.badAddress(address)) { try server.start(address: address) }
    }
}

/// A folder for the length of a test.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        path =
            FileManager.default.temporaryDirectory.appendingPathComponent("http-\(UInt64.random(in: 0 ... .max))").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { remove() }

    /// The names of the entries; empty if the folder does not exist.
    var names: [String] { (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [] }

    func remove() { try? FileManager.default.removeItem(atPath: path) }

    func write(_ text: String, to name: String) throws {
        let file = URL(fileURLWithPath: path).appendingPathComponent(name)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
    }
}
