import Gallery
import Testing

@Suite struct BatchTests {
    @Test(arguments: BatchState.allCases, BatchState.allCases)
    func `a batch only moves forward`(from: BatchState, to: BatchState) throws {
        let fixture = try StoreFixture()
        let id = try fixture.store.createBatch(.sample()).batch.id
        if from == .completed { try fixture.store.setBatchState(id, to: .running) }
        if from != .queued { try fixture.store.setBatchState(id, to: from, expectedItems: 0) }
        let allowed: [BatchState: Set<BatchState>] = [
            .queued: [.running, .cancelled, .failed], .running: [.running, .completed, .cancelled, .failed],
        ]
        let error = galleryError { try fixture.store.setBatchState(id, to: to) }
        if allowed[from, default: []].contains(to) {
            #expect(error == nil)
            #expect(try fixture.store.batch(id: id).state == to)
        } else {
            #expect(error == .invalidTransition(batch: id, from: from, to: to))
            #expect(try fixture.store.batch(id: id).state == from)
        }
    }

    @Test func `a batch keeps what it was made of`() throws {
        let fixture = try StoreFixture()
        let new = try NewBatch.sample(kind: .ndjson, expectedItems: 3, warnings: ["One.", "Two."])
        let (batch, created) = try fixture.store.createBatch(new)
        #expect(created)
        #expect(batch.id == new.id)
        #expect(batch.gallery == "lobby")
        #expect(batch.kind == .ndjson)
        #expect(batch.contentType == new.contentType)
        #expect(batch.warnings == ["One.", "Two."])
        #expect(try fixture.store.createBatch(.sample()).batch.warnings.isEmpty)
        #expect(batch.bodyBytes == 10)
        #expect(batch.expectedItems == 3)
        #expect(batch.state == .queued)
        #expect(batch.createdAt == fixture.clock.now)
        #expect(batch.startedAt == nil)
        #expect(try fixture.store.batch(id: new.id) == batch)
        #expect(galleryError { _ = try fixture.store.batch(id: "b_none") } == .unknownBatch("b_none"))
        #expect(
            galleryError { _ = try fixture.store.createBatch(.sample(gallery: "none")) } == .unknownGallery("none"))
    }

    @Test func `a batch is complete when every item is recorded`() throws {
        let fixture = try StoreFixture()
        let id = try fixture.runningBatch()
        #expect(
            galleryError { try fixture.store.setBatchState(id, to: .completed) }
                == .incompleteBatch(batch: id, recorded: 0, expected: nil))
        try fixture.store.setBatchState(id, to: .running, expectedItems: 1)
        #expect(
            galleryError { try fixture.store.setBatchState(id, to: .completed) }
                == .incompleteBatch(batch: id, recorded: 0, expected: 1))
        fixture.clock.advance(seconds: 4)
        try fixture.store.record([ItemOutcome(index: 0, name: nil, result: .image(try .sample(1)))], batch: id)
        let batch = try fixture.store.setBatchState(id, to: .completed)
        #expect(batch.expectedItems == 1)
        #expect(batch.finishedAt == fixture.clock.now)
        #expect(batch.itemsPerSecond == 0.25)
        #expect(try fixture.store.unfinishedBatches().isEmpty)
    }

    @Test func `a running batch tells its speed`() throws {
        let fixture = try StoreFixture()
        let id = try fixture.runningBatch()
        #expect(try fixture.store.batch(id: id).itemsPerSecond == nil)
        for index in 0..<100 {
            // Four a second, then one a second: only the last half minute counts.
            if index < 40 ? index % 4 == 0 : true { fixture.clock.advance(seconds: 1) }
            let outcome = ItemOutcome(index: index, name: nil, result: .failed(.tooLarge, detail: ""))
            try fixture.store.record([outcome], batch: id)
        }
        let rate = try #require(try fixture.store.batch(id: id).itemsPerSecond)
        #expect(abs(rate - 1) < 0.05)
    }

    @Test func `a failed batch says why`() throws {
        let fixture = try StoreFixture()
        let id = try fixture.runningBatch()
        try fixture.store.setBatchState(id, to: .failed, failure: "the tar ends early")
        #expect(try fixture.store.batch(id: id).failure == "the tar ends early")
    }

    @Test func `a queued batch is cancelled at once, a running one is asked to stop`() throws {
        let fixture = try StoreFixture()
        let queued = try fixture.store.createBatch(.sample()).batch.id
        #expect(try fixture.store.requestCancel(queued).state == .cancelled)
        #expect(try fixture.store.requestCancel(queued).state == .cancelled)
        let running = try fixture.runningBatch()
        let asked = try fixture.store.requestCancel(running)
        #expect(asked.state == .running)
        #expect(asked.isCancelRequested)
        try fixture.store.setBatchState(running, to: .cancelled)
        let failed = try fixture.runningBatch()
        try fixture.store.setBatchState(failed, to: .failed)
        #expect(
            galleryError { try fixture.store.requestCancel(failed) }
                == .invalidTransition(batch: failed, from: .failed, to: .cancelled))
    }

    @Test func `unfinished batches go on after a restart, oldest first`() throws {
        let fixture = try StoreFixture()
        let ids = try (0..<3).map { _ in try fixture.store.createBatch(.sample()).batch.id }
        try fixture.store.setBatchState(ids[1], to: .running)
        try fixture.store.setBatchState(ids[0], to: .cancelled)
        try fixture.store.close()
        let store = try StoreFixture.open(fixture.folder)
        #expect(try store.unfinishedBatches().map(\.id) == [ids[1], ids[2]])
        #expect(try store.runningBatches(in: "lobby").map(\.state) == [.running, .queued])
        #expect(try store.runningBatches(in: "none").isEmpty)
        #expect(try store.setBatchState(ids[1], to: .running).startedAt == fixture.clock.now)
    }

    @Test func `the same key and body give the first batch`() throws {
        let fixture = try StoreFixture()
        let first = try fixture.store.createBatch(.sample(key: "k")).batch
        let (again, created) = try fixture.store.createBatch(.sample(key: "k"))
        #expect(!created)
        #expect(again == first)
        #expect(try fixture.store.batches(limit: 10).items.count == 1)
        #expect(try fixture.store.createBatch(.sample(key: "other")).created)
        #expect(try fixture.store.createBatch(.sample()).created)
    }

    @Test func `the same key with anything else is a conflict`() throws {
        let fixture = try StoreFixture()
        try fixture.store.createGallery(
            try #require(GalleryName("garage")), model: StoreFixture.model, dimensions: 8)
        _ = try fixture.store.createBatch(.sample(key: "k"))
        for other in [
            try NewBatch.sample(key: "k", body: 2), try .sample(gallery: "garage", key: "k"),
            try .sample(key: "k", kind: .ndjson),
        ] {
            #expect(galleryError { _ = try fixture.store.createBatch(other) } == .idempotencyConflict(key: "k"))
        }
    }

    @Test func `a key is forgotten after a day`() throws {
        let fixture = try StoreFixture()
        _ = try fixture.store.createBatch(.sample(key: "k"))
        fixture.clock.advance(seconds: 24 * 3600 - 1)
        #expect(try fixture.store.createBatch(.sample(key: "k")).created == false)
        fixture.clock.advance(seconds: 1)
        #expect(try fixture.store.createBatch(.sample(key: "k", body: 2)).created)
    }

    @Test func `a list of batches is stable while others arrive`() throws {
        let fixture = try StoreFixture()
        let ids = try (0..<5).map { _ in try fixture.store.createBatch(.sample()).batch.id }
        let first = try fixture.store.batches(limit: 2)
        _ = try fixture.store.createBatch(.sample())
        let second = try fixture.store.batches(limit: 2, cursor: first.next)
        let third = try fixture.store.batches(limit: 2, cursor: second.next)
        #expect((first.items + second.items + third.items).map(\.id) == ids.reversed())
        #expect(third.next == nil)
    }

    @Test(arguments: [0, -1, 1001])
    func `a page has 1 to 1000 items`(limit: Int) throws {
        let fixture = try StoreFixture()
        let error = GalleryError.invalidLimit(limit, maximum: 1000)
        #expect(galleryError { _ = try fixture.store.batches(limit: limit) } == error)
        #expect(galleryError { _ = try fixture.store.queries(limit: limit) } == error)
        #expect(galleryError { _ = try fixture.store.images(in: "lobby", limit: limit) } == error)
        #expect(galleryError { _ = try fixture.store.items(of: "b_", limit: limit) } == error)
    }

    @Test(arguments: ["", "b", "i1", "b-1", "b+1", "B1", "b01", "bzzzzzzzzzzzzzzzzzzzz", "b1 ", "bé"])
    func `a cursor of anything else is refused`(cursor: String) throws {
        let fixture = try StoreFixture()
        #expect(galleryError { _ = try fixture.store.batches(limit: 1, cursor: cursor) } == .invalidCursor(cursor))
    }
}
