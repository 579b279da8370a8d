import CSPRModel
import Embedding
import Gallery
import HTTP
import HTTPTypes
import Imaging
import Ranking
import Testing

@testable import ReIDService

@Suite struct SearchTests {
    /// Twelve images: three people, four cameras, a minute apart.
    static func images() throws -> [TestImage] {
        try (0..<12).map { index in
            try TestImage(
                seed: UInt64(index), person: index == 11 ? nil : "p\(index % 3)", camera: "c\(index % 4)",
                capturedAt: "2026-11-22T10:\(index < 10 ? "0" : "")\(index):00Z", externalID: "e\(index / 2)",
                name: "\(index).png")
        }
    }

    private func ranking(_ service: TestService, _ query: String, seed: UInt64 = 100) throws -> RankingAnswer {
        let image = try TestImage(seed: seed).bytes
        let response = try service.post("/v1/galleries/lobby/search" + query, image: image)
        #expect(response.status == .ok, "\(response.said)")
        return try response.decoded()
    }

    @Test func `an image that is in the gallery comes first at distance zero`() throws {
        try withService { service in
            try service.makeGallery("lobby")
            let ids = try service.enroll(try Self.images(), in: "lobby")
            for rerank in [true, false] {
                let answer = try ranking(service, "?rerank=\(rerank)&limit=5", seed: 7)
                #expect(answer.results.count == 5)
                #expect(answer.results.map(\.rank) == [1, 2, 3, 4, 5])
                #expect(answer.results.first?.imageID == ids[7])
                #expect(answer.results.first?.name == "7.png")
                #expect(abs(answer.results.first?.distance ?? 1) < 1e-5)
                #expect(abs((answer.results.first?.similarity ?? 0) - 1) < 1e-5)
                #expect(answer.results.allSatisfy { ($0.rerankedDistance != nil) == rerank })
                #expect(answer.results.first?.imageURL == "/v1/images/\(ids[7])/content")
                #expect(answer.gallerySize == 12)
                #expect(answer.model == service.context.model.identity)
                #expect(answer.timing.total > 0)
                #expect(answer.timing.embed > 0)
            }
        }
    }

    @Test func `an empty gallery answers an empty list`() throws {
        try withService { service in
            try service.makeGallery("lobby")
            for query in ["", "?rerank=false", "?group_by=person"] {
                let answer = try ranking(service, query)
                #expect(answer.results.isEmpty)
                #expect(answer.gallerySize == 0)
            }
        }
    }

    @Test func `results are ordered by the distance that the search asked for`() throws {
        try withService { service in
            try service.makeGallery("lobby")
            try service.enroll(try Self.images(), in: "lobby")
            let reranked = try ranking(service, "?k1=4&k2=2").results.map { $0.rerankedDistance ?? -1 }
            #expect(reranked == reranked.sorted())
            #expect(reranked.count == 12)
            let plain = try ranking(service, "?rerank=false").results.map(\.distance)
            #expect(plain == plain.sorted())
        }
    }

    @Test func `a search that names no neighborhoods re-ranks cautiously, and says so`() throws {
        try withService { service in
            try service.makeGallery("lobby")
            try service.enroll(try Self.images(), in: "lobby")
            let answer = try ranking(service, "")
            #expect(answer.options.k1 == 6 && answer.options.k2 == 2 && answer.options.lambda == 0.7)
            let named = try ranking(service, "?k1=6&k2=2&lambda=0.7")
            #expect(answer.results.map(\.rerankedDistance) == named.results.map(\.rerankedDistance))
            let paper = try ranking(service, "?k1=20&k2=6&lambda=0.3")
            #expect(answer.results.map(\.rerankedDistance) != paper.results.map(\.rerankedDistance))
        }
    }

    @Test func `re-ranking looks at all candidates and not only at the results shown`() throws {
        try withService { service in
            try service.makeGallery("lobby")
            try service.enroll(try Self.images(), in: "lobby")
            let all = try ranking(service, "?k1=4&k2=2&limit=12").results
            let few = try ranking(service, "?k1=4&k2=2&limit=3").results
            #expect(few == Array(all.prefix(3)))
        }
    }

