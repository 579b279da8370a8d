import Synchronization

/// Tells work in progress that nobody waits for its result any more.
///
/// The server cancels a request's when its client goes away or the server's grace is over; it never resets.
public final class Cancellation: Sendable {
    private struct State {
        var isCancelled = false
        var observers: [@Sendable () -> Void] = []
    }

    private let state = Mutex(State())

    /// Creates one that is not cancelled.
    public init() {}

    /// Whether `cancel` has been called.
    public var isCancelled: Bool { state.withLock { $0.isCancelled } }

    /// Cancels, once: every observer runs on the calling thread; later calls do nothing.
    public func cancel() {
        let observers = state.withLock { state in
            state.isCancelled = true
            let observers = state.observers
            state.observers = []
            return observers
        }
        for observer in observers { observer() }
    }

    /// Runs `observer` when cancelled, or at once if that has happened already; it must not block.
    public func onCancel(_ observer: @escaping @Sendable () -> Void) {
        let now = state.withLock { state in
            if !state.isCancelled { state.observers.append(observer) }
            return state.isCancelled
        }
        if now { observer() }
    }

    /// Forgets the observers, and with them what they hold on to: the request is over.
    func finish() {
        let observers = state.withLock { state in
            let observers = state.observers
            state.observers = []
            return observers
        }
        withExtendedLifetime(observers) {}
    }
}
