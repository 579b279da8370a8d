import CSPRModel
import Embedding
import Foundation
import Gallery
import HTTPTypes
import Imaging
import Ranking
import Synchronization
import Testing

@testable import HTTP
@testable import ReIDService

@Suite struct QueryTests {
    /// Keeps a query of image `seed`, and returns it.
    private func keep(
        _ service: TestService, _ parameters: String = "", seed: UInt64 = 100
    ) throws -> QueryAnswer {
        let response = try service.post(
            "/v1/galleries/lobby/queries" + parameters, image: try TestImage(seed: seed).bytes)
        #expect(response.status == .created, "\(response.said)")
        let query: QueryAnswer = try response.decoded()
        #expect(response.fields[.location] == "/v1/queries/\(query.queryID)")
        return query
    }

    private func withLobby(_ body: (TestService) throws -> Void) throws {
        try withService { service in
            try service.makeGallery("lobby")
            try service.enroll(try SearchTests.images(), in: "lobby")
            try body(service)
        }
    }

    @Test func `a kept query is ranked at once, as a search would be`() throws {
        try withLobby { service in
            let query = try keep(service, "?limit=4&camera=c1&camera=c2")
            #expect(query.state == "ranked")
            #expect(query.revision == 1)
            #expect(query.standing == false)
            #expect(query.options.cameras == ["c1", "c2"])
            let ranking = try service.ask(.get, query.rankingURL)
            #expect(ranking.fields[.eTag] == "\"1\"")
            let kept: RankingAnswer = try ranking.decoded()
            #expect(kept.queryID == query.queryID)
            #expect(kept.revision == 1)
            let search = try service.post(
                "/v1/galleries/lobby/search?limit=4&camera=c1&camera=c2", image: try TestImage(seed: 100).bytes
            ).decoded(as: RankingAnswer.self)
            #expect(kept.results == search.results)
            #expect(kept.options == search.options)
        }
    }

    @Test func `equal revisions have equal bytes, and a client that has them gets 304`() throws {
        try withLobby { service in
            let query = try keep(service)
            let first = try service.ask(.get, query.rankingURL)
            #expect(try service.ask(.get, query.rankingURL).bytes == first.bytes)
            for tag in ["\"1\"", "W/\"1\"", "\"0\", \"1\"", "*"] {
                let again = try service.ask(.get, query.rankingURL, fields: [.ifNoneMatch: tag])
                #expect(again.status == .notModified)
                #expect(again.fields[.eTag] == "\"1\"")
                #expect(try again.bytes.isEmpty)
            }
            #expect(try service.ask(.get, query.rankingURL, fields: [.ifNoneMatch: "\"2\""]).status == .ok)
        }
    }

    @Test func `a standing query is ranked again after an enrollment, another one is stale`() throws {
        try withLobby { service in
            service.watchGalleries()
            let standing = try keep(service, "?standing=true&limit=1", seed: 200)
            let once = try keep(service, "?limit=1", seed: 200)
            let added = try service.enroll([try TestImage(seed: 200)], in: "lobby")
            let reply = try service.reply(
                .get, standing.rankingURL + "?wait=30", fields: [.ifNoneMatch: "\"1\""])
            let answer = try service.eventually(reply, to: standing.rankingURL)
            #expect(answer.status == .ok)
            #expect(answer.fields[.eTag] == "\"2\"")
            let ranking: RankingAnswer = try answer.decoded()
            #expect(ranking.revision == 2)
            #expect(ranking.gallerySize == 13)
            #expect(ranking.results.map(\.imageID) == added)
            let stale = try service.ask(.get, "/v1/queries/\(once.queryID)").decoded(as: QueryAnswer.self)
            #expect(stale.state == "stale")
            #expect(stale.revision == 1)
        }
    }

    @Test func `a stale query is ranked again when asked to, and keeps its revision where nothing changes`() throws {
        try withLobby { service in
            let query = try keep(service, "?limit=1", seed: 200)
            let added = try service.enroll([try TestImage(seed: 200)], in: "lobby")
            let answer = try service.ask(.post, query.rankingURL)
            #expect(answer.status == .ok)
            #expect(answer.fields[.eTag] == "\"2\"")
            let ranking: RankingAnswer = try answer.decoded()
            #expect(ranking.results.map(\.imageID) == added)
            let now = try service.ask(.get, "/v1/queries/\(query.queryID)").decoded(as: QueryAnswer.self)
            #expect(now.state == "ranked")
            #expect(now.revision == 2)
            #expect(try service.ask(.post, query.rankingURL).fields[.eTag] == "\"2\"")
            #expect(try service.ask(.post, "/v1/queries/q_none/ranking").status == .notFound)
            #expect(try service.ask(.post, query.rankingURL + "?wait=1").status == .badRequest)
        }
    }

