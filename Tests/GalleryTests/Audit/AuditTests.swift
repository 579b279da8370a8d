import Digests
import Foundation
import GRDB
import Synchronization
import Testing

@testable import Gallery

extension AuditEvent {
    static func sample(_ action: AuditAction = .search, actor: String = "dock", gallery: String = "lobby") -> AuditEvent
    {
        AuditEvent(
            action, actor: actor, address: "192.0.2.7", target: gallery,
            details:
                #"{"gallery":"\#(gallery.replacing("\n", with: #"\n"#))","options":{"lambda":0.7},"shown":["i_1","i_2"]}"#
        )
    }
}

@Suite struct AuditTests {
    /// Checks the chain as the documentation of `AuditRecord` says it, without any code of this package.
    static let program = #"""
        import hashlib, sqlite3, sys
        database = sqlite3.connect(sys.argv[1])
        columns = "sequence, at, actor, address, action, target, outcome, details, previous, digest"
        last, count = bytes(32), 0
        for row in database.execute(f"SELECT {columns} FROM audit ORDER BY sequence"):
            *values, previous, digest = row
            texts = [previous.hex(), *values, "reid-audit-1"]
            parts = [str(text).encode() for text in texts]
            computed = hashlib.sha256(b"".join(b"%d:%s," % (len(part), part) for part in parts)).digest()
            count += 1
            assert row[0] == count and previous == last and digest == computed, f"row {row[0]}"
            last = digest
        print(count, last.hex())
        """#

    static let python = "/usr/bin/python3"
    static var hasPython: Bool { FileManager.default.isExecutableFile(atPath: python) }

    private func runPython(on folder: TemporaryFolder) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Self.python)
        process.arguments = ["-c", Self.program, folder.database]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// A store with rows of several kinds, and names that are hard to encode.
    private func filled() throws -> StoreFixture {
        let fixture = try StoreFixture()
        try fixture.store.appendAudit([.sample(), .sample(.embedding, actor: "Zoë 🚪, \"3:x,\"")])
        fixture.clock.advance(seconds: 60)
        try fixture.store.appendAudit([.sample(gallery: "line\nbreak"), .sample(.tokenCreate, actor: "", gallery: "")])
        let name = try #require(GalleryName("hall"))
        try fixture.store.createGallery(
            name, model: StoreFixture.model, dimensions: 8, audit: .sample(.galleryCreate, gallery: "hall"))
        return fixture
    }

    private func verify(_ fixture: StoreFixture) throws -> AuditVerifier {
        var verifier = AuditVerifier()
        try verifier.check(databaseAt: fixture.folder.database)
        return verifier
    }

    private func breach(_ fixture: StoreFixture) -> BrokenAudit? {
        do {
            _ = try verify(fixture)
            return nil
        } catch {
            return error as? BrokenAudit
        }
    }

    @Test(.enabled(if: hasPython)) func `another program finds the chain in order, and the same last digest`() throws {
        let fixture = try filled()
        let verified = try verify(fixture)
        #expect(verified.count == 5)
        #expect(try runPython(on: fixture.folder) == "5 \(verified.lastDigest)")
    }

    @Test func `rows are read back as they were, newest first in pages and oldest first in order`() throws {
        let fixture = try filled()
        let first = try fixture.store.audit(limit: 3)
        let rest = try fixture.store.audit(limit: 3, cursor: first.next)
        #expect((first.items + rest.items).map(\.sequence) == [5, 4, 3, 2, 1])
        #expect(rest.next == nil)
        #expect(first.items[0].action == "gallery.create" && first.items[0].outcome == "ok")
        #expect(rest.items[0].actor == "Zoë 🚪, \"3:x,\"" && rest.items[0].address == "192.0.2.7")
        #expect(first.items[0].previous == first.items[1].digest)
        #expect(rest.items[1].previous == [UInt8](repeating: 0, count: 32))
        #expect(first.items[0].at == rest.items[1].at.adding(seconds: 60))
        #expect(try fixture.store.audit(after: 2, limit: 2).map(\.sequence) == [3, 4])
        #expect(try fixture.store.audit(after: 5, limit: 2).isEmpty)
        #expect(galleryError { _ = try fixture.store.audit(limit: 3, cursor: "q1") } == .invalidCursor("q1"))
    }

    @Test func `each filter finds its rows and no others`() throws {
        let fixture = try filled()
        func found(_ set: (inout AuditFilter) -> Void) throws -> [Int64] {
            var filter = AuditFilter()
            set(&filter)
            let page = try fixture.store.audit(filter, limit: 10).items.map(\.sequence)
            #expect(try fixture.store.audit(filter, after: 0, limit: 10).map(\.sequence) == page.reversed())
            return page
        }
        #expect(try found { $0.action = .search } == [3, 1])
        #expect(try found { $0.actor = "dock" } == [5, 3, 1])
        #expect(try found { $0.target = "hall" } == [5])
        #expect(try found { $0.gallery = "lobby" } == [2, 1])
        let start = fixture.clock.now.adding(seconds: -60)
        #expect(try found { $0.to = start } == [2, 1])
        #expect(try found { $0.from = start.adding(seconds: 1) } == [5, 4, 3])
        #expect(try found { filter in (filter.action, filter.actor) = (.search, "nobody") } == [])
    }

    @Test(arguments: [
        "UPDATE audit SET actor = 'else'", "DELETE FROM audit WHERE sequence = 5",
        "INSERT OR REPLACE INTO audit SELECT 2, at, 'else', address, action, target, outcome, details, previous, digest "
            + "FROM audit WHERE sequence = 2",
        "INSERT INTO audit SELECT 9, at, actor, address, action, target, outcome, details, previous, digest FROM audit "
            + "WHERE sequence = 5",
    ])
    func `the table itself refuses to change or lose a row`(sql: String) throws {
        let fixture = try filled()
        #expect(throws: DatabaseError.self) { try fixture.folder.tamper(sql) }
        #expect(try verify(fixture).count == 5)
    }

    @Test(arguments: [
        ("UPDATE audit SET actor = 'else' WHERE sequence = 3", BrokenAudit.changed(3)),
        ("UPDATE audit SET at = at + 1 WHERE sequence = 1", .changed(1)),
        (#"UPDATE audit SET details = '{"gallery":"hall"}' WHERE sequence = 4"#, .changed(4)),
        ("DELETE FROM audit WHERE sequence = 2", .missing(expected: 2, found: 3)),
        ("DELETE FROM audit WHERE sequence = 1", .missing(expected: 1, found: 2)),
        ("DELETE FROM audit WHERE sequence > 3", .cut(last: 5, found: 3)),
        ("DELETE FROM audit WHERE sequence = 2; UPDATE audit SET sequence = 2 WHERE sequence = 3", .unlinked(2)),
        (
            "UPDATE audit SET sequence = 99 WHERE sequence = 2; UPDATE audit SET sequence = 2 WHERE sequence = 3; "
                + "UPDATE audit SET sequence = 3 WHERE sequence = 99", .unlinked(2)
        ),
        ("UPDATE audit SET digest = zeroblob(32) WHERE sequence = 2", .changed(2)),
        ("UPDATE audit SET previous = zeroblob(32) WHERE sequence = 2", .unlinked(2)),
    ])
    func `the first broken link is found and named`(sql: String, expected: BrokenAudit) throws {
        let fixture = try filled()
        let triggers = ["audit_keeps_rows", "audit_keeps_values", "audit_grows_at_its_end"]
        try fixture.folder.tamper(triggers.map { "DROP TRIGGER \($0);" }.joined() + sql)
        #expect(breach(fixture) == expected)
    }

    @Test func `a row rewritten with its digest shows at the next row`() throws {
        let fixture = try filled()
        let row = try #require(try fixture.store.audit(after: 1, limit: 1).first)
        let forged = try AuditRecord(
            AuditEvent(.search, actor: "else"), at: row.at, after: (row.sequence - 1, row.previous))
        try fixture.folder.tamper(
            """
            DROP TRIGGER audit_keeps_values;
            UPDATE audit SET actor = 'else', address = '', action = 'search', target = '', outcome = 'ok',
                details = '{}', digest = x'\(hexString(forged.digest))' WHERE sequence = 2
            """)
        #expect(breach(fixture) == .unlinked(3))
    }

    @Test func `an audit that was written anew from its start lacks the digest that was noted`() throws {
        let fixture = try filled()
        let noted = try verify(fixture).lastDigest
        func check(_ fixture: StoreFixture) throws {
            var verifier = AuditVerifier(noted: noted)
            try verifier.check(databaseAt: fixture.folder.database)
            try verifier.finish()
        }
        try fixture.store.appendAudit([.sample()])
        try check(fixture)
        let other = try StoreFixture()
        try other.store.appendAudit([.sample(), .sample()])
        #expect(throws: BrokenAudit.withoutNoted(digest: noted)) { try check(other) }
    }

    @Test func `a change and its row are one transaction`() throws {
        let fixture = try StoreFixture()
        #expect(
            galleryError { try fixture.store.deleteGallery("none", audit: .sample(.galleryDelete)) }
                == .unknownGallery("none"))
        #expect(try verify(fixture).count == 0)
        // A row that the table refuses takes its change with it.
        let invalid = AuditEvent(.galleryDelete, actor: "dock", details: "no JSON")
        #expect(galleryError { try fixture.store.deleteGallery("lobby", audit: invalid) } != nil)
        #expect(try fixture.store.gallery("lobby").name == "lobby")
        try fixture.store.deleteGallery("lobby", audit: .sample(.galleryDelete))
        #expect(try fixture.store.audit(limit: 9).items.map(\.action) == ["gallery.delete"])
    }

    @Test func `a change that changes nothing is unchanged`() throws {
        let fixture = try StoreFixture()
        let name = try #require(GalleryName("lobby"))
        try fixture.store.createGallery(
            name, model: StoreFixture.model, dimensions: 8, audit: .sample(.galleryCreate))
        let new = try NewBatch.sample(key: "k")
        _ = try fixture.store.createBatch(new, audit: .sample(.batchAccept))
        _ = try fixture.store.createBatch(.sample(key: "k"), audit: .sample(.batchAccept))
        try fixture.store.requestCancel(new.id, audit: .sample(.batchCancel))
        try fixture.store.requestCancel(new.id, audit: .sample(.batchCancel))
        let rows = try fixture.store.audit(after: 0, limit: 9)
        #expect(rows.map(\.outcome) == ["unchanged", "ok", "unchanged", "ok", "unchanged"])
        #expect(rows[1...2].map(\.target) == [new.id, new.id])
    }

    @Test func `writers at the same time make one chain`() async throws {
        let fixture = try StoreFixture()
        let store = fixture.store
        await withTaskGroup(of: Void.self) { group in
            for writer in 0..<8 {
                group.addTask {
                    for _ in 0..<10 { try? store.appendAudit([.sample(actor: "writer \(writer)"), .sample()]) }
                }
            }
        }
        #expect(try verify(fixture).count == 160)
        var filter = AuditFilter()
        filter.actor = "writer 3"
        #expect(try store.audit(filter, limit: 100).items.count == 10)
    }

    @Test func `a killed process leaves a chain in order, which the next continues`() throws {
        let fixture = try filled()
        let left = try fixture.folder.copyAsIfKilled()
        let store = try StoreFixture.open(left)
        try store.appendAudit([.sample()])
        try store.close()
        var verifier = AuditVerifier()
        try verifier.check(databaseAt: left.database)
        #expect(verifier.count == 6)
        #expect(try verify(fixture).count == 5)
    }
}
