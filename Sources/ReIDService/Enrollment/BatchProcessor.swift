internal import CSPRModel
internal import Dispatch
internal import Embedding
internal import Foundation
internal import Gallery
internal import HTTP
internal import Imaging
internal import Logging
internal import Synchronization

/// Enrolls accepted batches on its own thread, one after another, in the order of their acceptance.
///
/// A batch is a body on disk and a row in the database. Items are recorded in chunks, one transaction per chunk, and
/// recorded items are skipped after a restart. So every item is enrolled exactly once, even after `kill -9`.
public final class BatchProcessor: Sendable {
    private let service: ServiceContext
    private let files: BatchFiles
    private let wake = DispatchSemaphore(value: 0)
    private let running = DispatchGroup()
    private let isStopped = Atomic(false)
    private let observation = Mutex<GalleryObservation?>(nil)

    /// The seconds until a batch that failed for lack of disk space, of network threads or of its model is tried again.
    private static let retrySeconds = 5

    /// Creates a processor for the batches in `context`'s store; it does nothing before `start`.
    public init(context: ServiceContext) {
        service = context
        files = BatchFiles(folder: context.folder, logger: context.logger)
    }

    /// Removes bodies that belong to no batch, then continues unfinished batches and waits for more.
    ///
    /// Call it once, before batches are accepted.
    public func start() {
        do {
            try files.removeOrphans(unfinished: try service.store.unfinishedBatches())
        } catch {
            service.logger.warning("bodies of old batches could not be removed", metadata: ["error": "\(error)"])
        }
        let watching = service.store.observe { [weak self] change in self?.take(change) }
        observation.withLock { $0 = watching }
        running.enter()
        let thread = Thread { [self] in
            defer { running.leave() }
            work()
        }
        thread.name = "enrollment"
        thread.stackSize = 8 << 20
        thread.start()
    }

    /// Stops the thread and returns when it has ended; a chunk that is being recorded is finished, one that is being
    /// embedded is dropped.
    public func stop() {
        requestStop()
        join()
        let watching = observation.withLock { observation in
            defer { observation = nil }
            return observation
        }
        watching?.cancel()
    }

    /// Asks the thread to stop; may be called from any thread, including the processor's own.
    func requestStop() {
        isStopped.store(true, ordering: .releasing)
        wake.signal()
    }

    /// Waits for the end of the thread.
    func join() { running.wait() }

    private var mustStop: Bool { isStopped.load(ordering: .acquiring) }

    /// Handles a change of the store: a queued batch wakes the thread, and the body and the index of a batch that is over
    /// are removed.
    private func take(_ change: GalleryChange) {
        guard case .batch(let id, let state) = change else { return }
        switch state {
        case .queued: wake.signal()
        case .running: break
        case .completed, .cancelled, .failed:
            files.remove(id)
            service.acceptedIndexes.take(id)
        }
    }

    /// What has been logged already, so that a lasting fault is logged once and not at each retry.
    private struct Told {
        /// The batches that wait for their gallery's model.
        var waiting: Set<String> = []
        /// The error that stops all enrollment.
        var fault: String?
    }

    private func work() {
        var told = Told()
        while !mustStop {
            do {
                switch try next(&told) {
                case .run(let batch):
                    try run(batch)
                    told.fault = nil
                    service.enrollmentFault.withLock { $0 = nil }
                case .wait: pause()
                case .nothing:
                    service.enrollmentFault.withLock { $0 = nil }
                    wake.wait()
                }
            } catch EmbedderError.stopped, EmbedderError.cancelled {
                if !mustStop { pause() }
            } catch {
                if told.fault != "\(error)" {
                    service.logger.error("enrollment failed and is tried again", metadata: ["error": "\(error)"])
                }
                told.fault = "\(error)"
                let title = problem(for: error).title
                service.enrollmentFault.withLock { $0 = title }
                pause()
            }
        }
    }

    private func pause() { _ = wake.wait(timeout: .now() + .seconds(Self.retrySeconds)) }

    private enum Next {
        case run(BatchRecord)
        /// There are batches, but they wait until their gallery's model is loaded.
        case wait
        case nothing
    }

    /// The oldest batch that can run.
    private func next(_ told: inout Told) throws -> Next {
        var next = Next.nothing
        for batch in try service.store.unfinishedBatches() {
            if batch.isCancelRequested {
                try service.store.setBatchState(batch.id, to: .cancelled)
                continue
            }
            // A batch that was accepted for another model waits for it, so that a start with the wrong model loses
            // nothing.
            guard let gallery = service.store.galleries().first(where: { $0.name == batch.gallery }) else { continue }
            if batch.kind == .ndjson || gallery.model == service.model.identity { return .run(batch) }
            if told.waiting.insert(batch.id).inserted {
                service.logger.warning(
                    "a batch waits for its gallery's model",
                    metadata: ["batch": "\(batch.id)", "gallery": "\(batch.gallery)", "model": "\(gallery.model)"])
            }
            next = .wait
        }
        return next
    }

