import Foundation
import GRDB
import Glibc
import Logging
import Ranking
import Testing

@testable import Gallery

@Suite struct StoreOpeningTests {
    @Test func `everything is there again after a restart`() throws {
        let fixture = try StoreFixture()
        let time = try #require(Timestamp(rfc3339: "2026-11-22T10:00:00Z"))
        try fixture.enroll([
            try .sample(1, person: "0042", camera: "c1", at: time, externalID: "x-1", name: "a.jpg"),
            try .sample(2, camera: "c2"),
        ])
        let before = try fixture.store.snapshot(of: "lobby")
        let images = try fixture.store.allImages()
        try fixture.store.close()

        let store = try StoreFixture.open(fixture.folder)
        let after = try store.snapshot(of: "lobby")
        let imagesAfter = try store.allImages()
        #expect(imagesAfter == images)
        #expect(after.summary == before.summary)
        #expect((0..<2).map { after.vectors[$0] } == (0..<2).map { before.vectors[$0] })
        #expect(after.vectors[0] == unitVector(1))
        #expect(imagesAfter.map(\.name) == ["a.jpg", nil])
    }

    @Test func `a database of the first version keeps everything and gets names and warnings`() throws {
        let folder = try TemporaryFolder()
        let queue = try DatabaseQueue(path: folder.database)
        try Schema.migrations.migrate(queue, upTo: "1 galleries, batches, queries")
        let vector = Array(repeating: "00", count: 28).joined() + "0000803f"
        let ranking = #"{"results": [], "warnings": ["Rankings mean nothing yet.", "Nor later."]}"#
        try queue.write { db in
            try db.execute(
                sql: """
                    INSERT INTO gallery VALUES (1, 'lobby', 'sha256:a', 8, 3, 0);
                    INSERT INTO batch VALUES
                        (1, 'b_1', 1, 'lobby', 'tar', 'application/x-tar', '/data/batches/b_1', 9, 'completed', 0, 3, 2, 1,
                        0, 5, 6, 7, NULL);
                    INSERT INTO image (key, id, gallery, sha256, enrolled_at)
                        VALUES (1, 'i_1', 1, zeroblob(32), 0), (2, 'i_2', 1, randomblob(32), 0);
                    INSERT INTO embedding VALUES (1, 'sha256:a', x'\(vector)'), (2, 'sha256:a', x'\(vector)');
                    INSERT INTO batch_item VALUES (1, 0, 'in/a.jpg', 'enrolled', 1, NULL, NULL),
                        (1, 1, 'again.jpg', 'duplicate', 1, NULL, NULL), (1, 2, NULL, 'enrolled', 2, NULL, NULL);
                    INSERT INTO query VALUES (1, 'q_1', 1, x'', 1, 'sha256:a', x'\(vector)', 1, 0),
                        (2, 'q_2', 1, x'', 1, 'sha256:a', x'\(vector)', 0, 0);
                    INSERT INTO ranking VALUES (1, 3, CAST('\(ranking)' AS BLOB), 0), (2, 3, x'7B00', 0)
                    """)
        }
        try queue.close()
        let store = try StoreFixture.open(folder)
        #expect(try store.allImages().map(\.name) == ["in/a.jpg", nil])
        #expect(try store.image(id: "i_1").name == "in/a.jpg")
        #expect(try store.batch(id: "b_1").warnings.isEmpty)
        #expect(try store.batch(id: "b_1").bodyBytes == 9)
        #expect(try store.items(of: "b_1", limit: 9).items.map(\.name) == ["in/a.jpg", "again.jpg", nil])
        #expect(try store.query(id: "q_1").warnings == ["Rankings mean nothing yet.", "Nor later."])
        #expect(try store.query(id: "q_2").warnings.isEmpty)
        #expect(try store.read { try Int.fetchOne($0, sql: "PRAGMA user_version") } == Schema.version)
    }

