import Embedding
import Foundation
import Gallery
import HTTP
import HTTPTypes
import Testing

@testable import ReIDService

/// `POST …/erase`: erasing by filter as a job.
@Suite struct ErasureJobTests {
    @Test func `when the job is over, no file holds a byte of what was erased, nor a name`() async throws {
        let bench = try AdminBench.withJobs()
        try bench.gallery()
        try bench.enrollMarked(0..<60)
        #expect(try Set(bench.remains(of: [0, 1]).map { $0.suffix(1) }).count == 5, "every trace can be found")
        let job = try bench.erase("camera=c1")
        #expect(job.kind == "erasure" && job.unit == "images" && job.gallery == "lobby")
        #expect(job.parameters == ["camera": ["c1"]])
        let done = try await bench.finishJob(job.id)
        #expect(done.state == "completed" && done.done == 30 && done.total == 30, "\(done.reason ?? "")")
        #expect(done.result == ["erased": 30, "held": 0])
        #expect(try bench.remains(of: (0..<30).map { 2 * $0 + 1 }) == [])
        #expect(try bench.context.store.gallery("lobby").images == 30)
        #expect(try !bench.remains(of: [0]).isEmpty)

        // A person and an external id are erased where they were asked for by, too.
        for filter in ["person=" + escaped("<<person-2>>"), "external_id=" + escaped("<<external-4>>")] {
            let job = try bench.erase(filter)
            guard case .object(let members) = job.parameters else {
                Issue.record("\(job.parameters)")
                return
            }
            #expect(members.values.allSatisfy { $0.text?.wholeMatch(of: /sha256:[0-9a-f]{64}/) != nil })
            #expect(try await bench.finishJob(job.id).result == ["erased": 1, "held": 0])
        }
        let answer = try bench.send(
            .delete, "/admin/v1/galleries/lobby/images?person=" + escaped("<<person-6>>"))
        #expect(try answer.json(ErasureAnswer.self) == ErasureAnswer(erased: 1, wiping: 0))
        // That of a request is overwritten within a second.
        #expect(bench.context.store.wipeIndex(of: "lobby"))
        #expect(try bench.remains(of: [2, 4, 6]) == [])
    }

