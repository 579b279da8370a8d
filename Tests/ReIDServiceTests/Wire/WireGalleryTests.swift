import CSPRModel
import Digests
import Gallery
import HTTP
import HTTPTypes
import Imaging
import Testing

@testable import ReIDService

@Suite struct WireGalleryTests {
    @Test func `a gallery tells its counts, cameras and times`() throws {
        try withService { service in
            try service.makeGallery("lobby")
            let empty = try service.ask(.get, "/v1/galleries/lobby")
            #expect(try empty.object["captured_from"] == .null)
            #expect(try empty.object["running_batches"] == .list([]))
            try service.enroll(try SearchTests.images(), in: "lobby")
            let gallery: GalleryAnswer = try service.ask(.get, "/v1/galleries/lobby").decoded()
            #expect(gallery.name == "lobby")
            #expect(gallery.model == service.context.model.identity)
            #expect(gallery.searchable)
            #expect(gallery.images == 12)
            #expect(gallery.people == 3)
            #expect(gallery.cameras == ["c0", "c1", "c2", "c3"])
            #expect(gallery.camerasWithMean.isEmpty && gallery.cameraNormalization)
            #expect(gallery.capturedFrom?.rfc3339 == "2026-11-22T10:00:00Z")
            #expect(gallery.capturedTo?.rfc3339 == "2026-11-22T10:11:00Z")
            #expect(gallery.revision > 0)
            #expect(try service.ask(.get, "/v1/galleries/nobody").status == .notFound)
        }
    }

    @Test func `galleries are listed by name, page by page`() throws {
        try withService { service in
            for name in ["c", "a", "b"] { try service.makeGallery(name) }
            let page = try service.ask(.get, "/v1/galleries?limit=2").decoded(as: ListAnswer<GalleryAnswer>.self)
            #expect(page.items.map(\.name) == ["a", "b"])
            let rest = try service.ask(.get, "/v1/galleries?cursor=\(try #require(page.next))").decoded(
                as: ListAnswer<GalleryAnswer>.self)
            #expect(rest.items.map(\.name) == ["c"])
            #expect(try service.ask(.get, "/v1/galleries").object["next"] == .null)
        }
    }

    @Test func `a batch that waits or runs is shown with its gallery`() throws {
        try withService { service in
            try service.makeGallery("lobby")
            let batch = try service.store.createBatch(
                NewBatch(
                    id: try GalleryStore.newBatchID(), gallery: "lobby", kind: .tar, contentType: "application/x-tar",
                    bodyBytes: 0, bodySHA256: try randomBytes(32))
            ).batch
            let gallery: GalleryAnswer = try service.ask(.get, "/v1/galleries/lobby").decoded()
            #expect(gallery.runningBatches.map(\.id) == [batch.id])
            #expect(gallery.runningBatches.first?.state == "queued")
        }
    }

    @Test func `images are listed by the filters of a search, page by page`() throws {
        try withService { service in
            try service.makeGallery("lobby")
            let ids = try service.enroll(try SearchTests.images(), in: "lobby")
            var found: [String] = []
            var target = "/v1/galleries/lobby/images?camera=c1&limit=2"
            while true {
                let page = try service.ask(.get, target).decoded(as: ListAnswer<ImageAnswer>.self)
                found += page.items.map(\.imageID)
                guard let next = page.next else { break }
                target = "/v1/galleries/lobby/images?camera=c1&limit=2&cursor=\(next)"
            }
            #expect(found.sorted() == [ids[1], ids[5], ids[9]].sorted())
            #expect(try service.ask(.get, "/v1/galleries/lobby/images?color=red").status == .badRequest)
        }
    }

    @Test func `an image tells what is known of it, and null for the rest`() throws {
        try withService { service in
            try service.makeGallery("lobby")
            let ids = try service.enroll(
                [
                    try TestImage(
                        seed: 1, person: "p1", camera: "c1", capturedAt: "2026-11-22T10:00:00.250Z", name: "in/a.png"),
                    try TestImage(seed: 2),
                ], in: "lobby")
            let known: ImageAnswer = try service.ask(.get, "/v1/images/\(ids[0])").decoded()
            #expect(known.personID == "p1")
            #expect(known.name == "in/a.png")
            let listed = try service.ask(.get, "/v1/galleries/lobby/images").decoded(as: ListAnswer<ImageAnswer>.self)
            #expect(listed.items.map(\.name) == ["in/a.png", nil])
            #expect(known.capturedAt?.rfc3339 == "2026-11-22T10:00:00.250Z")
            #expect(known.sha256 == hexString(try SHA256.hash(try TestImage(seed: 1).bytes)))
            #expect(known.width == 24 && known.height == 64 && known.mediaType == "image/png")
            let bare = try service.ask(.get, "/v1/images/\(ids[1])").object
            for name in ["person_id", "camera_id", "captured_at", "external_id", "name"] {
                #expect(bare[name] == .null)
            }
            #expect(try service.ask(.get, "/v1/images/i_nothing").status == .notFound)
        }
    }

