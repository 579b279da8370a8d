import Synchronization

/// How a handler answers: at once, or later without keeping a thread.
public enum Reply: Sendable {
    /// The response, at once.
    case now(ServerResponse)
    /// A response that comes later, for example for a long poll.
    case held(HeldReply)
}

/// A response that is given later, from any thread; until then it costs a connection but no thread.
///
/// Exactly one of three things happens: it is completed, it times out, or it is abandoned by the client.
public final class HeldReply: Sendable {
    private enum State {
        case waiting
        case attached(@Sendable (ServerResponse) -> Void)
        case completed(ServerResponse)
        case over
    }

    /// The longest time that the client waits; at most the server's `heldSeconds`.
    public let timeout: Duration
    let onTimeout: @Sendable () -> ServerResponse
    private let onEnd: @Sendable () -> Void
    private let state = Mutex(State.waiting)

    /// Creates a reply to be completed within `timeout`.
    ///
    /// - Parameters:
    ///   - timeout: The time from the return of the handler.
    ///   - onTimeout: Returns the response when time is up or the server stops; runs on an event loop, so it must not
    ///     block.
    ///   - onEnd: Called once, when the reply is completed, timed out or abandoned, so that whoever keeps it can drop it;
    ///     must not block.
    public init(
        timeout: Duration, onTimeout: @escaping @Sendable () -> ServerResponse,
        onEnd: @escaping @Sendable () -> Void = {}
    ) {
        self.timeout = timeout
        self.onTimeout = onTimeout
        self.onEnd = onEnd
    }

    /// Answers with `response`; the first answer wins.
    ///
    /// - Returns: False if the reply was already answered, timed out or abandoned.
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
        if won { onEnd() }
        deliver?(response)
        return won
    }

    /// Sets the function that sends the response; returns the response if it is there already.
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

    /// Ends the reply because of a time-out or because the client is gone; false if it was completed before.
    @discardableResult func expire() -> Bool {
        let won = state.withLock { state in
            switch state {
            case .waiting, .attached:
                state = .over
                return true
            case .completed, .over:
                return false
            }
        }
        if won { onEnd() }
        return won
    }
}
