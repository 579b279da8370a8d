internal import CSPRModel
internal import Dispatch
internal import Imaging
internal import Tensors

/// The body of one network thread: builds its executors, then computes batches until the queue stops.
struct NetworkThread: Sendable {
    let model: CSPRModel
    let configuration: Embedder.Configuration
    let queue: JobQueue
    /// Whether this thread measures the time of a forward pass of each size, for all threads.
    let measures: Bool

    /// Runs until the queue stops.
    ///
    /// `started` is called once: with nil, or with the error if the executors could not be created.
    func run(started: ((any Error)?) -> Void) {
        setOpenMPThreads(configuration.threadWidth)
        let executors: [Int: CSPRExecutor]
        do {
            executors = try makeExecutors()
            try probe(executors)
            if measures { queue.use(BatchPlan(seconds: try Self.measure(executors, model))) }
        } catch {
            started(error)
            return
        }
        started(nil)
        // One array for all passes, so that its memory is taken from the system only once.
        var views: [Float] = []
        while let (batch, size) = queue.nextBatch() {
            let jobs = batch.filter { job in
                guard job.isCancelled() else { return true }
                job.complete(.failure(.cancelled))
                return false
            }
            guard let executor = executors[size] else { preconditionFailure("no executor for passes of \(size)") }
            if !jobs.isEmpty { compute(jobs, with: executor, views: &views) }
        }
    }

    /// An executor for each size; only one runs at a time, so all use the memory of the largest.
    private func makeExecutors() throws(ModelError) -> [Int: CSPRExecutor] {
        var executors: [Int: CSPRExecutor] = [:]
        var largest: CSPRExecutor?
        for size in BatchPlan.sizes(upTo: configuration.maximumBatch).reversed() {
            let executor = try model.makeExecutor(batch: size, sharingMemoryOf: largest)
            executors[size] = executor
            largest = largest ?? executor
        }
        return executors
    }

    /// Computes the vector of a plain image, so that weights that give no usable vectors are found at the start.
    private func probe(_ executors: [Int: CSPRExecutor]) throws {
        guard let executor = executors[1] else { return }
        let gray = RGBImage(width: 1, height: 1, pixels: [128, 128, 128])
        let view = Preprocessing(model.configuration).prepare(gray)
        let embedding = try executor.runViews(view, count: 1).embeddings.elements
        let views = Array(repeating: embedding, count: model.viewsPerImage)
        guard isUnit(model.feature(ofViews: views)) else {
            throw EmbedderError.unusableVector(model: model.identity)
        }
    }

    /// The seconds of a forward pass, by its size: the fastest of up to three passes, or of as many as fit into 50 ms.
    private static func measure(
        _ executors: [Int: CSPRExecutor], _ model: CSPRModel
    ) throws(ModelError) -> [Int: Double] {
        let configuration = model.configuration
        let view = (0..<3 * configuration.height * configuration.widthPixels).map { Float($0 % 251) / 125 - 1 }
        func seconds(_ executor: CSPRExecutor) throws(ModelError) -> Double {
            let input = [Float]((0..<executor.batch).map { _ in view }.joined())
            let start = ContinuousClock.now
            _ = try executor.runViews(input, count: executor.batch)
            return (ContinuousClock.now - start) / .seconds(1)
        }
        let ascending = executors.sorted { $0.key < $1.key }
        // The first pass over the shared memory is slower, because its pages are allocated then.
        if let largest = ascending.last { _ = try seconds(largest.value) }
        var fastest: [Int: Double] = [:]
        for (size, executor) in ascending {
            var (total, runs) = (0.0, 0)
            while runs == 0 || (runs < 3 && total < 0.05) {
                let time = try seconds(executor)
                fastest[size] = min(fastest[size] ?? time, time)
                total += time
                runs += 1
            }
        }
        return fastest
    }

    /// Computes one pass, and completes its jobs; `views` is written over.
    private func compute(_ jobs: [Job], with executor: CSPRExecutor, views: inout [Float]) {
        let start = ContinuousClock.now
        views.removeAll(keepingCapacity: true)
        for job in jobs { views += job.view }
        let wantsAttention = jobs.contains(where: \.wantsAttention)
        do {
            let output = try executor.runViews(
                views, count: jobs.count, wants: wantsAttention ? [.feature, .attention] : .feature)
            let computed = ContinuousClock.now - start
            queue.record(views: jobs.count, computed: computed)
            let embeddings = output.embeddings
            for (index, job) in jobs.enumerated() {
                let result = JobResult(
                    embedding: embeddings.item(index).elements,
                    attention: job.wantsAttention ? output.attention?.item(index) : nil,
                    waited: start - job.submitted, computed: computed)
                job.complete(.success(result))
            }
        } catch {
            for job in jobs { job.complete(.failure(.failed(reason: "\(error)"))) }
        }
    }
}
