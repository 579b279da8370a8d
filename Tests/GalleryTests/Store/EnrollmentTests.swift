import Digests
import Dispatch
import Gallery
import Ranking
import Synchronization
import Testing

@Suite struct EnrollmentTests {
    @Test func `an enrolled image is found by id, by row and in the database`() throws {
        let fixture = try StoreFixture()
        let time = try #require(Timestamp(rfc3339: "2026-11-22T10:00:00.250Z"))
        let new = try NewImage.sample(1, person: "0042", camera: "c1", at: time, externalID: "door 7")
        let id = try #require(try fixture.enroll([new]).first)

        let image = try fixture.store.image(id: id)
        #expect(image.gallery == "lobby")
        #expect(image.sha256 == new.sha256)
        #expect([image.personID, image.cameraID, image.externalID] == ["0042", "c1", "door 7"])
        #expect(image.capturedAt == time)
        #expect(image.enrolledAt == fixture.clock.now)
        #expect([image.width, image.height] == [64, 128])
        #expect(try fixture.store.content(of: id) == new.content)

        let snapshot = try fixture.store.snapshot(of: "lobby")
        #expect(try fixture.store.allImages() == [image])
        #expect(snapshot.rows.count == 1 && snapshot.imageCount == 1)
        let row = try #require(snapshot.row(ofKey: image.key))
        #expect(snapshot.key(ofRow: row) == image.key)
        #expect(snapshot.camera(ofRow: row) == image.cameraID)
        #expect((snapshot.person(ofRow: row) == nil) == (image.personID == nil))
        #expect(snapshot.row(ofKey: image.key + 1) == nil)
        #expect(try fixture.store.hasImages([id]) && !fixture.store.hasImages([id, "i_none"]))
        #expect(snapshot.vectors[row] == new.embedding)
        guard TemporaryFolder.hasClient else { return }
        let stored = try fixture.folder.sqlite(
            """
            SELECT id, hex(sha256), captured_at, (SELECT label FROM person WHERE key = person),
            (SELECT hex(substr(vector, 1, 4)) FROM embedding WHERE embedding.image = image.key) FROM image
            """)
        let first = new.embedding[0].bitPattern
        let bytes = (0..<4).map { UInt8(truncatingIfNeeded: first >> ($0 * 8)) }
        #expect(
            stored
                == "\(id)|\(hexString(new.sha256).uppercased())|\(time.milliseconds)|0042|\(hexString(bytes).uppercased())"
        )
    }

    @Test(.enabled(if: TemporaryFolder.hasClient))
    func `each person and camera is stored once, within a call and later`() throws {
        let fixture = try StoreFixture()
        let seen = [("7", "c1"), ("7", "c2"), ("8", "c1"), ("8", "c3"), ("7", "c1")]
        let images = try seen.enumerated().map { try NewImage.sample($0, person: $1.0, camera: $1.1) }
        try fixture.enroll(Array(images.prefix(3)))
        try fixture.enroll(Array(images.suffix(2)))
        let stored = try fixture.folder.sqlite(
            """
            SELECT person.label, camera.label FROM image JOIN person ON person.key = person
                JOIN camera ON camera.key = camera ORDER BY image.key;
            SELECT group_concat(label) FROM (SELECT label FROM person ORDER BY key);
            SELECT group_concat(label) FROM (SELECT label FROM camera ORDER BY key)
            """)
        #expect(stored == seen.map { "\($0)|\($1)" }.joined(separator: "\n") + "\n7,8\nc1,c2,c3")
    }

    @Test func `the write-ahead log stays small however much is enrolled`() throws {
        let fixture = try StoreFixture()
        for call in 0..<16 {
            try fixture.enroll(
                try (0..<6).map { try .sample(0, bytes: Array(repeating: UInt8(6 * call + $0), count: 1 << 20)) })
        }
        #expect(try fixture.folder.bytes() > 48 << 20)
        // The limit, and a commit of 6 MiB.
        #expect(try fixture.folder.bytes(of: "-wal") < 72 << 20)
    }

    @Test func `recording the same items again changes nothing`() throws {
        let fixture = try StoreFixture()
        let batch = try fixture.runningBatch()
        let outcomes = [
            ItemOutcome(index: 0, name: "a.jpg", result: .image(try .sample(1))),
            ItemOutcome(index: 1, name: "b.txt", result: .failed(.unsupportedFormat, detail: "a text file")),
        ]
        #expect(try fixture.store.record(outcomes, batch: batch) == RecordedItems(enrolled: 1, failed: 1))
        let before = try fixture.store.batch(id: batch)
        let revision = try fixture.store.gallery("lobby").revision
        let again = outcomes + [ItemOutcome(index: 2, name: "c.jpg", result: .image(try .sample(2)))]
        #expect(try fixture.store.record(again, batch: batch) == RecordedItems(enrolled: 1, skipped: 2))
        #expect(before.recorded == 2)
        let after = try fixture.store.batch(id: batch)
        #expect([after.enrolled, after.duplicate, after.failed] == [2, 0, 1])
        #expect(try fixture.store.recordedItems(of: batch) == [0, 1, 2])
        #expect(try fixture.store.gallery("lobby").revision == revision + 1)
        #expect(try fixture.store.record(again, batch: batch) == RecordedItems(skipped: 3))
        #expect(try fixture.store.gallery("lobby").revision == revision + 1)
    }

    @Test func `one index twice in a call is one item`() throws {
        let fixture = try StoreFixture()
        let batch = try fixture.runningBatch()
        let outcomes = try (1...2).map { ItemOutcome(index: 5, name: nil, result: .image(try .sample($0))) }
        #expect(try fixture.store.record(outcomes, batch: batch) == RecordedItems(enrolled: 1, skipped: 1))
    }

    @Test func `the same bytes are one image, within a call and later`() throws {
        let fixture = try StoreFixture()
        let batch = try fixture.runningBatch()
        let image = try NewImage.sample(1)
        let outcomes = (0..<2).map { ItemOutcome(index: $0, name: "\($0).jpg", result: .image(image)) }
        #expect(try fixture.store.record(outcomes, batch: batch) == RecordedItems(enrolled: 1, duplicate: 1))
        let other = try fixture.runningBatch()
        #expect(try fixture.store.record([outcomes[0]], batch: other) == RecordedItems(duplicate: 1))
        #expect(try fixture.store.snapshot(of: "lobby").imageCount == 1)
        let items =
            try fixture.store.items(of: batch, limit: 10).items + fixture.store.items(of: other, limit: 10).items
        #expect(items.map(\.state) == [.enrolled, .duplicate, .duplicate])
        #expect(Set(items.map(\.imageID)).count == 1)
        #expect(items[0].imageID?.hasPrefix("i_") == true)
    }

    @Test func `another gallery may hold the same bytes`() throws {
        let fixture = try StoreFixture()
        try fixture.store.createGallery(
            try #require(GalleryName("garage")), model: StoreFixture.model, dimensions: 8)
        let ids = try fixture.enroll([try .sample(1)]) + fixture.enroll([try .sample(1)], in: "garage")
        #expect(Set(ids).count == 2)
        #expect(try ids.map { try fixture.store.image(id: $0).gallery } == ["lobby", "garage"])
    }

    @Test func `an image may be a vector alone`() throws {
        let fixture = try StoreFixture()
        let new = NewImage(
            sha256: Array(repeating: 7, count: 32), content: nil, width: nil, height: nil, embedding: unitVector(1),
            model: StoreFixture.model)
        let id = try #require(try fixture.enroll([new]).first)
        #expect(galleryError { _ = try fixture.store.content(of: id) } == .noContent(image: id))
        #expect(try fixture.store.image(id: id).mediaType == nil)
    }

    @Test func `an empty image is an image`() throws {
        let fixture = try StoreFixture()
        let id = try #require(try fixture.enroll([try .sample(1, bytes: [])]).first)
        #expect(try fixture.store.content(of: id).bytes.isEmpty)
    }

    @Test func `a bad vector takes its whole call back`() throws {
        let fixture = try StoreFixture()
        let batch = try fixture.runningBatch()
        func record(_ bad: NewImage) -> GalleryError? {
            galleryError {
                try fixture.store.record(
                    [
                        ItemOutcome(index: 0, name: nil, result: .image(try .sample(1))),
                        ItemOutcome(index: 1, name: nil, result: .image(bad)),
                    ], batch: batch)
            }
        }
        let zero = NewImage(
            sha256: Array(repeating: 7, count: 32), content: nil, width: nil, height: nil,
            embedding: Array(repeating: 0, count: 8), model: StoreFixture.model)
        let nan = NewImage(
            sha256: Array(repeating: 7, count: 32), content: nil, width: nil, height: nil,
            embedding: Array(repeating: .nan, count: 8), model: StoreFixture.model)
        #expect(record(zero) == .invalidEmbedding(index: 1))
        #expect(record(nan) == .invalidEmbedding(index: 1))
        #expect(record(try .sample(2, dimensions: 9)) == .dimensionMismatch(expected: 8, found: 9))
        #expect(
            record(try .sample(2, model: "sha256:b")) == .modelMismatch(expected: StoreFixture.model, found: "sha256:b")
        )
        #expect(try fixture.store.recordedItems(of: batch).isEmpty)
        #expect(try fixture.store.snapshot(of: "lobby").imageCount == 0)
        #expect(try fixture.store.batch(id: batch).recorded == 0)
    }

    @Test func `items are recorded only while the batch runs`() throws {
        let fixture = try StoreFixture()
        let batch = try fixture.store.createBatch(.sample()).batch.id
        #expect(
            galleryError { try fixture.store.record([], batch: batch) } == .notRunning(batch: batch, state: .queued))
        try fixture.store.setBatchState(batch, to: .cancelled)
        #expect(
            galleryError { try fixture.store.record([], batch: batch) } == .notRunning(batch: batch, state: .cancelled))
        #expect(galleryError { try fixture.store.record([], batch: "b_none") } == .unknownBatch("b_none"))
    }

    @Test func `items are listed by index and by state`() throws {
        let fixture = try StoreFixture()
        let batch = try fixture.runningBatch()
        let outcomes = try (0..<7).map { index in
            ItemOutcome(
                index: index * 3, name: "\(index)",
                result: index % 2 == 0 ? .image(try .sample(index)) : .failed(.corruptImage, detail: "cut"))
        }
        try fixture.store.record(outcomes.reversed(), batch: batch)
        let first = try fixture.store.items(of: batch, limit: 4)
        #expect(first.items.map(\.index) == [0, 3, 6, 9])
        let rest = try fixture.store.items(of: batch, limit: 4, cursor: first.next)
        #expect(rest.items.map(\.index) == [12, 15, 18])
        #expect(rest.next == nil)
        let failed = try fixture.store.items(of: batch, state: .failed, limit: 1000).items
        #expect(failed.map(\.name) == ["1", "3", "5"])
        #expect(failed.allSatisfy { $0.failure == .corruptImage && $0.detail == "cut" && $0.imageID == nil })
    }

    @Test func `records that do not wait for the index are all in it when the batch ends`() throws {
        let fixture = try StoreFixture()
        let batch = try fixture.runningBatch()
        for index in 0..<20 {
            let outcome = ItemOutcome(index: index, name: nil, result: .image(try .sample(index, camera: "c1")))
            try fixture.store.record([outcome], batch: batch, waits: false)
        }
        // What a killed process leaves here has every item once, too.
        let left = try StoreFixture.open(try fixture.folder.copyAsIfKilled(withIndex: true))
        try fixture.store.setBatchState(batch, to: .completed, expectedItems: 20)
        for store in [fixture.store, left] {
            let snapshot = try store.snapshot(of: "lobby")
            #expect(snapshot.revision == 20)
            #expect(snapshot.rows.map { snapshot.vectors[$0] } == (0..<20).map { unitVector($0) })
        }
    }

    @Test func `whoever finds a batch completed finds all its images in the index`() throws {
        let fixture = try StoreFixture(dimensions: 512)
        let (store, batch) = (fixture.store, try fixture.runningBatch())
        let outcomes = try (0..<500).map { index in
            ItemOutcome(index: index, name: nil, result: .image(try .sample(index, dimensions: 512)))
        }
        let found = Mutex<Int?>(nil)
        let done = DispatchSemaphore(value: 0)
        DispatchQueue.global().async {
            while (try? store.batch(id: batch).state) == .running {}
            let images = try? store.snapshot(of: "lobby").imageCount
            found.withLock { $0 = images }
            done.signal()
        }
        try store.record(outcomes, batch: batch, waits: false)
        try store.setBatchState(batch, to: .completed, expectedItems: 500)
        done.wait()
        #expect(found.withLock { $0 } == 500)
    }
}
