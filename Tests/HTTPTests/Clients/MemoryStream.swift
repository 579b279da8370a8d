import Dispatch
import HTTPTypes
import Logging
import Synchronization

@testable import HTTP

/// A byte stream without a socket: the second type that conforms to `ByteStream`.
final class MemoryStream: ByteStream {
    /// The bytes that the client has sent and the server has not read; nil at the end: the client has closed its side.
    var incoming: [[UInt8]?] = []
    /// The bytes that the server has sent.
    private(set) var outgoing: [UInt8] = []
    private(set) var isFinished = false
    /// The number of bytes that the client still accepts.
    var capacity = Int.max

    func read(into buffer: inout ByteBuffer) throws(StreamError) -> ReadOutcome {
        guard let piece = incoming.first else { return .wouldBlock }
        guard let piece else { return .end }
        let count = min(piece.count, buffer.room)
        buffer.append(Array(piece.prefix(count)))
        if count == piece.count { incoming.removeFirst() } else { incoming[0] = Array(piece.dropFirst(count)) }
        return .bytes(count, mayHaveMore: true)
    }

    func write(from output: inout OutputQueue) throws(StreamError) -> Int {
        let count = min(output.count, capacity)
        outgoing += output.bytes.prefix(count)
        output.remove(count)
        capacity -= count
        return count
    }

    func finishWriting() -> Bool {
        isFinished = true
        return true
    }
}

/// One connection over a memory stream; the test decides when it takes its turns.
struct MemoryConnection {
    let stream = MemoryStream()
    let loop: EventLoop
    let connection: Connection

    init(
        _ router: Router = testRouter(), configuration: HTTPServer.Configuration = HTTPServer.Configuration(),
        logger: Logger = quietLogger, accessLog: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        let core = ServerCore(configuration: configuration, router: router, logger: logger, accessLog: accessLog)
        loop = EventLoop(0, core: core)
        connection = Connection(stream: stream, loop: loop, peer: "192.0.2.1")
        core.connections.enter()
        _ = core.admission.enter("192.0.2.1")
        loop.queue.sync { loop.adopt(connection) }
    }

    /// Lets the server receive pieces, one per turn, and then run until it stops.
    func receive(_ pieces: [[UInt8]?]) {
        loop.queue.sync {
            for piece in pieces {
                stream.incoming.append(piece)
                connection.turn(receives: true)
            }
            for _ in 0..<1000 where !stream.incoming.isEmpty && stream.incoming.first != .some(nil) {
                connection.turn(receives: true)
            }
        }
    }

    /// The text that the server has sent so far.
    var sent: String { loop.queue.sync { String(decoding: stream.outgoing, as: UTF8.self) } }

    var isClosed: Bool { loop.queue.sync { connection.isClosed } }

    /// Waits for workers and the disk until `condition` holds, within a generous time.
    func wait(until condition: () -> Bool) -> Bool { eventually(condition) }
}

/// Waits until `condition` holds; false after so many seconds, half a minute unless told otherwise.
func eventually(within seconds: Double = 30, _ condition: () -> Bool) -> Bool {
    let deadline = DispatchTime.now() + seconds
    while DispatchTime.now() < deadline {
        if condition() { return true }
        DispatchSemaphore(value: 0).waitBriefly()
    }
    return condition()
}

extension DispatchSemaphore {
    /// Sleeps for two milliseconds.
    func waitBriefly() { _ = wait(timeout: .now() + .milliseconds(2)) }
}

/// A logger that writes nothing.
let quietLogger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// A response with a text.
func text(_ text: String, _ status: HTTPResponse.Status = .ok) -> Reply {
    .now(ServerResponse(status, contentType: "text/plain", bytes: Array(text.utf8)))
}

/// Routes whose answers show how the server read a request.
func testRouter() -> Router {
    var router = Router()
    router.add(
        Route(.get, "/hello", access: .anyone, execution: .loop) { _ in text("hello") },
        Route(.get, "/items/{item}", access: .anyone, execution: .loop) { request in
            text(
                "\(request.parameters["item"] ?? "")|\(request.query.map { "\($0.name)=\($0.value)" })|\(request.peer)")
        },
        Route(.post, "/echo", access: .anyone, execution: .loop, bodyLimit: 64 << 20) { request in
            .now(ServerResponse(body: .bytes(try request.body.bytes(limit: 64 << 20))))
        },
        Route(.post, "/job", access: .anyone, execution: .worker, bodyLimit: 64 << 20) { request in
            switch request.body {
            case .bytes(let bytes): text("memory \(bytes.count) \(checksum(bytes))")
            case .file(let file): text("file \(file.size) \(checksum(try file.open().bytes(in: 0..<file.size)))")
            }
        },
        Route(.post, "/needs", access: .anyone, execution: .loop, bodyLimit: 10, requiresBody: true) {
            text("\($0.body.count)")
        },
        Route(.get, "/fails", access: .anyone, execution: .worker) { _ in throw HTTPProblem(.conflict, detail: "no") },
        Route(.delete, "/nothing", access: .anyone, execution: .loop) { _ in .now(ServerResponse(.noContent)) },
        Route(.get, "/stream", access: .anyone, execution: .loop) { _ in
            let left = Mutex(["one", "", "two", "three"])
            let stream = ResponseStream { left.withLock { $0.isEmpty ? nil : Array($0.removeFirst().utf8) } }
            return .now(ServerResponse(body: .stream(stream)))
        })
    return router
}

/// A checksum to compare bodies, the same throughout one run.
func checksum(_ bytes: [UInt8]) -> Int {
    var hasher = Hasher()
    unsafe bytes.withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
    return hasher.finalize()
}

/// Bytes in which no two ranges of 64 KiB are equal.
func someBytes(_ count: Int) -> [UInt8] {
    let block = (0..<65_521).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
    var bytes: [UInt8] = []
    while bytes.count < count { bytes += block }
    return Array(bytes.prefix(count))
}
