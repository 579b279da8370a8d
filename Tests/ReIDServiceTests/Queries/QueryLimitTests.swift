import GRDB
import HTTP
import HTTPTypes
import Testing

@testable import Gallery
@testable import ReIDService

@Suite struct QueryLimitTests {
    private func keep(_ service: TestService, _ query: String = "") throws -> ServerResponse {
        try service.post("/v1/galleries/lobby/queries\(query)", image: try TestImage(seed: 1).bytes)
    }

    @Test func `one query too many is a conflict that says what to do`() throws {
        try withService(configure: { $0.limits.keptQueries = 2 }) { service in
            try service.makeGallery("lobby")
            let first: QueryAnswer = try keep(service).decoded()
            #expect(try keep(service).status == .created)
            let refused = try keep(service)
            #expect(refused.status == .conflict)
            #expect(try refused.object["type"] == "urn:reid:query-limit")
            #expect(try refused.text.contains("delete some"))
            #expect(try service.ask(.delete, "/v1/queries/\(first.queryID)").status == .noContent)
            #expect(try keep(service).status == .created)
        }
    }

    @Test func `the bytes of all queries are limited`() throws {
        try withService(configure: { $0.limits.keptQueryBytes = 10 }) { service in
            try service.makeGallery("lobby")
            #expect(try keep(service).status == .conflict)
            let list: ListAnswer<QueryAnswer> = try service.ask(.get, "/v1/queries").decoded()
            #expect(list.items.isEmpty)
        }
    }

    @Test func `a query ends when it asked to, by seconds or by a time, in the form too`() throws {
        try withService { service in
            try service.makeGallery("lobby")
            let bySeconds: QueryAnswer = try keep(service, "?expires_in=3600").decoded()
            let span = try #require(bySeconds.expiresAt).milliseconds - bySeconds.createdAt.milliseconds
            #expect((3_500_000...3_600_000).contains(span))
            let end = "2099-01-01T00:00:00Z"
            let byTime: QueryAnswer = try keep(service, "?expires_at=\(end)").decoded()
            #expect(byTime.expiresAt == Timestamp(rfc3339: end))
            let form: QueryAnswer = try service.post(
                "/v1/galleries/lobby/queries",
                form: [.image(try TestImage(seed: 1).bytes), .options(#"{"expires_at": "\#(end)", "standing": true}"#)]
            ).decoded()
            #expect(form.expiresAt == Timestamp(rfc3339: end) && form.standing)
            let forever: QueryAnswer = try keep(service).decoded()
            #expect(forever.expiresAt == nil)
            for query in ["?expires_in=0", "?expires_at=2001-01-01T00:00:00Z", "?expires_in=5&expires_at=\(end)"] {
                #expect(try keep(service, query).status == .badRequest, "\(query)")
            }
            #expect(
                try service.post("/v1/galleries/lobby/search?expires_in=5", image: try TestImage(seed: 1).bytes).status
                    == .badRequest)
        }
    }

    @Test func `days end every query, with a row in the audit`() throws {
        try withService(configure: { $0.limits.keptQueryDays = 1 }) { service in
            try service.makeGallery("lobby")
            #expect(try keep(service).status == .created)
            service.service.queryCleaner.clean()
            #expect(try service.store.queries(limit: 9).items.count == 1)
            try service.store.age(queriesBy: 2 * 86_400_000)
            service.service.queryCleaner.clean()
            #expect(try service.store.queries(limit: 9).items.isEmpty)
            let row = try #require(try service.store.audit(limit: 1).items.first)
            #expect(row.action == "query.delete" && row.actor == "service")
            #expect(row.details.contains("expired"))
        }
    }

    @Test func `a query of a gallery that is deleted meanwhile does not spoil the list`() throws {
        try withService { service in
            try service.makeGallery("lobby")
            let kept: QueryAnswer = try keep(service).decoded()
            let record = try service.store.query(id: kept.queryID)
            try service.store.deleteGallery("lobby")
            #expect(try service.context.describe(record).state == "stale")
        }
    }
}

extension GalleryStore {
    /// Makes all kept queries older.
    fileprivate func age(queriesBy milliseconds: Int) throws {
        try write { db, _ in
            try db.execute(sql: "UPDATE query SET created_at = created_at - ?", arguments: [milliseconds])
        }
    }
}
