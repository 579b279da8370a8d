import Dispatch
import Logging
import Synchronization

/// One serial queue and the connections that live on it; nothing here ever blocks.
///
/// `@unchecked Sendable`: what changes is used on `queue` only.
final class EventLoop: @unchecked Sendable {
    let core: ServerCore
    /// Targets a global queue, so that Dispatch keeps few threads; one that handlers and other work do not use.
    let queue: DispatchQueue
    let headLimits: HeadLimits
    let logsRequests: Bool
    /// What the connection whose turn it is receives into.
    var input: ByteBuffer
    var dateClock = DateClock()
    var requestIDs = RequestIDs()
    /// Whether the server is stopping.
    var isDraining: Bool { core.isDraining.load(ordering: .acquiring) }
    private var connections: [ObjectIdentifier: Connection] = [:]
    private var timer: (any DispatchSourceTimer)?

    init(_ index: Int, core: ServerCore) {
        self.core = core
        let configuration = core.configuration
        queue = DispatchQueue(label: "http.loop.\(index)", target: .global(qos: .userInteractive))
        headLimits = HeadLimits(configuration)
        logsRequests = core.logger.logLevel <= .debug
        input = ByteBuffer(capacity: configuration.readAheadBytes)
    }

    /// Starts looking at deadlines.
    func start() {
        let configuration = core.configuration
        let shortest = min(
            configuration.idleSeconds, configuration.headSeconds, configuration.bodyStallSeconds,
            configuration.writeStallSeconds, configuration.heldSeconds, configuration.lingerSeconds)
        let timer = DispatchSource.makeTimerSource(queue: queue)
        let interval = max(0.005, min(0.25, shortest / 4))
        timer.schedule(deadline: .now() + interval, repeating: interval, leeway: .milliseconds(20))
        timer.setEventHandler { [weak self] in self?.sweep() }
        timer.activate()
        self.timer = timer
    }

    /// Stops looking at deadlines.
    func stop() { timer?.cancel() }

    /// Takes over a new socket; `refusal` is told at once to one that is not admitted.
    func adopt(_ descriptor: Int32, peer: String, verdict: Admission.Verdict, refusal: HTTPProblem?) {
        let connection = Connection(
            stream: SocketStream(descriptor: descriptor), loop: self, peer: peer, verdict: verdict)
        adopt(connection)
        connection.watch(descriptor)
        if let refusal { connection.refuse(refusal) }
        if isDraining { connection.drain() } else if refusal != nil { connection.turn(receives: false) }
    }

    /// Counts a connection in.
    func adopt(_ connection: Connection) {
        connections[ObjectIdentifier(connection)] = connection
        core.meter.update { $0.connectionsOpen += 1 }
    }

    /// A connection's descriptor is closed.
    func closed(_ connection: Connection) {
        guard connections.removeValue(forKey: ObjectIdentifier(connection)) != nil else { return }
        core.meter.update { $0.connectionsOpen -= 1 }
        core.admission.leave(connection.peer, verdict: connection.verdict)
        core.connections.leave()
    }

    /// Drops a body that nobody wants; removing its file is work for the disk.
    func discard(_ reader: BodyReader) {
        guard let writer = reader.takeWriter() else { return }
        core.disk.async { _ = writer }
    }

    /// Ends what is idle and lets the rest finish.
    func drain() {
        for connection in Array(connections.values) { connection.drain() }
    }

    /// Ends everything.
    func closeAll() {
        for connection in Array(connections.values) { connection.close() }
    }

    private func sweep() {
        let now = uptime()
        for connection in Array(connections.values) {
            guard let verdict = connection.clock.verdict(now: now) else { continue }
            if case .answerHeld = verdict {} else { core.meter.update { $0.timeouts += 1 } }
            connection.timedOut(verdict)
        }
    }
}
