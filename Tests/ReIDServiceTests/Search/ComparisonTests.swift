import CSPRModel
import Digests
import Gallery
import HTTP
import HTTPTypes
import Ranking
import Testing

@testable import ReIDService

@Suite struct ComparisonTests {
    private let galleries = ProbabilityTests()
    private let known = ProbabilityTests.known

    private func compare(
        _ service: TestService, _ query: String = "", images seeds: [UInt64] = [], options: String? = nil
    ) throws -> ServerResponse {
        let target = "/v1/compare" + (query.isEmpty ? "" : "?" + query)
        guard !seeds.isEmpty || options != nil else { return try service.ask(.post, target) }
        let images = try seeds.map { FormPart.image(try TestImage(seed: $0).bytes) }
        return try service.post(target, form: images + (options.map { [.options($0)] } ?? []))
    }

    private func answer(
        _ service: TestService, _ query: String = "", images seeds: [UInt64] = [], options: String? = nil
    ) throws -> ComparisonAnswer {
        let response = try compare(service, query, images: seeds, options: options)
        try #require(response.status == .ok, "\(response.said)")
        return try response.decoded()
    }

    /// The definition of the squared distance.
    private func distance(_ left: [Float], _ right: [Float]) -> Double {
        zip(left, right).reduce(0) { $0 + (Double($1.0) - Double($1.1)) * (Double($1.0) - Double($1.1)) }
    }

