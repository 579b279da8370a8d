internal import Synchronization

/// The indices of batches that are accepted and not yet begun, so that a body is indexed once.
///
/// It only saves time: the index of a batch that is not here, for example after a restart, is made again from the body
/// on disk.
final class AcceptedIndexes: Sendable {
    private let indexes = Mutex<[String: BatchIndex]>([:])

    /// Keeps the index of a batch, unless all kept indices would then have more items than one batch may have.
    func keep(_ index: BatchIndex, of batch: String) {
        indexes.withLock { indexes in
            let items = indexes.values.reduce(index.entries.count) { $0 + $1.entries.count }
            if items <= IngestionLimits.items { indexes[batch] = index }
        }
    }

    /// Removes and returns the index of a batch; nil if it is not here.
    @discardableResult
    func take(_ batch: String) -> BatchIndex? { indexes.withLock { $0.removeValue(forKey: batch) } }
}
