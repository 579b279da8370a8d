import CSPRModel
import Digests
import Dispatch
import HTTP
import HTTPTypes
import Testing

@testable import Gallery
@testable import ReIDService

/// `DELETE` of the images of a gallery that match filters.
@Suite struct ImageErasureTests {
    private static let target = "/admin/v1/galleries/lobby/images"

    private func names(_ service: TestService, _ query: String = "") throws -> [String?] {
        try service.ask(.get, "/v1/galleries/lobby/images?\(query)").decoded(as: ListAnswer<ImageAnswer>.self)
            .items.map(\.name)
    }

    private func fill(_ service: TestService) throws -> [String] {
        try service.makeGallery("lobby")
        return try service.enroll(try SearchTests.images(), in: "lobby")
    }

    @Test(arguments: [
        "camera=c1", "camera=c1&camera=c2", "exclude_camera=c0&exclude_camera=c3", "person=p1", "external_id=e2",
        "captured_from=2026-11-22T10:04:00Z", "captured_to=2026-11-22T10:03:00Z",
        "captured_from=2026-11-22T10:02:00Z&captured_to=2026-11-22T10:08:00Z&camera=c2", "camera=nowhere",
    ])
    func `what a listing shows is what the same filters erase, and no more`(filter: String) throws {
        try withService { service in
            _ = try fill(service)
            let (all, matching) = (try names(service), try names(service, filter))
            let answer = try service.askAdmin(.delete, "\(Self.target)?\(filter)")
            #expect(answer.status == .ok, "\(answer.said)")
            #expect(try answer.decoded(as: ErasureAnswer.self) == ErasureAnswer(erased: matching.count, wiping: 0))
            #expect(try names(service, filter).isEmpty)
            #expect(try names(service) == all.filter { !matching.contains($0) })
            let ranking = try service.post("/v1/galleries/lobby/search", image: try TestImage(seed: 100).bytes)
                .decoded(as: RankingAnswer.self)
            #expect(Set(ranking.results.map(\.name)) == Set(all).subtracting(matching))
            let again = try service.askAdmin(.delete, "\(Self.target)?\(filter)").decoded(as: ErasureAnswer.self)
            #expect(again.erased == 0)
        }
    }

    @Test func `many images are gone at once, and the answer and the metrics say that they are still wiped`() throws {
        try withService { service in
            let ids = try fill(service)
            let model = service.context.model
            let outcomes = try (0...GalleryStore.imagesWipedAtOnce).map { number in
                var vector = [Float](repeating: 0, count: model.dimensions)
                vector[number % model.dimensions] = 1
                let image = NewImage(
                    sha256: try SHA256.hash(Array("\(number)".utf8)), content: nil, width: nil, height: nil,
                    embedding: vector, model: model.identity, cameraID: "gate")
                return ItemOutcome(index: number, name: nil, result: .image(image))
            }
            try service.record(outcomes, in: "lobby")
            func waiting() throws -> String? {
                try service.ask(.get, "/metrics").text.firstMatch(of: /(?m)^reid_images_to_wipe (.*)$/).map {
                    String($0.1)
                }
            }
            service.store.wiper.queue.suspend()
            do {
                defer { service.store.wiper.queue.resume() }
                let answer = try service.askAdmin(.delete, "\(Self.target)?camera=gate").decoded(as: ErasureAnswer.self)
                #expect(answer == ErasureAnswer(erased: outcomes.count, wiping: outcomes.count))
                let gallery = try service.ask(.get, "/v1/galleries/lobby").decoded(as: GalleryAnswer.self)
                #expect(gallery.images == ids.count && !gallery.cameras.contains("gate"))
                #expect(try names(service, "camera=gate").isEmpty)
                #expect(try waiting() == "101.0")
            }
            try service.store.finishWiping()
            #expect(try waiting() == "0.0")
            #expect(try names(service).count == ids.count)
        }
    }

    @Test func `ids erase the images of this gallery that have them`() throws {
        try withService { service in
            let ids = try fill(service)
            try service.makeGallery("yard")
            let other = try service.enroll([try TestImage(seed: 50)], in: "yard")
            let query = ([ids[0], ids[4], "i_none"] + other).map { "id=\($0)" }.joined(separator: "&")
            let answer = try service.askAdmin(.delete, "\(Self.target)?\(query)").decoded(as: ErasureAnswer.self)
            #expect(answer.erased == 2)
            #expect(try service.store.gallery("yard").images == 1)
            #expect(try service.ask(.get, "/v1/images/\(ids[4])").status == .notFound)
            #expect(try service.ask(.get, "/v1/images/\(ids[5])").status == .ok)
        }
    }

    @Test func `without a filter nothing is erased, and the answer says which there are`() throws {
        try withService { service in
            _ = try fill(service)
            for query in ["", "?", "?color=red", "?person=", "?camera=c1&captured_to=yesterday", "?limit=5"] {
                let answer = try service.askAdmin(.delete, Self.target + query)
                #expect(answer.status == .badRequest, "\(query)")
            }
            let refused = try service.askAdmin(.delete, Self.target)
            #expect(try refused.object["type"] == "urn:reid:missing-filter")
            let detail = try #require(try refused.object["detail"]?.text)
            for name in ["camera", "exclude_camera", "captured_from", "captured_to", "person", "external_id", "id"] {
                #expect(detail.contains(name))
            }
            #expect(try service.askAdmin(.delete, "/admin/v1/galleries/none/images?person=p1").status == .notFound)
            #expect(try service.askAdmin(.delete, "/admin/v1/galleries/none/images").status == .notFound)
            let enroller = try service.token("ingest", ["enroll"])
            let forbidden = try service.send(
                .delete, Self.target + "?person=p1", toAdmin: true, token: enroller)
            #expect(forbidden.status == .forbidden)
            #expect(try service.store.gallery("lobby").images == 12)
        }
    }

    @Test func `the audit has the filter and the number, and nothing of the images`() throws {
        try withService { service in
            let ids = try fill(service)
            let query = "camera=c1&camera=c2&captured_to=2026-11-22T10:05:00Z"
            _ = try service.askAdmin(.delete, "\(Self.target)?\(query)")
            _ = try service.askAdmin(.delete, "\(Self.target)?\(query)")
            let rows = try service.store.audit(after: 0, limit: 100).filter { $0.action == "images.delete" }
            #expect(rows.map(\.outcome) == ["ok", "unchanged"] && rows.map(\.target) == ["lobby", "lobby"])
            let details: JSONValue = try fromJSON(Array(rows[0].details.utf8))
            #expect(details["gallery"] == "lobby" && details["erased"] == 3)
            #expect(details["filter"] == ["camera": ["c1", "c2"], "captured_to": "2026-11-22T10:05:00Z"])
            #expect(!ids.contains { rows[0].details.contains($0) })
        }
    }
}
