internal import Synchronization

/// Token buckets: each key may do `perSecond` things a second in the long run, and `burst` at once.
///
/// A bucket that is full again says nothing and is dropped, so memory is bounded by the keys of the last
/// `burst / perSecond` seconds, and by `most`: keys beyond that share one bucket.
final class RateLimiter: Sendable {
    private struct Bucket {
        /// What is left, up to `burst`.
        var level: Double
        var at: ContinuousClock.Instant
    }

    private struct State {
        var buckets: [String: Bucket] = [:]
        /// The number of buckets at which full ones are looked for.
        var sweepAt = 1024
        /// When they were last looked for.
        var sweptAt: ContinuousClock.Instant?
    }

    private let perSecond: Double
    private let burst: Double
    private let most: Int
    private let clock: @Sendable () -> ContinuousClock.Instant
    private let state = Mutex(State())

    init(
        perSecond: Double, burst: Int, most: Int = 65_536,
        clock: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now }
    ) {
        precondition(perSecond > 0 && burst > 0, "\(perSecond) a second, \(burst) at once")
        self.perSecond = perSecond
        self.burst = Double(burst)
        self.most = most
        self.clock = clock
    }

    /// The number of buckets.
    var count: Int { state.withLock { $0.buckets.count } }

    /// Takes one from the key's bucket.
    ///
    /// - Throws: `ServiceError.tooManyRequests` with the seconds to wait if the bucket is empty.
    func take(_ key: String) throws(ServiceError) {
        let now = clock()
        let missing = state.withLock { state in
            let key = sweep(&state, for: key, now)
            var bucket = state.buckets[key] ?? Bucket(level: burst, at: now)
            bucket.level = level(of: bucket, now)
            bucket.at = now
            defer { state.buckets[key] = bucket }
            guard bucket.level >= 1 else { return 1 - bucket.level }
            bucket.level -= 1
            return 0
        }
        guard missing == 0 else { throw .tooManyRequests(seconds: Int((missing / perSecond).rounded(.up))) }
    }

    /// Gives back what was taken.
    func giveBack(_ key: String) {
        state.withLock { state in
            if let level = state.buckets[key]?.level { state.buckets[key]?.level = min(level + 1, burst) }
        }
    }

    private func level(of bucket: Bucket, _ now: ContinuousClock.Instant) -> Double {
        min(burst, bucket.level + (now - bucket.at) / .seconds(1) * perSecond)
    }

    /// Drops full buckets, at most once a second; returns the key to use, which is another one if there are too many.
    private func sweep(_ state: inout State, for key: String, _ now: ContinuousClock.Instant) -> String {
        guard state.buckets[key] == nil, state.buckets.count >= state.sweepAt else { return key }
        let isDue = state.sweptAt.map { now - $0 >= .seconds(1) } ?? true
        if isDue {
            state.buckets = state.buckets.filter { level(of: $0.value, now) < burst }
            state.sweepAt = max(1024, min(most, 2 * state.buckets.count))
            state.sweptAt = now
        }
        return state.buckets.count < most ? key : "others"
    }
}

/// How many searches run at once for each token.
final class SearchSlots: Sendable {
    private let limit: Int
    private let running = Mutex<[String: Int]>([:])

    init(limit: Int) { self.limit = limit }

    /// Runs a search for the holder of a token.
    ///
    /// - Throws: `ServiceError.tooManySearches` if as many run as one token may have, or what `search` throws.
    func run<Value>(for token: String, _ search: () throws -> Value) throws -> Value {
        let isFree = running.withLock { running in
            guard running[token, default: 0] < limit else { return false }
            running[token, default: 0] += 1
            return true
        }
        guard isFree else { throw ServiceError.tooManySearches(limit: limit) }
        defer {
            running.withLock { running in
                running[token, default: 1] -= 1
                if running[token] == 0 { running[token] = nil }
            }
        }
        return try search()
    }
}
