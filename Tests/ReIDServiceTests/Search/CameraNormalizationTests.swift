import CSPRModel
import Digests
import Embedding
import Gallery
import HTTP
import HTTPTypes
import Imaging
import Randomness
import Ranking
import Testing

@testable import ReIDService

@Suite struct CameraNormalizationTests {
    /// Enrolls random vectors, which have something in common at each camera; returns the gallery.
    @discardableResult
    private func enroll(
        _ cameras: [String?], seed: UInt64, in service: TestService
    ) throws -> GalleryContents {
        let dimensions = service.context.model.dimensions
        var generator = SeededGenerator(seed: seed)
        let batch = try service.store.createBatch(
            NewBatch(
                id: try GalleryStore.newBatchID(), gallery: "lobby", kind: .ndjson, contentType: "application/x-ndjson",
                bodyBytes: 0, bodySHA256: try randomBytes(32))
        ).batch
        try service.store.setBatchState(batch.id, to: .running, expectedItems: cameras.count)
        let outcomes = try cameras.enumerated().map { index, camera in
            let shift = Float(camera?.unicodeScalars.first?.value ?? 100) - 98
            let values = (0..<dimensions).map { Float.random(in: -1...1, using: &generator) + shift * Float($0 % 3) }
            let length = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
            let image = NewImage(
                sha256: try SHA256.hash(Array("\(seed) \(index)".utf8)), content: nil, width: nil, height: nil,
                embedding: values.map { $0 / length },
                model: service.context.model.identity, personID: index % 9 == 0 ? nil : "p\(index % 5)",
                cameraID: camera)
            return ItemOutcome(index: index, name: nil, result: .image(image))
        }
        try service.store.record(outcomes, batch: batch.id)
        try service.store.setBatchState(batch.id, to: .completed)
        return try service.store.contents(of: "lobby")
    }

    /// 40 images of camera a, 36 of b, 5 of c, which are too few for a mean, and 5 of none.
    private static let cameras: [String?] =
        (0..<40).map { _ in "a" } + (0..<36).map { _ in "b" } + (0..<5).map { _ in "c" } + (0..<5).map { _ in nil }

    private func withLobby(_ body: (TestService, GalleryContents) throws -> Void) throws {
        try withService { service in
            try service.makeGallery("lobby")
            try body(service, try enroll(Self.cameras, seed: 1, in: service))
        }
    }

    private func search(_ service: TestService, _ query: String, seed: UInt64 = 100) throws -> RankingAnswer {
        let response = try service.post(
            "/v1/galleries/lobby/search?\(query)", image: try TestImage(seed: seed).bytes)
        #expect(response.status == .ok, "\(response.said)")
        return try response.decoded()
    }

    private func vectors(_ service: TestService, _ seeds: [UInt64]) throws -> [[Float]] {
        try service.context.embedder.embed(
            try seeds.map { try decodeImage(try TestImage(seed: $0).bytes) }, priority: .query
        ).vectors
    }

    /// One row of the ranking that the definition gives.
    private struct Expected {
        let row: Int
        let distance: Float
        var reRankedDistance: Double?
    }

    /// What the definition says: means of all images, every row normalized, and then a plain search.
    private func definition(
        _ vector: [Float], of camera: String?, in snapshot: GalleryContents, where filter: ImageFilter = ImageFilter(),
        rerank: Bool
    ) throws -> [Expected] {
        let cameras = snapshot.images.map(\.cameraID)
        let means = CameraMeans(of: snapshot.embeddings, cameras: cameras)
        let rows = means.normalized(snapshot.embeddings, of: cameras)
        let query = means.normalized(vector, of: camera)
        let matches = nearest(to: query, in: rows, count: rows.count, where: snapshot.rows(matching: filter))
        guard rerank else { return matches.map { Expected(row: $0.row, distance: $0.distance) } }
        return try reRank(matches, for: query, in: rows, options: .cautious, candidates: 30).map {
            Expected(row: $0.row, distance: $0.distance, reRankedDistance: $0.reRankedDistance)
        }
    }

