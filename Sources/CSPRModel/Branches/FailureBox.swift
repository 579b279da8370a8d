internal import Synchronization
internal import Tensors

/// Keeps the first error of a parallel loop, because the loop's body cannot throw.
final class FailureBox: Sendable {
    private let first = Mutex<OneDNNError?>(nil)

    /// Keeps `error` if it is the first.
    func add(_ error: OneDNNError) {
        first.withLock { first in first = first ?? error }
    }

    /// Throws the error that was kept, if there is one.
    func check() throws(OneDNNError) {
        if let error = first.withLock({ $0 }) { throw error }
    }
}
