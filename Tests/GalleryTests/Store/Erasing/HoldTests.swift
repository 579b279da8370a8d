import GRDB
import Testing

@testable import Gallery

/// Images that nothing may erase.
@Suite struct HoldTests {
    private func fill(_ fixture: StoreFixture) throws -> [String] {
        try fixture.enroll(
            try (0..<12).map {
                try .sample($0, person: "p\($0 % 4)", camera: "c\($0 % 2)", externalID: "e\($0)")
            })
    }

    @Test func `a held image stays whatever is erased, and is erased when the hold is lifted`() throws {
        let fixture = try StoreFixture()
        let store = fixture.store
        let ids = try fill(fixture)
        #expect(
            try store.setHold(true, in: "lobby", matching: ImageFilter(person: "p1"))
                == HoldChange(matching: 3, changed: 3))
        #expect(
            try store.setHold(true, in: "lobby", matching: ImageFilter(ids: [ids[1], ids[2]]))
                == HoldChange(matching: 2, changed: 1))
        let held = [1, 2, 5, 9].map { ids[$0] }
        #expect(try store.allImages().filter(\.isHeld).map(\.id) == held)
        #expect(try store.image(id: ids[1]).isHeld)
        #expect(try !store.image(id: ids[0]).isHeld)

        #expect(galleryError { try store.deleteImage(id: ids[1]) } == .imageIsHeld(ids[1]))
        #expect(
            galleryError { try store.deleteGallery("lobby") } == .imagesAreHeld(gallery: "lobby", count: 4))
        let erased = try store.deleteImages(in: "lobby", matching: ImageFilter(excludedCameras: ["none"]))
        #expect(erased == ErasedImages(count: 8, waiting: 0, held: 4))
        #expect(try store.allImages().map(\.id) == held)
        for id in held { #expect(try !store.content(of: id).bytes.isEmpty) }

        // Also after a restart.
        let killed = try fixture.folder.copyAsIfKilled()
        defer { withExtendedLifetime(killed) {} }
        let copy = try StoreFixture.open(killed)
        #expect(try copy.allImages().filter(\.isHeld).map(\.id) == held)
        #expect(
            try store.setHold(false, in: "lobby", matching: ImageFilter(person: "p1"))
                == HoldChange(matching: 3, changed: 3))
        #expect(try store.deleteImages(in: "lobby", matching: ImageFilter(person: "p1")).count == 3)
        #expect(
            galleryError { try store.deleteGallery("lobby") } == .imagesAreHeld(gallery: "lobby", count: 1))
        try store.setHold(false, in: "lobby", matching: ImageFilter(ids: [ids[2]]))
        try store.deleteGallery("lobby")
        #expect(store.galleries().isEmpty)
    }

    @Test func `SQLite itself refuses to delete a held image`() throws {
        let fixture = try StoreFixture()
        let ids = try fill(fixture)
        try fixture.store.setHold(true, in: "lobby", matching: ImageFilter(ids: [ids[3]]))
        for sql in ["DELETE FROM image", "DELETE FROM gallery"] {
            let error = galleryError { try fixture.store.write { db, _ in try db.execute(sql: sql) } }
            guard case .database(_, let code, _) = error else {
                Issue.record("\(String(describing: error)) for \(sql)")
                continue
            }
            #expect(code & 0xFF == 19, "a constraint")
        }
        #expect(try fixture.store.allImages().count == 12)
    }

    @Test func `an image that is erased already cannot be held, and one of another gallery is not`() throws {
        let fixture = try StoreFixture()
        let store = fixture.store
        let ids = try fill(fixture)
        try store.createGallery(try #require(GalleryName("yard")), model: StoreFixture.model, dimensions: 8)
        let other = try fixture.enroll([try .sample(1, person: "p1")], in: "yard")
        try store.withoutWiping {
            try store.deleteImages(in: "lobby", matching: ImageFilter(person: "p1"), wipingUpTo: 0)
            let filter = ImageFilter(ids: [ids[1], ids[2], other[0]])
            #expect(try store.setHold(true, in: "lobby", matching: filter) == HoldChange(matching: 1, changed: 1))
        }
        try store.finishWiping()
        #expect(try store.allImages().filter(\.isHeld).map(\.id) == [ids[2]])
        #expect(try store.allImages(in: "yard").filter(\.isHeld).isEmpty)
        try store.deleteGallery("yard")
    }

    @Test func `a hold has its row in the audit, also if it changes nothing`() throws {
        let fixture = try StoreFixture()
        _ = try fill(fixture)
        for isHeld in [true, true, false, false] {
            try fixture.store.setHold(isHeld, in: "lobby", matching: ImageFilter(person: "p1")) {
                AuditEvent(isHeld ? .imagesHold : .imagesRelease, actor: "ops", details: #"{"images":\#($0.changed)}"#)
            }
        }
        let rows = try fixture.store.audit(after: 0, limit: 9)
        #expect(rows.map(\.action) == ["images.hold", "images.hold", "images.release", "images.release"])
        #expect(rows.map(\.outcome) == ["ok", "unchanged", "ok", "unchanged"])
        #expect(rows.map(\.details) == [3, 0, 3, 0].map { #"{"images":\#($0)}"# })
    }
}