    private func run(_ batch: BatchRecord) throws {
        do {
            let reader = try open(batch)
            let entries = reader.index.entries
            try service.store.setBatchState(batch.id, to: .running, expectedItems: entries.count)
            service.logger.info(
                "enrolling",
                metadata: ["batch": "\(batch.id)", "gallery": "\(batch.gallery)", "items": "\(entries.count)"])
            guard try enroll(batch.id, reader) else { return }
            let done = try service.store.batch(id: batch.id)
            service.logger.info(
                "enrolled",
                metadata: [
                    "batch": "\(batch.id)", "enrolled": "\(done.enrolled)", "duplicate": "\(done.duplicate)",
                    "failed": "\(done.failed)",
                ])
        } catch let error as ContainerError {
            service.logger.error(
                "a batch's body cannot be used", metadata: ["batch": "\(batch.id)", "error": "\(error)"])
            try service.store.setBatchState(batch.id, to: .failed, failure: "\(error)")
        } catch GalleryError.unknownGallery, GalleryError.notRunning, GalleryError.invalidTransition {
            service.logger.info("a batch ended with its gallery", metadata: ["batch": "\(batch.id)"])
        }
    }

    private func open(_ batch: BatchRecord) throws -> ItemReader {
        let gallery = try service.store.gallery(batch.gallery)
        let source = try ByteSource(contentsOf: files.path(batch.id))
        guard source.count == batch.bodyBytes else { throw ContainerError.truncated(member: "the body", offset: 0) }
        let index =
            try service.acceptedIndexes.take(batch.id)
            ?? BatchIndex(source, kind: batch.kind, contentType: batch.contentType)
        let network = service.model.configuration
        return ItemReader(
            index: index, source: source, limits: service.configuration.limits.image, model: gallery.model,
            dimensions: gallery.dimensions, inputSize: (network.widthPixels, network.height),
            decoding: service.decoding, canEmbed: gallery.model == service.model.identity,
            isCancelled: { [self] in mustStop })
    }

    /// Enrolls the items that are not recorded yet, chunk by chunk; false if it was cancelled or stopped before the
    /// end.
    private func enroll(_ batch: String, _ reader: ItemReader) throws -> Bool {
        let recorded = try service.store.recordedItems(of: batch)
        var rest = reader.index.entries.indices.filter { !recorded.contains($0) }[...]
        while !rest.isEmpty {
            if mustStop { return false }
            if try service.store.batch(id: batch).isCancelRequested {
                try service.store.setBatchState(batch, to: .cancelled)
                return false
            }
            let outcomes = try chunk(&rest, reader)
            let result = try service.store.record(outcomes, batch: batch)
            service.metrics.itemsFinished(outcome: "enrolled", count: result.enrolled)
            service.metrics.itemsFinished(outcome: "duplicate", count: result.duplicate)
            service.metrics.itemsFinished(outcome: "failed", count: result.failed)
        }
        try service.store.setBatchState(batch, to: .completed)
        return true
    }

    /// Removes the next chunk of items from `rest`, as many as its memory limit allows, and processes them up to
    /// recording.
    private func chunk(_ rest: inout ArraySlice<Int>, _ reader: ItemReader) throws -> [ItemOutcome] {
        // Enrollment never takes more than half the embedder's queue, so that there is always room for queries.
        let limit = min(
            service.configuration.enrollmentChunk, max(1, service.configuration.embedder.queueLimit / 2))
        var items: [(index: Int, name: String?, result: Result<Candidate, ItemRefusal>)] = []
        var bytes = 0
        while items.count < limit, bytes < IngestionLimits.chunkBytes, !mustStop, let index = rest.popFirst() {
            let (name, result) = try reader.read(reader.index.entries[index])
            if case .success(let candidate) = result { bytes += candidate.bytes }
            items.append((index, name, result))
        }
        let images = items.compactMap { item -> (Int, Candidate)? in
            guard case .success(let candidate) = item.result, candidate.image != nil else { return nil }
            return (item.index, candidate)
        }
        let vectors = try embed(images.compactMap(\.1.image))
        let made = zip(images, vectors).reduce(into: [Int: [Float]]()) { $0[$1.0.0] = $1.1 }
        return items.map { item in
            let result: ItemOutcome.Result
            switch item.result {
            case .failure(let refusal):
                result = .failed(refusal.failure, detail: refusal.detail)
            case .success(let candidate):
                if let vector = candidate.item.embedding ?? made[item.index] {
                    result = .image(candidate.enrolled(embedding: vector, model: reader.model))
                } else {
                    result = .failed(
                        .corruptImage, detail: "the network \(reader.model) computes no usable vector for this image.")
                }
            }
            return ItemOutcome(index: item.index, name: item.name, result: result)
        }
    }

    /// Embeds `images`; waits while the embedder is overloaded.
    ///
    /// An image for which the network gives no usable vector gets nil.
    private func embed(_ images: [RGBImage]) throws -> [[Float]?] {
        guard !images.isEmpty else { return [] }
        while true {
            do {
                return try service.embedder.embed(images, priority: .enrollment, isCancelled: { [self] in mustStop })
                    .vectors
            } catch .unusableVector {
                // Which one it is, each alone shows.
                return images.count == 1 ? [nil] : try images.flatMap { try embed([$0]) }
            } catch {
                guard case .overloaded = error, !mustStop else { throw error }
                Thread.sleep(forTimeInterval: 0.1)
            }
        }
    }
}
