import Foundation
import GRDB
import Logging
import Randomness
import Ranking
import Testing

@testable import Gallery

/// What the files of an index are good for, and what they must never do: change an answer.
@Suite struct IndexFilesTests {
    private typealias Content = [Int64: IndexContent]

    /// What an index keeps of an image, as the database has it or as a snapshot does.
    private struct IndexContent: Equatable {
        let vector: [Float]
        let camera: String?
        let person: UInt32?
    }

    /// What the database holds, read without the index.
    private func stored(_ store: GalleryStore) throws -> Content {
        try store.read { db in
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT image.key, person, camera.label, vector FROM image
                    JOIN embedding ON embedding.image = image.key LEFT JOIN camera ON camera.key = image.camera
                    JOIN gallery ON gallery.key = image.gallery
                    WHERE gallery.name = 'lobby' AND NOT EXISTS (SELECT * FROM erased WHERE erased.image = image.key)
                    """)
            return try Dictionary(
                uniqueKeysWithValues: rows.map { row in
                    try (
                        row["key"],
                        IndexContent(
                            vector: try Vector.read(row, "vector"), camera: row["label"],
                            person: (row["person"] as Int64?).map(UInt32.init))
                    )
                })
        }
    }

    private func indexed(_ store: GalleryStore) throws -> Content {
        let snapshot = try store.snapshot(of: "lobby")
        #expect(snapshot.imageCount == snapshot.rows.count)
        #expect(snapshot.rows.map { snapshot.key(ofRow: $0) } == snapshot.rows.map { snapshot.key(ofRow: $0) }.sorted())
        return Dictionary(
            uniqueKeysWithValues: snapshot.rows.map { row in
                (
                    snapshot.key(ofRow: row),
                    IndexContent(
                        vector: snapshot.vectors[row], camera: snapshot.camera(ofRow: row),
                        person: snapshot.person(ofRow: row))
                )
            })
    }

    private func files(_ folder: TemporaryFolder) throws -> [String] {
        let root = folder.database + ".index"
        return try FileManager.default.subpathsOfDirectory(atPath: root).sorted().map { root + "/" + $0 }
            .filter { path in
                let kind = try FileManager.default.attributesOfItem(atPath: path)[.type] as? FileAttributeType
                return kind == .typeRegular
            }
    }

    private func damage(_ path: String, at place: Int) throws {
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
        try file.seek(toOffset: UInt64(place))
        let byte = try file.read(upToCount: 1)?.first ?? 0
        try file.seek(toOffset: UInt64(place))
        try file.write(contentsOf: Data([~byte]))
        try file.close()
    }

    /// Opens a store that wipes only what it is told to, so that its files can be copied at any time.
    private func open(_ folder: TemporaryFolder) throws -> GalleryStore {
        let store = try StoreFixture.open(folder)
        store.stopWiping()
        return store
    }

    @Test(arguments: 1...6)
    func `an index is the database's after any changes, restarts, kills and damage`(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var folder = try TemporaryFolder()
        var store = try open(folder)
        try store.createGallery(try #require(GalleryName("lobby")), model: StoreFixture.model, dimensions: 8)
        var older: TemporaryFolder?
        var number = 0
        for _ in 0..<30 {
            switch Int.random(in: 0..<10, using: &generator) {
            case 0..<4:
                let added = Int.random(in: 1...30, using: &generator)
                let fixture = StoreFixture(folder: folder, store: store)
                try fixture.enroll(
                    try (number..<number + added).map {
                        try .sample($0, person: "\($0 % 5)", camera: $0 % 3 == 0 ? nil : "c\($0 % 3)")
                    })
                number += added
            case 4:
                guard let image = try store.allImages().randomElement(using: &generator) else { continue }
                try store.deleteImage(id: image.id)
            case 5:
                if Bool.random(using: &generator) {
                    let person = "\(Int.random(in: 0..<5, using: &generator))"
                    try store.deleteImages(in: "lobby", matching: ImageFilter(person: person), wipingUpTo: 0)
                } else {
                    _ = try store.wipeSome(atMost: 3)
                }
            case 6:
                try store.close()
                store = try open(folder)
            case 7:
                // Killed: the files are as they were at some moment, and the database perhaps a commit later.
                let copy = try folder.copyAsIfKilled(withIndex: true)
                try store.close()
                (folder, store) = (copy, try open(copy))
            case 8:
                try store.close()
                let files = try files(folder)
                let file = try #require(files.randomElement(using: &generator))
                if Bool.random(using: &generator) {
                    try FileManager.default.removeItem(atPath: file)
                } else {
                    let size = try #require(
                        try FileManager.default.attributesOfItem(atPath: file)[.size] as? Int)
                    // The first rows, where damage matters.
                    try damage(file, at: Int.random(in: 0..<min(size, 8_192), using: &generator))
                }
                store = try open(folder)
            default:
                // A backup of the database is put back, and the index is of a later state.
                guard let backup = older else {
                    older = try folder.copyAsIfKilled(withIndex: false)
                    continue
                }
                try store.close()
                for suffix in ["", "-wal", "-shm"] {
                    try? FileManager.default.removeItem(atPath: folder.database + suffix)
                    try? FileManager.default.copyItem(
                        atPath: backup.database + suffix, toPath: folder.database + suffix)
                }
                store = try open(folder)
                older = nil
            }
            #expect(try indexed(store) == stored(store))
        }
        #expect(number > 50)
    }

    @Test func `files are read instead of the database as long as they are whole`() throws {
        let fixture = try StoreFixture()
        try fixture.enroll(try (0..<100).map { try .sample($0) })
        try fixture.store.close()
        // A trace that shows where vectors come from.
        try fixture.folder.tamper("UPDATE embedding SET vector = zeroblob(32) WHERE image = 1")
        let store = try StoreFixture.open(fixture.folder)
        #expect(try indexed(store)[1]?.vector == unitVector(0))
        try store.close()
        let vectors = try #require(try files(fixture.folder).first { $0.contains("/vectors-") })
        // Behind the first page lie the vectors; the 50th row is damaged.
        try damage(vectors, at: 4096 + 50 * 32)
        let repaired = try StoreFixture.open(fixture.folder)
        #expect(try indexed(repaired)[1]?.vector == unitVector(0))
        #expect(try indexed(repaired)[51]?.vector == unitVector(50))
        #expect(try indexed(repaired).count == 100)
    }

    @Test func `files of other people's galleries go, and nobody else may read them`() throws {
        let fixture = try StoreFixture()
        try fixture.enroll([try .sample(1)])
        for file in try files(fixture.folder) {
            let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
            #expect(file.hasSuffix("parts.json") || mode == 0o600, "\(file)")
        }
        let root = fixture.folder.database + ".index"
        let mode = try FileManager.default.attributesOfItem(atPath: root + "/1")[.posixPermissions] as? Int
        #expect(mode == 0o700)
        try fixture.store.deleteGallery("lobby")
        #expect(try FileManager.default.contentsOfDirectory(atPath: root).isEmpty)
        try fixture.store.close()
        try FileManager.default.createDirectory(atPath: root + "/77", withIntermediateDirectories: true)
        _ = try StoreFixture.open(fixture.folder)
        #expect(try FileManager.default.contentsOfDirectory(atPath: root).isEmpty)
    }

    @Test func `an erased vector leaves the files when no search shows it any more`() throws {
        let fixture = try StoreFixture()
        let ids = try fixture.enroll(try (0..<10).map { try .sample($0) })
        let trace = Array(Vector.data(unitVector(3)))
        func isInFiles() throws -> Bool {
            try files(fixture.folder).contains {
                StoredBytes(bytes: try Data(contentsOf: URL(fileURLWithPath: $0))).holds(trace)
            }
        }
        #expect(try isInFiles())
        try withExtendedLifetime(fixture.store.snapshot(of: "lobby")) {
            let snapshot = try fixture.store.snapshot(of: "lobby")
            try fixture.store.deleteImage(id: ids[3])
            fixture.store.index.wipeNow("lobby")
            #expect(snapshot.vectors[3] == unitVector(3))
            #expect(try isInFiles())
        }
        fixture.store.index.wipeNow("lobby")
        #expect(try !isInFiles())
        // A killed process could not wipe; the next start does.
        let copy = try fixture.folder.copyAsIfKilled(withIndex: true)
        let store = try StoreFixture.open(copy)
        #expect(try indexed(store) == stored(store))
        #expect(try indexed(store).count == 9)
    }

    private func index(_ folder: IndexFolder?, images: Range<Int>) throws -> GalleryIndex {
        let facts = GalleryFacts(
            key: 1, name: "lobby", model: "m", dimensions: 8, createdAt: Timestamp(milliseconds: 0))
        var index = GalleryIndex(
            facts, revision: 1, means: CameraMeans(dimensions: 8, means: []), folder: folder)
        try index.append(images.map(image), cameras: [:], means: nil, revision: 2)
        return index
    }

    private func image(_ number: Int) -> IndexedImage {
        IndexedImage(
            key: Int64(number + 1), person: UInt32(number % 7 + 1), camera: nil, capturedAt: nil,
            embedding: unitVector(number))
    }

    @Test(arguments: [false, true])
    func `directions and compact parts change no answer, and are there after a start`(inFiles: Bool) throws {
        let place = try TemporaryFolder()
        let facts = GalleryFacts(
            key: 1, name: "lobby", model: "m", dimensions: 8, createdAt: Timestamp(milliseconds: 0))
        let folder = inFiles ? try IndexFolder(creating: place.path + "/1", for: facts) : nil
        var index = try index(folder, images: 0..<6_000)
        #expect(index.parts.map(\.count) == [4_096, 1_904] && index.needsRotation)
        let (earlier, number) = (index, index.reserveNumbers())
        let made = try #require(try earlier.makeRotation(number: number))
        // Images that come while directions are made get heads too.
        try index.append((6_000..<6_100).map(image), cameras: [:], means: nil, revision: 3)
        try index.install(made)
        #expect(!index.needsRotation && index.parts.allSatisfy { ($0.heads?.count ?? 0) >= $0.count })
        // Two of three images of the first part go, and some while it is written anew.
        try index.remove(keys: (0..<4_000).filter { $0 % 3 != 0 }.map { Int64($0 + 1) }, means: nil, revision: 4)
        let before = index
        let due = try #require(index.partToCompact)
        let newNumber = index.reserveNumbers()
        try index.remove(keys: [1, 4, 7], means: nil, revision: 5)
        try index.install(try #require(try before.compacted(due, newNumber: newNumber)), for: due)
        #expect(index.partToCompact == nil && index.parts[0].count < 2_000)
        let kept = (0..<6_100).filter { !($0 < 4_000 && $0 % 3 != 0) && ![0, 3, 6].contains($0) }
        func check(_ index: inout GalleryIndex) {
            let snapshot = index.makeSnapshot()
            #expect(snapshot.rows.map { snapshot.key(ofRow: $0) } == kept.map { Int64($0 + 1) })
            #expect(zip(snapshot.rows, kept).allSatisfy { snapshot.vectors[$0] == unitVector($1) })
            #expect(snapshot.imageCount == kept.count && snapshot.summary.people == 7)
            let query = unitVector(99_999)
            let definition = kept.map { number -> (Float, Int64) in
                let distance = zip(query, unitVector(number)).reduce(0.0) {
                    $0 + (Double($1.0) - Double($1.1)) * (Double($1.0) - Double($1.1))
                }
                return (Float(distance), Int64(number + 1))
            }.sorted { $0 < $1 }
            let found = try? snapshot.vectors.nearest(to: query, count: 50, where: snapshot.rows(meeting: nil))
            #expect(found?.map { snapshot.key(ofRow: $0.row) } == definition.prefix(50).map(\.1))
        }
        check(&index)
        guard let folder = index.folder else { return }
        index.noteState(stamp: 5, previousStamp: 5)
        let manifest = folder.manifest
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).count == 2 + 1 + 3 * 2)
        let again = try #require(try IndexFolder(opening: folder.path, for: facts))
        #expect(again.manifest == manifest && again.notedState?.stamp == 5)
        var opened = try #require(
            try GalleryIndex(
                opening: again, facts, means: CameraMeans(dimensions: 8, means: []), cameras: [:]))
        #expect(opened.rotation != nil && !opened.needsRotation)
        check(&opened)
        try opened.moveToMemory()
        #expect(opened.folder == nil && !FileManager.default.fileExists(atPath: folder.path))
        check(&opened)
    }
}