    @Test func `commits are durable and erased bytes are overwritten`() throws {
        let fixture = try StoreFixture()
        let settings = try fixture.store.write { db, _ in
            try ["synchronous", "secure_delete", "foreign_keys"].map { try Int.fetchOne(db, sql: "PRAGMA \($0)") }
        }
        #expect(settings == [2, 1, 1])
        // Only inside a change that does not wait is it otherwise.
        let later = try fixture.store.write(waits: false) { db, _ in try Int.fetchOne(db, sql: "PRAGMA synchronous") }
        let after = try fixture.store.write { db, _ in try Int.fetchOne(db, sql: "PRAGMA synchronous") }
        #expect([later, after] == [1, 2])
        #expect(try fixture.store.read { try String.fetchOne($0, sql: "PRAGMA journal_mode") } == "wal")
    }

    @Test func `pages are large, and the log is copied into the database while the store is open`() throws {
        let fixture = try StoreFixture(dimensions: 512)
        #expect(try fixture.store.read { try Int.fetchOne($0, sql: "PRAGMA page_size") } == 16_384)
        let empty = try fixture.folder.bytes()
        let vectors = try (0..<10).map {
            try NewImage.sample($0, dimensions: 512, bytes: Array(repeating: UInt8($0), count: 1 << 20))
        }
        try fixture.enroll(vectors)
        // The writer itself would copy only a log of 64 MiB.
        while try fixture.folder.bytes() < empty + (10 << 20) { Thread.sleep(forTimeInterval: 0.01) }
    }

    @Test func `nobody else may read the file`() throws {
        let fixture = try StoreFixture()
        for suffix in ["", "-wal", "-shm", ".lock"] {
            let attributes = try FileManager.default.attributesOfItem(atPath: fixture.folder.database + suffix)
            #expect(attributes[.posixPermissions] as? Int == 0o600, "\(suffix)")
        }
    }

    @Test func `a second store is refused until the first lets go`() throws {
        let fixture = try StoreFixture()
        let lock = fixture.folder.database + ".lock"
        #expect(galleryError { _ = try StoreFixture.open(fixture.folder) } == .locked(path: lock))
        try fixture.store.close()
        try fixture.store.close()
        #expect(try StoreFixture.open(fixture.folder).galleries().count == 1)
    }

    @Test func `a closed database is one file`() throws {
        let fixture = try StoreFixture()
        try fixture.enroll([try .sample(1)])
        try fixture.store.close()
        let copy = try TemporaryFolder()
        try FileManager.default.copyItem(atPath: fixture.folder.database, toPath: copy.database)
        #expect(try StoreFixture.open(copy).gallery("lobby").images == 1)
    }

