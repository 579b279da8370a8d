internal import CSPRModel
internal import Embedding
internal import Foundation
internal import Gallery
internal import HTTP
internal import Imaging
internal import Logging
internal import Synchronization

/// Enrolls accepted batches on its own thread, one after another, in the order of their acceptance.
///
/// A batch is a body on disk and a row in the database. Two more threads read and embed its items (`ItemPipeline`); this
/// one records them in groups, one transaction per group. Recorded items are skipped after a restart. So every item is
/// enrolled exactly once, even after `kill -9`.
public final class BatchProcessor: Sendable {
    private let service: ServiceContext
    private let files: BatchFiles
    private let thread = WorkThread(name: "enrollment")

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
        thread.start(watching: watching) { [self] in work() }
    }

    /// Stops the thread and returns when it has ended; a group that is being recorded is finished, later items are
    /// dropped.
    public func stop() { thread.stop() }

    /// Asks the thread to stop; may be called from any thread, including the processor's own.
    func requestStop() { thread.requestStop() }

    /// Waits for the end of the thread.
    func join() { thread.join() }

    /// Handles a change of the store: a queued batch wakes the thread, and the body and the index of a batch that is over
    /// are removed.
    private func take(_ change: GalleryChange) {
        guard case .batch(let id, let state) = change else { return }
        switch state {
        case .queued: thread.wake()
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
        while !thread.mustStop {
            do {
                switch try next(&told) {
                case .run(let batch):
                    try run(batch)
                    told.fault = nil
                    service.enrollmentFault.withLock { $0 = nil }
                case .wait: pause()
                case .nothing:
                    service.enrollmentFault.withLock { $0 = nil }
                    thread.sleep()
                }
            } catch EmbedderError.stopped, EmbedderError.cancelled {
                if !thread.mustStop { pause() }
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

    private func pause() { thread.sleep(atMost: Self.retrySeconds) }

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
            if batch.kind.mayHoldVectors || service.network(of: gallery.model) != nil { return .run(batch) }
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
            let (reader, network) = try open(batch)
            let entries = reader.index.entries
            try service.store.setBatchState(batch.id, to: .running, expectedItems: entries.count)
            service.logger.info(
                "enrolling",
                metadata: ["batch": "\(batch.id)", "gallery": "\(batch.gallery)", "items": "\(entries.count)"])
            guard try enroll(batch.id, reader, with: network) else { return }
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
        } catch GalleryError.modelMismatch, GalleryError.dimensionMismatch {
            // What is not enrolled yet is embedded again, with the gallery's new model.
            service.logger.info(
                "a batch goes on with its gallery's new model",
                metadata: ["batch": "\(batch.id)", "gallery": "\(batch.gallery)"])
        } catch GalleryError.unknownGallery, GalleryError.notRunning, GalleryError.invalidTransition {
            service.logger.info("a batch ended with its gallery", metadata: ["batch": "\(batch.id)"])
        }
    }

    /// Opens a batch's body, with the network that embeds its images; without one they are refused.
    private func open(_ batch: BatchRecord) throws -> (reader: ItemReader, network: Network?) {
        let gallery = try service.store.gallery(batch.gallery)
        let source = try ByteSource(contentsOf: files.path(batch.id))
        guard source.count == batch.bodyBytes else { throw ContainerError.truncated(member: "the body", offset: 0) }
        let index =
            try service.acceptedIndexes.take(batch.id)
            ?? BatchIndex(source, kind: batch.kind, contentType: batch.contentType)
        let network = service.network(of: gallery.model)
        let reader = ItemReader(
            index: index, source: source, limits: service.configuration.limits.image, model: gallery.model,
            dimensions: gallery.dimensions, inputSize: (network ?? service.network).inputSize,
            decoding: service.decoding, canEmbed: network != nil, isCancelled: { [thread] in thread.mustStop })
        return (reader, network)
    }

    /// Enrolls the items that are not recorded yet, group by group; false if it was cancelled or stopped before the end.
    private func enroll(_ batch: String, _ reader: ItemReader, with network: Network?) throws -> Bool {
        let configuration = service.configuration
        let recorded = try service.store.recordedItems(of: batch)
        // Enrollment never takes more than half the embedder's queue, so that there is always room for queries.
        let images = min(configuration.enrollmentChunk, max(1, configuration.embedder.queueLimit / 4))
        let pipeline = ItemPipeline(
            ItemPipeline.Work(
                reader: reader, indices: reader.index.entries.indices.filter { !recorded.contains($0) },
                images: images, items: min(IngestionLimits.chunkItems, configuration.enrollmentCommitItems),
                embed: { try network?.embed($0, isCancelled: $1) ?? $0.map { _ in nil } },
                doubt: { network?.isUnfamiliar($0) == true ? Warning.unfamiliar("The image") : nil },
                isCancelled: { [thread] in thread.mustStop }))
        defer { pipeline.stop() }
        var group = CommitGroup(configuration)
        while true {
            switch try pipeline.next(until: group.deadline) {
            case .items(let outcomes, let bytes):
                if !group.hasRoom(for: outcomes), try !record(&group, of: batch) { return false }
                group.add(outcomes, bytes: bytes)
                if group.isFull, try !record(&group, of: batch) { return false }
            case .late:
                guard try record(&group, of: batch) else { return false }
            case .end:
                guard try record(&group, of: batch) else { return false }
                let doubtful = network?.profile == nil ? 0 : try service.store.doubtfulItems(of: batch)
                try service.store.setBatchState(
                    batch, to: .completed, warning: doubtful == 0 ? nil : Warning.unfamiliar(items: doubtful))
                return true
            }
        }
    }

    /// Records a group of items in one transaction, and empties the group; false if the batch was cancelled, or if the
    /// processor must stop, and then nothing is recorded.
    private func record(_ group: inout CommitGroup, of batch: String) throws -> Bool {
        let gallery = try service.store.batch(id: batch).gallery
        while service.modelChanges.isUnderWay(gallery), !thread.mustStop { Thread.sleep(forTimeInterval: 0.02) }
        if thread.mustStop { return false }
        if try service.store.batch(id: batch).isCancelRequested {
            try service.store.setBatchState(batch, to: .cancelled)
            return false
        }
        let outcomes = group.takeAll()
        guard !outcomes.isEmpty else { return true }
        // The disk and the index take the group in while the next one is made; the batch's end waits for them, and until then
        // the body is kept.
        let result = try service.store.record(outcomes, batch: batch, waits: false)
        service.metrics.itemsFinished(outcome: "enrolled", count: result.enrolled)
        service.metrics.itemsFinished(outcome: "duplicate", count: result.duplicate)
        service.metrics.itemsFinished(outcome: "failed", count: result.failed)
        return true
    }
}