    @Test func `the stored image comes back byte for byte, with a validator`() throws {
        try withService { service in
            try service.makeGallery("lobby")
            let image = try TestImage(seed: 1)
            let id = try service.enroll([image], in: "lobby")[0]
            let response = try service.ask(.get, "/v1/images/\(id)/content")
            #expect(response.fields[.contentType] == "image/png")
            #expect(response.fields[.xContentTypeOptions] == "nosniff")
            #expect(try response.bytes == image.bytes)
            let tag = try #require(response.fields[.eTag])
            let again = try service.ask(.get, "/v1/images/\(id)/content", fields: [.ifNoneMatch: tag])
            #expect(again.status == .notModified)
            try service.store.deleteImage(id: id)
            #expect(
                try service.ask(.get, "/v1/images/\(id)/content", fields: [.ifNoneMatch: tag]).status == .notFound)
        }
    }

    @Test func `a part of a stored image comes as asked, and changes need the right version`() throws {
        try withService { service in
            try service.makeGallery("lobby")
            let image = try TestImage(seed: 1)
            let id = try service.enroll([image], in: "lobby")[0]
            let path = "/v1/images/\(id)/content"
            let tag = try #require(try service.ask(.get, path).fields[.eTag])
            let part = try service.ask(.get, path, fields: [.range: "bytes=3-9", .ifRange: tag])
            #expect(part.status == .partialContent)
            #expect(part.fields[.contentRange] == "bytes 3-9/\(image.bytes.count)")
            #expect(try part.bytes == Array(image.bytes[3...9]))
            let whole = try service.ask(.get, path, fields: [.range: "bytes=3-9", .ifRange: "\"another\""])
            #expect(try whole.status == .ok && whole.bytes == image.bytes)
            let beyond = try service.ask(.get, path, fields: [.range: "bytes=\(image.bytes.count)-"])
            #expect(beyond.status == .rangeNotSatisfiable)
            #expect(try service.ask(.get, path, fields: [.ifMatch: "\"another\""]).status == .preconditionFailed)
            let erasure = "/admin/v1/images/\(id)"
            #expect(try service.askAdmin(.delete, erasure, fields: [.ifMatch: "\"x\""]).status == .preconditionFailed)
            #expect(try service.ask(.get, path).status == .ok)
            #expect(try service.askAdmin(.delete, erasure, fields: [.ifMatch: "*"]).status == .noContent)
            let lobby = "/admin/v1/galleries/lobby"
            #expect(try service.askAdmin(.put, lobby, fields: [.ifNoneMatch: "*"]).status == .preconditionFailed)
            #expect(try service.askAdmin(.put, lobby).status == .ok)
            #expect(try service.askAdmin(.put, lobby + "2", fields: [.ifNoneMatch: "*"]).status == .created)
        }
    }

    @Test func `what waits for the network or searches has workers of its own`() throws {
        try withService { service in
            let routes = service.service.queryRouter.routes + service.service.adminRouter.routes
            let searches = routes.filter { $0.execution == .search }.map { "\($0.method) \($0.pattern)" }
            #expect(
                Set(searches) == [
                    "POST /v1/galleries/{gallery}/search", "POST /v1/galleries/{gallery}/queries",
                    "POST /v1/embeddings", "POST /v1/compare",
                    "POST /v1/queries/{query}/ranking", "GET /v1/images/{image}/attention",
                ])
        }
    }

    @Test func `long names are cut in messages`() throws {
        try withService { service in
            let long = String(repeating: "n", count: 5000)
            try service.makeGallery("lobby")
            let image = try TestImage(seed: 1).bytes
            let answers = [
                try service.ask(.get, "/v1/galleries?\(long)=1"), try service.ask(.get, "/v1/galleries/\(long)"),
                try service.ask(.get, "/v1/images/\(long)"),
                try service.post(
                    "/v1/galleries/lobby/search", form: [.image(image), .options("{\"\(long + long)\": 1}")]),
            ]
            for answer in answers {
                #expect(answer.status.kind == .clientError)
                let text = try answer.text
                #expect(text.contains("nnnnnnnn…") && text.utf8.count < 1000, "\(text.prefix(2000))")
            }
        }
    }

    @Test func `attention is drawn over the image, a branch at a time`() throws {
        try withService { service in
            try service.makeGallery("lobby")
            let id = try service.enroll([try TestImage(seed: 1)], in: "lobby")[0]
            let branches = service.context.model.branches
            let overlays = try (0..<branches).map { branch in
                let response = try service.ask(.get, "/v1/images/\(id)/attention?branch=\(branch)")
                #expect(response.fields[.contentType] == "image/png")
                let image = try decodeImage(try response.bytes)
                #expect(image.width == 24 && image.height == 64)
                return image.pixels
            }
            #expect(Set(overlays).count > 1)
            let first = try service.ask(.get, "/v1/images/\(id)/attention")
            #expect(try decodeImage(try first.bytes).pixels == overlays[0])
            let tag = try #require(first.fields[.eTag])
            let again = try service.ask(.get, "/v1/images/\(id)/attention?branch=0", fields: [.ifNoneMatch: tag])
            #expect(again.status == .notModified)
            #expect(try service.ask(.get, "/v1/images/\(id)/attention?branch=\(branches)").status == .notFound)
            #expect(try service.ask(.get, "/v1/images/\(id)/attention?branch=x").status == .badRequest)
        }
    }

    @Test func `neither listener serves the other's routes`() throws {
        try withService { service in
            try service.makeGallery("lobby")
            #expect(try service.ask(.put, "/admin/v1/galleries/lobby").status == .notFound)
            #expect(try service.ask(.get, "/admin/v1/batches").status == .notFound)
            #expect(try service.askAdmin(.get, "/v1/galleries").status == .notFound)
            #expect(try service.askAdmin(.get, "/v1/model").status == .notFound)
        }
    }
}
