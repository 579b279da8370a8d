import Synchronization

/// How a handler answers: at once, or later without keeping a thread.
public enum Reply: Sendable {
    /// The answer.
    case now(ServerResponse)
    /// An answer to come, as for a long poll.
    case held(HeldReply)
}

/// An answer that somebody gives later, from any thread; meanwhile it costs a connection and no thread.
///
/// Exactly one thing happens to it: it is completed, it times out, or it is abandoned.
public final class HeldReply: Sendable {
    private enum State {
        case waiting
        case attached(@Sendable (ServerResponse) -> Void)
        case completed(ServerResponse)
        case over
    }

    /// How long the client waits at most; the server's `heldSeconds` caps it.
    public let timeout: Duration
    let onTimeout: @Sendable () -> ServerResponse
    let onAbandon: @Sendable () -> Void
    private let state = Mutex(State.waiting)

    /// Creates a reply to be completed within `timeout`.
    ///
    /// - Parameters:
    ///   - timeout: Counted from when the handler returns.
    ///   - onTimeout: The answer when time is up, or when the server stops; runs on an event loop, so it must not block.
    ///   - onAbandon: Told that the client went away; runs on an event loop, so it must not block.
    public init(
        timeout: Duration, onTimeout: @escaping @Sendable () -> ServerResponse,
        onAbandon: @escaping @Sendable () -> Void = {}
    ) {
        self.timeout = timeout
        self.onTimeout = onTimeout
        self.onAbandon = onAbandon
    }

    /// Answers with `response`; the first answer wins.
    ///
    /// - Returns: False if it was answered, timed out or abandoned before.
    @discardableResult public func complete(_ response: ServerResponse) -> Bool {
        let (won, deliver): (Bool, (@Sendable (ServerResponse) -> Void)?) = state.withLock { state in
            switch state {
            case .waiting:
                state = .completed(response)
                return (true, nil)
            case .attached(let deliver):
                state = .over
                return (true, deliver)
            case .completed, .over:
                return (false, nil)
            }
        }
        deliver?(response)
        return won
    }

    /// Names who sends the answer; returns it if it is there already.
    func attach(_ deliver: @escaping @Sendable (ServerResponse) -> Void) -> ServerResponse? {
        state.withLock { state in
            switch state {
            case .completed(let response):
                state = .over
                return response
            case .waiting:
                state = .attached(deliver)
                return nil
            case .attached, .over:
                return nil
            }
        }
    }

    /// Takes the right to answer, for a time-out or because the client is gone; false if an answer was first.
    func expire() -> Bool {
        state.withLock { state in
            switch state {
            case .waiting, .attached:
                state = .over
                return true
            case .completed, .over:
                return false
            }
        }
    }
}