    @Test func `images past the candidates follow in the order of their distances`() throws {
        try withService { service in
            try service.makeGallery("lobby")
            try service.enroll(try Self.images(), in: "lobby")
            let plain = try ranking(service, "?rerank=false&limit=12").results
            let answer = try ranking(service, "?candidates=4&k1=3&k2=2&limit=12")
            #expect(answer.options.candidates == 4)
            let results = answer.results
            #expect(results.map { $0.rerankedDistance != nil } == (0..<12).map { $0 < 4 })
            #expect(Set(results.prefix(4).map(\.imageID)) == Set(plain.prefix(4).map(\.imageID)))
            #expect(results.dropFirst(4).map(\.imageID) == plain.dropFirst(4).map(\.imageID))
            let few = try ranking(service, "?candidates=4&k1=3&k2=2&limit=2").results
            #expect(few == Array(results.prefix(2)))
            let form: [FormPart] = [
                .image(try TestImage(seed: 100).bytes), .options(#"{"candidates": 4, "k1": 3, "k2": 2, "limit": 12}"#),
            ]
            let posted = try service.post("/v1/galleries/lobby/search", form: form).decoded(as: RankingAnswer.self)
            #expect(posted.results == results && posted.options == answer.options)
            let people = try ranking(service, "?candidates=4&group_by=person").results
            #expect(people.count == 3 && people.reduce(0) { $0 + ($1.imageCount ?? 0) } == 11)
        }
    }

    @Test func `the model's answer names the most that a search may re-rank`() throws {
        try withService { service in
            let model: ModelAnswer = try service.ask(.get, "/v1/model").decoded()
            #expect(model.limits.candidates == 4000 && model.limits.neighbors == 100)
            #expect(model.defaults.candidates == 500)
        }
    }

    @Test(arguments: [
        "camera=c1", "camera=c1&camera=c2", "exclude_camera=c0&exclude_camera=c3", "person=p1", "external_id=e2",
        "captured_from=2026-11-22T10:04:00Z", "captured_to=2026-11-22T10:03:00Z",
        "captured_from=2026-11-22T10:02:00Z&captured_to=2026-11-22T10:08:00Z&camera=c2", "camera=nowhere",
    ])
    func `a filtered answer is that of a gallery which holds only the matching images`(filter: String) throws {
        try withService { service in
            let images = try Self.images()
            try service.makeGallery("lobby")
            try service.makeGallery("part")
            try service.enroll(images, in: "lobby")
            let listed = try service.ask(.get, "/v1/galleries/lobby/images?\(filter)").decoded(
                as: ListAnswer<ImageAnswer>.self)
            let matching = listed.items.map(\.capturedAt)
            let part = images.filter { matching.contains($0.capturedAt.flatMap { Timestamp(rfc3339: $0) }) }
            #expect(part.count == listed.items.count)
            try service.enroll(part, in: "part")
            let query = try TestImage(seed: 100).bytes
            for rerank in [true, false] {
                let options = "rerank=\(rerank)&k1=3&k2=2&limit=4"
                let filtered = try service.post("/v1/galleries/lobby/search?\(filter)&\(options)", image: query)
                    .decoded(as: RankingAnswer.self).results
                let alone = try service.post("/v1/galleries/part/search?\(options)", image: query)
                    .decoded(as: RankingAnswer.self).results
                #expect(filtered.map(\.capturedAt) == alone.map(\.capturedAt))
                #expect(filtered.map(\.distance) == alone.map(\.distance))
                for (a, b) in zip(filtered, alone) {
                    #expect(abs((a.rerankedDistance ?? 0) - (b.rerankedDistance ?? 0)) < 1e-9)
                }
            }
        }
    }

    @Test func `a least similarity leaves out what is less alike and nothing else`() throws {
        try withService { service in
            try service.makeGallery("lobby")
            try service.enroll(try Self.images(), in: "lobby")
            let all = try ranking(service, "?rerank=false").results
            let middle = all[5].similarity
            let alike = try ranking(service, "?rerank=false&min_similarity=\(middle)").results
            #expect(alike.map(\.imageID) == all.filter { $0.similarity >= middle }.map(\.imageID))
        }
    }

    @Test func `grouping gives one row for each known person with their best images`() throws {
        try withService { service in
            try service.makeGallery("lobby")
            try service.enroll(try Self.images(), in: "lobby")
            let all = try ranking(service, "?k1=4&k2=2").results.filter { $0.personID != nil }
            let people = try ranking(service, "?k1=4&k2=2&group_by=person&limit=2").results
            #expect(people.count == 2)
            #expect(Set(people.map(\.personID)).count == 2)
            for person in people {
                let own = all.filter { $0.personID == person.personID }
                #expect(person.imageID == own.first?.imageID)
                #expect(person.images?.map(\.imageID) == own.prefix(PeopleRanking.imagesPerPerson).map(\.imageID))
                #expect(person.imageCount == own.count)
                #expect(person.images?.map(\.name) == own.prefix(PeopleRanking.imagesPerPerson).map(\.name))
            }
        }
    }

    @Test func `vectors come along only when asked for, and explain the distance`() throws {
        try withService { service in
            try service.makeGallery("lobby")
            try service.enroll(try Self.images(), in: "lobby")
            #expect(try ranking(service, "").results.allSatisfy { $0.vector == nil })
            let answer = try ranking(service, "?include_vectors=true&rerank=false")
            let query = try service.context.embedder.embed(
                [try decodeImage(try TestImage(seed: 100).bytes)], priority: .query
            ).vectors[0]
            for result in answer.results {
                let vector = try #require(result.vector)
                let distance = zip(vector, query).reduce(0.0) { $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1)) }
                #expect(abs(distance - Double(result.distance)) < 1e-5)
            }
        }
    }

    @Test func `several images of one person are fused by the mean of their vectors`() throws {
        try withService { service in
            try service.makeGallery("lobby")
            try service.enroll(try Self.images(), in: "lobby")
            let seeds: [UInt64] = [1, 5, 9]
            let parts = try seeds.map { FormPart.image(try TestImage(seed: $0).bytes) }
            let answer = try service.post("/v1/galleries/lobby/search?rerank=false&include_vectors=true", form: parts)
                .decoded(as: RankingAnswer.self)
            let vectors = try service.context.embedder.embed(
                try seeds.map { try decodeImage(try TestImage(seed: $0).bytes) }, priority: .query
            ).vectors
            let sum = vectors[0].indices.map { i in vectors.reduce(0.0) { $0 + Double($1[i]) } }
            let length = sum.reduce(0) { $0 + $1 * $1 }.squareRoot()
            for result in answer.results {
                let vector = try #require(result.vector)
                let cosine = zip(vector, sum).reduce(0.0) { $0 + Double($1.0) * $1.1 / length }
                #expect(abs(cosine - Double(result.similarity)) < 1e-5)
            }
        }
    }

    @Test func `options of the form hold, and the URL's parameters go before them`() throws {
        try withService { service in
            try service.makeGallery("lobby")
            try service.enroll(try Self.images(), in: "lobby")
            let form: [FormPart] = [
                .image(try TestImage(seed: 3).bytes),
                .options(#"{"limit": 4, "camera": ["c1", "c2"], "lambda": 0.5, "rerank": false}"#),
            ]
            let answer = try service.post("/v1/galleries/lobby/search?limit=2&k1=9", form: form)
                .decoded(as: RankingAnswer.self)
            #expect(answer.options.limit == 2)
            #expect(answer.options.cameras == ["c1", "c2"])
            #expect(answer.options.lambda == 0.5)
            #expect(answer.options.k1 == 9)
            #expect(answer.options.rerank == false)
            #expect(answer.results.count == 2)
            #expect(answer.results.allSatisfy { ["c1", "c2"].contains($0.cameraID) })
        }
    }

    @Test func `an untrained model warns in every ranking`() throws {
        try withService { service in
            try service.makeGallery("lobby")
            #expect(try ranking(service, "").warnings?.count == 1)
        }
    }

    @Test func `unknown galleries are not found and those of another model conflict`() throws {
        try withService { service in
            let image = try TestImage(seed: 1).bytes
            #expect(try service.post("/v1/galleries/nobody/search", image: image).status == .notFound)
            try service.store.createGallery(
                try #require(GalleryName("old")), model: "sha256:other", dimensions: service.context.model.dimensions)
            #expect(try service.post("/v1/galleries/old/search", image: image).status == .conflict)
        }
    }
}
