import Dispatch
import Logging

/// One client's connection: the bytes received, the bytes to send, and the request that is being answered.
///
/// `@unchecked Sendable`: only its loop's queue uses it, and an assertion checks that; workers hold a reference only to
/// return to that queue.
final class Connection: @unchecked Sendable {
    /// What the connection is doing; a request is answered before the next one is read.
    enum Phase {
        /// TLS is being set up.
        case handshaking
        /// Between requests, or reading a head.
        case head
        case body(BodyReader, Exchange)
        /// The disk queue writes a piece of the body.
        case spooling(BodyReader, Exchange)
        /// A worker has the request.
        case handling(Exchange)
        case held(Exchange, HeldReply)
        /// The head of the reply is sent, and its body is produced piece by piece.
        case sending(Exchange, ReplyProducer)
        /// The last reply is being sent; then the connection closes.
        case closing
        /// The last reply is sent. The connection still reads, because closing it with unread bytes would reset it
        /// before the client sees the reply.
        case lingering(left: Int)
        case closed
    }

    /// Why the state machine stopped.
    private enum Rest {
        case needsInput
        case waits
        /// Too many bytes are not sent yet.
        case isBlocked
    }

    let loop: EventLoop
    let peer: String
    let verdict: Admission.Verdict
    var phase = Phase.head
    var output = OutputQueue()
    /// Whether to linger after the last reply, because the client may still be sending.
    var lingers = false
    /// Whether the client has closed its side.
    private(set) var hasEnded = false
    var clock = ConnectionClock()
    /// Bytes that were received but not used when the last turn ended.
    private var leftover: [UInt8] = []
    var stream: any ByteStream
    /// Sent instead of serving requests, if the connection is not admitted.
    let refusal: HTTPProblem?
    /// The connection's place among the handshakes of its loop.
    var handshakeNumber = 0
    /// The subject of the certificate that the client has shown; nil: none.
    var clientCertificate: String?
    private var sources: SocketSources?
    /// The number of requests on this connection so far.
    var requests = 0
    /// The number of requests that may still be started in this turn.
    var requestsLeft = 0
    /// Whether a turn that reads what the stream holds is in the loop's queue.
    private var isTurnQueued = false

    init(
        stream: any ByteStream, loop: EventLoop, peer: String, verdict: Admission.Verdict = .admitted,
        refusal: HTTPProblem? = nil
    ) {
        self.stream = stream
        self.loop = loop
        self.peer = peer
        self.verdict = verdict
        self.refusal = refusal
        if stream.isSecure { phase = .handshaking }
    }

    var configuration: HTTPServer.Configuration { loop.core.configuration }

    var isClosed: Bool {
        if case .closed = phase { true } else { false }
    }

    /// Starts watching the socket.
    func watch(_ descriptor: Int32) {
        dispatchPrecondition(condition: .onQueue(loop.queue))
        sources = SocketSources(
            descriptor: descriptor, queue: loop.queue,
            onReadable: { self.turn(receives: true) }, onWritable: { self.turn(receives: false) },
            onClosed: { self.loop.closed(self) })
        clock.settle(self, now: uptime())
    }

    // MARK: A turn

    /// Does everything that can be done now: receives, within a limit of bytes, then answers and sends.
    func turn(receives: Bool) {
        dispatchPrecondition(condition: .onQueue(loop.queue))
        guard !isClosed else { return }
        let receives = receives || stream.need == .writable
        if case .handshaking = phase, !shakeHands() { return settle() }
        requestsLeft = configuration.turnRequests
        loop.input.clear()
        if !leftover.isEmpty {
            loop.input.append(leftover)
            leftover = []
        }
        do {
            var rest = try progress()
            var budget = receives ? configuration.turnBytes : 0
            while budget > 0, wantsBytes, loop.input.room > 0 {
                switch try stream.read(into: &loop.input) {
                case .bytes(let count, let mayHaveMore):
                    loop.core.meter.update { $0.bytesReceived += count }
                    clock.received += count
                    budget = mayHaveMore ? budget - count : 0
                    rest = try progress()
                case .wouldBlock: budget = 0
                case .end:
                    hasEnded = true
                    budget = 0
                }
            }
            if hasEnded { try end(rest) }
        } catch {
            close()
        }
        if !isClosed, !loop.input.isEmpty { leftover = loop.input.bytes }
        settle()
    }

    /// Whether the connection can use more bytes now.
    private var wantsBytes: Bool {
        guard !hasEnded else { return false }
        switch phase {
        case .head, .body: return output.count <= configuration.unsentBytes
        case .handling, .held, .sending, .lingering: return true
        case .handshaking, .spooling, .closing, .closed: return false
        }
    }

    /// Runs the state machine over the received bytes, and sends.
    private func progress() throws(StreamError) -> Rest {
        while true {
            let rest = run()
            try flush()
            guard case .isBlocked = rest, output.count <= configuration.unsentBytes, !isClosed else { return rest }
        }
    }

    private func run() -> Rest {
        while true {
            guard output.count <= configuration.unsentBytes else { return .isBlocked }
            switch phase {
            case .head:
                guard !loop.input.isEmpty else { return .needsInput }
                guard requestsLeft > 0 else {
                    loop.queue.async { self.turn(receives: false) }
                    return .waits
                }
                guard readHead() else { return .needsInput }
            case .body(let reader, let exchange):
                guard readBody(reader, exchange) else { return .needsInput }
            case .lingering(let left):
                let left = left - loop.input.count
                loop.input.clear()
                phase = .lingering(left: left)
                if left <= 0 { close() }
                return .needsInput
            case .handshaking, .spooling, .handling, .held, .sending, .closing, .closed: return .waits
            }
        }
    }

