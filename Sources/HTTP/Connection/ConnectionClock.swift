import HTTPTypes

/// The deadlines of one connection: one for what it waits for, one for what it sends.
struct ConnectionClock {
    /// What the connection waits for from its client.
    private enum Wait: Equatable {
        case none
        case handshake
        case idle
        case head
        case body
        case held
        /// The client waits for the next piece of a live body.
        case silence
        case linger
    }

    /// Bytes received so far.
    var received = 0
    /// Bytes sent so far.
    var sent = 0
    private var wait = Wait.none
    private var deadline = UInt64.max
    private var receivedMark = 0
    private var silenceMark = 0
    private var body = Pace()
    private var bodyDeadline = UInt64.max
    private var sendDeadline = UInt64.max
    private var sentMark = 0
    private var reply = Pace()
    private var replyDeadline = UInt64.max

    /// How fast the client has sent a body or taken a reply, in the time in which the server waited for that.
    private struct Pace {
        /// Bytes that had been received or sent when this began.
        private var start = 0
        /// Nanoseconds of waiting until `since`.
        private var waited: UInt64 = 0
        /// When the server began to wait; nil: it does not wait now.
        private var since: UInt64?

        /// Begins to wait, if it does not yet.
        mutating func run(bytes: Int, now: UInt64) {
            if since == nil, waited == 0 { start = bytes }
            since = since ?? now
        }

        /// Stops waiting until the next `run`.
        mutating func pause(now: UInt64) {
            if let since { waited += now - since }
            since = nil
        }

        /// When the client is too slow unless it goes on: after the grace and a second for each `rate` bytes.
        func deadline(bytes: Int, rate: Int, grace: Double) -> UInt64 {
            guard rate > 0, let since else { return .max }
            let allowed = nanoseconds(grace + Double(bytes - start) / Double(rate))
            return since + (allowed > waited ? allowed - waited : 0)
        }
    }

    /// Starts new deadlines, because a request is over or the next one has been read.
    mutating func restart() {
        rest()
        body = Pace()
    }

    private mutating func rest() {
        wait = .none
        deadline = .max
        bodyDeadline = .max
    }

    /// Sets the deadlines for the connection's current phase.
    mutating func settle(_ connection: Connection, now: UInt64) {
        let configuration = connection.configuration
        let (wait, seconds) = Self.wait(of: connection, configuration)
        if wait == .body { body.run(bytes: received, now: now) } else { body.pause(now: now) }
        if wait == .none {
            rest()
        } else if wait != self.wait || wait == .body && received - receivedMark >= configuration.progressBytes
            || wait == .silence && sent != silenceMark
        {
            self.wait = wait
            deadline = now + nanoseconds(seconds)
            receivedMark = received
            silenceMark = sent
        }
        bodyDeadline = body.deadline(
            bytes: received, rate: configuration.bodyBytesPerSecond, grace: configuration.bodyStallSeconds)
        if connection.output.isEmpty, connection.stream.need != .writable {
            sendDeadline = .max
            reply = Pace()
        } else if sendDeadline == .max || sent - sentMark >= configuration.progressBytes {
            sendDeadline = now + nanoseconds(configuration.writeStallSeconds)
            sentMark = sent
        }
        if !connection.output.isEmpty { reply.run(bytes: sent, now: now) }
        replyDeadline = reply.deadline(
            bytes: sent, rate: configuration.writeBytesPerSecond, grace: configuration.writeStallSeconds)
    }

    private static func wait(of connection: Connection, _ configuration: HTTPServer.Configuration) -> (Wait, Double) {
        guard connection.output.count <= configuration.unsentBytes else { return (.none, 0) }
        return switch connection.phase {
        case .handshaking: (.handshake, configuration.handshakeSeconds)
        case .head where connection.hasPartialHead: (.head, configuration.headSeconds)
        case .head: (.idle, configuration.idleSeconds)
        case .body: (.body, configuration.bodyStallSeconds)
        case .held(_, let held): (.held, min(held.timeout / .seconds(1), configuration.heldSeconds))
        case .lingering: (.linger, configuration.lingerSeconds)
        case .sending(let exchange, _) where connection.output.isEmpty:
            if let live = exchange.live { (.silence, live.silence / .seconds(1)) } else { (.none, 0) }
        case .spooling, .handling, .sending, .closing, .closed: (.none, 0)
        }
    }

    /// What to do at the time `now`; nil if no deadline has passed.
    mutating func verdict(now: UInt64) -> Verdict? {
        if now >= min(sendDeadline, replyDeadline) { return .close }
        guard now >= min(deadline, bodyDeadline) else { return nil }
        defer { restart() }
        switch wait {
        case .none: return nil
        case .handshake, .idle, .linger: return .close
        case .head: return .refuse(HTTPProblem(.requestTimeout, detail: "The request's head took too long."))
        case .body: return .refuse(HTTPProblem(.requestTimeout, detail: "The request's body came too slowly."))
        case .held: return .answerHeld
        case .silence: return .breakSilence
        }
    }

    /// What to do when a deadline has passed.
    enum Verdict {
        case close
        case refuse(HTTPProblem)
        case answerHeld
        /// Nothing of a live body was sent for long.
        case breakSilence
    }
}
