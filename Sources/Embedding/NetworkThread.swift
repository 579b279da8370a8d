internal import CSPRModel
internal import Dispatch
internal import Tensors

/// The body of one network thread: builds its executors, then computes batches until the queue stops.
struct NetworkThread: Sendable {
    let model: CSPRModel
    let configuration: Embedder.Configuration
    let queue: JobQueue

    /// Runs until the queue stops.
    ///
    /// `started` is called once: with nil, or with the error if the executors could not be created.
    func run(started: (ModelError?) -> Void) {
        setOpenMPThreads(configuration.threadWidth)
        let single: CSPRExecutor
        let batched: CSPRExecutor
        do {
            single = try model.makeExecutor(batch: 1)
            batched =
                configuration.maximumBatch == 1 ? single : try model.makeExecutor(batch: configuration.maximumBatch)
        } catch {
            started(error)
            return
        }
        started(nil)
        let delay = DispatchTimeInterval.microseconds(Int(configuration.maximumDelayMilliseconds * 1000))
        while let batch = queue.nextBatch(maximum: configuration.maximumBatch, delay: delay) {
            let jobs = batch.filter { job in
                guard job.isCancelled() else { return true }
                job.complete(.failure(.cancelled))
                return false
            }
            if !jobs.isEmpty { compute(jobs, with: jobs.count == 1 ? single : batched) }
        }
    }

    private func compute(_ jobs: [Job], with executor: CSPRExecutor) {
        let start = ContinuousClock.now
        let wantsAttention = jobs.contains(where: \.wantsAttention)
        do {
            let output = try executor.run(
                jobs.flatMap(\.input), count: jobs.count, wants: wantsAttention ? [.feature, .attention] : .feature)
            let computed = ContinuousClock.now - start
            queue.record(images: jobs.count, computed: computed)
            for (index, job) in jobs.enumerated() {
                let result = JobResult(
                    feature: output.feature.item(index).elements,
                    attention: job.wantsAttention ? output.attention?.item(index) : nil,
                    waited: start - job.submitted, computed: computed)
                job.complete(.success(result))
            }
        } catch {
            for job in jobs { job.complete(.failure(.failed(reason: "\(error)"))) }
        }
    }
}
