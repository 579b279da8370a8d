import GRDB
import Testing

@testable import Gallery

@Suite struct WebhookTests {
    /// A standing query with a webhook and its first ranking.
    private func keep(_ fixture: StoreFixture, _ url: String = "https://a.example/") throws -> QueryRecord {
        try fixture.store.keepQuery(
            NewQuery(
                gallery: "lobby", options: [0x7B, 0x7D], isStanding: true,
                images: [ImageContent(bytes: [1], mediaType: "image/png")], vector: unitVector(7),
                model: StoreFixture.model, webhook: NewWebhook(url: url, secret: "s")),
            ranking: NewRanking(content: Array("one".utf8), galleryRevision: 1, images: []))
    }

    private func change(_ fixture: StoreFixture, _ query: QueryRecord, _ text: String) throws {
        try fixture.store.saveRanking(Array(text.utf8), of: query.id, galleryRevision: 2)
    }

    private func due(_ store: GalleryStore, limit: Int = 9) throws -> [DueWebhook] {
        try store.dueWebhooks(limit: limit, longestPause: 3600)
    }

    @Test func `a webhook is due while its receiver has not taken the newest ranking, after a restart too`() throws {
        let fixture = try StoreFixture()
        let query = try keep(fixture)
        #expect(query.webhook?.url == "https://a.example/" && query.webhook?.delivered == 1)
        #expect(try due(fixture.store).isEmpty)
        try change(fixture, query, "two")
        try change(fixture, query, "three")
        try fixture.store.close()
        let store = try StoreFixture.open(fixture.folder, clock: fixture.clock)
        let found = try due(store)
        #expect(found.map(\.secret) == ["s"] && found.first?.query.id == query.id)
        #expect(found.first?.ranking.content == Array("three".utf8) && found.first?.ranking.revision == 3)
        var taken = WebhookOutcome(revision: 3)
        taken.status = 200
        try store.note(taken, ofWebhookOf: query.id)
        #expect(try due(store).isEmpty)
        let record = try #require(try store.query(id: query.id).webhook)
        #expect(record.delivered == 3 && record.attempts == 0 && record.status == 200 && record.failure == nil)
        #expect(record.attemptedAt == fixture.clock.now)
        try store.deleteQuery(id: query.id)
        try store.note(taken, ofWebhookOf: query.id)
        #expect(try store.read { try $0.rows("SELECT * FROM webhook", []) }.isEmpty)
    }

    @Test func `a ranking that changes while an older one is delivered stays due`() throws {
        let fixture = try StoreFixture()
        let query = try keep(fixture)
        try change(fixture, query, "two")
        try change(fixture, query, "three")
        try fixture.store.note(WebhookOutcome(revision: 2), ofWebhookOf: query.id)
        #expect(try due(fixture.store).map(\.ranking.revision) == [3])
    }

    @Test func `after a failure it waits, and those that failed least often come first`() throws {
        let fixture = try StoreFixture()
        let queries = try (0..<3).map { try keep(fixture, "https://\($0).example/") }
        for query in queries { try change(fixture, query, "two") }
        var failed = WebhookOutcome(revision: 2)
        failed.failure = "No answer in time."
        failed.pause = 10
        try fixture.store.note(failed, ofWebhookOf: queries[0].id)
        try fixture.store.note(failed, ofWebhookOf: queries[0].id)
        failed.pause = 5
        try fixture.store.note(failed, ofWebhookOf: queries[1].id)
        #expect(try due(fixture.store).map(\.query.id) == [queries[2].id])
        #expect(try fixture.store.nextWebhook(besides: [queries[2].id]) == fixture.clock.now.adding(seconds: 5))
        let record = try #require(try fixture.store.query(id: queries[0].id).webhook)
        #expect(record.attempts == 2 && record.failure == failed.failure && record.status == nil)
        fixture.clock.advance(seconds: 10)
        #expect(try due(fixture.store).map(\.query.id) == [queries[2].id, queries[1].id, queries[0].id])
        #expect(try due(fixture.store, limit: 1).count == 1)
        #expect(try fixture.store.nextWebhook(besides: queries.map(\.id)) == nil)
    }

    @Test func `a clock that was far ahead does not delay a webhook`() throws {
        let fixture = try StoreFixture()
        let query = try keep(fixture)
        try change(fixture, query, "two")
        fixture.clock.advance(seconds: 86_400)
        var failed = WebhookOutcome(revision: 2)
        failed.failure = "No answer in time."
        failed.pause = 3600
        try fixture.store.note(failed, ofWebhookOf: query.id)
        #expect(try due(fixture.store).isEmpty)
        fixture.clock.advance(seconds: -86_400)
        #expect(try due(fixture.store).count == 1)
    }
}