    @Test func `a poll is held until the ranking changes, and costs nothing once it is over`() throws {
        try withLobby { service in
            service.watchGalleries()
            let query = try keep(service, "?standing=true")
            let reply = try service.reply(.get, query.rankingURL + "?wait=60", fields: [.ifNoneMatch: "\"1\""])
            guard case .held(let held) = reply else {
                Issue.record("the poll was answered at once")
                return
            }
            #expect(held.timeout == .seconds(60))
            try service.enroll([try TestImage(seed: 201)], in: "lobby")
            #expect(try service.eventually(reply, to: query.rankingURL).fields[.eTag] == "\"2\"")
        }
    }

    @Test func `a poll that is over is not kept, however it ended`() throws {
        let waiters = RankingWaiters()
        let request = try ServerRequest(method: .get, target: "/")
        let hold = {
            waiters.hold(query: "q", request: request, tag: EntityTag("1"), timeout: .seconds(60)) { _ in nil }
        }
        let replies = (0..<4).map { _ in hold() }
        #expect(waiters.count == 4)
        #expect(replies[0].complete(ServerResponse()))
        #expect(replies[1].expire())
        #expect(waiters.count == 2 && waiters.isWaiting(for: "q"))
        #expect(replies[2].attach { _ in } == nil)
        waiters.answer("q") { _ in ServerResponse() }
        #expect(waiters.count == 0 && !waiters.isWaiting(for: "q"))
        #expect(!replies[2].complete(ServerResponse()) && !replies[3].complete(ServerResponse()))
    }

