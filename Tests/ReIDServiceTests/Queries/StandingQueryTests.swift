import Foundation
import GRDB
import HTTP
import HTTPTypes
import Testing

@testable import Gallery
@testable import ReIDService

@Suite struct StandingQueryTests {
    private func withLobby(_ body: (TestService) throws -> Void) throws {
        try withService { service in
            try service.makeGallery("lobby")
            try service.enroll(try SearchTests.images(), in: "lobby")
            service.watchGalleries()
            try body(service)
        }
    }

    @Test func `a kept query has the name that the URL or the form gives it`() throws {
        try withLobby { service in
            let image = try TestImage(seed: 1).bytes
            let named = try service.keepStanding("&name=Red%20coat", seed: 1)
            #expect(named.name == "Red coat")
            let form = try service.post(
                "/v1/galleries/lobby/queries", form: [.image(image), .options(#"{"name": "Blue coat"}"#)])
            #expect(try form.decoded(as: QueryAnswer.self).name == "Blue coat")
            #expect(try service.keepStanding(seed: 1).name == nil)
            let list: ListAnswer<QueryAnswer> = try service.ask(.get, "/v1/queries").decoded()
            #expect(list.items.map(\.name) == [nil, "Blue coat", "Red coat"])
            for name in ["", String(repeating: "n", count: TextLimits.bytes + 1), "a%0Ab"] {
                let refused = try service.post("/v1/galleries/lobby/queries?name=\(name)", image: image)
                #expect(refused.status == .badRequest)
            }
            #expect(try service.post("/v1/galleries/lobby/search?name=x", image: image).status == .badRequest)
        }
    }

    @Test func `a standing query with a minimum similarity shows only what reaches it, now and later`() throws {
        try withLobby { service in
            let query = try service.keepStanding("&min_similarity=0.999&rerank=false", seed: 200)
            #expect(query.options.minimumSimilarity == 0.999)
            let before = try service.ask(.get, query.rankingURL).decoded(as: RankingAnswer.self)
            #expect(before.results.isEmpty)
            var stream = try service.stream(of: query, after: "1")
            _ = try stream.next()
            let added = try service.enroll([try TestImage(seed: 200), try TestImage(seed: 201)], in: "lobby")
            let event = try #require(try stream.next().first)
            let ranking: RankingAnswer = try fromJSON(Array(event.data.utf8))
            #expect(event.id == "2" && ranking.results.map(\.imageID) == [added[0]])
        }
    }

    @Test func `a query that cannot be ranked again says so everywhere, until it can`() throws {
        try withLobby { service in
            let query = try service.keepStanding("&limit=1", seed: 200)
            #expect(query.error == nil)
            var stream = try service.stream(of: query, after: "1")
            _ = try stream.next()
            try service.store.write { db, _ in
                try db.execute(
                    sql: "CREATE TRIGGER broken BEFORE INSERT ON ranking BEGIN SELECT RAISE(ABORT, 'broken'); END")
            }
            try service.enroll([try TestImage(seed: 200)], in: "lobby")
            let status = #"{"error":"The ranking failed; the service's log says why."}"#
            #expect(try stream.next() == [Event(name: "status", data: status)])
            let failing = try service.ask(.get, "/v1/queries/\(query.queryID)").decoded(as: QueryAnswer.self)
            #expect(failing.error == "The ranking failed; the service's log says why." && failing.state == "stale")
            let list: ListAnswer<QueryAnswer> = try service.ask(.get, "/v1/queries").decoded()
            #expect(list.items == [failing])
            var late = try service.stream(of: query)
            #expect(try late.next().map(\.name) == ["ranking", "status"])

            try service.store.write { db, _ in try db.execute(sql: "DROP TRIGGER broken") }
            service.service.standingQueries.retry()
            var events: [Event] = []
            while events.count < 2 { events += try stream.next() }
            #expect(events.contains(Event(name: "status", data: #"{"error":null}"#)))
            #expect(events.contains { $0.name == "ranking" && $0.id == "2" })
            let ranked = try service.ask(.get, "/v1/queries/\(query.queryID)").decoded(as: QueryAnswer.self)
            #expect(ranked.error == nil && ranked.state == "ranked")
        }
    }

    @Test func `a deleted query does not fail any more`() throws {
        try withService { service in
            try service.makeGallery("lobby")
            let query = try service.keepStanding()
            service.context.note(failure: GalleryError.diskFull(path: "x"), of: query.queryID)
            let said = try service.ask(.get, "/v1/queries/\(query.queryID)").decoded(as: QueryAnswer.self).error
            #expect(said?.contains("disk") == true)
            try service.store.deleteQuery(id: query.queryID)
            service.watchGalleries()
            service.service.standingQueries.retry()
            for _ in 0..<3000 where !service.context.failures.queries.isEmpty { Thread.sleep(forTimeInterval: 0.01) }
            #expect(service.context.failures.queries.isEmpty)
        }
    }
}
