import Foundation
import GRDB
import Testing

@testable import Gallery

@Suite struct FaultTests {
    @Test func `a full disk is told, leaves nothing half done, and passes`() throws {
        let fixture = try StoreFixture()
        try fixture.enroll([try .sample(1)])
        let batch = try fixture.runningBatch()
        let outcomes = try (0..<10).map {
            ItemOutcome(
                index: $0, name: nil,
                result: .image(try .sample(100 + $0, bytes: ErasureTests.image($0, size: 100_000))))
        }
        let log = ChangeLog()
        let observation = fixture.store.observe { log.append($0) }
        try limitPages(of: fixture.store, to: "(SELECT page_count + 60 FROM pragma_page_count)")
        #expect(
            galleryError { try fixture.store.record(outcomes, batch: batch) }
                == .diskFull(path: fixture.folder.database))
        #expect(log.all.isEmpty)
        #expect(try fixture.store.snapshot(of: "lobby").imageCount == 1)
        #expect(try fixture.store.recordedItems(of: batch).isEmpty)
        #expect(try fixture.store.batch(id: batch).recorded == 0)
        if TemporaryFolder.hasClient {
            #expect(try fixture.folder.sqlite("SELECT count(*) FROM image; PRAGMA integrity_check") == "1\nok")
        }

        try limitPages(of: fixture.store, to: "1000000")
        #expect(try fixture.store.record(outcomes, batch: batch).enrolled == 10)
        #expect(try fixture.store.snapshot(of: "lobby").imageCount == 11)
        observation.cancel()
    }

    @Test func `a process killed after a commit has lost nothing`() throws {
        let fixture = try StoreFixture()
        let batch = try fixture.runningBatch()
        for index in 0..<30 {
            try fixture.store.record(
                [ItemOutcome(index: index, name: nil, result: .image(try .sample(index)))], batch: batch)
            guard index % 7 == 0 else { continue }
            let left = try fixture.folder.copyAsIfKilled()
            let store = try StoreFixture.open(left)
            #expect(try store.snapshot(of: "lobby").imageCount == index + 1)
            #expect(try store.batch(id: batch).enrolled == index + 1)
            // The processor repeats what may be missing and continues: each item is recorded once.
            try store.setBatchState(batch, to: .running)
            let outcomes = try (max(0, index - 3)..<index + 5).map {
                ItemOutcome(index: $0, name: nil, result: .image(try .sample($0)))
            }
            try store.record(outcomes, batch: batch)
            #expect(try store.snapshot(of: "lobby").imageCount == index + 5)
            #expect(try store.recordedItems(of: batch) == Set(0..<index + 5))
        }
    }

    @Test func `a process killed in the middle of a commit has changed nothing`() throws {
        let fixture = try StoreFixture()
        try fixture.enroll([try .sample(1)])
        let before = try fixture.store.snapshot(of: "lobby").summary
        let left = try fixture.store.write { db, _ in
            try db.execute(sql: "PRAGMA cache_size = 10")
            try db.execute(sql: "UPDATE gallery SET revision = 99")
            // More than the cache holds, so that part of it is in the write-ahead log already.
            try db.execute(
                sql: "INSERT INTO image_content SELECT key, zeroblob(1000000) FROM image WHERE true "
                    + "ON CONFLICT DO UPDATE SET bytes = zeroblob(1000000)")
            return try fixture.folder.copyAsIfKilled()
        }
        #expect(try left.storedBytes().bytes.count > 1_000_000)
        let store = try StoreFixture.open(left)
        #expect(try store.gallery("lobby") == before)
        let id = try #require(try store.allImages().first?.id)
        #expect(try store.content(of: id) == NewImage.sample(1).content)
    }

    @Test func `damaged content is told when it is read`() throws {
        let fixture = try StoreFixture()
        let ids = try fixture.enroll(try (0..<20).map { try .sample($0, bytes: ErasureTests.image($0, size: 50_000)) })
        let (table, size) = try fixture.store.read {
            (
                try Int.fetchOne($0, sql: "SELECT rootpage FROM sqlite_schema WHERE name = 'image_content'"),
                try #require(try Int.fetchOne($0, sql: "PRAGMA page_size"))
            )
        }
        try fixture.store.close()
        let url = URL(fileURLWithPath: fixture.folder.database)
        var bytes = try Data(contentsOf: url)
        let start = (try #require(table) - 1) * size
        bytes.replaceSubrange(start..<start + size, with: Data(count: size))
        try bytes.write(to: url)
        let store = try StoreFixture.open(fixture.folder)
        let error = galleryError { _ = try store.content(of: ids[0]) }
        guard case .corrupt(fixture.folder.database, _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    private func limitPages(of store: GalleryStore, to limit: String) throws {
        _ = try store.write { db, _ in
            let pages = try Int.fetchOne(db, sql: "SELECT \(limit)") ?? 0
            try db.execute(sql: "PRAGMA max_page_count = \(pages)")
        }
    }
}
