internal import Dispatch
internal import Synchronization

/// Repeats some work on a queue of its own: at once, and then a fixed time after each end.
final class RepeatedWork: Sendable {
    private let queue: DispatchQueue
    private let seconds: Int
    private let isStopped = Atomic(false)

    /// Makes a queue with a name for work that is repeated every `seconds`.
    init(name: String, every seconds: Int) {
        queue = DispatchQueue(label: name, qos: .utility, target: .global(qos: .utility))
        self.seconds = seconds
    }

    /// Starts to repeat `work`.
    func start(_ work: @escaping @Sendable () -> Void) { pass(after: 0, work) }

    private func pass(after seconds: Int, _ work: @escaping @Sendable () -> Void) {
        queue.asyncAfter(deadline: .now() + .seconds(seconds)) { [weak self] in
            guard let self, !mustStop else { return }
            work()
            pass(after: self.seconds, work)
        }
    }

    /// Stops, and returns when work that runs is done.
    func stop() {
        isStopped.store(true, ordering: .releasing)
        queue.sync {}
    }

    /// Whether work that runs must end.
    var mustStop: Bool { isStopped.load(ordering: .acquiring) }
}
