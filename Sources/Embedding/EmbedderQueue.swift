internal import CSPRModel
internal import Dispatch
internal import Synchronization
internal import Tensors

/// The result for one image.
struct JobResult: Sendable {
    let feature: [Float]
    let attention: Tensor?
    let waited: Duration
    let computed: Duration
}

/// One image on its way through the network; the caller that submitted it waits for its result.
final class Job: Sendable {
    let input: [Float]
    let wantsAttention: Bool
    let isCancelled: @Sendable () -> Bool
    let submitted = ContinuousClock.now
    private let done = DispatchSemaphore(value: 0)
    private let result = Mutex<Result<JobResult, EmbedderError>?>(nil)

    init(input: [Float], wantsAttention: Bool, isCancelled: @escaping @Sendable () -> Bool) {
        self.input = input
        self.wantsAttention = wantsAttention
        self.isCancelled = isCancelled
    }

    func complete(_ outcome: Result<JobResult, EmbedderError>) {
        result.withLock { $0 = outcome }
        done.signal()
    }

    func wait() -> Result<JobResult, EmbedderError> {
        done.wait()
        return result.withLock { $0 } ?? .failure(.stopped)
    }
}

/// The bounded queue between callers and network threads: queries first, then enrollment, each in order of arrival.
///
/// The semaphore counts the waiting images; when the queue is stopped, it holds one signal that each thread passes on
/// to the next.
final class JobQueue: Sendable {
    private struct State {
        var waiting: [[Job]] = [[], []]
        var isStopped = false
        var statistics = Embedder.Statistics()
    }

    private let state = Mutex(State())
    private let available = DispatchSemaphore(value: 0)
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    var statistics: Embedder.Statistics { state.withLock { $0.statistics } }

    /// Adds all of `jobs` to the queue, or none of them if there is no room for all.
    func submit(_ jobs: [Job], priority: Embedder.Priority) throws(EmbedderError) {
        try state.withLock { state throws(EmbedderError) in
            guard !state.isStopped else { throw .stopped }
            guard state.statistics.queued + jobs.count <= limit else {
                throw .overloaded(queued: state.statistics.queued, limit: limit)
            }
            state.waiting[priority.rawValue] += jobs
            state.statistics.queued += jobs.count
        }
        for _ in jobs { available.signal() }
    }

    /// Waits for the next batch, of 1 to `maximum` jobs; nil when the queue is stopped.
    func nextBatch(maximum: Int, delay: DispatchTimeInterval) -> [Job]? {
        available.wait()
        var tokens = 1
        let deadline = DispatchTime.now() + delay
        while tokens < maximum, available.wait(timeout: deadline) == .success { tokens += 1 }
        let batch = state.withLock { state -> [Job]? in
            guard !state.isStopped else { return nil }
            var batch: [Job] = []
            for priority in state.waiting.indices {
                let taken = min(tokens - batch.count, state.waiting[priority].count)
                batch += state.waiting[priority].prefix(taken)
                state.waiting[priority].removeFirst(taken)
            }
            state.statistics.queued -= batch.count
            return batch
        }
        // This thread may have taken the signals that the other threads need to end.
        if batch == nil { available.signal() }
        return batch
    }

    func record(images: Int, computed: Duration) {
        state.withLock { state in
            state.statistics.batches += 1
            state.statistics.images += images
            state.statistics.busy += computed
        }
    }

    /// Stops the queue: waiting jobs fail, and so does every later `submit`; a second call does nothing.
    func stop() {
        let dropped: [Job]? = state.withLock { state -> [Job]? in
            guard !state.isStopped else { return nil }
            state.isStopped = true
            let dropped = state.waiting.flatMap { $0 }
            state.waiting = [[], []]
            state.statistics.queued = 0
            return dropped
        }
        guard let dropped else { return }
        for job in dropped { job.complete(.failure(.stopped)) }
        available.signal()
    }
}
