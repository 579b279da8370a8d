import Gallery
import HTTP
import HTTPTypes
import Testing

@testable import ReIDService

/// `PUT` and `DELETE …/hold`: images that nothing may erase.
@Suite struct HoldRoutesTests {
    private static let hold = "/admin/v1/galleries/lobby/hold"

    private func listed(_ service: TestService) throws -> [Bool] {
        try service.ask(.get, "/v1/galleries/lobby/images").decoded(as: ListAnswer<ImageAnswer>.self).items.map(\.held)
    }

    @Test func `held images are listed as such and stay whatever is asked for, until the hold is lifted`() throws {
        try withService { service in
            try service.makeGallery("lobby")
            let ids = try service.enroll(try SearchTests.images(), in: "lobby")
            func change(_ method: HTTPRequest.Method, _ query: String) throws -> HoldAnswer {
                try service.askAdmin(method, "\(Self.hold)?\(query)").decoded()
            }
            #expect(try listed(service).allSatisfy { !$0 })
            #expect(try change(.put, "id=\(ids[0])&id=\(ids[3])") == HoldAnswer(matching: 2, changed: 2))
            #expect(try change(.put, "id=\(ids[0])&id=\(ids[5])") == HoldAnswer(matching: 2, changed: 1))
            #expect(try listed(service) == ids.indices.map { [0, 3, 5].contains($0) })
            #expect(try service.ask(.get, "/v1/images/\(ids[3])").decoded(as: ImageAnswer.self).held)

            let one = try service.askAdmin(.delete, "/admin/v1/images/\(ids[0])")
            #expect(try one.status == .conflict && one.object["type"] == "urn:reid:images-held")
            let gallery = try service.askAdmin(.delete, "/admin/v1/galleries/lobby")
            #expect(try gallery.status == .conflict && gallery.object["type"] == "urn:reid:images-held")
            #expect(try gallery.object["detail"]?.text?.hasPrefix("3 images ") == true)
            let erased = try service.askAdmin(.delete, "/admin/v1/galleries/lobby/images?exclude_camera=none")
            #expect(try erased.decoded(as: ErasureAnswer.self) == ErasureAnswer(erased: 9, wiping: 0, held: 3))
            #expect(try listed(service) == [true, true, true])

            #expect(try change(.delete, "exclude_camera=none") == HoldAnswer(matching: 3, changed: 3))
            #expect(try service.askAdmin(.delete, "/admin/v1/images/\(ids[0])").status == .noContent)
            #expect(try service.askAdmin(.delete, "/admin/v1/galleries/lobby").status == .noContent)
        }
    }

    @Test func `a hold is audited, and needs an administrator, a gallery and a filter`() throws {
        try withService { service in
            try service.makeGallery("lobby")
            try service.enroll(try SearchTests.images(), in: "lobby")
            for method in [HTTPRequest.Method.put, .delete] {
                #expect(try service.askAdmin(method, Self.hold).object["type"] == "urn:reid:missing-filter")
                #expect(try service.askAdmin(method, "/admin/v1/galleries/none/hold?camera=c1").status == .notFound)
                let enroller = try service.token(method == .put ? "put" : "delete", ["enroll"])
                let refused = try service.send(method, Self.hold + "?camera=c1", toAdmin: true, token: enroller)
                #expect(refused.status == .forbidden)
                #expect(try service.askAdmin(method, Self.hold + "?person=p1&camera=c1").status == .ok)
            }
            let rows = try service.store.audit(after: 0, limit: 100).filter { $0.action.hasPrefix("images.") }
            #expect(rows.filter { $0.outcome == "ok" }.map(\.action) == ["images.hold", "images.release"])
            let details: JSONValue = try fromJSON(Array(try #require(rows.last).details.utf8))
            #expect(details["gallery"] == "lobby" && details["filter"]?["camera"] == ["c1"])
            #expect(details["filter"]?["person"]?.text?.hasPrefix("sha256:") == true)
            guard case .number(let images) = details["images"] else {
                Issue.record("\(details)")
                return
            }
            #expect(images > 0)
        }
    }

    @Test func `a job erases everything but held images, and says how many they are`() async throws {
        let bench = try AdminBench.withJobs()
        try bench.gallery()
        let ids = try bench.enrollMarked(0..<20)
        let held = try bench.send(.put, "/admin/v1/galleries/lobby/hold?id=\(ids[1])&id=\(ids[2])")
        #expect(try held.json(HoldAnswer.self).changed == 2)
        let job = try await bench.finishJob(try bench.erase("camera=c1").id)
        #expect(job.result == ["erased": 9, "held": 1] && job.done == 10 && job.total == 10)
        #expect(try !bench.remains(of: [1]).isEmpty)
        #expect(try bench.context.store.image(id: ids[1]).isHeld)
    }
}
