import Foundation
import GRDB
import Ranking
import Synchronization
import Testing

@testable import Gallery

/// Databases of every version: they open and answer the same, whatever interrupts their migration.
@Suite struct MigrationTests {
    /// The versions with a fixture.
    static let versions = Array(1...14)

    /// Makes the database of a version in a new folder.
    private func database(_ version: Int) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        let fixtures = Bundle.module.bundleURL.appendingPathComponent("Fixtures/schemas")
        func text(_ name: String) throws -> String {
            try String(contentsOf: fixtures.appendingPathComponent(name), encoding: .utf8)
        }
        let parts = try text("schema-\(version < 10 ? "0" : "")\(version).sql").split(separator: "-- Then rows.sql")
        let rest = try #require(parts.last?.drop { $0 != "\n" })
        let queue = try DatabaseQueue(path: folder.database)
        try queue.writeWithoutTransaction { db in
            try db.execute(sql: String(parts[0]))
            try db.execute(sql: text("rows.sql"))
            try db.execute(sql: String(rest))
        }
        try queue.close()
        return folder
    }

    /// What a database of any version holds, read without the store.
    private struct Plain: Equatable {
        var images: [[String?]] = []
        var vectors: [[Float]] = []
        var version = 0

        init(_ folder: TemporaryFolder) throws {
            let queue = try DatabaseQueue(path: folder.database)
            try queue.read { db in
                version = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
                let rows = try Row.fetchAll(
                    db,
                    sql: """
                        SELECT image.id, person.label, camera.label, captured_at, external_id, hex(sha256),
                            hex(image_content.bytes), vector
                        FROM image LEFT JOIN person ON person.key = person LEFT JOIN camera ON camera.key = camera
                        LEFT JOIN image_content ON image_content.image = image.key
                        JOIN embedding ON embedding.image = image.key ORDER BY image.key
                        """)
                images = rows.map { row in (0..<7).map { (row[$0] as DatabaseValue).storage.text } }
                vectors = rows.map { row in
                    let data: Data = row["vector"]
                    return stride(from: 0, to: data.count, by: 4).map { place in
                        var bits: UInt32 = 0
                        for byte in data[place..<place + 4].reversed() { bits = bits << 8 | UInt32(byte) }
                        return Float(bitPattern: bits)
                    }
                }
            }
            try queue.close()
        }

        /// The ids of all images, the nearest first, by a plain loop.
        func ranking(of query: [Float]) -> [String?] {
            func distance(_ vector: [Float]) -> Double {
                zip(vector, query).reduce(0) { $0 + (Double($1.0) - Double($1.1)) * (Double($1.0) - Double($1.1)) }
            }
            let distances = vectors.map(distance)
            return images.indices.sorted { (distances[$0], $0) < (distances[$1], $1) }.map { images[$0][0] }
        }
    }

    /// Expects that the store at a folder answers what the plain database held.
    private func expect(_ store: GalleryStore, answers plain: Plain) throws {
        let shown = try store.allImages()
        #expect(
            try shown.map { image in
                let content = image.mediaType == nil ? nil : try store.content(of: image.id).bytes
                return [
                    image.id, image.personID, image.cameraID, image.capturedAt.map { "\($0.milliseconds)" },
                    image.externalID, Self.hex(image.sha256), Self.hex(content ?? []),
                ]
            } == plain.images)
        let snapshot = try store.snapshot(of: "lobby")
        for query in [0, 3, 17, 39] {
            let vector = plain.vectors[query]
            let found = try snapshot.vectors.nearest(
                to: vector, count: 40, where: store.rows(of: snapshot, matching: ImageFilter()))
            let ids = Dictionary(uniqueKeysWithValues: shown.map { ($0.key, $0.id) })
            #expect(found.map { ids[snapshot.key(ofRow: $0.row)] } == plain.ranking(of: vector))
        }
        #expect(try store.read { try Int.fetchOne($0, sql: "PRAGMA user_version") } == Schema.version)
        #expect(try store.query(id: "q_" + String(repeating: "0", count: 20)).isStanding)
    }

    private static func hex(_ bytes: [UInt8]) -> String { bytes.map { String(format: "%02X", $0) }.joined() }

    @Test func `every version has a fixture`() {
        #expect(Self.versions.last == Schema.version, "make one of the new version, as the README of the fixtures says")
    }

    @Test(arguments: versions)
    func `a database of every version opens, and answers the same images and rankings`(version: Int) throws {
        let folder = try database(version)
        let before = try Plain(folder)
        #expect(before.version == version && before.images.count == 40)
        #expect(try before == Plain(database(version)) && before.images == Plain(database(1)).images)
        let store = try StoreFixture.open(folder)
        try expect(store, answers: before)
        #expect(try store.batch(id: "b_" + String(repeating: "0", count: 20)).enrolled == 1)
        #expect(try store.gallery("lobby").camerasWithMean == ["c0"])
        #expect(try store.tokens().count == (version < 3 ? 0 : 1))
        var verifier = AuditVerifier()
        try verifier.check(databaseAt: folder.database)
        #expect(verifier.count == (version < 4 ? 0 : 2))
        #expect(try store.jobs(limit: 9).items.count == (version < 9 ? 1 : 2))
        #expect(try store.allImages().count(where: \.isHeld) == (version < 11 ? 0 : 1))
        #expect(try store.gallery("lobby").retention?.basis == (version < 11 ? nil : .enrolled))
        #expect(
            try store.query(id: "q_" + String(repeating: "0", count: 20)).name == (version < 12 ? nil : "red coat"))
        let due = try store.dueWebhooks(limit: 9, longestPause: 60)
        #expect(due.map(\.webhook.attempts) == (version < 14 ? [] : [3]))
        // A ranking from before the means is of an earlier revision, so that it is made again.
        #expect(try store.ranking(of: "q_" + String(repeating: "0", count: 20))?.galleryRevision == 3)
        #expect(try store.gallery("lobby").revision == (version < 6 ? 4 : 3))
        // It goes on as one of this version.
        try store.deleteImages(in: "lobby", matching: ImageFilter(cameras: ["c1"]))
        #expect(try store.gallery("lobby").images == 35)
        try store.close()
        #expect(try StoreFixture.open(folder).gallery("lobby").images == 35)
    }

    @Test(arguments: [1, 5, 8])
    func `a migration that is killed at any statement loses nothing, and goes on at the next start`(
        version: Int
    ) throws {
        let folder = try database(version)
        let before = try Plain(folder)
        let copies = Mutex<[TemporaryFolder]>([])
        let count = Atomic(0)
        let queue = try DatabaseQueue(path: folder.database)
        try queue.writeWithoutTransaction { db in
            // With no room in memory, changes are in the log before they are committed.
            try db.execute(sql: "PRAGMA journal_mode = WAL; PRAGMA cache_size = 1")
            db.trace { _ in
                guard count.add(1, ordering: .relaxed).oldValue % 3 == 0, let copy = try? folder.copyAsIfKilled() else {
                    return
                }
                copies.withLock { $0.append(copy) }
            }
        }
        try Schema.migrations.migrate(queue)
        try queue.close()
        let kept = copies.withLock { $0 }
        var found: Set<Int> = []
        for copy in kept {
            let plain = try Plain(copy)
            #expect(plain.images == before.images && plain.vectors == before.vectors)
            found.insert(plain.version)
            try expect(try StoreFixture.open(copy), answers: before)
        }
        // A step is whole or not there: the versions between are found, and no other.
        #expect(found.isSubset(of: Set(version...Schema.version)) && found.count > 2)
    }

    @Test(arguments: [1, 4, 7, 10])
    func `a migration for which the disk is full leaves what was there, and is done when there is room`(
        version: Int
    ) throws {
        let folder = try database(version)
        let before = try Plain(folder)
        for spare in 0..<6 {
            let queue = try DatabaseQueue(path: folder.database)
            try queue.writeWithoutTransaction { db in
                try db.execute(sql: "PRAGMA journal_mode = WAL")
                let pages = try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0
                try db.execute(sql: "PRAGMA max_page_count = \(pages + spare)")
            }
            do { try Schema.migrations.migrate(queue) } catch let error as DatabaseError {
                #expect(error.resultCode == .SQLITE_FULL)
            }
            try queue.close()
            let now = try Plain(folder)
            #expect(now.images == before.images && now.vectors == before.vectors)
            if spare == 0, version < 10 { #expect(now.version < Schema.version, "there was no room for all of it") }
        }
        try expect(try StoreFixture.open(folder), answers: before)
    }
}

extension DatabaseValue.Storage {
    /// The value as text; nil for NULL.
    fileprivate var text: String? {
        switch self {
        case .null: nil
        case .int64(let number): "\(number)"
        case .double(let number): "\(number)"
        case .string(let text): text
        case .blob(let data): "\(data.count) bytes"
        }
    }
}
