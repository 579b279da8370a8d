import Gallery
import Testing

extension NewQuery {
    static func sample(bytes: [UInt8] = [1, 2], standing: Bool = false, gallery: String = "lobby") -> NewQuery {
        NewQuery(
            gallery: gallery, name: "red coat", options: Array(#"{"limit":20}"#.utf8), isStanding: standing,
            images: [
                ImageContent(bytes: bytes, mediaType: "image/png"), ImageContent(bytes: [3], mediaType: "image/jpeg"),
            ], vector: unitVector(7), model: StoreFixture.model, warnings: ["Untrained."])
    }
}

@Suite struct QueryTests {
    @Test func `a kept query is read back as it was, after a restart too`() throws {
        let fixture = try StoreFixture()
        let kept = try fixture.store.keepQuery(.sample(standing: true))
        #expect(kept.id.hasPrefix("q_") && kept.id.utf8.count == 22)
        #expect(kept.gallery == "lobby" && kept.name == "red coat")
        #expect(kept.options == Array(#"{"limit":20}"#.utf8))
        #expect(kept.isStanding)
        #expect(kept.mediaTypes == ["image/png", "image/jpeg"])
        #expect(kept.vector == unitVector(7))
        #expect(kept.warnings == ["Untrained."])
        #expect(kept.rankingRevision == 0)
        try fixture.store.close()
        let store = try StoreFixture.open(fixture.folder)
        #expect(try store.query(id: kept.id) == kept)
        #expect(try store.queryImage(of: kept.id) == ImageContent(bytes: [1, 2], mediaType: "image/png"))
        #expect(try store.queryImage(of: kept.id, at: 1).bytes == [3])
        #expect(galleryError { _ = try store.queryImage(of: kept.id, at: 2) } == .unknownQuery(kept.id))
        #expect(try store.ranking(of: kept.id) == nil)
    }

    @Test func `a query of another model is refused`() throws {
        let fixture = try StoreFixture()
        let other = NewQuery(
            gallery: "lobby", options: [], isStanding: false,
            images: [ImageContent(bytes: [1], mediaType: "image/png")],
            vector: unitVector(1), model: "sha256:b")
        #expect(
            galleryError { _ = try fixture.store.keepQuery(other) }
                == .modelMismatch(expected: StoreFixture.model, found: "sha256:b"))
        #expect(
            galleryError { _ = try fixture.store.keepQuery(.sample(gallery: "none")) } == .unknownGallery("none"))
    }

    @Test func `a revision goes up only when the content changes`() throws {
        let fixture = try StoreFixture()
        let query = try fixture.store.keepQuery(.sample()).id
        let changes = ChangeLog()
        let observation = fixture.store.observe { changes.append($0) }
        func save(_ text: String, _ revision: Int64) throws -> Int64 {
            try fixture.store.saveRanking(Array(text.utf8), of: query, galleryRevision: revision)
        }
        #expect(try save("one", 1) == 1)
        #expect(try save("one", 2) == 1)
        #expect(try fixture.store.ranking(of: query)?.galleryRevision == 2)
        #expect(try save("two", 3) == 2)
        // A slow computation over an old snapshot does not overwrite a newer ranking.
        #expect(try save("one", 2) == 2)
        #expect(try fixture.store.ranking(of: query)?.content == Array("two".utf8))
        #expect(try fixture.store.query(id: query).rankingRevision == 2)
        #expect(changes.all == [.ranking(query: query, revision: 1), .ranking(query: query, revision: 2)])
        observation.cancel()
        #expect(galleryError { _ = try fixture.store.ranking(of: "q_none") } == .unknownQuery("q_none"))
        #expect(
            galleryError { try fixture.store.saveRanking([], of: "q_none", galleryRevision: 1) }
                == .unknownQuery("q_none"))
    }

    @Test func `a ranking that shows what was erased meanwhile is not saved`() throws {
        let fixture = try StoreFixture()
        let images = try fixture.enroll([try .sample(1), try .sample(2)])
        let query = try fixture.store.keepQuery(.sample()).id
        func save() throws {
            try fixture.store.saveRanking(Array("{}".utf8), of: query, galleryRevision: 1, showing: images)
        }
        try fixture.store.deleteImage(id: images[1])
        try save()
        #expect(try fixture.store.ranking(of: query) == nil)
    }

    @Test func `a deleted query is gone with its images`() throws {
        let fixture = try StoreFixture()
        let query = try fixture.store.keepQuery(.sample(bytes: ErasureTests.image(5, size: 3000))).id
        try fixture.store.saveRanking(Array("<<ranking>>".utf8), of: query, galleryRevision: 0)
        try fixture.store.deleteQuery(id: query)
        #expect(galleryError { _ = try fixture.store.query(id: query) } == .unknownQuery(query))
        #expect(galleryError { try fixture.store.deleteQuery(id: query) } == .unknownQuery(query))
        let stored = try fixture.folder.storedBytes()
        #expect(!stored.holds(ErasureTests.marker(5)))
        #expect(!stored.holds(Array("<<ranking>>".utf8)))
    }

    @Test func `queries are listed newest first, standing ones by gallery`() throws {
        let fixture = try StoreFixture()
        let ids = try (0..<5).map { try fixture.store.keepQuery(.sample(standing: $0 % 2 == 0)).id }
        let first = try fixture.store.queries(limit: 3)
        let rest = try fixture.store.queries(limit: 3, cursor: first.next)
        #expect((first.items + rest.items).map(\.id) == ids.reversed())
        #expect(rest.next == nil)
        #expect(try fixture.store.standingQueries(in: "lobby").map(\.id) == [ids[0], ids[2], ids[4]])
        #expect(try fixture.store.standingQueries(in: "none").isEmpty)
    }
}
