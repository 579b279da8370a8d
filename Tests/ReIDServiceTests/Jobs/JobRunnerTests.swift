import Embedding
import Foundation
import Gallery
import HTTP
import HTTPTypes
import Synchronization
import Testing

@testable import ReIDService

@Suite struct JobRunnerTests {
    private func list(_ bench: AdminBench, _ query: String = "") throws -> [JobAnswer] {
        try bench.send(.get, "/admin/v1/jobs" + query).json(ListAnswer<JobAnswer>.self).items
    }

    @Test func `jobs are done in the order of acceptance, also those of before the start`() async throws {
        let folder = try ScratchFolder()
        let before = try AdminBench(folder: folder, start: false)
        try before.gallery()
        let batch = try before.enroll(testTar([("a.jpg", try testJPEG(1))]), type: BatchType.tar).id
        let first: JobAnswer = try before.send(.post, "/admin/v1/compact").json()
        #expect(first.state == "queued" && first.unit == "passes" && first.createdBy == "test")
        let path = before.context.folder.backups + "/a.sqlite"
        let answer = try before.backUp(to: path)
        #expect(answer.status == 202)
        let second: JobAnswer = try answer.json()
        #expect(answer.fields[.location] == "/admin/v1/jobs/" + second.id)
        #expect(second.parameters == ["path": .text(path)])
        #expect(try list(before).map(\.id) == [second.id, first.id, batch])
        #expect(try list(before, "?kind=enrollment&state=queued&gallery=lobby").map(\.id) == [batch])
        #expect(try list(before, "?state=running").isEmpty)
        try before.close()

        let after = try AdminBench(folder: folder)
        let (done, compacted) = (try await after.finishJob(second.id), try await after.finishJob(first.id))
        #expect(compacted.state == "completed" && compacted.done == 1 && compacted.total == 1)
        guard case .number(let bytes) = compacted.result?["bytes_after"] else {
            Issue.record("\(String(describing: compacted.result))")
            return
        }
        #expect(bytes > 0)
        #expect(done.state == "completed" && done.done == done.total && done.reason == nil)
        #expect(try #require(compacted.finishedAt) <= #require(done.startedAt))
        #expect(try await after.finish(batch).enrolled == 1)
        let rows = try after.context.store.audit(after: 0, limit: 100).filter { $0.action.hasPrefix("job.") }
        #expect(rows.map(\.action) == ["job.accept", "job.accept", "job.end", "job.end"])
        #expect(rows.map(\.target) == [first.id, second.id, first.id, second.id])
        #expect(rows[1].details.contains(path) && rows[3].details.contains(#""state":"completed""#))
        try after.close()
    }

    @Test func `a queued job is cancelled, a job that is over is not, and there is a limit`() async throws {
        let bench = try AdminBench(start: false) { $0.jobs.waiting = 2 }
        let first: JobAnswer = try bench.send(.post, "/admin/v1/compact").json()
        let second: JobAnswer = try bench.send(.post, "/admin/v1/compact").json()
        #expect(try bench.send(.post, "/admin/v1/compact").status == 409)
        let cancelled = try bench.send(.post, "/admin/v1/jobs/\(first.id)/cancel")
        #expect(try cancelled.status == 200 && cancelled.json(JobAnswer.self).state == "cancelled")
        bench.jobs.start()
        #expect(try await bench.finishJob(second.id).state == "completed")
        #expect(try bench.send(.post, "/admin/v1/jobs/\(second.id)/cancel").status == 409)
        #expect(try bench.send(.post, "/admin/v1/jobs/j_none/cancel").status == 404)
        #expect(try bench.send(.get, "/admin/v1/jobs/j_none").status == 404)
        #expect(try bench.send(.get, "/admin/v1/jobs?kind=dance").status == 400)
        #expect(try bench.send(.get, "/admin/v1/jobs?cursor=b1").status == 400)
    }

