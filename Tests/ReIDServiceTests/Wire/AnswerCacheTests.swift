import Gallery
import HTTP
import HTTPTypes
import Testing

@testable import ReIDService

@Suite struct AnswerCacheTests {
    private func response(_ text: String) -> ServerResponse {
        ServerResponse(contentType: "text/plain", bytes: Array(text.utf8))
    }

    private func request(
        _ target: String = "/", tag: String? = nil, principal: Principal? = .anonymous
    ) throws -> ServerRequest {
        try ServerRequest(
            method: .get, target: target, fields: tag.map { [.ifNoneMatch: $0] } ?? [:], principal: principal)
    }

    @Test func `an answer is kept for requests without parameters, and is a 304 to whoever has it`() throws {
        let cache = AnswerCache()
        #expect(try cache.answer(to: request(), about: .galleries) == nil)
        cache.keep(response("a"), tag: EntityTag("3"), about: .galleries, in: nil, since: cache.changes)
        #expect(try cache.answer(to: request(), about: .galleries)?.text == "a")
        #expect(try cache.answer(to: request("/?limit=1"), about: .galleries) == nil)
        #expect(try cache.answer(to: request(tag: "\"3\""), about: .galleries)?.status == .notModified)
        #expect(try cache.answer(to: request(tag: "\"2\""), about: .galleries)?.text == "a")
        #expect(try cache.answer(to: request(), about: .gallery("a")) == nil)
    }

    @Test func `an answer is given only to those who may see its gallery`() throws {
        let cache = AnswerCache()
        cache.keep(response("lobby"), about: .ranking(query: "q"), in: "lobby", since: 0)
        cache.keep(response("all"), about: .galleries, in: nil, since: 0)
        func isAnswered(_ subject: AnswerCache.Subject, _ galleries: [String]?) throws -> Bool {
            let principal = Principal(id: "t", name: "t", scopes: [.query], galleries: galleries)
            return try cache.answer(to: request(principal: principal), about: subject) != nil
        }
        #expect(try isAnswered(.ranking(query: "q"), nil) && isAnswered(.ranking(query: "q"), ["lob*"]))
        #expect(try !isAnswered(.ranking(query: "q"), ["yard"]))
        #expect(try isAnswered(.galleries, nil) && !isAnswered(.galleries, ["*"]))
        #expect(try cache.answer(to: request(principal: nil), about: .galleries) == nil)
    }

    /// Changes, and the answers that are left after each.
    static let changes: [(GalleryChange, [String])] = [
        (.gallery(name: "a", revision: 2), ["b", "q"]),
        (.galleryDeleted(name: "a"), ["b", "q"]),
        (.batch(id: "b_1", state: .queued), ["q"]),
        (.ranking(query: "q", revision: 2), ["all", "a", "b"]),
        (.rankingErased(query: "q"), ["all", "a", "b"]),
        (.queryDeleted(id: "q"), ["all", "a", "b"]),
    ]

    @Test(arguments: changes)
    func `a change forgets what tells of it and nothing else`(change: GalleryChange, left: [String]) throws {
        let cache = AnswerCache()
        let subjects: [(String, AnswerCache.Subject)] = [
            ("all", .galleries), ("a", .gallery("a")), ("b", .gallery("b")), ("q", .ranking(query: "q")),
        ]
        for (name, subject) in subjects { cache.keep(response(name), about: subject, in: "a", since: 0) }
        cache.take(change)
        let found = try subjects.filter { try cache.answer(to: request(), about: $0.1) != nil }
        #expect(found.map(\.0) == left)
    }

    @Test func `an answer made from what has changed meanwhile is not kept`() throws {
        let cache = AnswerCache()
        let before = cache.changes
        cache.take(.gallery(name: "a", revision: 1))
        cache.keep(response("old"), about: .gallery("a"), in: "a", since: before)
        #expect(try cache.answer(to: request(), about: .gallery("a")) == nil)
    }

    @Test func `memory is bounded`() throws {
        let cache = AnswerCache(limit: 20_000)
        cache.keep(response(String(repeating: "x", count: 3000)), about: .galleries, in: nil, since: 0)
        #expect(try cache.answer(to: request(), about: .galleries) == nil)
        var most = 0
        for number in 0..<100 {
            cache.keep(response("a"), about: .gallery("\(number)"), in: "\(number)", since: 0)
            let kept = try (0...number).filter { try cache.answer(to: request(), about: .gallery("\($0)")) != nil }
            #expect(kept.contains(number))
            most = max(most, kept.count)
        }
        #expect(most > 10 && most < 20)
    }

    @Test func `galleries and rankings are answered from memory until they change`() throws {
        try withService { service in
            try service.makeGallery("lobby")
            func images() throws -> [Int] {
                let one: GalleryAnswer = try service.ask(.get, "/v1/galleries/lobby").decoded()
                let all: ListAnswer<GalleryAnswer> = try service.ask(.get, "/v1/galleries").decoded()
                return [one.images, all.items[0].images]
            }
            #expect(try images() == [0, 0])
            let ids = try service.enroll(try SearchTests.images(), in: "lobby")
            #expect(try images() == [12, 12])
            let answers = service.context.answers
            #expect(try answers.answer(to: request(), about: .gallery("lobby")) != nil)
            let kept = try service.post("/v1/galleries/lobby/queries", image: try SearchTests.images()[0].bytes)
            let path = try #require(kept.fields[.location]) + "/ranking"
            let query = String(path.split(separator: "/")[2])
            let first = try service.ask(.get, path)
            #expect(try answers.answer(to: request(), about: .ranking(query: query))?.text == first.text)
            let tag = try #require(first.fields[.eTag])
            #expect(try service.ask(.get, path, fields: [.ifNoneMatch: tag]).status == .notModified)
            let shown: RankingAnswer = try first.decoded()
            let erased = try #require(shown.results.first).imageID
            #expect(ids.contains(erased))
            try service.store.deleteImage(id: erased)
            #expect(try images() == [11, 11])
            let second = try service.ask(.get, path, fields: [.ifNoneMatch: tag])
            #expect(second.status == .ok)
            #expect(!(try second.text.contains(erased)))
            try service.store.deleteGallery("lobby")
            #expect(try service.ask(.get, path).status == .notFound)
            #expect(try service.ask(.get, "/v1/galleries/lobby").status == .notFound)
        }
    }
}
