import HTTPTypes

/// The deadlines of one connection: one for what it waits for, one for what it sends.
struct ConnectionClock {
    /// What the connection waits for from its client.
    private enum Wait: Equatable {
        case none
        case idle
        case head
        case body
        case held
        case linger
    }

    /// Bytes received so far.
    var received = 0
    /// Bytes sent so far.
    var sent = 0
    private var wait = Wait.none
    private var deadline = UInt64.max
    private var receivedMark = 0
    private var sendDeadline = UInt64.max
    private var sentMark = 0

    /// Starts new deadlines, because a request is over or the next one has been read.
    mutating func restart() {
        wait = .none
        deadline = .max
    }

    /// Sets the deadlines for the connection's current phase.
    mutating func settle(_ connection: Connection, now: UInt64) {
        let configuration = connection.configuration
        let (wait, seconds) = Self.wait(of: connection, configuration)
        if wait == .none {
            restart()
        } else if wait != self.wait || wait == .body && received - receivedMark >= configuration.progressBytes {
            self.wait = wait
            deadline = now + nanoseconds(seconds)
            receivedMark = received
        }
        if connection.output.isEmpty {
            sendDeadline = .max
        } else if sendDeadline == .max || sent - sentMark >= configuration.progressBytes {
            sendDeadline = now + nanoseconds(configuration.writeStallSeconds)
            sentMark = sent
        }
    }

    private static func wait(of connection: Connection, _ configuration: HTTPServer.Configuration) -> (Wait, Double) {
        guard connection.output.count <= configuration.unsentBytes else { return (.none, 0) }
        return switch connection.phase {
        case .head where connection.hasPartialHead: (.head, configuration.headSeconds)
        case .head: (.idle, configuration.idleSeconds)
        case .body: (.body, configuration.bodyStallSeconds)
        case .held(_, let held): (.held, min(held.timeout / .seconds(1), configuration.heldSeconds))
        case .lingering: (.linger, configuration.lingerSeconds)
        case .spooling, .handling, .sending, .closing, .closed: (.none, 0)
        }
    }

    /// What to do at the time `now`; nil if no deadline has passed.
    mutating func verdict(now: UInt64) -> Verdict? {
        if now >= sendDeadline { return .close }
        guard now >= deadline else { return nil }
        defer { restart() }
        switch wait {
        case .none: return nil
        case .idle, .linger: return .close
        case .head: return .refuse(HTTPProblem(.requestTimeout, detail: "The request's head took too long."))
        case .body: return .refuse(HTTPProblem(.requestTimeout, detail: "The request's body came too slowly."))
        case .held: return .answerHeld
        }
    }

    /// What to do when a deadline has passed.
    enum Verdict {
        case close
        case refuse(HTTPProblem)
        case answerHeld
    }
}
