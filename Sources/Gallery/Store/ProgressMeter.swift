import Synchronization

/// Measures the speed of running batches over the last half minute.
final class ProgressMeters: Sendable {
    private static let window: Int64 = 30_000

    private typealias Sample = (milliseconds: Int64, items: Int)

    private let samples = Mutex<[String: [Sample]]>([:])

    /// Records that `batch` has `items` items in total at `time`.
    func note(_ batch: String, items: Int, at time: Timestamp) {
        samples.withLock { samples in
            var kept = samples[batch, default: []]
            kept.append((time.milliseconds, items))
            // One sample older than the window is kept, so that a slow batch has a rate too.
            while kept.count > 2, kept[1].milliseconds < time.milliseconds - Self.window { kept.removeFirst() }
            samples[batch] = kept
        }
    }

    /// Drops the samples of a batch that is over.
    func forget(_ batch: String) {
        samples.withLock { $0[batch] = nil }
    }

    /// Items per second between the first and the last sample.
    func rate(of batch: String) -> Double? {
        samples.withLock { samples in
            guard let first = samples[batch]?.first, let last = samples[batch]?.last,
                last.milliseconds > first.milliseconds
            else { return nil }
            return Double(last.items - first.items) * 1000 / Double(last.milliseconds - first.milliseconds)
        }
    }
}
