import CSPRModel
import Gallery
import HTTP
import HTTPTypes
import Testing

@testable import ReIDService

@Suite struct AdminRoutesTests {
    @Test func `a gallery is created once`() throws {
        let bench = try AdminBench(start: false)
        let first = try bench.send(.put, "/admin/v1/galleries/lobby")
        #expect(first.status == 201)
        let gallery: GalleryAnswer = try first.json()
        #expect(gallery.name == "lobby")
        #expect(gallery.model == bench.context.model.identity)
        #expect(gallery.images == 0)
        #expect(try bench.send(.put, "/admin/v1/galleries/lobby", body: .bytes(Array("{}".utf8))).status == 200)
    }

    @Test(arguments: ["Lobby", "a%20b", "-a", "..", "a%2Fb", String(repeating: "a", count: 65)])
    func `a name that is none is refused`(name: String) throws {
        let answer = try AdminBench(start: false).send(.put, "/admin/v1/galleries/\(name)")
        #expect(answer.status == 400)
        #expect(answer.text.contains("urn:reid:invalid-name"))
    }

    @Test func `a gallery of another model is a conflict`() throws {
        let bench = try AdminBench(start: false)
        let name = try #require(GalleryName("old"))
        try bench.context.store.createGallery(name, model: "sha256:00", dimensions: 4)
        #expect(try bench.send(.put, "/admin/v1/galleries/old").status == 409)
        let answer = try bench.post(testTar([("a.jpg", try testJPEG(1))]), type: BatchType.tar, gallery: "old")
        #expect(answer.status == 409)
        #expect(try bench.bodies().isEmpty)
    }

    @Test func `members and parameters that creation does not know are named`() throws {
        let bench = try AdminBench(start: false)
        let member = try bench.send(.put, "/admin/v1/galleries/lobby", body: .bytes(Array(#"{"model": "x"}"#.utf8)))
        #expect(member.status == 400)
        #expect(member.text.contains("/model"))
        let parameter = try bench.send(.put, "/admin/v1/galleries/lobby?force=true")
        #expect(parameter.status == 400)
        #expect(parameter.text.contains("force"))
    }

    @Test func `a gallery is deleted with its images and its queued batches`() async throws {
        let bench = try AdminBench(start: false)
        try bench.gallery()
        let batch = try bench.enroll(testTar([("a.jpg", try testJPEG(1))]), type: BatchType.tar)
        #expect(try bench.bodies() == [batch.id])
        bench.processor.start()
        #expect(try await bench.finish(batch.id).enrolled == 1)
        #expect(try bench.send(.delete, "/admin/v1/galleries/lobby").status == 204)
        #expect(try bench.send(.delete, "/admin/v1/galleries/lobby").status == 404)
        #expect(try bench.bodies().isEmpty)
        try bench.gallery()
        #expect(try bench.context.store.gallery("lobby").images == 0)
    }

    @Test func `an image is erased once and may be enrolled again`() async throws {
        let bench = try AdminBench()
        try bench.gallery()
        let tar = testTar([("a.jpg", try testJPEG(1))])
        let batch = try await bench.complete(tar, type: BatchType.tar)
        let image = try #require(try bench.items(batch.id).first?.imageID)
        #expect(try bench.send(.delete, "/admin/v1/images/\(image)").status == 204)
        #expect(try bench.send(.delete, "/admin/v1/images/\(image)").status == 404)
        #expect(try bench.items(batch.id).first?.imageID == nil)
        #expect(try await bench.complete(tar, type: BatchType.tar).enrolled == 1)
    }

    @Test func `the batch of a deleted gallery is cancelled and its body removed`() throws {
        let bench = try AdminBench(start: false)
        try bench.gallery()
        let batch = try bench.enroll(testTar([("a.jpg", try testJPEG(1))]), type: BatchType.tar)
        // The processor removes bodies, so it must run; it may finish queued batches first.
        bench.processor.start()
        #expect(try bench.send(.delete, "/admin/v1/galleries/lobby").status == 204)
        let state = try bench.batch(batch.id).state
        #expect(state == "cancelled" || state == "completed")
        bench.processor.stop()
        #expect(try bench.bodies().isEmpty)
    }
}
