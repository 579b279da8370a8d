import Foundation
import Gallery
import HTTPTypes
import Testing

@testable import HTTP
@testable import ReIDService

/// What a token for one gallery learns of another.
@Suite struct VisibleGalleryTests {
    /// The names in patterns, with what they stand for.
    private struct Things {
        var names: [String: String] = [:]

        func target(_ pattern: String) -> String {
            names.reduce(pattern) { $0.replacing("{\($1.key)}", with: $1.value) }
        }
    }

    /// Galleries `lobby` and `yard`, the first with images, a kept query and a batch.
    private func fill(_ service: TestService) throws -> Things {
        for name in ["lobby", "yard"] { try service.makeGallery(name) }
        let images = try service.enroll(try SearchTests.images(), in: "lobby")
        let kept = try service.post("/v1/galleries/lobby/queries", image: try SearchTests.images()[0].bytes)
        let batch = try service.store.batches(limit: 1).items[0].id
        return Things(names: [
            "gallery": "lobby", "image": images[0], "query": try kept.decoded(as: QueryAnswer.self).queryID,
            "batch": batch, "job": batch, "token": "t_none",
        ])
    }

    /// The same with names of the same lengths that nothing has.
    private func nothing(like things: Things) -> Things {
        Things(
            names: things.names.mapValues { name in
                name.contains("_") ? name.prefix(2) + String(repeating: "z", count: name.count - 2) : "lodge"
            })
    }

    @Test func `what is in another gallery looks exactly like what does not exist, on every route`() throws {
        try withService { service in
            let things = try fill(service)
            let nothing = nothing(like: things)
            let secret = try service.token("yard", ["admin"], galleries: ["yard"])
            var count = 0
            for (router, isAdmin) in [(service.service.queryRouter, false), (service.service.adminRouter, true)] {
                for route in router.routes where route.pattern.contains("{") && !route.pattern.contains("{token}") {
                    func ask(_ things: Things) throws -> (status: Int, text: String) {
                        let response = try service.send(
                            route.method, things.target(route.pattern), toAdmin: isAdmin, token: secret)
                        let text = things.names.values.reduce(response.said) { $0.replacing($1, with: "NAME") }
                        return (response.status.code, text)
                    }
                    // An answer that is ready in memory must not be given either.
                    if route.method == .get, !isAdmin { _ = try service.send(.get, things.target(route.pattern)) }
                    let (hidden, missing) = (try ask(things), try ask(nothing))
                    // A gallery that the token may not see cannot be made with it either.
                    let expected = route.method == .put && route.pattern.hasSuffix("/{gallery}") ? 403 : 404
                    #expect(hidden.status == expected && missing.status == expected, "\(route.method) \(route.pattern)")
                    #expect(hidden.text == missing.text)
                    count += 1
                }
            }
            #expect(count > 15)
            // All of it is still there, for those who may see it.
            let all = try service.token("all", ["admin"])
            for (router, isAdmin) in [(service.service.queryRouter, false), (service.service.adminRouter, true)] {
                for route in router.routes where route.method == .get && route.pattern.contains("{") {
                    let response = try service.send(.get, things.target(route.pattern), toAdmin: isAdmin, token: all)
                    #expect(response.status == .ok, "\(route.pattern)")
                }
            }
        }
    }

    @Test func `lists and metrics leave out what is in other galleries`() throws {
        try withService { service in
            _ = try fill(service)
            let (yard, lobby) = (
                try service.token("yard", ["admin"], galleries: ["ya*"]),
                try service.token("lobby", ["admin"], galleries: ["lobby"])
            )
            for (target, isAdmin) in [
                ("/v1/galleries", false), ("/v1/queries", false), ("/metrics", false), ("/admin/v1/batches", true),
                ("/admin/v1/jobs", true),
            ] {
                // Fills the memory for answers.
                if !isAdmin { _ = try service.send(.get, target) }
                let hidden = try service.send(.get, target, toAdmin: isAdmin, token: yard)
                #expect(hidden.status == .ok && !hidden.said.contains("lobby"), "\(target)")
                let shown = try service.send(.get, target, toAdmin: isAdmin, token: lobby)
                #expect(shown.said.contains("lobby") && !shown.said.contains("yard"), "\(target)")
            }
            let names: ListAnswer<GalleryAnswer> = try service.send(.get, "/v1/galleries").decoded()
            #expect(names.items.map(\.name) == ["lobby", "yard"], "what one may see is not kept for all")
        }
    }

    @Test func `a token may be for galleries that are not there yet, or not any more`() throws {
        try withService { service in
            let secret = try service.token("hall", ["admin"], galleries: ["hall-*"])
            let page: ListAnswer<GalleryAnswer> = try service.send(.get, "/v1/galleries", token: secret).decoded()
            #expect(page.items.isEmpty)
            func put(_ name: String) throws -> Int {
                try service.send(.put, "/admin/v1/galleries/" + name, toAdmin: true, token: secret).status.code
            }
            #expect(try put("hall-1") == 201 && put("hall-1") == 200 && put("lobby") == 403)
            #expect(try service.send(.get, "/v1/galleries/hall-1", token: secret).status == .ok)
            try service.store.deleteGallery("hall-1")
            #expect(try service.send(.get, "/v1/galleries/hall-1", token: secret).status == .notFound)
        }
    }

    @Test func `a held poll of a deleted token is refused when time is up, and when the ranking changes`() throws {
        try withService { service in
            let things = try fill(service)
            service.watchGalleries()
            let (first, second) = (
                try service.context.gatekeeper.tokens.create(
                    name: "a", scopes: ["query"], galleries: nil, expiresAt: nil),
                try service.token("b")
            )
            let target = things.target("/v1/queries/{query}/ranking?wait=60")
            func poll(_ secret: String) throws -> Reply {
                service.service.queryRouter.respond(
                    to: try ServerRequest(
                        method: .get, target: target,
                        fields: [.ifNoneMatch: "\"1\"", .authorization: "Bearer " + secret]))
            }
            let (gone, kept) = (try poll(first.secret), try poll(second))
            try service.context.gatekeeper.tokens.delete(first.token.id)
            guard case (.held(let refused), .held(let granted)) = (gone, kept) else {
                Issue.record("a poll was answered at once")
                return
            }
            #expect(refused.onTimeout().status == .unauthorized && granted.onTimeout().status == .notModified)
            let query = try #require(things.names["query"])
            let shown: RankingAnswer = try fromJSON(try #require(try service.store.ranking(of: query)).content)
            try service.store.deleteImage(id: shown.results[0].imageID)
            #expect(try service.eventually(gone, to: target).status == .unauthorized)
            #expect(try service.eventually(kept, to: target).status == .ok)
        }
    }
}
