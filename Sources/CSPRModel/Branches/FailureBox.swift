internal import Synchronization
internal import Tensors

/// The first error of a parallel loop, whose body cannot throw.
final class FailureBox: Sendable {
    private let first = Mutex<OneDNNError?>(nil)

    /// Keeps `error` if it is the first.
    func add(_ error: OneDNNError) {
        first.withLock { first in first = first ?? error }
    }

    /// Throws what was kept.
    func check() throws(OneDNNError) {
        if let error = first.withLock({ $0 }) { throw error }
    }
}