    @Test func `an image and an enrolled one have the distance and probability that a search gives them`() throws {
        try galleries.withLobby { service in
            try galleries.calibrate(service)
            for options in ["", "query_camera=a", "query_camera=a&camera_normalization=false"] {
                let results = try galleries.search(service, options + "&rerank=false&limit=120").results
                for result in [results[0], results[3], results[70]] {
                    let pair = try answer(service, options + "&image_id=\(result.imageID)", images: [known])
                    #expect(pair.distance == result.distance && pair.similarity == result.similarity)
                    #expect(pair.probability == result.probability && pair.probability != nil && pair.reason == nil)
                    #expect(pair.gallery == "lobby" && pair.model == service.context.model.identity)
                    #expect(pair.images[1].personID == result.personID && pair.images[1].cameraID == result.cameraID)
                    #expect(pair.cameraNormalization == !options.hasSuffix("false"))
                    #expect(
                        pair.images[0].mean == (pair.cameraNormalization ? (options == "" ? .common : .camera) : nil))
                    #expect(pair.images[1].mean == (pair.cameraNormalization ? .camera : nil))
                    #expect(pair.warnings == ["\(Warning.about(service.context.model)?.first ?? "")"], "no open set")
                }
            }
        }
    }

    @Test func `two enrolled images are compared without the means of their own cameras, in either order`() throws {
        try galleries.withLobby { service in
            try galleries.calibrate(service)
            let contents = try service.store.contents(of: "lobby")
            for isNormalized in [true, false] {
                let curve = try galleries.curve(service, isNormalized: isNormalized, isReRanked: false).curve
                for (left, right) in [(0, 1), (2, 9), (41, 100)] {
                    let vectors = [left, right].map {
                        let vector = contents.embeddings[$0]
                        return isNormalized
                            ? contents.cameraMeans.normalized(vector, of: contents.images[$0].cameraID) : vector
                    }
                    let ids = [left, right].map { "image_id=\(contents.images[$0].id)" }
                    for pair in [ids, ids.reversed()] {
                        let found = try answer(
                            service, pair.joined(separator: "&") + "&camera_normalization=\(isNormalized)")
                        #expect(abs(Double(found.distance) - distance(vectors[0], vectors[1])) < 1e-5)
                        #expect(found.probability == curve.probability(ofDistance: Double(found.distance)))
                        let cameras = [left, right].map { contents.images[$0].cameraID }
                        #expect(found.images.map(\.cameraID) == (pair == ids ? cameras : cameras.reversed()))
                    }
                }
            }
        }
    }

    @Test func `two images of the request are compared alone, or in a gallery with their cameras' means`() throws {
        try galleries.withLobby { service in
            let vectors = try [known, 7].map { seed in
                guard
                    case .floats(let vector) = try service.post(
                        "/v1/embeddings", image: try TestImage(seed: seed).bytes
                    )
                    .decoded(as: EmbeddingAnswer.self).embeddings[0].vector
                else { throw TestFailure.notAnObject }
                return vector
            }
            let alone = try answer(service, images: [known, 7])
            #expect(abs(Double(alone.distance) - distance(vectors[0], vectors[1])) < 1e-4)
            #expect(alone.probability == nil && alone.gallery == nil && alone.reason?.contains("gallery") == true)
            #expect(try answer(service, images: [7, 7]).distance < 1e-5)
            let unknown = try answer(service, "gallery=lobby", images: [known, 7])
            #expect(unknown.probability == nil && unknown.reason?.contains("/lobby/calibrate") == true)
            try galleries.calibrate(service)
            let means = try service.store.contents(of: "lobby").cameraMeans
            let expected = distance(
                means.normalized(vectors[0], of: "b"), means.normalized(vectors[1], of: nil))
            let options =
                #"{"gallery": "lobby", "query_camera": "b", "other_camera": "c", "camera_normalization": null}"#
            let known = try answer(service, images: [known, 7], options: options)
            #expect(abs(Double(known.distance) - expected) < 1e-4)
            #expect(known.probability != nil && known.images.map(\.mean) == [.camera, .common])
            let plain = try answer(
                service, "gallery=lobby&camera_normalization=false", images: [self.known, 7], options: options)
            #expect(plain.distance == alone.distance && plain.images.map(\.mean) == [nil, nil])
        }
    }

    @Test func `more or fewer than two images, and options for images that are not there, are refused`() throws {
        try withService { service in
            for name in ["lobby", "yard"] { try service.makeGallery(name) }
            let ids = try service.enroll((0..<3).map { try TestImage(seed: $0, camera: "a") }, in: "lobby")
            let other = try service.enroll([try TestImage(seed: 9)], in: "yard")[0]
            func refused(_ query: String, _ images: [UInt64] = [], options: String? = nil) throws -> String {
                let answer = try compare(service, query, images: images, options: options)
                #expect(answer.status.code >= 400, "\(answer.said)")
                return "\(answer.status.code) " + answer.said
            }
            #expect(try refused("").contains("0 images and 0 ids"))
            #expect(try refused("", [1]).contains("1 images and 0 ids"))
            #expect(try refused("image_id=\(ids[0])").contains("not-two-images"))
            #expect(try refused("image_id=\(ids[0])&image_id=\(ids[1])", [1]).contains("not-two-images"))
            #expect(try refused("", [1, 2, 3]).contains("at most 2 images"))
            #expect(try refused("image_id=\(ids[0])&image_id=\(other)").contains("in one gallery"))
            #expect(try refused("gallery=yard&image_id=\(ids[0])", [1]).contains("in one gallery"))
            #expect(try refused("image_id=i_none", [1]).hasPrefix("404"))
            #expect(try refused("gallery=none", [1, 2]).hasPrefix("404"))
            #expect(try refused("query_camera=a&image_id=\(ids[0])&image_id=\(ids[1])").contains("'query_camera'"))
            #expect(try refused("other_camera=a&image_id=\(ids[0])", [1]).contains("'other_camera'"))
            #expect(try refused("camera_normalization=1", [1, 2]).contains("true or false"))
            #expect(try refused("", [1, 2], options: #"{"limit": 3}"#).contains("limit"))
            let text = try service.ask(.post, "/v1/compare", fields: [.contentType: "text/plain"], body: [65])
            #expect(text.status == .unsupportedMediaType)
            #expect(try service.ask(.get, "/v1/compare").status == .methodNotAllowed)
            let both = try answer(service, options: #"{"image_id": ["\#(ids[0])", "\#(ids[1])"]}"#)
            #expect(both.images.map(\.imageID) == [ids[0], ids[1]])
            try service.store.deleteImage(id: ids[0])
            #expect(try refused("image_id=\(ids[0])&image_id=\(ids[1])").hasPrefix("404"))
        }
    }

    @Test func `what is in another gallery looks exactly like what does not exist`() throws {
        try withService { service in
            for name in ["lobby", "yard"] { try service.makeGallery(name) }
            let ids = try service.enroll((0..<2).map { try TestImage(seed: $0) }, in: "lobby")
            let secret = try service.token("yard", ["query"], galleries: ["yard"])
            func said(_ query: String, like name: String) throws -> String {
                let answer = try service.send(.post, "/v1/compare?" + query, token: secret)
                #expect(answer.status == .notFound)
                return answer.said.replacing(name, with: "NAME")
            }
            let nothing = ids.map { "i_" + String(repeating: "z", count: $0.count - 2) }
            #expect(
                try said("image_id=\(ids[0])&image_id=\(ids[1])", like: ids[0])
                    == said("image_id=\(nothing[0])&image_id=\(nothing[1])", like: nothing[0]))
            let form = FormPart.body([.image(try TestImage(seed: 1).bytes), .image(try TestImage(seed: 2).bytes)])
            func named(_ gallery: String) throws -> String {
                let fields: HTTPFields = [
                    .authorization: "Bearer " + secret, .contentType: "multipart/form-data; boundary=frontier",
                ]
                let answer = try service.ask(.post, "/v1/compare?gallery=" + gallery, fields: fields, body: form)
                #expect(answer.status == .notFound)
                return answer.said.replacing(gallery, with: "NAME")
            }
            #expect(try named("lobby") == named("lodge"))
            let enroller = try service.token("ingest", ["enroll"])
            #expect(try service.send(.post, "/v1/compare?image_id=a&image_id=b", token: enroller).status == .forbidden)
        }
    }

    @Test func `enrolled images of another model are compared with each other, but not with a new one`() throws {
        try withService { service in
            try service.store.createGallery(try #require(GalleryName("old")), model: "sha256:old", dimensions: 2)
            try service.record(
                try [[1, 0], [0, 1]].enumerated().map { number, vector in
                    ItemOutcome(
                        index: number, name: nil,
                        result: .image(
                            NewImage(
                                sha256: try SHA256.hash([UInt8(number)]), content: nil, width: nil, height: nil,
                                embedding: vector, model: "sha256:old")))
                }, in: "old")
            let ids = try service.store.contents(of: "old").images.map(\.id)
            let pair = try answer(service, "image_id=\(ids[0])&image_id=\(ids[1])")
            #expect(pair.distance == 2 && pair.similarity == 0 && pair.model == "sha256:old")
            #expect(try compare(service, "image_id=\(ids[0])", images: [1]).status == .conflict)
        }
    }

    @Test func `the audit keeps the gallery, the options, the digests of images, and the ids of enrolled ones`() throws
    {
        try withService { service in
            try service.makeGallery("lobby")
            let id = try service.enroll([try TestImage(seed: 1)], in: "lobby")[0]
            _ = try answer(service, "image_id=\(id)&query_camera=a", images: [2])
            service.context.audit.flush()
            let row = try #require(try service.store.audit(after: 0, limit: 100).last { $0.action == "comparison" })
            #expect(row.target == "lobby" && row.outcome == "ok")
            let details: JSONValue = try fromJSON(Array(row.details.utf8))
            #expect(details["gallery"] == "lobby" && details["options"]?["query_camera"] == "a")
            #expect(details["images"] == [.text(hexString(try SHA256.hash(try TestImage(seed: 2).bytes)))])
            #expect(details["shown"] == [.text(id)])
        }
    }
}
