internal import Dispatch
internal import Embedding
internal import Imaging
internal import Synchronization

/// How many pixels of uploads and of images to enroll may be in decoding at once.
///
/// One request may take at most half of what is left, so that large images never keep small ones out. One that does not
/// fit waits, but not long, and only a few may wait, because each of them occupies a worker.
final class DecodingBudget: Sendable {
    /// How long a request waits.
    enum Patience {
        /// The configured time; and not at all if enough others wait.
        case short
        /// As long as it takes.
        case endless
    }

    private struct State {
        var taken = 0
        /// The requests that wait, the oldest first.
        var waiting: [Waiter] = []
        /// Those that may not wait for ever; the others do not count against the limit.
        var impatient: Int { waiting.count { !$0.isEndless } }
    }

    private struct Waiter {
        let cost: Int
        let isEndless: Bool
        let turn: DispatchSemaphore
    }

    /// The time between two looks whether a waiting request is canceled.
    private static let interval = DispatchTimeInterval.milliseconds(50)

    private let pixels: Int
    private let wait: Duration
    private let waiters: Int
    private let state = Mutex(State())

    /// Allows `pixels` at once; at most `waiters` requests wait for at most `wait`.
    init(pixels: Int, wait: Duration, waiters: Int) {
        (self.pixels, self.wait, self.waiters) = (pixels, wait, waiters)
    }

    /// The pixels in decoding now.
    var taken: Int { state.withLock { $0.taken } }
    /// The requests that wait now.
    var waiting: Int { state.withLock { $0.waiting.count } }

    /// Runs `decode` as soon as its images fit in.
    ///
    /// - Parameters:
    ///   - cost: the sum of its images' `ImageHeader.cost`; counted as half of the budget if it is more.
    ///   - patience: how long it may wait.
    ///   - isCancelled: asked while it waits.
    ///   - decode: decodes the images, and releases their pixels.
    /// - Returns: what `decode` returns.
    /// - Throws: `ServiceError.decodersBusy`, `ImageError.cancelled`, or what `decode` throws.
    func run<Result>(
        cost: Int, patience: Patience, isCancelled: () -> Bool, _ decode: () throws -> Result
    ) throws -> Result {
        let cost = min(cost, pixels / 2)
        try enter(cost, patience, isCancelled)
        defer { leave(cost) }
        return try decode()
    }

    private func fits(_ cost: Int, beside taken: Int) -> Bool { cost <= (pixels - taken) / 2 }

    private func enter(_ cost: Int, _ patience: Patience, _ isCancelled: () -> Bool) throws {
        let turn = DispatchSemaphore(value: 0)
        let isEndless = patience == .endless
        let isAdmitted = try state.withLock { state throws(ServiceError) in
            if fits(cost, beside: state.taken) {
                state.taken += cost
                return true
            }
            guard isEndless || state.impatient < waiters else { throw .decodersBusy }
            state.waiting.append(Waiter(cost: cost, isEndless: isEndless, turn: turn))
            return false
        }
        guard !isAdmitted else { return }
        let end = ContinuousClock.now + wait
        while turn.wait(timeout: .now() + Self.interval) == .timedOut {
            let isOver = isCancelled()
            guard isOver || (!isEndless && ContinuousClock.now >= end) else { continue }
            let isGone = state.withLock { state in
                guard let index = state.waiting.firstIndex(where: { $0.turn === turn }) else { return false }
                state.waiting.remove(at: index)
                return true
            }
            // One that is not in the list any more was admitted in this moment.
            guard isGone else { return }
            if isOver { throw ImageError.cancelled }
            throw ServiceError.decodersBusy
        }
    }

    private func leave(_ cost: Int) {
        let admitted = state.withLock { state in
            state.taken -= cost
            var (admitted, waiting): ([Waiter], [Waiter]) = ([], [])
            for waiter in state.waiting {
                if fits(waiter.cost, beside: state.taken) {
                    state.taken += waiter.cost
                    admitted.append(waiter)
                } else {
                    waiting.append(waiter)
                }
            }
            state.waiting = waiting
            return admitted
        }
        for waiter in admitted { waiter.turn.signal() }
    }
}

extension DecodingBudget {
    /// Decodes an image that nobody waits for, as soon as there is room.
    ///
    /// - Parameters:
    ///   - bytes: the encoded image.
    ///   - limits: how large it may be.
    ///   - target: a size that the result must cover; nil: the image's own size.
    ///   - isCancelled: asked while it waits, and in between; true ends the work with `EmbedderError.cancelled`.
    /// - Returns: the image's own size, and its pixels, perhaps at a smaller size that still covers `target`.
    /// - Throws: `ImageError`, `EmbedderError.cancelled`.
    func decode(
        _ bytes: [UInt8], limits: ImageLimits, covering target: (width: Int, height: Int)?,
        isCancelled: @escaping @Sendable () -> Bool
    ) throws -> (size: (width: Int, height: Int), image: RGBImage) {
        let header = try ImageHeader(bytes, limits: limits)
        do {
            let image = try run(cost: header.cost, patience: .endless, isCancelled: isCancelled) {
                try decodeImage(bytes, limits: limits, covering: target, isCancelled: isCancelled)
            }
            return ((header.width, header.height), image)
        } catch ImageError.cancelled {
            throw EmbedderError.cancelled
        }
    }
}