    @Test func `polls are held and answered from memory, also right after a change`() throws {
        try withLobby { service in
            service.watchGalleries()
            let query = try keep(service, "?standing=true")
            let route = try #require(
                service.service.queryRouter.routes.first {
                    $0.method == .get && $0.pattern == "/v1/queries/{query}/ranking"
                })
            let poll = { (wait: Int, tag: String) throws -> Reply? in
                var request = try ServerRequest(
                    method: .get, target: query.rankingURL + "?wait=\(wait)", fields: [.ifNoneMatch: tag],
                    principal: .anonymous)
                request.parameters = ["query": query.queryID]
                return route.shortcut?(request)
            }
            #expect(try poll(60, "\"1\"") == nil, "nothing is known yet")
            #expect(try service.ask(.get, query.rankingURL).fields[.eTag] == "\"1\"")
            let held = try #require(try poll(60, "\"1\""))
            guard case .held = held else {
                Issue.record("the poll was answered at once")
                return
            }
            #expect(service.service.waiters.count == 1)
            guard case .now(let unchanged) = try poll(0, "\"1\""), case .now(let newer) = try poll(60, "\"0\"") else {
                Issue.record("a poll that need not wait is held")
                return
            }
            #expect(unchanged.status == .notModified && newer.status == .ok)
            #expect(try poll(61, "\"1\"") == nil, "the handler refuses it")
            try service.enroll([try TestImage(seed: 201)], in: "lobby")
            let answer = try service.eventually(held, to: query.rankingURL)
            #expect(answer.fields[.eTag] == "\"2\"" && service.service.waiters.count == 0)
            guard case .held(let next) = try poll(60, "\"2\"") else {
                Issue.record("the next poll needs a worker")
                return
            }
            #expect(service.service.waiters.count == 1)
            next.complete(answer)
            #expect(service.service.waiters.count == 0)
        }
    }

    @Test func `a ranking that several make at once has one revision`() throws {
        try withLobby { service in
            let gallery = try service.store.snapshot(of: "lobby")
            let options = try jsonBytes(SearchOptions(defaults: Service.Configuration.Ranking()))
            let image = try TestImage(seed: 1).bytes
            let vectors = try service.context.embedder.embed([try decodeImage(image)], priority: .query).vectors
            let query = try service.store.keepQuery(
                NewQuery(
                    gallery: "lobby", options: options, isStanding: true,
                    images: [ImageContent(bytes: image, mediaType: "image/png")], vector: vectors[0],
                    model: gallery.model))
            let rankings = KeptRanking(service: service.context)
            DispatchQueue.concurrentPerform(iterations: 8) { _ in
                #expect(throws: Never.self) { try rankings.update(query) { false } }
            }
            #expect(try service.store.ranking(of: query.id)?.revision == 1)
        }
    }

    @Test func `a query kept by an earlier release is ranked with what searches may ask for now`() throws {
        try withLobby { service in
            let gallery = try service.store.snapshot(of: "lobby")
            let image = try TestImage(seed: 1).bytes
            let options = #"{"limit": 3, "rerank": true, "k1": 1000, "k2": 300, "lambda": 0.5, "camera": ["c1", "c2"]}"#
            let query = try service.store.keepQuery(
                NewQuery(
                    gallery: "lobby", options: Array(options.utf8), isStanding: true,
                    images: [ImageContent(bytes: image, mediaType: "image/png")], vector: gallery.vectors[0],
                    model: gallery.model))
            let kept: QueryAnswer = try service.ask(.get, "/v1/queries/\(query.id)").decoded()
            #expect(kept.options.candidates == 500 && kept.options.limit == 3 && kept.options.lambda == 0.5)
            #expect(kept.options.k1 == 100 && kept.options.k2 == 100 && kept.options.cameras == ["c1", "c2"])
            #expect(try service.ask(.get, "/v1/queries/\(query.id)/ranking").status == .ok)
        }
    }

    @Test(arguments: [true, false])
    func `a ranking that an earlier release has stored is made anew if it cannot be read`(standing: Bool) throws {
        try withLobby { service in
            let kept = try keep(service)
            let expected = try service.ask(.get, kept.rankingURL).decoded(as: RankingAnswer.self)
            let revision = try service.store.gallery("lobby").revision
            let old = Array(#"{"results": [{"rank": 1, "image": 7}]}"#.utf8)
            try service.store.saveRanking(old, of: kept.queryID, galleryRevision: revision)
            if standing {
                let query = try service.store.query(id: kept.queryID)
                #expect(try KeptRanking(service: service.context).update(query) { false })
            }
            for _ in 0..<2 {
                let ranking = try service.ask(.get, kept.rankingURL).decoded(as: RankingAnswer.self)
                #expect(ranking.results == expected.results && ranking.revision == 3)
            }
        }
    }

    @Test func `ranking a kept query ends when nobody waits for it`() throws {
        try withLobby { service in
            let gallery = try service.store.snapshot(of: "lobby")
            let query = try service.store.keepQuery(
                NewQuery(
                    gallery: "lobby", options: try jsonBytes(SearchOptions(defaults: .init())), isStanding: false,
                    images: [ImageContent(bytes: try TestImage(seed: 1).bytes, mediaType: "image/png")],
                    vector: gallery.vectors[0], model: gallery.model))
            #expect(throws: RankingError.cancelled) {
                try KeptRanking(service: service.context).update(query) { true }
            }
            #expect(try service.store.ranking(of: query.id) == nil)
        }
    }

    @Test func `a kept ranking warns about the model of its query, whichever is served`() throws {
        try withLobby { service in
            // The served model is untrained, and a query that is kept now warns about that.
            let own = try service.ask(.get, try keep(service).rankingURL).decoded(as: RankingAnswer.self)
            #expect(own.warnings == Warning.about(service.context.model))
            #expect(own.warnings?.isEmpty == false)
            for warnings in [[], ["Made by another model."]] {
                let query = try service.store.keepQuery(
                    NewQuery(
                        gallery: "lobby",
                        options: try jsonBytes(SearchOptions(defaults: Service.Configuration.Ranking())),
                        isStanding: false, images: [ImageContent(bytes: [1], mediaType: "image/png")],
                        vector: service.store.snapshot(of: "lobby").vectors[0],
                        model: service.context.model.identity, warnings: warnings))
                let ranking = try service.ask(.get, "/v1/queries/\(query.id)/ranking").decoded(as: RankingAnswer.self)
                #expect(ranking.warnings ?? [] == warnings)
            }
        }
    }

    @Test func `a poll of a query that is deleted is told so`() throws {
        try withLobby { service in
            service.watchGalleries()
            let query = try keep(service)
            let reply = try service.reply(.get, query.rankingURL + "?wait=60", fields: [.ifNoneMatch: "\"1\""])
            #expect(try service.ask(.delete, "/v1/queries/\(query.queryID)").status == .noContent)
            let told = try service.eventually(reply, to: query.rankingURL)
            #expect(told.status == .notFound)
            #expect(try told.object["instance"] == .text("test"), "the id of the request, as in every problem")
        }
    }

    @Test func `waiting needs something to wait for`() throws {
        try withLobby { service in
            let query = try keep(service)
            #expect(try service.ask(.get, query.rankingURL + "?wait=60").status == .ok)
            #expect(
                try service.ask(.get, query.rankingURL + "?wait=0", fields: [.ifNoneMatch: "\"1\""]).status
                    == .notModified)
            for wait in ["61", "-1", "soon"] {
                let response = try service.ask(.get, query.rankingURL + "?wait=" + wait)
                #expect(response.status == .badRequest)
                #expect(try response.object["parameter"] == .text("wait"))
            }
        }
    }

    @Test func `an erased image leaves the rankings that showed it`() throws {
        try withLobby { service in
            service.watchGalleries()
            let query = try keep(service, "?limit=2", seed: 3)
            let first = try service.ask(.get, query.rankingURL).decoded(as: RankingAnswer.self)
            let gone = try #require(first.results.first?.imageID)
            try service.store.deleteImage(id: gone)
            let response = try service.ask(.get, query.rankingURL)
            let second: RankingAnswer = try response.decoded()
            #expect(second.results.count == 2)
            #expect(!second.results.contains { $0.imageID == gone })
            #expect(response.fields[.eTag] == "\"2\"")
        }
    }

    @Test func `kept queries outlive the process, and standing ones catch up with the gallery`() throws {
        let first = try TestService()
        try first.makeGallery("lobby")
        try first.enroll(try SearchTests.images(), in: "lobby")
        let query = try keep(first, "?standing=true&limit=3", seed: 300)
        let added = try first.enroll([try TestImage(seed: 300)], in: "lobby")
        first.service.stop(grace: .zero)

        let second = try TestService(in: first.folder)
        defer { second.close() }
        second.watchGalleries()
        let reply = try second.reply(.get, query.rankingURL + "?wait=30", fields: [.ifNoneMatch: "\"1\""])
        let ranking: RankingAnswer = try second.eventually(reply, to: query.rankingURL).decoded()
        #expect(ranking.results.first?.imageID == added[0])
    }

    @Test func `queries are listed newest first, shown and deleted`() throws {
        try withLobby { service in
            let ids = try (0..<3).map { try keep(service, seed: $0).queryID }
            let page = try service.ask(.get, "/v1/queries?limit=2").decoded(as: ListAnswer<QueryAnswer>.self)
            #expect(page.items.map(\.queryID) == [ids[2], ids[1]])
            let next = try #require(page.next)
            let rest = try service.ask(.get, "/v1/queries?limit=2&cursor=\(next)").decoded(
                as: ListAnswer<QueryAnswer>.self)
            #expect(rest.items.map(\.queryID) == [ids[0]])
            #expect(rest.next == nil)
            #expect(try service.ask(.delete, "/v1/queries/\(ids[1])").status == .noContent)
            #expect(try service.ask(.delete, "/v1/queries/\(ids[1])").status == .notFound)
            for path in ["", "/ranking", "/image"] {
                #expect(try service.ask(.get, "/v1/queries/\(ids[1])" + path).status == .notFound)
            }
            #expect(try service.ask(.get, "/v1/queries?cursor=x").status == .badRequest)
        }
    }

    @Test func `the images of a query are kept as they came`() throws {
        try withLobby { service in
            let images = try [5, 6].map { try TestImage(seed: $0).bytes }
            let response = try service.post(
                "/v1/galleries/lobby/queries", form: images.map(FormPart.image) + [.options(#"{"standing": true}"#)])
            let query: QueryAnswer = try response.decoded()
            #expect(query.standing)
            #expect(query.images == 2)
            let image = try service.ask(.get, query.imageURL)
            #expect(image.fields[.contentType] == "image/png")
            #expect(try image.bytes == images[0])
            #expect(try service.ask(.get, query.imageURL + "?index=1").bytes == images[1])
            let missing = try service.ask(.get, query.imageURL + "?index=2")
            #expect(missing.status == .notFound)
            #expect(try missing.object["detail"] == .text("Query \"\(query.queryID)\" has 2 images, from 0."))
        }
    }
}

extension Reply {
    /// The response, given now or later; fails after a minute.
    func eventually() throws -> ServerResponse {
        switch self {
        case .now(let response): return response
        case .held(let held):
            let arrived = DispatchSemaphore(value: 0)
            let later = Mutex<ServerResponse?>(nil)
            let now = held.attach { response in
                later.withLock { $0 = response }
                arrived.signal()
            }
            if let now { return now }
            guard arrived.wait(timeout: .now() + 60) == .success, let response = later.withLock({ $0 }) else {
                throw TestFailure.replyIsHeld
            }
            return response
        }
    }
}
