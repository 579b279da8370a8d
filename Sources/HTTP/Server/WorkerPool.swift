import DequeModule
import Dispatch
import Synchronization

/// All workers are busy and the backlog is full.
struct Overloaded: Error {}

/// Runs handlers, at most `width` at a time, and refuses work when `backlog` is full, so that load cannot fill the
/// memory (backpressure).
///
/// Every worker is a serial queue of its own. Handlers block; on a shared concurrent queue, a few blocked handlers
/// would stop the others, or the event loops.
final class WorkerPool: Sendable {
    private struct State {
        var idle: [Int]
        var waiting = Deque<@Sendable () -> Void>()
    }

    private let queues: [DispatchQueue]
    private let backlog: Int
    private let state: Mutex<State>

    init(width: Int, backlog: Int) {
        queues = (0..<width).map { DispatchQueue(label: "http.worker.\($0)") }
        self.backlog = backlog
        state = Mutex(State(idle: Array((0..<width).reversed())))
    }

    /// The number of handlers that run now.
    var busy: Int { state.withLock { queues.count - $0.idle.count } }
    /// The number of handlers that wait for a worker now.
    var waiting: Int { state.withLock { $0.waiting.count } }

    /// Runs `work` on a worker as soon as one is free; throws `Overloaded` if the backlog is full.
    func submit(_ work: @escaping @Sendable () -> Void) throws(Overloaded) {
        guard enqueue(work, limit: backlog) else { throw Overloaded() }
    }

    /// Continues work that was admitted before, such as the next chunk of a reply; the number of connections limits it.
    func resume(_ work: @escaping @Sendable () -> Void) { _ = enqueue(work, limit: .max) }

    private func enqueue(_ work: @escaping @Sendable () -> Void, limit: Int) -> Bool {
        let (worker, isAdmitted): (Int?, Bool) = state.withLock { state in
            if let worker = state.idle.popLast() { return (worker, true) }
            guard state.waiting.count < limit else { return (nil, false) }
            state.waiting.append(work)
            return (nil, true)
        }
        if let worker { queues[worker].async { self.run(work, on: worker) } }
        return isAdmitted
    }

    private func run(_ work: @Sendable () -> Void, on worker: Int) {
        work()
        let next: (@Sendable () -> Void)? = state.withLock { state in
            if let next = state.waiting.popFirst() { return next }
            state.idle.append(worker)
            return nil
        }
        // Starts the next work as a new block on the queue, so that everything that the last block still held is
        // released first.
        if let next { queues[worker].async { self.run(next, on: worker) } }
    }
}
