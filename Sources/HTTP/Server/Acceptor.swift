import Dispatch
import Glibc
import HTTPTypes
import Logging

/// Accepts connections and gives them to the event loops in turn.
///
/// `@unchecked Sendable`: only its own serial queue uses what changes, and an assertion checks that.
final class Acceptor: @unchecked Sendable {
    /// The number of connections that are accepted before the queue may do other work.
    private static let turn = 64
    /// The wait after the process has run out of descriptors.
    private static let pause = DispatchTimeInterval.milliseconds(50)

    private let core: ServerCore
    private let loops: [EventLoop]
    private let descriptor: Int32
    private let queue = DispatchQueue(label: "http.acceptor", target: .global(qos: .userInteractive))
    private let source: any DispatchSourceRead
    private let ended = DispatchSemaphore(value: 0)
    private var next = 0
    private var isPaused = false

    init(descriptor: Int32, loops: [EventLoop], core: ServerCore) {
        self.descriptor = descriptor
        self.loops = loops
        self.core = core
        source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: queue)
    }

    func start() {
        source.setEventHandler { [self] in accept() }
        source.setCancelHandler { [descriptor, ended] in
            close(descriptor)
            ended.signal()
        }
        source.activate()
    }

    /// Stops listening; returns when the address is free and every accepted connection has been given to a loop.
    func stop() {
        queue.async { [self] in
            source.cancel()
            if isPaused { resume() }
        }
        ended.wait()
    }

    private func accept() {
        dispatchPrecondition(condition: .onQueue(queue))
        for _ in 0..<Self.turn {
            do {
                guard let (socket, peer) = try acceptSocket(descriptor) else { return }
                deal(socket, peer)
            } catch {
                core.logger.error("no connection can be accepted", metadata: ["errno": "\(error.code)"])
                isPaused = true
                source.suspend()
                queue.asyncAfter(deadline: .now() + Self.pause) { [self] in resume() }
                return
            }
        }
    }

    private func resume() {
        dispatchPrecondition(condition: .onQueue(queue))
        guard isPaused else { return }
        isPaused = false
        source.resume()
    }

    private func deal(_ socket: Int32, _ peer: String) {
        let verdict = core.admission.enter(peer)
        core.meter.update { counters in
            counters.connectionsAccepted += 1
            if verdict != .admitted { counters.connectionsRefused += 1 }
        }
        let retryAfter: HTTPFields = [.retryAfter: String(core.configuration.retryAfterSeconds)]
        let refusal: HTTPProblem?
        switch verdict {
        case .admitted: refusal = nil
        case .tooMany:
            refusal = HTTPProblem(.serviceUnavailable, detail: "There are too many connections.", fields: retryAfter)
        case .tooManyFromAddress:
            refusal = HTTPProblem(
                .tooManyRequests, detail: "There are too many connections from this address.", fields: retryAfter)
        case .dropped:
            close(socket)
            return
        }
        let loop = loops[next % loops.count]
        next += 1
        core.connections.enter()
        loop.queue.async { loop.adopt(socket, peer: peer, verdict: verdict, refusal: refusal) }
    }
}
