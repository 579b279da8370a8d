import CSPRModel
import Embedding
import Foundation
import Gallery
import HTTP
import HTTPTypes
import Synchronization
import Testing

@testable import ReIDService

@Suite struct BatchProcessorTests {
    /// A tar of `count` different images, the first of them twice.
    private func tar(_ count: Int) throws -> [UInt8] {
        testTar(
            try (0..<count).map { ("\($0).jpg", try testJPEG($0)) } + [("again.jpg", try testJPEG(0))])
    }

    /// Runs `action` once, as soon as a batch has recorded an item; up to two more commits may be under way then.
    private func onFirstCommit(_ store: GalleryStore, _ action: @escaping @Sendable () -> Void) -> GalleryObservation {
        let isDone = Mutex(false)
        return store.observe { change in
            guard case .gallery(_, let revision) = change, revision > 0 else { return }
            let isFirst = isDone.withLock { isDone in
                defer { isDone = true }
                return !isDone
            }
            if isFirst { action() }
        }
    }

    @Test func `a stopped batch goes on after reopening, each item exactly once`() async throws {
        let folder = try ScratchFolder()
        let count = 12
        var id = ""
        var recorded = 0
        do {
            let bench = try AdminBench(folder: folder) { $0.enrollmentCommitItems = 2 }
            try bench.gallery()
            let processor = bench.processor
            let observation = onFirstCommit(bench.context.store) { processor.requestStop() }
            id = try bench.enroll(try tar(count), type: BatchType.tar).id
            processor.join()
            recorded = try bench.context.store.batch(id: id).recorded
            #expect([2, 4, 6].contains(recorded))
            #expect(try bench.bodies() == [id])
            observation.cancel()
            try bench.close()
        }
        // A kill between a batch's last commit and the removal of its body leaves a file that belongs to no batch.
        try folder.write("batches/b_orphan", [1, 2, 3])
        let bench = try AdminBench(folder: folder, start: false) { $0.enrollmentChunk = 3 }
        #expect(try bench.context.store.recordedItems(of: id).count == recorded)
        bench.processor.start()
        let batch = try await bench.finish(id)
        #expect(batch.state == "completed")
        #expect(batch.enrolled == count)
        #expect(batch.duplicate == 1)
        #expect(batch.failed == 0)
        #expect(try bench.context.store.gallery("lobby").images == count)
        #expect(try bench.items(id).map(\.index) == Array(0...count))
        #expect(try bench.bodies().isEmpty)
        try bench.close()
    }

    @Test func `a batch accepted before the processor runs is finished when it does`() async throws {
        let folder = try ScratchFolder()
        let before = try AdminBench(folder: folder, start: false)
        try before.gallery()
        let id = try before.enroll(try tar(2), type: BatchType.tar).id
        try before.close()
        let after = try AdminBench(folder: folder)
        #expect(try await after.finish(id).enrolled == 2)
        try after.close()
    }

    @Test func `batches run in the order of acceptance`() async throws {
        let bench = try AdminBench(start: false)
        try bench.gallery()
        let first = try bench.enroll(try tar(1), type: BatchType.tar)
        let second = try bench.enroll(try tar(1), type: BatchType.tar)
        bench.processor.start()
        #expect(try await bench.finish(second.id).duplicate == 2)
        #expect(try bench.batch(first.id).enrolled == 1)
    }

    @Test func `a queued batch is cancelled at once`() throws {
        let bench = try AdminBench(start: false)
        try bench.gallery()
        let id = try bench.enroll(try tar(1), type: BatchType.tar).id
        let answer = try bench.send(.post, "/admin/v1/batches/\(id)/cancel")
        #expect(answer.status == 200)
        #expect(try answer.json(BatchAnswer.self).state == "cancelled")
        #expect(try bench.send(.post, "/admin/v1/batches/\(id)/cancel").status == 200)
        // Nothing observed the store, so the body stays and is removed at the next start.
        bench.processor.start()
        #expect(try bench.bodies().isEmpty)
    }

