public import CSPRModel
internal import Dispatch
internal import Foundation
public import Imaging
public import Logging
internal import Synchronization
public import Tensors

/// Computes embeddings for many callers at once, with one bounded queue and a fixed number of network threads.
///
/// A caller blocks until its images are embedded. Network threads take images of queries before images to enroll, in
/// passes whose sizes give the shortest time; an image waits only while all threads compute. If the model embeds an image
/// together with its mirror image, these are two views, which two threads may compute at the same time.
public final class Embedder: Sendable {
    /// Which images go first.
    public enum Priority: Int, Sendable {
        /// Images of a query, whose client waits for the answer.
        case query
        /// Images to enroll; they may wait.
        case enrollment
    }

    /// Counts since the start, for metrics.
    public struct Statistics: Sendable, Equatable {
        /// Images in the queue now.
        public var queued = 0
        /// Forward passes since the start.
        public var batches = 0
        /// Images embedded since the start.
        public var images = 0
        /// Time spent in forward passes, summed over the threads.
        public var busy = Duration.zero
    }

    /// The network that computes.
    public let model: CSPRModel
    /// How images become the network's input.
    public let preprocessing: Preprocessing
    private let configuration: Configuration
    private let queue: JobQueue
    private let running = DispatchGroup()

    /// Starts the network threads; returns when each has compiled the network and one has measured how long passes take.
    ///
    /// - Throws: `ModelError` if the network cannot be compiled, `EmbedderError.unusableVector` if its weights give no usable
    ///   vector for a plain image.
    public init(model: CSPRModel, configuration: Configuration, logger: Logger) throws {
        precondition(configuration.maximumBatch > 0 && configuration.threads > 0 && configuration.threadWidth > 0)
        self.model = model
        self.configuration = configuration
        preprocessing = Preprocessing(model.configuration)
        queue = JobQueue(
            limit: configuration.queueLimit * model.viewsPerImage, threads: configuration.threads,
            viewsPerImage: model.viewsPerImage)
        let failures = Mutex<[any Error]>([])
        let started = DispatchGroup()
        for index in 0..<configuration.threads {
            started.enter()
            running.enter()
            let worker = NetworkThread(model: model, configuration: configuration, queue: queue, measures: index == 0)
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
        /// How long the slowest image waited until its forward pass started.
        public let waited: Duration
        /// How long the forward pass of that image took.
        public let computed: Duration
    }

    /// Converts an image of any size to the network's input; the image is not needed afterwards.
    public func prepare(_ image: RGBImage) -> PreparedImage { PreparedImage(values: preprocessing.prepare(image)) }

    /// Embeds `images`, and blocks until all are done.
    ///
    /// - Parameters:
    ///   - images: images of any size.
    ///   - priority: queries go before enrollment.
    ///   - isCancelled: asked before the images enter a batch; true drops them.
    /// - Returns: a unit vector for each image, in order, and where the time went.
    /// - Throws: `EmbedderError`.
    public func embed(
        _ images: [RGBImage], priority: Priority, isCancelled: @escaping @Sendable () -> Bool = { false }
    ) throws(EmbedderError) -> Embedded {
        try embed(images.map(prepare), priority: priority, isCancelled: isCancelled)
    }

    /// Embeds prepared images, and blocks until all are done.
    ///
    /// - Parameters:
    ///   - images: images that `prepare` has made.
    ///   - priority: queries go before enrollment.
    ///   - isCancelled: asked before the images enter a batch; true drops them.
    /// - Returns: a unit vector for each image, in order, and where the time went.
    /// - Throws: `EmbedderError`.
    public func embed(
        _ images: [PreparedImage], priority: Priority, isCancelled: @escaping @Sendable () -> Bool = { false }
    ) throws(EmbedderError) -> Embedded {
        let results = try submit(images.flatMap { model.views(of: $0.values) }, priority, isCancelled: isCancelled)
        let views = model.viewsPerImage
        let last = results.max { $0.waited + $0.computed < $1.waited + $1.computed }
        var vectors: [[Float]] = []
        for image in images.indices {
            let vector = model.feature(ofViews: results[image * views..<(image + 1) * views].map(\.embedding))
            guard isUnit(vector) else { throw .unusableVector(model: model.identity) }
            vectors.append(vector)
        }
        return Embedded(
            vectors: vectors, waited: last?.waited ?? .zero, computed: last?.computed ?? .zero)
    }

    /// The attention maps of one image, [N, h, w] with values in 0...1; nil if the model has no local branch.
    public func attention(
        _ image: RGBImage, isCancelled: @escaping @Sendable () -> Bool = { false }
    ) throws(EmbedderError) -> Tensor? {
        try submit([preprocessing.prepare(image)], .query, wantsAttention: true, isCancelled: isCancelled)[0].attention
    }

    /// Counts since the start.
    public var statistics: Statistics {
        var statistics = queue.statistics
        statistics.queued = (statistics.queued + model.viewsPerImage - 1) / model.viewsPerImage
        statistics.images /= model.viewsPerImage
        return statistics
    }

    /// Stops the network threads and returns when they have ended; images that wait, and later calls, fail with
    /// `EmbedderError.stopped`.
    public func stop() {
        queue.stop()
        running.wait()
    }

    private func submit(
        _ views: [[Float]], _ priority: Priority, wantsAttention: Bool = false,
        isCancelled: @escaping @Sendable () -> Bool
    ) throws(EmbedderError) -> [JobResult] {
        let jobs = views.map { Job(view: $0, wantsAttention: wantsAttention, isCancelled: isCancelled) }
        do {
            try queue.submit(jobs, priority: priority)
        } catch .overloaded(let queued, let limit) {
            throw .overloaded(queued: queued / model.viewsPerImage, limit: limit / model.viewsPerImage)
        } catch {
            throw error
        }
        var results: [JobResult] = []
        for job in jobs { results.append(try job.wait().get()) }
        return results
    }
}

/// An image as the network's input: 3·H·W floats.
public struct PreparedImage: Sendable {
    let values: [Float]
}

/// Why an image was not embedded.
public enum EmbedderError: Error, Sendable, Equatable {
    /// The queue holds `queued` images and takes at most `limit`.
    case overloaded(queued: Int, limit: Int)
    /// The caller's `isCancelled` returned true.
    case cancelled
    /// The service is stopping.
    case stopped
    /// The network failed; `reason` says how.
    case failed(reason: String)
    /// The weights with the identity `model` gave a vector that is zero or has a value that is not finite.
    case unusableVector(model: String)
}

extension EmbedderError: CustomStringConvertible {
    /// What went wrong, in one sentence for a log or a terminal.
    public var description: String {
        switch self {
        case .overloaded(let queued, let limit): "\(queued) of \(limit) images wait for the network"
        case .cancelled: "nobody waits for the image any more"
        case .stopped: "the network is stopping"
        case .failed(let reason): reason
        case .unusableVector(let model): ModelError.unusableVector(model: model).description
        }
    }
}
