internal import Synchronization

/// The indices of batches that are accepted and not yet begun, so that a body is indexed once.
///
/// Only a shortcut: the index of a batch that is not here, as after a restart, is made again from the body on disk.
final class AcceptedIndexes: Sendable {
    private let indexes = Mutex<[String: BatchIndex]>([:])

    /// Keeps the index of a batch, unless there would then be more items here than one batch may have.
    func keep(_ index: BatchIndex, of batch: String) {
        indexes.withLock { indexes in
            let items = indexes.values.reduce(index.entries.count) { $0 + $1.entries.count }
            if items <= IngestionLimits.items { indexes[batch] = index }
        }
    }

    /// Hands out the index of a batch and forgets it; nil if it is not here.
    @discardableResult
    func take(_ batch: String) -> BatchIndex? { indexes.withLock { $0.removeValue(forKey: batch) } }
}
