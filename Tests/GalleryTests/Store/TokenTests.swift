import Digests
import Gallery
import Testing

extension NewToken {
    static func sample(
        _ name: String = "dock", galleries: [String]? = ["lobby*", "yard"], expiresAt: Timestamp? = nil,
        secret: String = "secret"
    ) throws -> NewToken {
        NewToken(
            name: name, scopes: ["query", "enroll"], galleries: galleries, expiresAt: expiresAt,
            digest: try SHA256.hash(Array(secret.utf8)))
    }
}

@Suite struct TokenTests {
    @Test func `a token is read back as it was, after a restart too`() throws {
        let fixture = try StoreFixture()
        let end = fixture.clock.now.adding(seconds: 60)
        let dock = try fixture.store.createToken(.sample(expiresAt: end))
        let all = try fixture.store.createToken(.sample("all", galleries: nil, secret: "other"))
        #expect(dock.id.hasPrefix("t_") && dock.id.utf8.count == 22 && dock.id != all.id)
        #expect(dock.name == "dock" && dock.scopes == ["query", "enroll"] && dock.galleries == ["lobby*", "yard"])
        #expect(dock.expiresAt == end && dock.createdAt == fixture.clock.now && dock.lastUsedAt == nil)
        #expect(all.galleries == nil && all.expiresAt == nil)
        try fixture.store.close()
        #expect(try StoreFixture.open(fixture.folder).tokens() == [dock, all])
    }

    @Test func `a name is given once, and is free again when its token is deleted`() throws {
        let store = try StoreFixture().store
        let first = try store.createToken(.sample())
        #expect(galleryError { _ = try store.createToken(.sample(secret: "b")) } == .duplicateTokenName("dock"))
        try store.deleteToken(id: first.id)
        #expect(galleryError { try store.deleteToken(id: first.id) } == .unknownToken(first.id))
        #expect(try store.createToken(.sample()).id != first.id)
        #expect(try store.tokens().count == 1)
    }

    @Test func `a token with a fixed id stays until its secret is another`() throws {
        let fixture = try StoreFixture()
        let first = try fixture.store.keepToken(.sample(), id: "t_file")
        try fixture.store.noteTokenUses(["t_file": fixture.clock.now])
        fixture.clock.advance(seconds: 1)
        let same = try fixture.store.keepToken(.sample(), id: "t_file")
        #expect(same.createdAt == first.createdAt && same.lastUsedAt == first.createdAt)
        let second = try fixture.store.keepToken(.sample(secret: "new"), id: "t_file")
        #expect(second.createdAt == fixture.clock.now && second.lastUsedAt == nil)
        #expect(try fixture.store.tokens() == [second])
    }

    @Test func `uses are noted, and those of deleted tokens do no harm`() throws {
        let fixture = try StoreFixture()
        let token = try fixture.store.createToken(.sample())
        fixture.clock.advance(seconds: 5)
        try fixture.store.noteTokenUses([token.id: fixture.clock.now, "t_gone": fixture.clock.now])
        #expect(try fixture.store.tokens().map(\.lastUsedAt) == [fixture.clock.now])
    }

    @Test func `tokens are listed page by page, oldest first`() throws {
        let store = try StoreFixture().store
        let names = (0..<5).map { "token \($0)" }
        for name in names { _ = try store.createToken(.sample(name, secret: name)) }
        let first = try store.tokens(limit: 3)
        let second = try store.tokens(limit: 3, cursor: first.next)
        #expect((first.items + second.items).map(\.name) == names)
        #expect(first.items.count == 3 && second.next == nil)
        #expect(galleryError { _ = try store.tokens(limit: 3, cursor: "q1") } == .invalidCursor("q1"))
        #expect(galleryError { _ = try store.tokens(limit: 0) } == .invalidLimit(0, maximum: 1000))
    }

    @Test func `lists of queries and batches are limited to galleries before they are cut into pages`() throws {
        let fixture = try StoreFixture()
        let store = fixture.store
        let yard = try #require(GalleryName("yard"))
        try store.createGallery(yard, model: StoreFixture.model, dimensions: 8)
        var queries: [String] = []
        var batches: [String] = []
        for number in 0..<6 {
            let gallery = number % 3 == 0 ? "yard" : "lobby"
            let query = try store.keepQuery(.sample(gallery: gallery)).id
            let batch = try store.createBatch(.sample(gallery: gallery)).batch.id
            if gallery == "yard" { queries.insert(query, at: 0) }
            if gallery == "yard" { batches.insert(batch, at: 0) }
        }
        func pages<Item>(_ page: (String?) throws -> Page<Item>) throws -> [Item] {
            let first = try page(nil)
            return first.items + (try first.next.map { try page($0).items } ?? [])
        }
        let isYard: (String) -> Bool = { $0 == "yard" }
        #expect(try pages { try store.queries(limit: 1, cursor: $0, shows: isYard) }.map(\.id) == queries)
        #expect(try pages { try store.batches(limit: 1, cursor: $0, shows: isYard) }.map(\.id) == batches)
        #expect(try store.queries(limit: 9, shows: { _ in false }).items.isEmpty)
        #expect(try store.queries(limit: 9).items.count == 6 && store.batches(limit: 9).items.count == 6)
        try store.deleteGallery("yard")
        #expect(try store.batches(limit: 9, shows: isYard).items.map(\.id) == batches)
    }
}
