import Synchronization

/// A flag that tells running work that nobody waits for its result any more.
///
/// The server cancels a request when its client closes the connection, or when the server's grace period ends. The flag
/// is never reset.
public final class Cancellation: Sendable {
    private struct State {
        var isCancelled = false
        var observers: [@Sendable () -> Void] = []
    }

    private let state = Mutex(State())

    /// Creates a flag that is not set.
    public init() {}

    /// Whether `cancel` has been called.
    public var isCancelled: Bool { state.withLock { $0.isCancelled } }

    /// Sets the flag and runs every observer on the calling thread; later calls do nothing.
    public func cancel() {
        let observers = state.withLock { state in
            state.isCancelled = true
            let observers = state.observers
            state.observers = []
            return observers
        }
        for observer in observers { observer() }
    }

    /// Runs `observer` when the flag is set, or at once if it is set already; `observer` must not block.
    public func onCancel(_ observer: @escaping @Sendable () -> Void) {
        let now = state.withLock { state in
            if !state.isCancelled { state.observers.append(observer) }
            return state.isCancelled
        }
        if now { observer() }
    }

    /// Releases the observers and what they hold, because the request is over.
    func finish() {
        let observers = state.withLock { state in
            let observers = state.observers
            state.observers = []
            return observers
        }
        withExtendedLifetime(observers) {}
    }
}
