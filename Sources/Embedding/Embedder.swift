public import CSPRModel
internal import Dispatch
internal import Foundation
public import Imaging
public import Logging
internal import Synchronization
public import Tensors

/// Runs the network for many callers: one bounded queue, batches, a fixed number of network threads.
///
/// A caller blocks until its images are done. Network threads take queries before enrollment, up to `maximumBatch`
/// images at a time, waiting at most `maximumDelay` for a batch to fill.
public final class Embedder: Sendable {
    /// Which images go first.
    public enum Priority: Int, Sendable {
        /// Somebody waits for the answer.
        case query
        /// A batch that takes its time anyway.
        case enrollment
    }

    /// Counts since the start, for metrics.
    public struct Statistics: Sendable, Equatable {
        /// Images waiting now.
        public var queued = 0
        /// Forward passes done.
        public var batches = 0
        /// Images done.
        public var images = 0
        /// Time spent in forward passes, summed over the threads.
        public var busy = Duration.zero
    }

    /// The network that computes.
    public let model: CSPRModel
    /// How images become its input.
    public let preprocessing: Preprocessing
    private let configuration: Configuration
    private let queue: JobQueue
    private let running = DispatchGroup()

    /// Starts the network threads, and returns once each has built its primitives.
    ///
    /// - Throws: `ModelError` when the primitives cannot be created.
    public init(model: CSPRModel, configuration: Configuration, logger: Logger) throws {
        precondition(configuration.maximumBatch > 0 && configuration.threads > 0 && configuration.threadWidth > 0)
        self.model = model
        self.configuration = configuration
        preprocessing = Preprocessing(model.configuration)
        queue = JobQueue(limit: configuration.queueLimit)
        let failures = Mutex<[any Error]>([])
        let started = DispatchGroup()
        for index in 0..<configuration.threads {
            started.enter()
            running.enter()
            let worker = NetworkThread(model: model, configuration: configuration, queue: queue)
            let thread = Thread { [running] in
                defer { running.leave() }
                worker.run { failure in
                    if let failure { failures.withLock { $0.append(failure) } }
                    started.leave()
                }
            }
            thread.name = "network-\(index)"
            thread.stackSize = 8 << 20
            thread.start()
        }
        started.wait()
        if let failure = failures.withLock({ $0.first }) {
            stop()
            throw failure
        }
        logger.info(
            "network ready",
            metadata: [
                "threads": "\(configuration.threads)", "width": "\(configuration.threadWidth)",
                "batch": "\(configuration.maximumBatch)",
            ])
    }

    /// Feature vectors and where the time went.
    public struct Embedded: Sendable {
        /// One unit vector for each image, in the order of the images.
        public let vectors: [[Float]]
        /// How long the last image to be done waited for its batch to start.
        public let waited: Duration
        /// How long the forward pass of that image's batch took.
        public let computed: Duration
    }

    /// Makes the network's input of an image of any size, which is needed no more afterwards.
    public func prepare(_ image: RGBImage) -> PreparedImage { PreparedImage(values: preprocessing.prepare(image)) }

    /// The unit feature vectors of `images`, once they are done.
    ///
    /// - Parameters:
    ///   - images: images of any size.
    ///   - priority: queries go before enrollment.
    ///   - isCancelled: asked before the images enter a batch; true drops them.
    /// - Returns: a vector for each image and how long it took.
    /// - Throws: `EmbedderError`.
    public func embed(
        _ images: [RGBImage], priority: Priority, isCancelled: @escaping @Sendable () -> Bool = { false }
    ) throws(EmbedderError) -> Embedded {
        try embed(images.map(prepare), priority: priority, isCancelled: isCancelled)
    }

    /// The unit feature vectors of prepared images, once they are done.
    ///
    /// - Parameters:
    ///   - images: images that `prepare` has been given.
    ///   - priority: queries go before enrollment.
    ///   - isCancelled: asked before the images enter a batch; true drops them.
    /// - Returns: a vector for each image and how long it took.
    /// - Throws: `EmbedderError`.
    public func embed(
        _ images: [PreparedImage], priority: Priority, isCancelled: @escaping @Sendable () -> Bool = { false }
    ) throws(EmbedderError) -> Embedded {
        let results = try submit(images, wantsAttention: false, priority: priority, isCancelled: isCancelled)
        let last = results.max { $0.waited + $0.computed < $1.waited + $1.computed }
        return Embedded(
            vectors: results.map(\.feature), waited: last?.waited ?? .zero, computed: last?.computed ?? .zero)
    }

    /// The attention maps of one image, [N, h, w] with values in 0...1; nil when the model has no local branches.
    public func attention(
        _ image: RGBImage, isCancelled: @escaping @Sendable () -> Bool = { false }
    ) throws(EmbedderError) -> Tensor? {
        try submit([prepare(image)], wantsAttention: true, priority: .query, isCancelled: isCancelled)[0].attention
    }

    /// Counts since the start.
    public var statistics: Statistics { queue.statistics }

    /// Refuses new work, answers what waits with `EmbedderError.stopped`, and returns when the threads have ended.
    public func stop() {
        queue.stop()
        running.wait()
    }

    private func submit(
        _ inputs: [PreparedImage], wantsAttention: Bool, priority: Priority, isCancelled: @escaping @Sendable () -> Bool
    ) throws(EmbedderError) -> [JobResult] {
        let jobs = inputs.map { Job(input: $0.values, wantsAttention: wantsAttention, isCancelled: isCancelled) }
        try queue.submit(jobs, priority: priority)
        var results: [JobResult] = []
        for job in jobs { results.append(try job.wait().get()) }
        return results
    }
}

/// An image as the network takes it: 3·H·W floats, whatever its size was.
public struct PreparedImage: Sendable {
    let values: [Float]
}

/// Why an image was not embedded.
public enum EmbedderError: Error, Sendable, Equatable {
    /// The queue holds `queued` images and takes at most `limit`.
    case overloaded(queued: Int, limit: Int)
    /// The caller asked to stop.
    case cancelled
    /// The service is stopping.
    case stopped
    /// The network failed; `reason` says how.
    case failed(reason: String)
}
