import Dispatch
import Foundation
import GRDB
import Synchronization
import Testing

@testable import Gallery

@Suite struct ErasureTests {
    /// Bytes that occur nowhere else, so that they can be searched on the disk.
    static func marker(_ number: Int) -> [UInt8] { Array("<<marker-\(number)-of-a-image>>".utf8) }

    static func image(_ number: Int, size: Int) -> [UInt8] {
        let mark = marker(number)
        return (0..<max(1, size / mark.count)).flatMap { _ in mark }
    }

    @Test(arguments: [50, 700, 3000, 20_000])
    func `an erased image leaves no bytes on the disk`(size: Int) throws {
        let fixture = try StoreFixture(dimensions: 64)
        let numbers = Array(0..<60)
        let ids = try fixture.enroll(
            try numbers.map {
                try .sample(
                    $0, dimensions: 64, bytes: Self.image($0, size: size), person: "<<person-\($0)>>",
                    camera: "<<camera-\($0)>>", externalID: "<<external-\($0)>>", name: "<<name-\($0)>>")
            })
        // An order without pattern: 47 and 60 have no common divisor.
        let order = numbers.map { $0 * 47 % 60 }
        for number in order.prefix(35) { try fixture.store.deleteImage(id: ids[number]) }
        let stored = try fixture.folder.storedBytes()
        for number in numbers {
            let isErased = order.prefix(35).contains(number)
            let traces = [
                Self.marker(number), Array("<<person-\(number)>>".utf8), Array("<<camera-\(number)>>".utf8),
                Array("<<external-\(number)>>".utf8), Array("<<name-\(number)>>".utf8), Array(ids[number].utf8),
                unitVector(number, dimensions: 64).prefix(8).flatMap { value in
                    (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> ($0 * 8)) }
                },
            ]
            for (kind, trace) in traces.enumerated() {
                #expect(stored.holds(trace) != isErased, "image \(number), trace \(kind)")
            }
        }
    }

    @Test func `copies of rows that SQLite moved between its pages go, too`() throws {
        let fixture = try StoreFixture()
        // Labels in no order make pages of the index split and merge; with secure_delete alone, some deleted bytes
        // would stay.
        for (round, share) in [3, 9, 4, 7, 2, 8].enumerated() {
            try fixture.store.write { db, aftermath in
                try db.execute(
                    sql: """
                        WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 999)
                        INSERT INTO person (gallery, label)
                        SELECT (SELECT key FROM gallery), printf('<<%06d>>', (\(round * 1000) + i) * 7919 % 100003) FROM n;
                        DELETE FROM person WHERE key * 31 % 11 < \(share)
                        """)
                aftermath.erases = true
            }
        }
        let alive = try fixture.store.read { try String.fetchSet($0, sql: "SELECT label FROM person") }
        let stored = try String(decoding: fixture.folder.storedBytes().bytes, as: Unicode.ASCII.self)
        let found = stored.split(separator: "<<").compactMap {
            $0.dropFirst(6).hasPrefix(">>") ? "<<\($0.prefix(8))" : nil
        }
        #expect(Set(found) == alive)
        #expect(alive.count > 1000)
    }

    @Test func `compacting shrinks the file and changes nothing else`() throws {
        let fixture = try StoreFixture()
        let name = try #require(GalleryName("garage"))
        try fixture.store.createGallery(name, model: StoreFixture.model, dimensions: 8)
        let ids = try fixture.enroll(try (0..<3).map { try .sample($0) }, in: "garage")
        try fixture.enroll(try (0..<20).map { try .sample($0, bytes: Self.image($0, size: 1_000_000)) })
        let full = try fixture.folder.storedBytes().bytes.count
        try fixture.store.deleteGallery("lobby")
        try fixture.store.compact()
        #expect(full > 20_000_000)
        #expect(try fixture.folder.storedBytes().bytes.count < 1_000_000)
        for (seed, id) in ids.enumerated() {
            #expect(try fixture.store.content(of: id) == NewImage.sample(seed).content)
        }
        let copy = try fixture.folder.copyAsIfKilled()
        #expect(try StoreFixture.open(copy).gallery("garage") == fixture.store.gallery("garage"))
    }

    @Test func `compacting ends when it is cancelled, and leaves the file and its readers as they were`() throws {
        let fixture = try StoreFixture()
        let ids = try fixture.enroll(
            try (0..<40).map { try .sample($0, bytes: Self.image($0, size: 1_000_000)) })
        try fixture.store.deleteImages(in: "lobby", matching: ImageFilter(ids: Set(ids.prefix(20))))
        let before = try fixture.folder.bytes()
        let questions = Atomic(0)
        let result = try fixture.store.compact(isCancelled: {
            questions.add(1, ordering: .relaxed)
            return true
        })
        #expect(result == nil && questions.load(ordering: .relaxed) > 0)
        #expect(try fixture.folder.bytes() == before)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: fixture.folder.path).allSatisfy {
                $0.hasPrefix("reid.sqlite")
            })
        #expect(try fixture.store.content(of: ids[39]).bytes == Self.image(39, size: 1_000_000))
        try fixture.enroll([try .sample(100)])
        let bytes = try #require(try fixture.store.compact())
        #expect(bytes.before > bytes.after && bytes.after < 22_000_000)
        #expect(try fixture.store.gallery("lobby").images == 21)
    }

    @Test func `a job that compacts learns of its cancellation although it has the only writer`() throws {
        let fixture = try StoreFixture()
        try fixture.enroll(try (0..<40).map { try .sample($0, bytes: Self.image($0, size: 1_000_000)) })
        let store = fixture.store
        let job = try store.createJob(NewJob(.compaction, createdBy: "ops")).id
        try store.startJob(job)
        let cancelled = DispatchGroup()
        let isAsked = Atomic(false)
        let result = try store.compact(isCancelled: {
            if !isAsked.exchange(true, ordering: .relaxed) {
                DispatchQueue.global().async(group: cancelled) { _ = try? store.requestJobCancel(job) }
                while !store.isBeingCancelled(job) { Thread.sleep(forTimeInterval: 0.001) }
            }
            return store.isBeingCancelled(job)
        })
        cancelled.wait()
        #expect(result == nil && isAsked.load(ordering: .relaxed))
        #expect(try store.job(id: job).isCancelRequested)
        #expect(!store.isBeingCancelled(job))
    }

    @Test func `an erased image is unknown, and its names in batches are gone`() throws {
        let fixture = try StoreFixture()
        let batch = try fixture.runningBatch()
        let outcome = ItemOutcome(index: 0, name: "0042_c1s1_000451_03.jpg", result: .image(try .sample(1)))
        try fixture.store.record([outcome], batch: batch)
        let again = try fixture.runningBatch()
        try fixture.store.record([outcome], batch: again)
        let id = try #require(try fixture.store.items(of: batch, limit: 1).items.first?.imageID)
        try fixture.store.deleteImage(id: id)

        #expect(galleryError { _ = try fixture.store.image(id: id) } == .unknownImage(id))
        #expect(galleryError { _ = try fixture.store.content(of: id) } == .unknownImage(id))
        #expect(galleryError { try fixture.store.deleteImage(id: id) } == .unknownImage(id))
        #expect(try !fixture.store.hasImages([id]))
        #expect(try !fixture.store.allImages().contains { $0.id == id })
        for batch in [batch, again] {
            let item = try #require(try fixture.store.items(of: batch, limit: 1).items.first)
            #expect(item.name == nil)
            #expect(item.imageID == nil)
        }
        // A processor that repeats the item does not bring it back; a new batch may.
        #expect(try fixture.store.record([outcome], batch: batch) == RecordedItems(skipped: 1))
        #expect(try fixture.enroll([try .sample(1)]) != [id])
    }

    @Test func `a ranking that shows an erased image goes with it`() throws {
        let fixture = try StoreFixture()
        let ids = try fixture.enroll(try (0..<2).map { try .sample($0) })
        let queries = try (0..<2).map { _ in try fixture.store.keepQuery(.sample()).id }
        for (query, id) in zip(queries, ids) {
            try fixture.store.saveRanking(Array(#"{"image_id":"\#(id)"}"#.utf8), of: query, galleryRevision: 1)
        }
        let changes = ChangeLog()
        let observation = fixture.store.observe { changes.append($0) }
        try fixture.store.deleteImage(id: ids[0])
        observation.cancel()
        #expect(changes.all == [.gallery(name: "lobby", revision: 2), .rankingErased(query: queries[0])])
        #expect(try fixture.store.ranking(of: queries[0]) == nil)
        #expect(try fixture.store.ranking(of: queries[1])?.revision == 1)
        let revision = try fixture.store.saveRanking(Array("{}".utf8), of: queries[0], galleryRevision: 2)
        #expect(revision == 2)
    }

    @Test func `an erased gallery leaves no bytes and cancels its batches`() throws {
        let fixture = try StoreFixture()
        let finished = try fixture.runningBatch()
        try fixture.store.record(
            [
                ItemOutcome(
                    index: 0, name: "<<name>>", result: .image(try .sample(1, bytes: Self.image(1, size: 900))))
            ],
            batch: finished)
        try fixture.store.setBatchState(finished, to: .completed, expectedItems: 1)
        let queued = try fixture.store.createBatch(.sample(key: "k")).batch.id
        let running = try fixture.runningBatch()
        try fixture.store.record(
            [ItemOutcome(index: 0, name: "<<name>>", result: .failed(.corruptImage, detail: "<<name>> is cut"))],
            batch: running)
        let query = try fixture.store.keepQuery(.sample(bytes: Self.image(2, size: 5000))).id

        let changes = ChangeLog()
        let observation = fixture.store.observe { changes.append($0) }
        let cancelled = try fixture.store.deleteGallery("lobby")
        observation.cancel()
        #expect(Set(cancelled.map(\.id)) == [queued, running])
        #expect(cancelled.allSatisfy { $0.state == .cancelled && $0.finishedAt != nil && $0.gallery == "lobby" })
        #expect(changes.all.contains(.galleryDeleted(name: "lobby")))
        #expect(changes.all.contains(.batch(id: queued, state: .cancelled)))
        #expect(changes.all.contains(.queryDeleted(id: query)))

        let stored = try fixture.folder.storedBytes()
        for trace in [Self.marker(1), Self.marker(2), Array("<<name>>".utf8)] {
            #expect(!stored.holds(trace))
        }
        #expect(try fixture.store.batch(id: finished).enrolled == 1)
        #expect(try fixture.store.items(of: finished, limit: 10).items.map(\.state) == [.enrolled])
        #expect(galleryError { _ = try fixture.store.query(id: query) } == .unknownQuery(query))
        #expect(galleryError { try fixture.store.deleteGallery("lobby") } == .unknownGallery("lobby"))
        #expect(
            galleryError { try fixture.store.record([], batch: running) }
                == .notRunning(batch: running, state: .cancelled))
        #expect(fixture.store.galleries().isEmpty)
    }

    @Test func `a gallery may be made again under its name`() throws {
        let fixture = try StoreFixture()
        try fixture.enroll([try .sample(1)])
        _ = try fixture.store.createBatch(.sample(key: "k"))
        try fixture.store.deleteGallery("lobby")
        let name = try #require(GalleryName("lobby"))
        let (summary, created) = try fixture.store.createGallery(name, model: "sha256:b", dimensions: 4)
        #expect(created)
        #expect(summary.images == 0)
        #expect(summary.dimensions == 4)
        #expect(try fixture.store.createBatch(.sample(key: "k", body: 9)).created)
    }

    @Test func `what a reader holds up is erased by the next write, or by the next start`() throws {
        let fixture = try StoreFixture()
        let store = fixture.store
        let id = try #require(try fixture.enroll([try .sample(1, bytes: Self.image(1, size: 20_000))]).first)
        // Bring the image into the database file, where only a checkpoint overwrites it.
        try store.deleteImage(id: try #require(try fixture.enroll([try .sample(2)]).first))

        let (isReading, mayEnd, hasEnded) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0), DispatchGroup())
        DispatchQueue.global().async(group: hasEnded) {
            let error = galleryError {
                try store.read { db in
                    let images = try Int.fetchOne(db, sql: "SELECT count(*) FROM image")
                    #expect(images == 1)
                    isReading.signal()
                    mayEnd.wait()
                }
            }
            #expect(error == nil)
        }
        isReading.wait()
        try store.deleteImage(id: id)
        let killed = try fixture.folder.copyAsIfKilled()
        mayEnd.signal()
        hasEnded.wait()

        let mark = Self.marker(1)
        #expect(try fixture.folder.storedBytes().holds(mark))
        _ = try store.keepQuery(.sample())
        #expect(try !fixture.folder.storedBytes().holds(mark))

        #expect(try killed.storedBytes().holds(mark))
        let restarted = try StoreFixture.open(killed)
        #expect(try !killed.storedBytes().holds(mark))
        #expect(galleryError { _ = try restarted.image(id: id) } == .unknownImage(id))
    }
}