    private func flush() throws(StreamError) {
        guard !isClosed else { return }
        while true {
            if !output.isEmpty {
                let sent = try stream.write(from: &output)
                loop.core.meter.update { $0.bytesSent += sent }
                clock.sent += sent
            }
            guard output.isEmpty else { return }
            switch phase {
            case .sending(let exchange, let producer) where !producer.isWaiting:
                guard produce(exchange, producer) else { return }
            case .closing:
                finishClosing()
                return
            default: return
            }
        }
    }

    /// Handles the end of the client's bytes: what still needs more of them has failed.
    private func end(_ rest: Rest) throws(StreamError) {
        switch phase {
        case .head:
            guard case .needsInput = rest else { return }
            phase = .closing
        case .body(let reader, let exchange):
            guard case .needsInput = rest else { return }
            loop.discard(reader)
            refuse(.badRequest("The body ends before its time."), exchange)
        case .handling(let exchange), .held(let exchange, _): probe(exchange)
        case .sending(let exchange, _): probeLive(exchange)
        case .lingering: close()
        case .handshaking, .spooling, .closing, .closed: return
        }
        try flush()
    }

    /// Finds out whether the client has closed only its side and still wants the answer, or is gone.
    ///
    /// Sends it an interim reply, which every client of HTTP/1.1 skips (RFC 9110, section 15.2); a socket that is
    /// closed answers it with a reset.
    private func probe(_ exchange: Exchange) {
        guard !exchange.isHTTP10, !exchange.isProbed else { return }
        exchange.isProbed = true
        output.append(continueReply)
    }

    /// Finds that out for a live body: a client that is gone answers what is sent now with a reset.
    private func probeLive(_ exchange: Exchange) {
        guard let live = exchange.live, !exchange.isProbed else { return }
        exchange.isProbed = true
        live.onSilence(live)
    }

    /// The socket, unless the connection is idle: then the loop's timer asks whether the client has reset it.
    ///
    /// A connection that does not read is not told of a reset. One that reads is told only once, and perhaps together with
    /// bytes that it still takes. An idle one has nothing else to take and closes at once.
    var socketInUse: Int32? {
        if case .head = phase, !hasPartialHead { return nil }
        return sources?.descriptor
    }

    /// Watches the socket for what is needed next, and sets the deadlines.
    func settle() {
        dispatchPrecondition(condition: .onQueue(loop.queue))
        guard !isClosed else { return }
        let reads = wantsBytes && leftover.count < configuration.readAheadBytes
        let need = stream.need
        sources?.setReading(reads || need == .readable)
        sources?.setWriting(need == .writable || need == nil && !output.isEmpty)
        if reads, stream.hasUnread, !isTurnQueued {
            isTurnQueued = true
            loop.queue.async {
                self.isTurnQueued = false
                self.turn(receives: true)
            }
        }
        clock.settle(self, now: uptime())
    }

    /// Whether a request has begun to arrive.
    var hasPartialHead: Bool { !leftover.isEmpty }

    /// Handles a deadline that has passed.
    func timedOut(_ verdict: ConnectionClock.Verdict) {
        dispatchPrecondition(condition: .onQueue(loop.queue))
        switch verdict {
        case .close: close()
        case .answerHeld: answerHeld()
        case .breakSilence:
            if case .sending(let exchange, _) = phase, let live = exchange.live { live.onSilence(live) }
        case .refuse(let problem):
            if case .body(let reader, let exchange) = phase {
                loop.discard(reader)
                refuse(problem, exchange)
            } else {
                refuse(problem)
            }
        }
        turn(receives: false)
    }

    /// Handles the server's stop: closes the connection if it is idle, answers a held reply, ends a live body, and lets
    /// other requests finish.
    func drain() {
        dispatchPrecondition(condition: .onQueue(loop.queue))
        switch phase {
        case .handshaking: return close()
        case .head where leftover.isEmpty: phase = .closing
        case .held: answerHeld()
        case .sending(let exchange, _):
            guard let live = exchange.live else { break }
            exchange.keepsAlive = false
            live.stop()
        default: break
        }
        turn(receives: false)
    }

    // MARK: The end

    /// Closes the connection after its last reply, at once or after lingering.
    func finishClosing() {
        guard stream.finishWriting() else { return }
        guard lingers, !hasEnded else { return close() }
        loop.input.clear()
        phase = .lingering(left: configuration.lingerBytes)
    }

    /// Closes the connection now; a request that is being answered is cancelled.
    func close() {
        dispatchPrecondition(condition: .onQueue(loop.queue))
        switch phase {
        case .closed: return
        case .held: return abandon()
        case .body(let reader, let exchange):
            loop.discard(reader)
            over(exchange, cancels: true)
        case .spooling(_, let exchange), .handling(let exchange), .sending(let exchange, _):
            over(exchange, cancels: true)
        case .handshaking: loop.handshakes.remove(self)
        case .head: _ = stream.finishWriting()
        case .closing, .lingering: break
        }
        phase = .closed
        guard let sources else { return loop.closed(self) }
        sources.cancel()
        self.sources = nil
    }

    /// Releases what an exchange holds.
    func over(_ exchange: Exchange, cancels: Bool = false) {
        if cancels { exchange.cancellation.cancel() }
        releaseMemory(exchange)
        if let live = exchange.live {
            exchange.live = nil
            loop.core.streams.release(1)
            live.finish()
        }
        loop.core.accessLog?.note(exchange)
    }

    /// Gives back the memory of an exchange's body.
    func releaseMemory(_ exchange: Exchange) {
        loop.core.memory.release(exchange.reserved)
        exchange.reserved = 0
    }
}