    @Test func `a batch is seen and cancelled as a job`() throws {
        let bench = try AdminBench(start: false)
        try bench.gallery()
        let batch = try bench.enroll(testTar([("a.jpg", try testJPEG(1))]), type: BatchType.tar).id
        let job: JobAnswer = try bench.send(.get, "/admin/v1/jobs/" + batch).json()
        #expect(job.kind == "enrollment" && job.gallery == "lobby" && job.total == 1 && job.unit == "items")
        #expect(job.parameters["container"] == "tar")
        #expect(try bench.send(.post, "/admin/v1/jobs/\(batch)/cancel").status == 200)
        #expect(try bench.batch(batch).state == "cancelled")
        #expect(try bench.context.store.audit(limit: 1).items.first?.action == "batch.cancel")
    }

    @Test func `a job for which there is too little space fails and says how much, and the next one runs`() async throws
    {
        let bench = try AdminBench { $0.jobs.spareBytes = 1 << 50 }
        let refused = try await bench.finishJob(try bench.send(.post, "/admin/v1/compact").json(JobAnswer.self).id)
        #expect(refused.state == "failed")
        let reason = try #require(refused.reason)
        #expect(reason.contains(bench.folder.path) && reason.contains("bytes"))
        let path = bench.context.folder.backups + "/a.sqlite"
        let backup = try await bench.finishJob(try bench.backUp(to: path).json(JobAnswer.self).id)
        #expect(backup.state == "failed" && backup.reason?.contains("bytes") == true && backup.result == nil)
        #expect(try FileManager.default.contentsOfDirectory(atPath: bench.context.folder.backups).isEmpty)
        let metrics = bench.context.metrics.render(
            isReady: true, model: "", embedder: bench.context.embedder.statistics, galleries: [],
            imagesToWipe: 0, batches: [:],
            jobs: [], listeners: [:])
        #expect(metrics.contains(#"reid_jobs_ended_total{kind="backup",state="failed"} 1"#))
    }

    @Test func `a compaction that was killed is done again at the next start`() async throws {
        let folder = try ScratchFolder()
        let before = try AdminBench(folder: folder, start: false)
        try before.gallery()
        let id = try before.send(.post, "/admin/v1/compact").json(JobAnswer.self).id
        try before.context.store.startJob(id)
        try before.close()
        let after = try AdminBench(folder: folder)
        let job = try await after.finishJob(id)
        #expect(job.state == "completed" && job.result?["bytes_before"] != nil)
        #expect(after.context.store.galleries().map(\.name) == ["lobby"])
        try after.close()
    }

    @Test func `only the newest finished jobs are remembered`() async throws {
        let bench = try AdminBench { $0.jobs.kept = 2 }
        var ids: [String] = []
        for _ in 0..<4 {
            ids.append(try bench.send(.post, "/admin/v1/compact").json(JobAnswer.self).id)
            _ = try await bench.finishJob(try #require(ids.last))
        }
        #expect(try list(bench).map(\.id) == [ids[3], ids[2]])
    }

    @Test func `a token for some galleries sees no job about all of them, and starts none`() throws {
        try withService { service in
            let job: JobAnswer = try service.askAdmin(.post, "/admin/v1/compact").decoded()
            let secret = try service.token("yard", ["admin"], galleries: ["yard"])
            func ask(_ path: String, post: Bool = false) throws -> Int {
                try service.send(post ? .post : .get, path, toAdmin: true, token: secret).status.code
            }
            #expect(try ask("/admin/v1/jobs/\(job.id)") == 404)
            #expect(try ask("/admin/v1/jobs/\(job.id)/cancel", post: true) == 404)
            #expect(try ask("/admin/v1/compact", post: true) == 403)
            let page = try service.send(.get, "/admin/v1/jobs", toAdmin: true, token: secret)
            #expect(try page.decoded(as: ListAnswer<JobAnswer>.self).items.isEmpty)
        }
    }
}
