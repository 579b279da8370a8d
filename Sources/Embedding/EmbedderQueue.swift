internal import CSPRModel
internal import DequeModule
internal import Dispatch
internal import Synchronization
internal import Tensors

/// The result for one view of an image.
struct JobResult: Sendable {
    /// Global and local embedding, not yet scaled to length 1.
    let embedding: [Float]
    let attention: Tensor?
    let waited: Duration
    let computed: Duration
}

/// One view of an image on its way through the network; the caller that submitted it waits for its result.
final class Job: Sendable {
    let view: [Float]
    let wantsAttention: Bool
    let isCancelled: @Sendable () -> Bool
    let submitted = ContinuousClock.now
    private let done = DispatchSemaphore(value: 0)
    private let result = Mutex<Result<JobResult, EmbedderError>?>(nil)

    init(view: [Float], wantsAttention: Bool, isCancelled: @escaping @Sendable () -> Bool) {
        self.view = view
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
/// A free thread starts at once with images that wait, so batches form only while all threads compute. All threads, also
/// those that compute now, share the waiting images evenly: then images still wait when the next thread is free, and no
/// thread sleeps while those that have their answers ask again.
final class JobQueue: Sendable {
    private struct State {
        var waiting: [Deque<Job>] = [[], []]
        var isStopped = false
        /// The number of threads that do not compute now: those that sleep, and those that were woken to take a batch.
        var free = 0
        /// The semaphores that wake the sleeping threads.
        var alarms: [DispatchSemaphore] = []
        var plan: BatchPlan
        var statistics = Embedder.Statistics()

        var count: Int { waiting.reduce(0) { $0 + $1.count } }

        /// Removes and returns the first `count` jobs, or all if there are fewer.
        mutating func take(_ count: Int) -> [Job] {
            var batch: [Job] = []
            for priority in waiting.indices {
                while batch.count < count, let job = waiting[priority].popFirst() { batch.append(job) }
            }
            return batch
        }
    }

    /// What a free thread must do.
    private enum Turn {
        case compute([Job], size: Int)
        case sleep(DispatchSemaphore)
        case end
    }

    private let state: Mutex<State>
    private let limit: Int
    private let threads: Int
    private let viewsPerImage: Int

    /// Creates an empty queue of at most `limit` views for so many threads; `plan` is used until `use` is called.
    init(limit: Int, threads: Int = 1, viewsPerImage: Int = 1, plan: BatchPlan = BatchPlan(seconds: [1: 0])) {
        self.limit = limit
        self.threads = threads
        self.viewsPerImage = viewsPerImage
        state = Mutex(State(plan: plan))
    }

    /// The counts, in views.
    var statistics: Embedder.Statistics {
        state.withLock { state in
            var statistics = state.statistics
            statistics.queued = state.count
            return statistics
        }
    }

    /// The number of threads that wait for images now.
    var asleep: Int { state.withLock { $0.alarms.count } }

    /// Uses `plan` for later batches.
    func use(_ plan: BatchPlan) { state.withLock { $0.plan = plan } }

    /// Adds all of `jobs` to the queue, or none of them if there is no room for all.
    func submit(_ jobs: [Job], priority: Embedder.Priority) throws(EmbedderError) {
        let alarms = try state.withLock { state throws(EmbedderError) in
            guard !state.isStopped else { throw .stopped }
            guard state.count + jobs.count <= limit else { throw .overloaded(queued: state.count, limit: limit) }
            state.waiting[priority.rawValue] += jobs
            let alarms = state.alarms.suffix(jobs.count)
            state.alarms.removeLast(alarms.count)
            return alarms
        }
        for alarm in alarms { alarm.signal() }
    }

    /// Waits for the next batch, and the size of the pass that must compute it; nil when the queue is stopped.
    func nextBatch() -> (jobs: [Job], size: Int)? {
        state.withLock { $0.free += 1 }
        while true {
            let turn: Turn = state.withLock { state in
                if state.isStopped { return .end }
                let count = state.count
                guard count > 0 else {
                    let alarm = DispatchSemaphore(value: 0)
                    state.alarms.append(alarm)
                    return .sleep(alarm)
                }
                let size = state.plan.firstPass(for: share(of: count, free: state.free))
                state.free -= 1
                return .compute(state.take(size), size: size)
            }
            switch turn {
            case .compute(let jobs, let size): return (jobs, size)
            case .sleep(let alarm): alarm.wait()
            case .end: return nil
            }
        }
    }

    /// How many of the waiting views a thread takes if `free` threads, with itself, do not compute.
    ///
    /// Free threads may compute the views of one image at the same time; a thread that is free alone takes both.
    private func share(of waiting: Int, free: Int) -> Int {
        func part(_ threads: Int) -> Int { (waiting + threads - 1) / threads }
        return max(part(threads), min(part(free), viewsPerImage))
    }

    func record(views: Int, computed: Duration) {
        state.withLock { state in
            state.statistics.batches += 1
            state.statistics.images += views
            state.statistics.busy += computed
        }
    }

    /// Stops the queue: waiting jobs fail, and so does every later `submit`; a second call does nothing.
    func stop() {
        let (dropped, alarms) = state.withLock { state in
            state.isStopped = true
            defer {
                state.waiting = [[], []]
                state.alarms = []
            }
            return (state.waiting.flatMap { $0 }, state.alarms)
        }
        for job in dropped { job.complete(.failure(.stopped)) }
        for alarm in alarms { alarm.signal() }
    }
}