    @Test func `the audit tells who erased how many images by which filter, and nothing of them`() async throws {
        let bench = try AdminBench.withJobs()
        try bench.gallery()
        let ids = try bench.enrollMarked(0..<10)
        let job = try await bench.finishJob(try bench.erase("person=" + escaped("<<person-3>>")).id)
        let rows = try bench.context.store.audit(after: 0, limit: 100).filter {
            $0.action.hasPrefix("job.") || $0.action.hasPrefix("images.")
        }
        #expect(rows.map(\.action) == ["job.accept", "images.delete", "job.end"])
        #expect(rows.map(\.target) == [job.id, "lobby", job.id] && rows.map(\.actor) == ["test", "test", "service"])
        let details: JSONValue = try fromJSON(Array(rows[1].details.utf8))
        #expect(details["erased"] == 1 && details["job"] == .text(job.id) && details["gallery"] == "lobby")
        // SHA-256 of "<<person-3>>", by sha256sum.
        let digest = "sha256:\(Self.digestOfPerson3)"
        #expect(details["filter"] == ["person": .text(digest)])
        for row in rows { #expect(!row.details.contains("<<") && !row.details.contains(ids[3])) }
        let metrics = bench.context.metrics.render(
            isReady: true, model: "", embedder: bench.context.embedder.statistics, galleries: [], imagesToWipe: 0,
            batches: [:], jobs: [], listeners: [:])
        #expect(metrics.contains(#"reid_images_erased_total{cause="erasure"} 1"#))
    }

    private static let digestOfPerson3 = "a74116e54116f98f75b4eed60c925682e479774d684a31efc16a5f053b2d9e91"

    @Test func `a job that was stopped between units goes on behind the last one`() async throws {
        let folder = try ScratchFolder()
        let before = try AdminBench(folder: folder, start: false)
        try before.gallery()
        try before.enrollMarked(0..<40)
        let id = try before.erase("camera=c0").id
        // What is enrolled after the acceptance stays.
        try before.enrollMarked(100..<110)
        let store = before.context.store
        var work = ErasureWork(service: before.context, kind: .erasure)
        work.group = 6
        try store.startJob(id)
        for round in 1...2 {
            let control = JobControl(store, job: id, mustStop: { false })
            guard case .more = try work.step(try store.job(id: id), control) else {
                Issue.record("done after \(round) units")
                return
            }
            #expect(try store.job(id: id).done == Int64(6 * round))
            #expect(try store.job(id: id).total == 20)
        }
        #expect(try store.gallery("lobby").images == 38)
        try before.close()
        let after = try AdminBench(folder: folder)
        let job = try await after.finishJob(id)
        #expect(job.state == "completed" && job.result == ["erased": 20, "held": 0])
        #expect(try after.context.store.gallery("lobby").images == 30)
        let erased = try after.context.store.audit(after: 0, limit: 100).filter { $0.action == "images.delete" }
        #expect(erased.map { $0.details.firstMatch(of: /"erased":(\d+)/)?.1 ?? "" } == ["6", "6", "8"])
        #expect(try after.remains(of: (0..<20).map { 2 * $0 }) == [])
        try after.close()
    }

    @Test func `a job is cancelled between units, and what is erased stays erased`() async throws {
        let bench = try AdminBench(start: false)
        try bench.gallery()
        try bench.enrollMarked(0..<20)
        let id = try bench.erase("camera=c0&person=" + escaped("<<person-4>>")).id
        let other = try bench.erase("camera=c1").id
        var work = ErasureWork(service: bench.context, kind: .erasure)
        work.group = 4
        let store = bench.context.store
        try store.startJob(other)
        _ = try work.step(try store.job(id: other), JobControl(store, job: other, mustStop: { false }))
        #expect(try bench.send(.post, "/admin/v1/jobs/\(other)/cancel").status == 202)
        #expect(try bench.send(.post, "/admin/v1/jobs/\(id)/cancel").status == 200)
        bench.jobs.start()
        #expect(try await bench.finishJob(other).state == "cancelled")
        #expect(try store.gallery("lobby").images == 16)
        for id in [id, other] { #expect(try store.job(id: id).cursor == nil) }
        try store.finishWiping()
        #expect(try bench.remains(of: [1, 3, 5, 7]) == [])
    }

    @Test func `an erasure needs a filter, a gallery that is there and seen, and room for a job`() throws {
        try withService { service in
            try service.makeGallery("lobby")
            try service.enroll(try SearchTests.images(), in: "lobby")
            let target = "/admin/v1/galleries/lobby/erase"
            for query in ["", "?color=red", "?enrolled_to=yesterday", "?camera=c1&limit=3"] {
                #expect(try service.askAdmin(.post, target + query).status == .badRequest, "\(query)")
            }
            #expect(try service.askAdmin(.post, target).object["type"] == "urn:reid:missing-filter")
            #expect(try service.askAdmin(.post, "/admin/v1/galleries/none/erase?camera=c1").status == .notFound)
            func ask(_ token: String) throws -> Int {
                try service.send(.post, target + "?camera=c1", toAdmin: true, token: token).status.code
            }
            #expect(try ask(try service.token("ingest", ["enroll"])) == 403)
            #expect(try ask(try service.token("yard", ["admin"], galleries: ["yard"])) == 404)
            #expect(try ask(try service.token("lobby", ["admin"], galleries: ["lobby"])) == 202)
            #expect(try service.store.gallery("lobby").images == 12)
        }
        try withService(configure: { $0.jobs.waiting = 1 }) { service in
            try service.makeGallery("lobby")
            let target = "/admin/v1/galleries/lobby/erase?camera=c1"
            #expect(try service.askAdmin(.post, target).status == .accepted)
            #expect(try service.askAdmin(.post, target).status == .conflict)
        }
    }

    @Test func `images are erased by the time of their enrollment`() async throws {
        let bench = try AdminBench.withJobs()
        try bench.gallery()
        try bench.enrollMarked(0..<5)
        let before = Timestamp.now().adding(seconds: -3600).rfc3339
        #expect(
            try await bench.finishJob(try bench.erase("enrolled_to=\(before)").id).result == ["erased": 0, "held": 0])
        let after = Timestamp.now().adding(seconds: 3600).rfc3339
        let job = try await bench.finishJob(try bench.erase("enrolled_to=\(after)&camera=c1").id)
        #expect(job.result == ["erased": 2, "held": 0] && job.parameters["enrolled_to"] == .text(after))
        let answer = try bench.send(.delete, "/admin/v1/galleries/lobby/images?enrolled_to=\(after)")
        #expect(try answer.json(ErasureAnswer.self).erased == 3)
    }
}