    private struct Case: Sendable {
        let query: String
        var camera: String?
        var filter = ImageFilter()
    }

    private static let cases = [
        Case(query: "query_camera=a", camera: "a"), Case(query: "query_camera=b", camera: "b"), Case(query: "limit=90"),
        Case(query: "query_camera=c"), Case(query: "query_camera=nowhere"),
        Case(query: "query_camera=a&camera=b", camera: "a", filter: ImageFilter(cameras: ["b"])),
        Case(
            query: "query_camera=b&exclude_camera=b&person=p1", camera: "b",
            filter: ImageFilter(excludedCameras: ["b"], person: "p1")),
        Case(query: "camera=nowhere", filter: ImageFilter(cameras: ["nowhere"])),
        Case(query: "query_camera=a&camera_normalization=true", camera: "a"),
    ]

    @Test func `a search answers what the definition says, whatever its filter`() throws {
        try withLobby { service, snapshot in
            let vector = try vectors(service, [100])[0]
            for test in Self.cases {
                for rerank in [false, true] {
                    let answer = try search(service, test.query + "&rerank=\(rerank)&candidates=30")
                    let expected = try definition(
                        vector, of: test.camera, in: snapshot, where: test.filter, rerank: rerank
                    ).prefix(answer.options.limit)
                    #expect(answer.results.map(\.imageID) == expected.map { snapshot.images[$0.row].id }, "\(test)")
                    #expect(answer.results.map(\.distance) == expected.map(\.distance), "\(test)")
                    #expect(answer.results.map(\.rerankedDistance) == expected.map(\.reRankedDistance), "\(test)")
                    #expect(answer.results.map(\.similarity) == expected.map { 1 - $0.distance / 2 })
                    #expect(
                        answer.cameraNormalization
                            == NormalizationAnswer(
                                applied: true, queryMean: test.camera == nil ? .common : .camera, cameras: 2))
                    #expect(answer.options.cameraNormalization == true)
                }
            }
        }
    }

    @Test func `groups, a least similarity and vectors are of what was compared`() throws {
        try withLobby { service, snapshot in
            let vector = try vectors(service, [100])[0]
            let all = try definition(vector, of: "a", in: snapshot, rerank: true)
            let people = try search(service, "query_camera=a&candidates=30&group_by=person").results
            var order: [String] = []
            for match in all {
                guard let person = snapshot.images[match.row].personID, !order.contains(person) else { continue }
                order.append(person)
            }
            #expect(people.map(\.personID) == order)
            let middle = all.map(\.distance).sorted()[20]
            let near = try search(
                service, "query_camera=a&rerank=false&min_similarity=\(1 - middle / 2)&limit=90&include_vectors=true"
            ).results
            #expect(near.count == 21 && near.allSatisfy { $0.distance <= middle })
            for result in near {
                let row = try #require(snapshot.row(ofImage: result.imageID))
                #expect(result.vector == snapshot.embeddings[row], "vectors are as they were enrolled")
            }
        }
    }

    @Test func `several images are averaged first, and lose one mean`() throws {
        try withLobby { service, snapshot in
            let form: [FormPart] =
                try [3, 5].map { .image(try TestImage(seed: $0).bytes) } + [
                    .options(#"{"query_camera": "b", "rerank": false, "camera_normalization": true}"#)
                ]
            let answer: RankingAnswer = try service.post("/v1/galleries/lobby/search", form: form).decoded()
            let expected = try definition(
                QueryVector.fused(vectors(service, [3, 5])), of: "b", in: snapshot, rerank: false)
            #expect(answer.results.map(\.distance) == expected.prefix(20).map(\.distance))
            #expect(answer.options.queryCamera == "b")
        }
    }

    @Test func `without normalization, or without a camera that has a mean, vectors are compared as they are`() throws {
        try withLobby { service, snapshot in
            let vector = try vectors(service, [100])[0]
            let answer = try search(service, "camera_normalization=false&query_camera=a&rerank=false")
            #expect(
                answer.results.map(\.distance)
                    == nearest(to: vector, in: snapshot.embeddings, count: 20).map(\.distance))
            #expect(answer.cameraNormalization == NormalizationAnswer(applied: false, queryMean: nil, cameras: 2))
            #expect(answer.options.cameraNormalization == false)
        }
        try withService { service in
            try service.makeGallery("lobby")
            let snapshot = try enroll((0..<40).map { $0 < 9 ? "a" : nil }, seed: 2, in: service)
            let vector = try vectors(service, [100])[0]
            let answer = try search(service, "query_camera=a&rerank=false")
            #expect(
                answer.results.map(\.distance)
                    == nearest(to: vector, in: snapshot.embeddings, count: 20).map(\.distance))
            #expect(answer.cameraNormalization == NormalizationAnswer(applied: false, queryMean: nil, cameras: 0))
            #expect(answer.options.cameraNormalization == true, "it was asked for")
        }
    }

    @Test(arguments: [
        ("query_camera=", #"{"query_camera": ""}"#), ("query_camera=a&query_camera=b", #"{"query_camera": ["a"]}"#),
        ("query_camera=a%01b", #"{"query_camera": 7}"#), ("camera_normalization=1", #"{"camera_normalization": 1}"#),
        ("camera_normalization=", #"{"camera_normalization": "true"}"#),
    ])
    func `an option that is not valid is refused by name`(parameter: String, options: String) throws {
        try withService { service in
            try service.makeGallery("lobby")
            let image = try TestImage(seed: 1).bytes
            let name = parameter.hasPrefix("query") ? "query_camera" : "camera_normalization"
            let wrong = try service.post("/v1/galleries/lobby/search?\(parameter)", image: image)
            #expect(try wrong.status == .badRequest && wrong.object["parameter"] == .text(name))
            let form = try service.post("/v1/galleries/lobby/search", form: [.image(image), .options(options)])
            #expect(try form.status == .badRequest && form.object["pointer"] == .text("/" + name))
        }
    }

    private func change(_ service: TestService, _ body: String, of gallery: String = "lobby") throws -> ServerResponse {
        try service.askAdmin(.patch, "/admin/v1/galleries/\(gallery)", body: Array(body.utf8))
    }

    @Test func `a gallery's setting decides where a search does not`() throws {
        try withLobby { service, _ in
            let off: GalleryAnswer = try change(service, #"{"camera_normalization": false}"#).decoded()
            #expect(!off.cameraNormalization && off.camerasWithMean == ["a", "b"])
            #expect(try search(service, "").cameraNormalization?.applied == false)
            #expect(try search(service, "").options.cameraNormalization == false)
            #expect(try search(service, "camera_normalization=true").cameraNormalization?.applied == true)
            let again: GalleryAnswer = try change(service, #"{"camera_normalization": false}"#).decoded()
            #expect(again.revision == off.revision, "nothing changed")
            let on: GalleryAnswer = try change(service, #"{"camera_normalization": true}"#).decoded()
            #expect(on.cameraNormalization && on.revision == off.revision + 1)
            #expect(try service.ask(.get, "/v1/galleries/lobby").decoded() == on, "no older answer is kept")
            for body in [
                "{}", #"{"camera_normalization": null}"#, #"{"camera_normalization": "no"}"#, #"{"color": 1}"#,
            ] {
                #expect(try change(service, body).status == .badRequest, "\(body)")
            }
            #expect(try change(service, #"{"camera_normalization": true}"#, of: "none").status == .notFound)
            service.context.audit.flush()
            let rows = try service.store.audit(after: 0, limit: 100).filter { $0.action == "gallery.update" }
            #expect(rows.map(\.outcome).prefix(3) == ["ok", "unchanged", "ok"])
            #expect(rows.last?.outcome == "refused: 404 not-found")
        }
    }

    @Test func `kept queries follow their gallery's setting and its means, and keep what they said themselves`() throws
    {
        try withLobby { service, snapshot in
            service.watchGalleries()
            let image = try TestImage(seed: 100).bytes
            func keep(_ options: String) throws -> QueryAnswer {
                try service.post("/v1/galleries/lobby/queries?standing=true&rerank=false\(options)", image: image)
                    .decoded()
            }
            func ranking(_ query: QueryAnswer, after revision: Int) throws -> RankingAnswer {
                let reply = try service.reply(
                    .get, query.rankingURL + "?wait=30", fields: [.ifNoneMatch: "\"\(revision)\""])
                return try service.eventually(reply, to: query.rankingURL).decoded()
            }
            let open = try keep("&query_camera=a")
            let firm = try keep("&query_camera=b&camera_normalization=true")
            #expect(open.options.queryCamera == "a" && open.options.cameraNormalization == nil)
            #expect(firm.options.queryCamera == "b" && firm.options.cameraNormalization == true)
            let vector = try vectors(service, [100])[0]
            let first = try ranking(open, after: 0)
            #expect(
                try first.results.map(\.distance)
                    == definition(vector, of: "a", in: snapshot, rerank: false).prefix(20).map(\.distance))
            try service.store.setCameraNormalization(false, of: "lobby")
            let plain = try ranking(open, after: 1)
            #expect(plain.cameraNormalization?.applied == false)
            #expect(
                plain.results.map(\.distance) == nearest(to: vector, in: snapshot.embeddings, count: 20).map(\.distance)
            )
            // Camera b has 36 images; with 36 more its mean is made again.
            let more = try enroll((0..<36).map { _ in "b" }, seed: 3, in: service)
            #expect(more.cameraMeans.mean(of: "b") != snapshot.cameraMeans.mean(of: "b"))
            #expect(more.cameraMeans.mean(of: "a") == snapshot.cameraMeans.mean(of: "a"))
            let again = try ranking(firm, after: 1)
            #expect(again.cameraNormalization?.applied == true && again.cameraNormalization?.queryMean == .camera)
            #expect(
                try again.results.map(\.distance)
                    == definition(vector, of: "b", in: more, rerank: false).prefix(20).map(\.distance))
        }
    }

    @Test func `a restart changes no ranking`() throws {
        let service = try TestService()
        defer { service.close() }
        try service.makeGallery("lobby")
        // The mean of camera a is made of 40 images, and 9 more do not change it.
        try enroll(Self.cameras, seed: 1, in: service)
        try enroll((0..<9).map { _ in "a" }, seed: 4, in: service)
        let before = try search(service, "query_camera=a")
        service.service.stop(grace: .zero)
        let after = try TestService(in: service.folder)
        defer { after.close() }
        let again = try search(after, "query_camera=a")
        #expect(again.results == before.results && again.cameraNormalization == before.cameraNormalization)
    }

    @Test func `a ranking that an earlier release kept is still answered`() throws {
        try withLobby { service, _ in
            let image = try TestImage(seed: 100).bytes
            let query: QueryAnswer = try service.post("/v1/galleries/lobby/queries", image: image).decoded()
            var ranking: RankingAnswer = try service.ask(.get, query.rankingURL).decoded()
            ranking.cameraNormalization = nil
            ranking.queryID = nil
            ranking.revision = nil
            let revision = try service.store.gallery("lobby").revision
            try service.store.saveRanking(try jsonBytes(ranking), of: query.queryID, galleryRevision: revision)
            let old: RankingAnswer = try service.ask(.get, query.rankingURL).decoded()
            #expect(old.cameraNormalization == nil && old.results == ranking.results && old.revision == 2)
        }
    }
}
