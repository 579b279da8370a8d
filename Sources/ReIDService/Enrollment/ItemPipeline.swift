internal import Dispatch
internal import Embedding
internal import Foundation
internal import Gallery
internal import Imaging
internal import Synchronization

/// Reads and embeds the items of one batch on two threads, while a third records those that are ready.
///
/// The threads take turns at reading, so items are read in the order of the body; one thread reads on while the images of
/// the other are embedded, so that the network always has images. `next` hands the items out in the order of the body.
/// At most `IngestionLimits.chunksAhead` chunks are read ahead.
final class ItemPipeline: Sendable {
    /// Which items, how many together, and how their images become vectors.
    struct Work: Sendable {
        let reader: ItemReader
        /// The indices of the entries to process, in ascending order.
        let indices: [Int]
        /// The most images, and the most items, in a chunk.
        let images: Int
        let items: Int
        /// Computes the vector of each image; nil for one without a usable vector.
        let embed: @Sendable (_ images: [RGBImage], _ isCancelled: @escaping @Sendable () -> Bool) throws -> [[Float]?]
        /// What is doubtful about an image, by its vector; nil: nothing.
        let doubt: @Sendable (_ vector: [Float]) -> String?
        /// Asked before each item; true ends the work with `EmbedderError.cancelled`.
        let isCancelled: @Sendable () -> Bool
    }

    /// What comes next.
    enum Next {
        /// The results of the next items.
        case items([ItemOutcome], bytes: Int)
        /// Nothing until the deadline.
        case late
        /// There are no more items.
        case end
    }

    private typealias ReadItem = (index: Int, name: String?, result: Result<Candidate, ItemRefusal>)

    /// Where reading goes on; whoever reads has it locked.
    private struct Cursor {
        var rest: ArraySlice<Int>
        var chunks = 0
    }

    private struct State {
        /// The chunks that are ready, by number.
        var ready: [Int: Result<(outcomes: [ItemOutcome], bytes: Int), any Error>] = [:]
        /// The number of chunks that `next` has handed out.
        var given = 0
        /// The number of all chunks; nil until the last one has been read.
        var count: Int?
        var isStopped = false
    }

    private static let threads = 2

    private let work: Work
    private let cursor: Mutex<Cursor>
    private let state = Mutex(State())
    /// Counts the chunks that may be begun; a semaphore must not be released below the value it was made with, so that is 0.
    private let room = DispatchSemaphore(value: 0)
    private let news = DispatchSemaphore(value: 0)
    private let running = DispatchGroup()

    /// Starts the threads; `stop` must be called.
    init(_ work: Work) {
        self.work = work
        cursor = Mutex(Cursor(rest: work.indices[...]))
        for _ in 0..<IngestionLimits.chunksAhead { room.signal() }
        for index in 0..<Self.threads {
            running.enter()
            let thread = Thread { [self] in
                defer { running.leave() }
                yieldToSearches()
                while process() {}
            }
            thread.name = "enrollment-\(index)"
            thread.stackSize = 8 << 20
            thread.start()
        }
    }

    /// Waits for the next items, at most until `deadline`.
    ///
    /// - Throws: what reading or embedding them threw, such as `EmbedderError.cancelled`.
    func next(until deadline: DispatchTime) throws -> Next {
        while true {
            let next = try state.withLock { state -> Next? in
                if let chunk = state.ready.removeValue(forKey: state.given) {
                    state.given += 1
                    let (outcomes, bytes) = try chunk.get()
                    return .items(outcomes, bytes: bytes)
                }
                return state.count == state.given ? .end : nil
            }
            if case .items = next { room.signal() }
            if let next { return next }
            if news.wait(timeout: deadline) == .timedOut { return .late }
        }
    }

    /// Drops what is not handed out yet; returns when the threads have ended.
    func stop() {
        state.withLock { $0.isStopped = true }
        for _ in 0..<Self.threads { room.signal() }
        running.wait()
    }

    private var isOver: Bool { state.withLock { $0.isStopped } }

    /// Reads a chunk, embeds its images and keeps the results; false if there is nothing left to do.
    private func process() -> Bool {
        room.wait()
        var number = 0
        let read = cursor.withLock { cursor -> Result<[ReadItem], any Error>? in
            guard !cursor.rest.isEmpty, !isOver else { return nil }
            number = cursor.chunks
            cursor.chunks += 1
            let read = Result { try self.read(&cursor.rest) }
            if case .failure = read { cursor.rest = [] }
            if cursor.rest.isEmpty { state.withLock { $0.count = cursor.chunks } }
            return read
        }
        guard let read else {
            // The other thread may wait for room to find out that there is nothing left.
            room.signal()
            state.withLock { $0.count = $0.count ?? 0 }
            news.signal()
            return false
        }
        let chunk = Result { try outcomes(of: try read.get()) }
        state.withLock { $0.ready[number] = chunk }
        news.signal()
        return true
    }

    private func read(_ rest: inout ArraySlice<Int>) throws -> [ReadItem] {
        var items: [ReadItem] = []
        var (images, bytes) = (0, 0)
        while items.count < work.items, images < work.images, bytes < IngestionLimits.chunkBytes,
            let index = rest.popFirst()
        {
            guard !work.isCancelled() else { throw EmbedderError.cancelled }
            let (name, result) = try work.reader.read(work.reader.index.entries[index])
            if case .success(let candidate) = result {
                bytes += candidate.bytes
                if candidate.image != nil { images += 1 }
            }
            items.append((index, name, result))
        }
        return items
    }

    private func outcomes(of items: [ReadItem]) throws -> (outcomes: [ItemOutcome], bytes: Int) {
        let images = items.compactMap { item -> (index: Int, image: RGBImage)? in
            guard case .success(let candidate) = item.result, let image = candidate.image else { return nil }
            return (item.index, image)
        }
        let vectors = try work.embed(images.map(\.image)) { [self] in work.isCancelled() || isOver }
        let made = zip(images, vectors).reduce(into: [Int: [Float]]()) { $0[$1.0.index] = $1.1 }
        var bytes = 0
        let outcomes = items.map { item in
            let result: ItemOutcome.Result
            switch item.result {
            case .failure(let refusal):
                result = .failed(refusal.failure, detail: refusal.detail)
            case .success(let candidate):
                bytes += candidate.content?.bytes.count ?? 0
                let model = work.reader.model
                if let vector = candidate.item.embedding ?? made[item.index] {
                    // What was sent as a vector was looked at elsewhere.
                    let doubt = candidate.item.embedding == nil ? work.doubt(vector) : nil
                    result = .image(candidate.enrolled(embedding: vector, model: model, doubt: doubt))
                } else {
                    result = .failed(
                        .corruptImage, detail: "the network \(model) computes no usable vector for this image.")
                }
            }
            return ItemOutcome(index: item.index, name: item.name, result: result)
        }
        return (outcomes, bytes)
    }
}
