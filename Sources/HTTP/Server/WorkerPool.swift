import Dispatch
import Synchronization

/// All workers are busy and the backlog is full.
struct Overloaded: Error {}

/// Runs handlers, at most `width` at a time; refuses work beyond `backlog`, so that load never becomes memory.
///
/// Every worker is a serial queue with a thread of its own: handlers block, and on a shared concurrent queue a few blocked
/// ones would keep the rest, or the event loops, from running.
final class WorkerPool: Sendable {
    private struct State {
        var idle: [Int]
        var waiting: [@Sendable () -> Void] = []
    }

    private let queues: [DispatchQueue]
    private let backlog: Int
    private let state: Mutex<State>

    init(width: Int, backlog: Int) {
        queues = (0..<width).map { DispatchQueue(label: "http.worker.\($0)") }
        self.backlog = backlog
        state = Mutex(State(idle: Array((0..<width).reversed())))
    }

    /// Handlers running now.
    var busy: Int { state.withLock { queues.count - $0.idle.count } }
    /// Work waiting now.
    var waiting: Int { state.withLock { $0.waiting.count } }

    /// Runs `work` on a worker, as soon as one is free.
    func submit(_ work: @escaping @Sendable () -> Void) throws(Overloaded) {
        guard enqueue(work, limit: backlog) else { throw Overloaded() }
    }

    /// Goes on with work that was admitted before: one chunk of a reply; bounded by the connections there are.
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
            guard state.waiting.isEmpty else { return state.waiting.removeFirst() }
            state.idle.append(worker)
            return nil
        }
        // Anew on the queue, so that what the work left for the thread's end is let go.
        if let next { queues[worker].async { self.run(next, on: worker) } }
    }
}
