import Dispatch
import Synchronization

/// An event loop: one serial queue and its connections; nothing on it ever blocks.
///
/// `@unchecked Sendable`: only `queue` uses what changes, and an assertion checks that.
final class EventLoop: @unchecked Sendable {
    let core: ServerCore
    /// The loop's queue.
    ///
    /// It targets a global queue, so that Dispatch creates few threads; handlers and other work do not use that queue.
    let queue: DispatchQueue
    let headLimits: HeadLimits
    /// The receive buffer, used by the connection whose turn it is.
    var input: ByteBuffer
    var dateClock = DateClock()
    var requestIDs = RequestIDs()
    /// Whether the server is stopping.
    var isDraining: Bool { core.isDraining.load(ordering: .acquiring) }
    private var connections: [ObjectIdentifier: Connection] = [:]
    /// The connections whose TLS handshakes run.
    var handshakes: RunningHandshakes
    private var timer: (any DispatchSourceTimer)?

    init(_ index: Int, core: ServerCore) {
        self.core = core
        let configuration = core.configuration
        queue = DispatchQueue(label: "http.loop.\(index)", target: .global(qos: .userInteractive))
        headLimits = HeadLimits(configuration)
        handshakes = RunningHandshakes(limit: max(1, configuration.handshakes / configuration.loops))
        input = ByteBuffer(capacity: configuration.readAheadBytes)
    }

    /// Starts the timer that checks deadlines.
    func start() {
        dispatchPrecondition(condition: .onQueue(queue))
        let configuration = core.configuration
        let shortest = min(
            configuration.handshakeSeconds, configuration.idleSeconds, configuration.headSeconds,
            configuration.bodyStallSeconds,
            configuration.writeStallSeconds, configuration.heldSeconds, configuration.lingerSeconds)
        let timer = DispatchSource.makeTimerSource(queue: queue)
        let interval = max(0.005, min(0.25, shortest / 4))
        timer.schedule(deadline: .now() + interval, repeating: interval, leeway: .milliseconds(20))
        timer.setEventHandler { [weak self] in self?.sweep() }
        timer.activate()
        self.timer = timer
    }

    /// Stops the timer that checks deadlines.
    func stop() {
        dispatchPrecondition(condition: .onQueue(queue))
        timer?.cancel()
    }

    /// Takes over a new socket; if it is not admitted, `refusal` is sent as soon as it can be.
    func adopt(_ descriptor: Int32, peer: String, verdict: Admission.Verdict, refusal: HTTPProblem?) {
        let stream: any ByteStream = core.tls?.stream(descriptor) ?? SocketStream(descriptor: descriptor)
        let connection = Connection(stream: stream, loop: self, peer: peer, verdict: verdict, refusal: refusal)
        adopt(connection)
        connection.watch(descriptor)
        if stream.isSecure, let oldest = handshakes.add(connection) {
            core.meter.update { $0.handshakesRefused += 1 }
            oldest.close()
        }
        if let refusal, !stream.isSecure { connection.refuse(refusal) }
        if isDraining { connection.drain() } else if refusal != nil { connection.turn(receives: false) }
    }

    /// Adds a connection.
    func adopt(_ connection: Connection) {
        dispatchPrecondition(condition: .onQueue(queue))
        connections[ObjectIdentifier(connection)] = connection
        core.meter.update { $0.connectionsOpen += 1 }
    }

    /// Removes a connection whose descriptor is closed.
    func closed(_ connection: Connection) {
        dispatchPrecondition(condition: .onQueue(queue))
        guard connections.removeValue(forKey: ObjectIdentifier(connection)) != nil else { return }
        core.meter.update { $0.connectionsOpen -= 1 }
        core.admission.leave(connection.peer, verdict: connection.verdict)
        core.connections.leave()
    }

    /// Drops a body that is not needed; the disk queue removes its file.
    func discard(_ reader: BodyReader) {
        guard let writer = reader.takeWriter() else { return }
        core.disk.async { _ = writer }
    }

    /// Closes idle connections and lets the others finish.
    func drain() {
        dispatchPrecondition(condition: .onQueue(queue))
        for connection in Array(connections.values) { connection.drain() }
    }

    /// Closes all connections.
    func closeAll() {
        dispatchPrecondition(condition: .onQueue(queue))
        for connection in Array(connections.values) { connection.close() }
    }

    private func sweep() {
        let inUse = connections.values.compactMap { connection in connection.socketInUse.map { ($0, connection) } }
        let reset = resets(among: inUse.map(\.0))
        for (socket, connection) in inUse where reset.contains(socket) { connection.close() }
        let now = uptime()
        for connection in Array(connections.values) where !connection.isClosed {
            guard let verdict = connection.clock.verdict(now: now) else { continue }
            switch verdict {
            case .answerHeld, .breakSilence: break
            case .close, .refuse: core.meter.update { $0.timeouts += 1 }
            }
            connection.timedOut(verdict)
        }
    }
}