    @Test func `a store that goes away lets go`() throws {
        let folder = try TemporaryFolder()
        for _ in 0..<3 { #expect(try StoreFixture.open(folder).galleries().isEmpty) }
    }

    @Test func `somebody who only reads the file does not keep a store from opening`() throws {
        let fixture = try StoreFixture()
        try fixture.enroll([try .sample(1)])
        let left = try fixture.folder.copyAsIfKilled()
        let reader = try DatabaseQueue(path: left.database)
        try reader.inTransaction(.deferred) { db in
            let images = try Int.fetchOne(db, sql: "SELECT count(*) FROM image")
            #expect(images == 1)
            let store = try StoreFixture.open(left)
            #expect(try store.gallery("lobby").images == 1)
            #expect(try store.keepQuery(.sample()).gallery == "lobby")
            return .commit
        }
    }

    @Test func `using a closed store is a typed error`() throws {
        let fixture = try StoreFixture()
        try fixture.store.close()
        let error = galleryError { _ = try fixture.store.batches(limit: 1) }
        guard case .database(fixture.folder.database, _, _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test(
        arguments: ["PRAGMA user_version = 99", "INSERT INTO grdb_migrations VALUES ('99 portals')"])
    func `a database of a newer version is refused and left alone`(change: String) throws {
        let fixture = try StoreFixture()
        try fixture.store.close()
        try fixture.folder.tamper(change)
        let before = try Data(contentsOf: URL(fileURLWithPath: fixture.folder.database))
        let found = change.contains("user_version") ? 99 : Schema.version + 1
        #expect(
            galleryError { _ = try StoreFixture.open(fixture.folder) }
                == .newerSchema(path: fixture.folder.database, found: found, supported: Schema.version))
        #expect(try Data(contentsOf: URL(fileURLWithPath: fixture.folder.database)) == before)
    }

    @Test func `another program's database is refused`() throws {
        let folder = try TemporaryFolder()
        try folder.tamper("CREATE TABLE note (text)")
        #expect(galleryError { _ = try StoreFixture.open(folder) } == .foreignDatabase(path: folder.database))
    }

    @Test func `a file that is no database is refused`() throws {
        let folder = try TemporaryFolder()
        try Data(repeating: 0x41, count: 10_000).write(to: URL(fileURLWithPath: folder.database))
        expectCorrupt(folder)
    }

    @Test func `a database cut short is refused`() throws {
        let fixture = try StoreFixture(dimensions: 1024)
        try fixture.enroll(try (0..<50).map { try .sample($0, dimensions: 1024) })
        try fixture.store.close()
        let url = URL(fileURLWithPath: fixture.folder.database)
        let bytes = try Data(contentsOf: url)
        try bytes.prefix(bytes.count / 8192 * 4096).write(to: url)
        expectCorrupt(fixture.folder)
    }

    @Test(arguments: [
        "UPDATE embedding SET vector = x'0000'", "UPDATE embedding SET vector = zeroblob(28)",
        "UPDATE embedding SET model = 'sha256:b'", "DELETE FROM embedding",
        "UPDATE embedding SET vector = x'\(String(repeating: "0000c07f", count: 8))'",
        "DELETE FROM gallery",
    ])
    func `vectors that do not belong are refused`(damage: String) throws {
        let fixture = try StoreFixture()
        try fixture.enroll([try .sample(1)])
        try fixture.store.close()
        try fixture.folder.tamper(damage)
        // As long as the index's files are whole, the vectors are not read again.
        try FileManager.default.removeItem(atPath: fixture.folder.database + ".index")
        expectCorrupt(fixture.folder)
    }

    @Test func `a folder that is not there is named`() throws {
        let folder = try TemporaryFolder()
        let logger = Logger(label: "test")
        #expect(
            galleryError { _ = try GalleryStore(path: folder.path + "/none/reid.sqlite", logger: logger) }
                == .missingFolder(path: folder.path + "/none"))
    }

    @Test(.enabled(if: geteuid() != 0, "root may write everywhere"))
    func `a folder without write permission is named`() throws {
        let folder = try TemporaryFolder()
        try FileManager.default.setAttributes([.posixPermissions: 0o500], ofItemAtPath: folder.path)
        #expect(galleryError { _ = try StoreFixture.open(folder) } == .notWritable(path: folder.database + ".lock"))
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: folder.path)
    }

    @Test func `a place that nobody may write is named`() {
        // Neither root nor anyone else can create files there.
        let path = "/sys/reid.sqlite"
        let error = galleryError { _ = try GalleryStore(path: path, logger: Logger(label: "test")) }
        #expect(error == .notWritable(path: path + ".lock"))
    }

    @Test func `a folder in the file's place is named`() throws {
        let folder = try TemporaryFolder()
        try FileManager.default.createDirectory(atPath: folder.database, withIntermediateDirectories: false)
        #expect(galleryError { _ = try StoreFixture.open(folder) } == .notWritable(path: folder.database))
    }

    private func expectCorrupt(_ folder: TemporaryFolder) {
        let error = galleryError { _ = try StoreFixture.open(folder) }
        guard case .corrupt(folder.database, _) = error else {
            Issue.record("\(String(describing: error)) instead of a corrupt \(folder.database)")
            return
        }
    }
}