    @Test func `a running batch is cancelled between commits and keeps what it has`() async throws {
        let bench = try AdminBench { $0.enrollmentCommitItems = 1 }
        try bench.gallery()
        let store = bench.context.store
        let observation = onFirstCommit(store) {
            guard let batch = try? store.unfinishedBatches().first else { return }
            _ = try? store.requestCancel(batch.id)
        }
        let batch = try await bench.finish(try bench.enroll(try tar(20), type: BatchType.tar).id)
        observation.cancel()
        #expect(batch.state == "cancelled")
        #expect(batch.cancelRequested)
        #expect(1...3 ~= batch.enrolled)
        #expect(try bench.context.store.gallery("lobby").images == batch.enrolled)
        #expect(try bench.bodies().isEmpty)
        #expect(try bench.send(.post, "/admin/v1/batches/\(batch.id)/cancel").status == 200)
    }

    @Test func `a finished batch cannot be cancelled`() async throws {
        let bench = try AdminBench()
        try bench.gallery()
        let batch = try await bench.complete(try tar(1), type: BatchType.tar)
        #expect(try bench.send(.post, "/admin/v1/batches/\(batch.id)/cancel").status == 409)
    }

    @Test func `a batch whose body is lost or cut fails and says why`() async throws {
        let bench = try AdminBench(start: false)
        try bench.gallery()
        let lost = try bench.enroll(try tar(1), type: BatchType.tar).id
        let cut = try bench.enroll(try tar(1), type: BatchType.tar).id
        let whole = try bench.enroll(try tar(1), type: BatchType.tar).id
        try FileManager.default.removeItem(atPath: bench.context.folder.batches + "/" + lost)
        try bench.folder.write("batches/" + cut, [1, 2, 3])
        bench.processor.start()
        #expect(try await bench.finish(whole).state == "completed")
        for id in [lost, cut] {
            let batch = try bench.batch(id)
            #expect(batch.state == "failed")
            #expect(batch.reason?.isEmpty == false)
        }
        #expect(try bench.bodies().isEmpty)
    }

    @Test func `a gallery deleted in the middle ends its batch and not the processor`() async throws {
        let bench = try AdminBench { $0.enrollmentCommitItems = 1 }
        try bench.gallery()
        let store = bench.context.store
        let observation = onFirstCommit(store) { _ = try? store.deleteGallery("lobby") }
        let batch = try await bench.finish(try bench.enroll(try tar(20), type: BatchType.tar).id)
        observation.cancel()
        #expect(batch.state == "cancelled")
        #expect(1...3 ~= batch.enrolled)
        #expect(try bench.send(.delete, "/admin/v1/galleries/lobby").status == 404)
        try bench.gallery("next")
        let next = try bench.enroll(try tar(1), type: BatchType.tar, gallery: "next")
        #expect(try await bench.finish(next.id).enrolled == 1)
        #expect(try bench.bodies().isEmpty)
    }

    @Test func `an embedder with a short queue only slows enrollment down`() async throws {
        let bench = try AdminBench {
            $0.embedder.queueLimit = 1
            $0.embedder.maximumBatch = 1
        }
        try bench.gallery()
        #expect(try await bench.complete(try tar(5), type: BatchType.tar).enrolled == 5)
    }

    @Test func `a batch for another model waits for it, and the log says so once`() async throws {
        let log = RecordedLog()
        let bench = try AdminBench(start: false, log: log)
        let name = try #require(GalleryName("old"))
        try bench.context.store.createGallery(name, model: "sha256:00", dimensions: 2)
        let id = try GalleryStore.newBatchID()
        try bench.folder.write("batches/" + id, try tar(1))
        _ = try bench.context.store.createBatch(
            NewBatch(
                id: id, gallery: "old", kind: .tar, contentType: BatchType.tar, bodyBytes: 1,
                bodySHA256: [UInt8](repeating: 0, count: 32)))
        bench.processor.start()
        // Each later batch makes the processor look for work again.
        try bench.gallery()
        for _ in 0..<3 { #expect(try await bench.complete(try tar(1), type: BatchType.tar).state == "completed") }
        bench.processor.stop()
        #expect(try bench.batch(id).state == "queued")
        #expect(try bench.bodies() == [id])
        let waits = log.messages("a batch waits for its gallery's model")
        #expect(waits.count == 1)
        #expect(waits.first?.contains(id) == true)
    }
}
