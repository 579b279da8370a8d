import Foundation
import Testing

@testable import Gallery

@Suite struct RestorationTests {
    private let fixture: StoreFixture
    private let backup: String
    private let target: TemporaryFolder

    init() throws {
        fixture = try StoreFixture(dimensions: 512)
        try fixture.enroll(
            try (0..<40).map { try .sample($0, dimensions: 512, bytes: ErasureTests.image($0, size: 4000)) })
        backup = fixture.folder.path + "/backup.sqlite"
        let copy = try #require(try fixture.store.copyDatabase(to: backup + ".part"))
        try DatabaseCopy.publish(backup + ".part", as: backup, sha256: copy.sha256)
        target = try TemporaryFolder()
    }

    private func restore(replaces: Bool = false) throws -> Restoration {
        try Restoration(of: backup, to: target.database, replaces: replaces, now: fixture.clock.now)
    }

    private func names() throws -> Set<String> {
        Set(try FileManager.default.contentsOfDirectory(atPath: target.path)).subtracting(["reid.sqlite.lock"])
    }

    @Test func `a restored database opens with everything in it`() throws {
        // An index of some other database.
        try FileManager.default.createDirectory(atPath: target.database + ".index", withIntermediateDirectories: false)
        let restored = try restore()
        #expect(restored.replaced == nil && restored.contents.images == 40)
        #expect(try names() == ["reid.sqlite"])
        let attributes = try FileManager.default.attributesOfItem(atPath: target.database)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        let store = try StoreFixture.open(target)
        #expect(try store.allImages() == fixture.store.allImages())
        #expect(try store.content(of: store.allImages()[3].id) == fixture.store.content(of: store.allImages()[3].id))
    }

    @Test func `a database that is there is kept, or moved aside with its log when asked`() throws {
        let earlier = try StoreFixture(folder: target, store: StoreFixture.open(target))
        try earlier.store.createGallery(#require(GalleryName("yard")), model: StoreFixture.model, dimensions: 8)
        try earlier.enroll([try .sample(1)], in: "yard")
        #expect(galleryError { _ = try restore(replaces: true) } == .locked(path: target.database + ".lock"))
        // As a killed service leaves it, with commits that are only in the log.
        let left = try target.copyAsIfKilled(withIndex: true)
        try earlier.store.close()
        for name in try names() { try FileManager.default.removeItem(atPath: target.path + "/" + name) }
        for name in try FileManager.default.contentsOfDirectory(atPath: left.path) {
            try FileManager.default.copyItem(atPath: left.path + "/" + name, toPath: target.path + "/" + name)
        }
        let before = try target.storedBytes().bytes
        #expect(galleryError { _ = try restore() } == .alreadyThere(path: target.database))
        #expect(try target.storedBytes().bytes == before)

        let moved = try #require(try restore(replaces: true).replaced)
        #expect(moved == target.database + ".replaced-20261122T100000Z")
        #expect(try StoreFixture.open(target).gallery("lobby").images == 40)
        let other = try TemporaryFolder()
        for suffix in ["", "-wal", ".index"] {
            try FileManager.default.moveItem(atPath: moved + suffix, toPath: other.database + suffix)
        }
        #expect(try StoreFixture.open(other).gallery("yard").images == 1)
    }

    @Test func `two restorations in one second do not overwrite what the first moved aside`() throws {
        _ = try restore()
        let moved = try #require(try restore(replaces: true).replaced)
        #expect(galleryError { _ = try restore(replaces: true) } == .alreadyThere(path: moved))
        #expect(try StoreFixture.open(target).gallery("lobby").images == 40)
    }

    private func change(at offset: Int, to bytes: [UInt8]) throws {
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: backup))
        try file.seek(toOffset: UInt64(offset))
        try file.write(contentsOf: Data(bytes))
        try file.close()
    }

    /// The error of a restoration, after which nothing is there.
    private func refusal() throws -> GalleryError? {
        let error = galleryError { _ = try restore() }
        #expect(try names().isEmpty)
        return error
    }

    @Test func `a file that is not the one of its digest is refused`() throws {
        // In the first page's unused space: SQLite itself finds nothing wrong there.
        try change(at: 72, to: [1])
        guard case .corrupt(backup, let reason) = try refusal(), reason.contains("SHA-256") else {
            Issue.record("a changed file is taken")
            return
        }
        try FileManager.default.removeItem(atPath: backup + ".sha256")
        #expect(try restore().contents.images == 40)
    }

    @Test func `a damaged file is refused, with or without a digest`() throws {
        try FileManager.default.removeItem(atPath: backup + ".sha256")
        let whole = try Data(contentsOf: URL(fileURLWithPath: backup))
        for page in stride(from: 2, to: whole.count / 16_384, by: 3) {
            try change(at: page * 16_384, to: [UInt8](repeating: 0xA5, count: 64))
            guard case .corrupt(backup, _) = try refusal() else {
                Issue.record("damage in page \(page) is not found")
                return
            }
            try whole.write(to: URL(fileURLWithPath: backup))
        }
        try whole.prefix(whole.count - 16_384).write(to: URL(fileURLWithPath: backup))
        guard case .corrupt(backup, _) = try refusal() else {
            Issue.record("a file cut short is taken")
            return
        }
        try Data(repeating: 0x41, count: 10_000).write(to: URL(fileURLWithPath: backup))
        guard case .corrupt(backup, _) = try refusal() else {
            Issue.record("a text is taken")
            return
        }
    }

    @Test func `another program's, an empty or a newer database, a folder and nothing are refused`() throws {
        try FileManager.default.removeItem(atPath: backup + ".sha256")
        let copy = try TemporaryFolder()
        try FileManager.default.copyItem(atPath: backup, toPath: copy.database)
        try copy.tamper("PRAGMA user_version = 99")
        try FileManager.default.removeItem(atPath: backup)
        try FileManager.default.moveItem(atPath: copy.database, toPath: backup)
        #expect(try refusal() == .newerSchema(path: backup, found: 99, supported: Schema.version))
        try FileManager.default.removeItem(atPath: backup)
        try copy.tamper("CREATE TABLE note (text)")
        try FileManager.default.moveItem(atPath: copy.database, toPath: backup)
        #expect(try refusal() == .foreignDatabase(path: backup))
        try Data().write(to: URL(fileURLWithPath: backup))
        #expect(try refusal() == .foreignDatabase(path: backup))
        try FileManager.default.removeItem(atPath: backup)
        #expect(try refusal() == .missingFolder(path: fixture.folder.path), "there is no such file")
        try FileManager.default.createDirectory(atPath: backup, withIntermediateDirectories: false)
        #expect(try refusal() == .inputOutput(path: backup, reason: "it is not a regular file"))
    }
}
