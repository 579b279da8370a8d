import CSPRModel
import Embedding
import Foundation
import Gallery
import HTTP
import HTTPTypes
import Imaging
import Logging
import Testing

@testable import ReIDService

/// `POST …/reembed`, and services that serve another model than a gallery's.
@Suite struct ReembeddingTests {
    private let bench = ReembeddingBench()

    /// Fills the gallery "lobby" with the old model; returns what a search for the first image finds.
    private func fill(_ seeds: Range<UInt64> = 0..<12) throws -> [String] {
        try bench.serve(ReembeddingBench.old) { service in
            try service.makeGallery("lobby")
            let images = try ReembeddingBench.images(seeds)
            try service.enroll(images, in: "lobby")
            return try service.found(images[0], in: "lobby")
        }
    }

    @Test func `searches find the old vectors until the change, and then those of a gallery enrolled anew`() throws {
        let before = try fill()
        let images = try ReembeddingBench.images(0..<12)
        try bench.serve(ReembeddingBench.new, previous: ReembeddingBench.old) { service in
            let old = try service.store.gallery("lobby")
            let shown = try service.ask(.get, "/v1/galleries/lobby").decoded(as: GalleryAnswer.self)
            #expect(shown.searchable && shown.needsReembedding)
            #expect(try service.found(images[0], in: "lobby") == before)
            // The gallery takes images still, and it may be created again.
            #expect(try service.askAdmin(.put, "/admin/v1/galleries/lobby").status == .ok)
            let accepted = try service.reembed("lobby")
            #expect(try service.found(images[0], in: "lobby") == before)
            let job = try service.runJobs(until: accepted.decoded(as: JobAnswer.self).id)
            #expect(job.state == "completed" && job.kind == "reembedding" && job.unit == "images")
            #expect(job.done == 12 && job.total == 12)
            #expect(
                job.parameters == ["from": .text(old.model), "model": .text(service.context.model.identity)])
            #expect(
                job.result == [
                    "model": .text(service.context.model.identity), "images": 12, "left_behind": 0, "queries": 0,
                    "queries_left_behind": 0,
                ])
            let changed = try service.ask(.get, "/v1/galleries/lobby").decoded(as: GalleryAnswer.self)
            #expect(changed.searchable && !changed.needsReembedding)
            #expect(changed.model == service.context.model.identity && changed.images == 12)

