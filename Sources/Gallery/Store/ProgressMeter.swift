import Synchronization

/// How fast running batches go, from the last half minute of commits.
final class ProgressMeters: Sendable {
    private static let window: Int64 = 30_000

    private typealias Sample = (milliseconds: Int64, items: Int)

    private let samples = Mutex<[String: [Sample]]>([:])

    /// Notes that `batch` has recorded `items` items in all.
    func note(_ batch: String, items: Int, at time: Timestamp) {
        samples.withLock { samples in
            var kept = samples[batch, default: []]
            kept.append((time.milliseconds, items))
            // The oldest sample kept is the youngest that is older than the window, so that a slow batch has a rate too.
            while kept.count > 2, kept[1].milliseconds < time.milliseconds - Self.window { kept.removeFirst() }
            samples[batch] = kept
        }
    }

    /// Forgets a batch that is finished.
    func forget(_ batch: String) {
        samples.withLock { $0[batch] = nil }
    }

    /// Items a second between the first and the last sample kept.
    func rate(of batch: String) -> Double? {
        samples.withLock { samples in
            guard let first = samples[batch]?.first, let last = samples[batch]?.last,
                last.milliseconds > first.milliseconds
            else { return nil }
            return Double(last.items - first.items) * 1000 / Double(last.milliseconds - first.milliseconds)
        }
    }
}
