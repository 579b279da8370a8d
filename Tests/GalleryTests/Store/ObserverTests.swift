import Dispatch
import Gallery
import Synchronization
import Testing

/// The changes that an observer has received.
final class ChangeLog: Sendable {
    private let changes = Mutex<[GalleryChange]>([])

    var all: [GalleryChange] { changes.withLock { $0 } }

    func append(_ change: GalleryChange) {
        changes.withLock { $0.append(change) }
    }
}

@Suite struct ObserverTests {
    @Test func `every commit is told, and nothing that failed`() throws {
        let fixture = try StoreFixture()
        let log = ChangeLog()
        let observation = fixture.store.observe { log.append($0) }
        try fixture.store.createGallery(try #require(GalleryName("garage")), model: "m", dimensions: 2)
        try fixture.store.createGallery(try #require(GalleryName("garage")), model: "m", dimensions: 2)
        let batch = try fixture.runningBatch()
        let outcome = ItemOutcome(index: 0, name: nil, result: .image(try .sample(1)))
        try fixture.store.record([outcome], batch: batch)
        try fixture.store.record([outcome], batch: batch)
        _ = galleryError { try fixture.store.setBatchState(batch, to: .completed) }
        try fixture.store.requestCancel(batch)
        withExtendedLifetime(observation) {}
        #expect(
            log.all == [
                .gallery(name: "garage", revision: 0), .batch(id: batch, state: .queued),
                .batch(id: batch, state: .running), .gallery(name: "lobby", revision: 1),
                .batch(id: batch, state: .running), .batch(id: batch, state: .running),
            ])
    }

    @Test func `an observer sees the new snapshot and may use the store`() throws {
        let fixture = try StoreFixture()
        let store = fixture.store
        let seen = Mutex<[Int]>([])
        let observation = store.observe { change in
            guard case .gallery(let name, let revision) = change else { return }
            guard let snapshot = try? store.snapshot(of: name), snapshot.revision >= revision else {
                Issue.record("\(change) before its snapshot")
                return
            }
            seen.withLock { $0.append(snapshot.imageCount) }
            // Neither reading nor writing from here may block.
            #expect(throws: Never.self) { try store.keepQuery(.sample()) }
        }
        try fixture.enroll([try .sample(1)])
        try fixture.enroll([try .sample(2)])
        withExtendedLifetime(observation) {}
        #expect(seen.withLock { $0 } == [1, 2])
        #expect(try store.queries(limit: 10).items.count == 2)
    }

    @Test func `a cancelled or forgotten observer is not called`() throws {
        let fixture = try StoreFixture()
        let log = ChangeLog()
        let cancelled = fixture.store.observe { log.append($0) }
        cancelled.cancel()
        cancelled.cancel()
        do { _ = fixture.store.observe { log.append($0) } }
        try fixture.enroll([try .sample(1)])
        #expect(log.all.isEmpty)
    }

    @Test func `an observer is told of records that do not wait for the index, and may use the store`() throws {
        let fixture = try StoreFixture()
        let store = fixture.store
        let told = DispatchSemaphore(value: 0)
        let observation = store.observe { change in
            guard case .gallery(let name, let revision) = change else { return }
            #expect((try? store.snapshot(of: name))?.revision ?? 0 >= revision)
            #expect(throws: Never.self) { try store.keepQuery(.sample()) }
            told.signal()
        }
        let batch = try fixture.runningBatch()
        for index in 0..<3 {
            let outcome = ItemOutcome(index: index, name: nil, result: .image(try .sample(index)))
            try store.record([outcome], batch: batch, waits: false)
        }
        for _ in 0..<3 { told.wait() }
        withExtendedLifetime(observation) {}
        #expect(try store.queries(limit: 10).items.count == 3)
    }
}