            try service.makeGallery("fresh")
            try service.enroll(images, in: "fresh")
            #expect(
                try service.vectors(of: "lobby") == service.vectors(of: "fresh"))
            let after = try service.found(images[0], in: "lobby")
            #expect(try after == service.found(images[0], in: "fresh") && after != before)
            let rows = try service.store.audit(after: 0, limit: 100).filter { $0.target == "lobby" }
            let row = try #require(rows.last { $0.action == "gallery.reembed" })
            let details: JSONValue = try fromJSON(Array(row.details.utf8))
            #expect(details["from"] == .text(old.model) && details["job"] == .text(job.id))
            #expect(details["result"]?["images"] == 12)
        }
    }

    @Test func `without the previous model a gallery is refused until the job is over, and the log says so`() throws {
        _ = try fill()
        let image = try ReembeddingBench.images(0..<1)[0]
        let log = RecordedLog()
        var configuration = TestService.configuration(in: bench.folder)
        configuration.modelPath = try ReembeddingBench.new.get()
        let logged = try Service(configuration: configuration, logger: Logger(label: "test") { _ in log })
        logged.stop(grace: .zero)
        let lines = log.messages("needs re-embedding")
        #expect(lines.count == 1 && lines[0].contains("lobby") && lines[0].contains("false"))

        try bench.serve(ReembeddingBench.new) { service in
            let shown = try service.ask(.get, "/v1/galleries/lobby").decoded(as: GalleryAnswer.self)
            #expect(!shown.searchable && shown.needsReembedding)
            let refused = try service.post("/v1/galleries/lobby/search", image: image.bytes)
            #expect(try refused.status == .conflict && refused.object["type"] == "urn:reid:model-mismatch")
            #expect(try service.finishReembedding("lobby").state == "completed")
            #expect(try service.found(image, in: "lobby").count == 12)
            let again = try service.reembed("lobby")
            #expect(try again.status == .conflict && again.object["type"] == "urn:reid:same-model")
        }
    }

    @Test func `a standing query is embedded again and ranked again`() throws {
        let image = try ReembeddingBench.images(3..<4)[0]
        let id = try bench.serve(ReembeddingBench.old) { service in
            try service.makeGallery("lobby")
            try service.enroll(try ReembeddingBench.images(0..<6), in: "lobby")
            let kept = try service.post(
                "/v1/galleries/lobby/queries?standing=true&rerank=false", image: image.bytes)
            return try kept.decoded(as: QueryAnswer.self).queryID
        }
        try bench.serve(ReembeddingBench.new) { service in
            service.watchGalleries()
            let before = try service.ask(.get, "/v1/queries/\(id)/ranking").decoded(as: RankingAnswer.self)
            #expect(before.model != service.context.model.identity)
            let job = try service.finishReembedding("lobby")
            #expect(job.result?["queries"] == 1 && job.result?["queries_left_behind"] == 0)
            let query = try service.store.query(id: id)
            let expected = try service.context.embedder.embed([try decodeImage(image.bytes)], priority: .query).vectors[
                0]
            #expect(query.vector == expected && query.model == service.context.model.identity)
            for _ in 0..<6000 where try service.store.ranking(of: id) == nil { Thread.sleep(forTimeInterval: 0.01) }
            let after = try service.ask(.get, "/v1/queries/\(id)/ranking").decoded(as: RankingAnswer.self)
            #expect(after.model == service.context.model.identity && after.revision == 2)
            #expect(
                try after.results.map { "\($0.externalID ?? "-") \($0.distance)" } == service.found(image, in: "lobby"))
        }
    }

    @Test func `a query whose images cannot be embedded says so`() throws {
        let id = try bench.serve(ReembeddingBench.old) { service in
            try service.makeGallery("lobby")
            try service.enroll(try ReembeddingBench.images(0..<4), in: "lobby")
            return try service.store.keepQuery(
                NewQuery(
                    gallery: "lobby",
                    options: try jsonBytes(SearchOptions(defaults: service.context.configuration.ranking)),
                    isStanding: true, images: [ImageContent(bytes: [1, 2, 3], mediaType: "image/png")],
                    vector: try service.vectors(of: "lobby")[0],
                    model: service.context.model.identity)
            ).id
        }
        try bench.serve(ReembeddingBench.new) { service in
            service.watchGalleries()
            let job = try service.finishReembedding("lobby")
            #expect(job.result?["queries"] == 0 && job.result?["queries_left_behind"] == 1)
            func shown() throws -> QueryAnswer { try service.ask(.get, "/v1/queries/\(id)").decoded() }
            for _ in 0..<6000 where try shown().error == nil { Thread.sleep(forTimeInterval: 0.01) }
            #expect(try shown().state == "stale" && shown().error?.contains("keep them again") == true)
            for method in [HTTPRequest.Method.get, .post] {
                let answer = try service.ask(method, "/v1/queries/\(id)/ranking")
                #expect(try answer.status == .conflict && answer.object["type"] == "urn:reid:model-mismatch")
            }
        }
    }

    @Test func `vectors without images are left behind in a gallery of their own`() throws {
        _ = try fill(0..<5)
        try bench.serve(ReembeddingBench.old) { service in
            let vector = try service.vectors(of: "lobby")[0]
            try service.record(
                [
                    ItemOutcome(
                        index: 0, name: nil,
                        result: .image(
                            NewImage(
                                sha256: [UInt8](repeating: 7, count: 32), content: nil, width: nil, height: nil,
                                embedding: vector, model: service.context.model.identity, personID: "p9",
                                externalID: "bare")))
                ], in: "lobby")
        }
        try bench.serve(ReembeddingBench.new, previous: ReembeddingBench.old) { service in
            let image = try ReembeddingBench.images(0..<1)[0]
            let job = try service.finishReembedding("lobby")
            #expect(job.result?["images"] == 5 && job.result?["left_behind"] == 1)
            #expect(job.result?["left_behind_gallery"] == "lobby.left-behind")
            #expect(try service.found(image, in: "lobby").count == 5)
            let listed = try service.ask(.get, "/v1/galleries/lobby.left-behind/images")
                .decoded(as: ListAnswer<ImageAnswer>.self).items
            #expect(listed.map(\.externalID) == ["bare"] && listed.map(\.personID) == ["p9"])
            #expect(try service.found(image, in: "lobby.left-behind") == ["bare 0.0"])
            let left = try service.ask(.get, "/v1/galleries/lobby.left-behind").decoded(as: GalleryAnswer.self)
            #expect(left.needsReembedding)
        }
    }

    @Test func `a copy is compared with its gallery, and goes when its job is cancelled`() throws {
        let before = try fill()
        let images = try ReembeddingBench.images(0..<12)
        try bench.serve(ReembeddingBench.new, previous: ReembeddingBench.old) { service in
            let job = try service.finishReembedding("lobby", into: "lobby-new")
            #expect(job.state == "completed" && job.parameters["into"] == "lobby-new")
            #expect(
                job.result == [
                    "model": .text(service.context.model.identity), "into": "lobby-new", "images": 12,
                    "left_behind": 0,
                ])
            #expect(try service.found(images[0], in: "lobby") == before)
            try service.makeGallery("fresh")
            try service.enroll(images, in: "fresh")
            #expect(try service.found(images[0], in: "lobby-new") == service.found(images[0], in: "fresh"))
            let taken = try service.reembed("lobby", into: "fresh")
            #expect(try taken.status == .conflict && taken.object["type"] == "urn:reid:already-there")

            let second: JobAnswer = try service.reembed("lobby", into: "another").decoded()
            try service.store.startJob(second.id)
            let control = JobControl(service.store, job: second.id, mustStop: { false })
            let work = ReembeddingWork(service: service.context)
            for _ in 0..<2 { _ = try work.step(try service.store.job(id: second.id), control) }
            #expect(try service.store.gallery("another").images == 12)
            #expect(try service.askAdmin(.post, "/admin/v1/jobs/\(second.id)/cancel").status == .accepted)
            #expect(try service.runJobs(until: second.id).state == "cancelled")
            #expect(service.store.galleries().map(\.name) == ["fresh", "lobby", "lobby-new"])
        }
    }

    @Test func `a job goes on after a restart, and fails where another model is served`() throws {
        let before = try fill()
        let image = try ReembeddingBench.images(0..<1)[0]
        func stop(in service: TestService) throws -> String {
            let id = try service.reembed("lobby").decoded(as: JobAnswer.self).id
            try service.store.startJob(id)
            let control = JobControl(service.store, job: id, mustStop: { false })
            _ = try ReembeddingWork(service: service.context).step(try service.store.job(id: id), control)
            #expect(try service.store.job(id: id).done == 4)
            return id
        }
        let id = try bench.serve(ReembeddingBench.new, configure: { $0.enrollmentChunk = 4 }, stop)
        try bench.serve(ReembeddingBench.old) { service in
            let job = try service.runJobs(until: id)
            #expect(job.state == "failed" && job.reason?.contains("is served now") == true)
            #expect(try service.found(image, in: "lobby") == before)
        }
        let second = try bench.serve(ReembeddingBench.new, configure: { $0.enrollmentChunk = 4 }, stop)
        try bench.serve(ReembeddingBench.new) { service in
            let job = try service.runJobs(until: second)
            #expect(job.result?["images"] == 12)
            #expect(try service.found(image, in: "lobby").count == 12)
        }
    }

    @Test func `a job that is cancelled leaves the gallery as it was`() throws {
        let before = try fill()
        try bench.serve(ReembeddingBench.new, previous: ReembeddingBench.old, configure: { $0.enrollmentChunk = 4 }) {
            service in
            let id = try service.reembed("lobby").decoded(as: JobAnswer.self).id
            try service.store.startJob(id)
            let control = JobControl(service.store, job: id, mustStop: { false })
            _ = try ReembeddingWork(service: service.context).step(try service.store.job(id: id), control)
            #expect(try service.askAdmin(.post, "/admin/v1/jobs/\(id)/cancel").status == .accepted)
            #expect(try service.runJobs(until: id).state == "cancelled")
            #expect(try service.found(try ReembeddingBench.images(0..<1)[0], in: "lobby") == before)
            #expect(try service.ask(.get, "/v1/galleries/lobby").decoded(as: GalleryAnswer.self).needsReembedding)
        }
    }

    @Test func `a batch that waited for the former model is enrolled with the new one`() throws {
        _ = try fill(0..<3)
        try bench.serve(ReembeddingBench.new) { service in
            let tar = testTar([("a.png", try TestImage(seed: 50).bytes), ("b.png", try TestImage(seed: 51).bytes)])
            let store = service.store
            let id = try GalleryStore.newBatchID()
            try Data(tar).write(to: URL(fileURLWithPath: "\(service.context.folder.batches)/\(id)"))
            let batch = try store.createBatch(
                NewBatch(
                    id: id, gallery: "lobby", kind: .tar, contentType: BatchType.tar, bodyBytes: Int64(tar.count),
                    bodySHA256: [UInt8](repeating: 1, count: 32))
            ).batch
            let processor = BatchProcessor(context: service.context)
            processor.start()
            defer { processor.stop() }
            #expect(try service.finishReembedding("lobby").state == "completed")
            for _ in 0..<6000 where try !store.batch(id: batch.id).state.isFinal { Thread.sleep(forTimeInterval: 0.01) }
            #expect(try store.batch(id: batch.id).enrolled == 2)
            #expect(try service.found(try TestImage(seed: 50), in: "lobby").count == 5)
        }
    }

    @Test func `enrolling waits for the change of the model, and embeds again what was embedded before it`() throws {
        _ = try fill(0..<3)
        try bench.serve(ReembeddingBench.new, previous: ReembeddingBench.old) { service in
            let context = service.context
            context.modelChanges.begin("lobby")
            let form = testTar(try (60..<66).map { ("\($0).png", try TestImage(seed: $0).bytes) })
            let accepted = try service.askAdmin(
                .post, "/admin/v1/galleries/lobby/batches", fields: [.contentType: BatchType.tar], body: form)
            #expect(accepted.status == .accepted)
            let id = try accepted.decoded(as: BatchAnswer.self).id
            let processor = BatchProcessor(context: context)
            processor.start()
            defer { processor.stop() }
            // Embedded with the old model, and not recorded.
            for _ in 0..<6000 where context.previous?.embedder.statistics.images ?? 0 < 6 {
                Thread.sleep(forTimeInterval: 0.01)
            }
            #expect(try service.store.batch(id: id).recorded == 0)
            #expect(try service.finishReembedding("lobby").result?["images"] == 3)
            for _ in 0..<6000 where try !service.store.batch(id: id).state.isFinal {
                Thread.sleep(forTimeInterval: 0.01)
            }
            #expect(try service.store.batch(id: id).enrolled == 6)
            processor.stop()
            try service.makeGallery("fresh")
            try service.enroll(
                try ReembeddingBench.images(0..<3) + (60..<66).map { try TestImage(seed: $0) }, in: "fresh")
            #expect(
                try service.vectors(of: "lobby") == service.vectors(of: "fresh"))
        }
    }

    @Test func `what cannot be re-embedded is refused`() throws {
        _ = try fill(0..<2)
        try bench.serve(ReembeddingBench.new) { service in
            #expect(try service.reembed("none").status == .notFound)
            for name in ["Lobby", "", String(repeating: "a", count: 65)] {
                #expect(try service.reembed("lobby", into: name).status == .badRequest, "\(name)")
            }
            let path = "/admin/v1/galleries/lobby/reembed"
            for body in ["[]", #"{"model": "x"}"#] {
                #expect(try service.askAdmin(.post, path, body: Array(body.utf8)).status == .badRequest, "\(body)")
            }
            #expect(try service.askAdmin(.post, path + "?into=x").status == .badRequest)
            func ask(_ token: String, _ body: String = "") throws -> Int {
                try service.send(.post, path, toAdmin: true, token: token, body: Array(body.utf8)).status.code
            }
            #expect(try ask(try service.token("ingest", ["enroll"])) == 403)
            #expect(try ask(try service.token("yard", ["admin"], galleries: ["yard"])) == 404)
            let token = try service.token("lobby", ["admin"], galleries: ["lobby"])
            #expect(try ask(token, #"{"into": "elsewhere"}"#) == 403)
            #expect(try ask(token) == 202)
        }
    }
}
