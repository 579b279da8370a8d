import Foundation
import GRDB
import Ranking
import Testing

@testable import Gallery

@Suite struct BackupTests {
    /// A store with 40 images of 4 KB, and the path of a backup beside it.
    private func filled() throws -> (fixture: StoreFixture, path: String) {
        let fixture = try StoreFixture()
        try fixture.enroll(try (0..<40).map { try .sample($0, bytes: ErasureTests.image($0, size: 4000)) })
        return (fixture, fixture.folder.path + "/backup.sqlite")
    }

    private func names(_ fixture: StoreFixture) throws -> Set<String> {
        Set(try FileManager.default.contentsOfDirectory(atPath: fixture.folder.path).filter { $0.contains("backup") })
    }

    @Test func `a copy is the state in which it began, although others write meanwhile`() throws {
        let (fixture, path) = try filled()
        try fixture.store.appendAudit([AuditEvent(.search, actor: "a")])
        var calls: [Int64] = []
        let copy = try #require(
            try fixture.store.copyDatabase(to: path, step: 1) { done, total in
                #expect(done <= total)
                calls.append(done)
                if calls.count % 4 == 0 {
                    try fixture.enroll([
                        try .sample(1000 + calls.count, bytes: ErasureTests.image(calls.count, size: 4000))
                    ])
                }
                return true
            })
        #expect(calls.count > 10 && calls == calls.sorted())
        #expect(try fixture.store.gallery("lobby").images > 42)
        #expect(copy.contents.images == 40 && copy.contents.embeddings == 40 && copy.contents.galleries == 1)
        #expect(copy.contents.auditRows == 1 && copy.contents.schema == Schema.version)
        let rows = try fixture.store.audit(limit: 1).items
        #expect(copy.contents.auditDigest == rows.first?.digest.map { String(format: "%02x", $0) }.joined())
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        #expect(attributes[.posixPermissions] as? Int == 0o600 && attributes[.size] as? Int == Int(copy.bytes))
        #expect(try names(fixture) == ["backup.sqlite"])

        let other = try TemporaryFolder()
        try FileManager.default.copyItem(atPath: path, toPath: other.database)
        if TemporaryFolder.hasClient {
            #expect(try other.sqlite("SELECT count(*) FROM image; PRAGMA integrity_check") == "40\nok")
        }
        let store = try StoreFixture.open(other)
        #expect(try store.allImages() == Array(fixture.store.allImages().prefix(40)))
        #expect(try store.snapshot(of: "lobby").vectors[7] == unitVector(7))
    }

    @Test func `a copy that is ended, refused or in the way leaves nothing behind`() throws {
        let (fixture, path) = try filled()
        #expect(try fixture.store.copyDatabase(to: path, step: 1) { done, _ in done < 100_000 } == nil)
        #expect(try names(fixture).isEmpty)
        let error = galleryError { _ = try fixture.store.copyDatabase(to: path, sparing: 1 << 55) }
        guard case .tooLittleSpace(fixture.folder.path, let needed, let available) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(needed > 1 << 55 && available < needed)
        let failure = GalleryError.inputOutput(path: "x", reason: "y")
        #expect(galleryError { _ = try fixture.store.copyDatabase(to: path) { _, _ in throw failure } } == failure)
        #expect(try names(fixture).isEmpty)
        try Data("mine".utf8).write(to: URL(fileURLWithPath: path))
        #expect(galleryError { _ = try fixture.store.copyDatabase(to: path) } == .alreadyThere(path: path))
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "mine")
        #expect(
            galleryError { _ = try fixture.store.copyDatabase(to: "/nowhere/backup") }
                == .missingFolder(path: "/nowhere"))
    }

    @Test func `a copy gets its name and its digest once, and never in the place of something else`() throws {
        let (fixture, path) = try filled()
        let copy = try #require(try fixture.store.copyDatabase(to: path + ".part"))
        try DatabaseCopy.publish(path + ".part", as: path, sha256: copy.sha256)
        // As after a kill between the new name and the note of it.
        try DatabaseCopy.publish(path + ".part", as: path, sha256: copy.sha256)
        #expect(try names(fixture) == ["backup.sqlite", "backup.sqlite.sha256"])
        let check = Process()
        check.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        check.arguments = ["sha256sum", "--check", "--status", "backup.sqlite.sha256"]
        check.currentDirectoryURL = URL(fileURLWithPath: fixture.folder.path)
        try check.run()
        check.waitUntilExit()
        #expect(check.terminationStatus == 0)

        _ = try fixture.store.copyDatabase(to: path + ".part")
        #expect(
            galleryError { try DatabaseCopy.publish(path + ".part", as: path, sha256: copy.sha256) }
                == .alreadyThere(path: path))
        DatabaseCopy.discard(path + ".part")
        #expect(try names(fixture) == ["backup.sqlite", "backup.sqlite.sha256"])
        let other = String(repeating: "0", count: 64)
        guard
            case .corrupt = galleryError({ try DatabaseCopy.publish(path + ".part", as: path, sha256: other) })
        else {
            Issue.record("another file passes for the copy")
            return
        }
    }

    @Test func `jobs that run are over in a copy, so that a restored service does not repeat them`() throws {
        let (fixture, path) = try filled()
        let job = try fixture.store.createJob(NewJob(.backup, createdBy: "ops")).id
        try fixture.store.startJob(job)
        _ = try fixture.store.copyDatabase(to: path)
        let other = try TemporaryFolder()
        _ = try Restoration(of: path, to: other.database)
        #expect(try StoreFixture.open(other).job(id: job).state == .cancelled)
        #expect(try fixture.store.job(id: job).state == .running)
    }

    @Test func `a compaction gives space back, and is refused beforehand where there is too little`() throws {
        let fixture = try StoreFixture()
        try fixture.enroll(try (0..<30).map { try .sample($0, bytes: ErasureTests.image($0, size: 1_000_000)) })
        for image in try fixture.store.allImages().dropFirst() { try fixture.store.deleteImage(id: image.id) }
        let refused = galleryError { try fixture.store.compact(sparing: 1 << 55) }
        guard case .tooLittleSpace(fixture.folder.path, _, _) = refused else {
            Issue.record("\(String(describing: refused))")
            return
        }
        let bytes = try #require(try fixture.store.compact())
        #expect(bytes.before > 4 * bytes.after && bytes.after > 1_000_000)
        #expect(try Int64(fixture.folder.bytes()) == bytes.after)
        #expect(try fixture.store.allImages().count == 1)
        let settings = try fixture.store.write { db, _ in
            try ["temp_store", "cache_size"].map { try Int.fetchOne(db, sql: "PRAGMA \($0)") }
        }
        #expect(settings == [2, -(DatabaseOpening.writerCache >> 10)], "temporary files are in memory again")
    }
}
