import Embedding
import Gallery
import HTTP
import HTTPTypes
import Synchronization
import Testing

@testable import ReIDService

/// `PUT` and `DELETE …/retention`, and what erases images for their age.
@Suite struct RetentionRoutesTests {
    private static let target = "/admin/v1/galleries/lobby/retention"

    private func put(_ body: String, _ bench: AdminBench, gallery: String = "lobby") throws -> AdminBench.Answer {
        try bench.send(
            .put, "/admin/v1/galleries/\(gallery)/retention", type: "application/json", body: .bytes(Array(body.utf8)))
    }

    private func jobs(_ bench: AdminBench) throws -> [JobAnswer] {
        try bench.send(.get, "/admin/v1/jobs?kind=retention").json(ListAnswer<JobAnswer>.self).items
    }

    @Test func `a gallery tells how long it keeps images, and the audit who said so`() throws {
        let bench = try AdminBench(start: false)
        try bench.gallery()
        let set: GalleryAnswer = try put(#"{"seconds": 2592000, "by": "captured_at"}"#, bench).json()
        #expect(set.retention == RetentionAnswer(seconds: 2_592_000, by: "captured_at"))
        let lifted: GalleryAnswer = try bench.send(.delete, Self.target).json()
        #expect(lifted.retention == nil)
        #expect(try bench.send(.delete, Self.target).status == 200)
        let rows = try bench.context.store.audit(after: 0, limit: 100).filter { $0.action == "retention.set" }
        #expect(rows.map(\.outcome) == ["ok", "ok", "unchanged"])
        #expect(rows[0].details.contains(#""by":"captured_at""#) && rows[0].details.contains(#""seconds":2592000"#))
    }

    @Test(arguments: [
        (#"{"seconds": 0, "by": "captured_at"}"#, "/seconds"), (#"{"seconds": -1, "by": "captured_at"}"#, "/seconds"),
        (#"{"seconds": 59, "by": "enrolled_at"}"#, "/seconds"),
        (#"{"seconds": 60.5, "by": "enrolled_at"}"#, "/seconds"),
        (#"{"seconds": 3155760001, "by": "enrolled_at"}"#, "/seconds"), (#"{"by": "captured_at"}"#, "/seconds"),
        (#"{"seconds": 1e300, "by": "captured_at"}"#, "/seconds"), (#"{"seconds": 60}"#, "/by"),
        (#"{"seconds": 60, "by": "birth"}"#, "/by"), (#"{"seconds": 60, "by": "captured_at", "x": 1}"#, "/x"),
    ])
    func `a retention that is none is refused, and says what it must be`(body: String, pointer: String) throws {
        let bench = try AdminBench(start: false)
        try bench.gallery()
        let answer = try put(body, bench)
        #expect(answer.status == 400)
        let problem: JSONValue = try answer.json()
        #expect(problem["pointer"] == .text(pointer), "\(answer.text)")
        if body.contains(#""seconds": 0"#) {
            #expect(problem["detail"]?.text?.contains("60 to 3155760000; DELETE the retention") == true)
        }
        #expect(try bench.context.store.gallery("lobby").retention == nil)
        #expect(try put(#"{"seconds": 60, "by": "captured_at"}"#, bench, gallery: "none").status == 404)
    }

    @Test func `images that are too old go by themselves, and nothing of them is left`() async throws {
        let clock = MovedClock()
        let bench = try AdminBench.withJobs(clock: clock)
        let keeper = RetentionKeeper(service: bench.context)
        try bench.gallery()
        try bench.gallery("yard")
        try bench.enrollMarked(0..<20)
        let ids = try bench.enrollMarked(20..<21)
        try bench.enrollMarked(100..<105, in: "yard")
        #expect(try bench.send(.put, "/admin/v1/galleries/lobby/hold?id=\(ids[0])").status == 200)
        #expect(try put(#"{"seconds": 432000, "by": "captured_at"}"#, bench).status == 200)
        keeper.look()
        #expect(try jobs(bench).isEmpty)
        clock.move(days: 3)
        try bench.enrollMarked(50..<55)
        clock.move(days: 3)
        keeper.look()
        let job = try await bench.finishJob(try #require(try jobs(bench).first).id)
        #expect(job.state == "completed" && job.result == ["erased": 20, "held": 1], "\(job.reason ?? "")")
        #expect(job.createdBy == "service" && job.parameters["by"] == "captured_at")
        #expect(try bench.remains(of: 0..<20) == [])
        #expect(try bench.context.store.gallery("lobby").images == 6)
        #expect(try bench.context.store.gallery("yard").images == 5)
        keeper.look()
        #expect(try jobs(bench).count == 1, "what is held does not make a job each hour")
        let rows = try bench.context.store.audit(after: 0, limit: 100).filter { $0.actor == "service" }
        #expect(rows.map(\.action) == ["job.accept", "images.delete", "job.end"])
        #expect(rows[1].details.contains(#""erased":20"#) && rows[1].details.contains(#""basis":"captured_at""#))
        #expect(metrics(bench).contains(#"reid_images_erased_total{cause="retention"} 20"#))
    }

    private func metrics(_ bench: AdminBench) -> String {
        bench.context.metrics.render(
            isReady: true, model: "", embedder: bench.context.embedder.statistics,
            galleries: bench.context.store.galleries(),
            suspended: bench.context.suspendedRetentions.withLock { $0 }, imagesToWipe: 0, batches: [:], jobs: [],
            listeners: [:])
    }

    @Test func `a clock that jumps ahead erases nothing, says so once, and goes on when the retention is set again`()
        async throws
    {
        let (clock, log) = (MovedClock(), RecordedLog())
        let bench = try AdminBench.withJobs(log: log, clock: clock)
        let keeper = RetentionKeeper(service: bench.context)
        try bench.gallery()
        try bench.enrollMarked(0..<10)
        let retention = #"{"seconds": 864000, "by": "enrolled_at"}"#
        #expect(try put(retention, bench).status == 200)
        clock.move(days: 20_000)
        for _ in 0..<3 { keeper.look() }
        #expect(try jobs(bench).isEmpty)
        #expect(try bench.context.store.gallery("lobby").images == 10)
        #expect(log.messages("no image is erased for its age").count == 1)
        let rows = try bench.context.store.audit(after: 0, limit: 100)
        #expect(rows.count { $0.action == "retention.suspend" && $0.target == "lobby" } == 1)
        let suspended = #"reid_retention_suspended{gallery="lobby"}"#
        #expect(metrics(bench).contains(suspended + " 1"))
        clock.move(days: -20_000)
        keeper.look()
        #expect(metrics(bench).contains(suspended + " 0"))

        // Not the clock: the service was off.
        clock.move(days: 11)
        keeper.look()
        #expect(try jobs(bench).isEmpty && metrics(bench).contains(suspended + " 1"))
        #expect(try put(retention, bench).status == 200)
        #expect(metrics(bench).contains(suspended + " 0"))
        keeper.look()
        let job = try await bench.finishJob(try #require(try jobs(bench).first).id)
        #expect(job.result == ["erased": 10, "held": 0])
    }

    @Test func `the interval and the largest step are configured, and a started service looks`() async throws {
        let clock = MovedClock()
        let bench = try AdminBench.withJobs(clock: clock) {
            $0.jobs.retentionInterval = 1
            $0.jobs.retentionLargestStep = 30
        }
        try bench.gallery()
        try bench.enrollMarked(0..<3)
        #expect(try put(#"{"seconds": 864000, "by": "enrolled_at"}"#, bench).status == 200)
        clock.move(days: 20)
        let keeper = RetentionKeeper(service: bench.context)
        keeper.start()
        for _ in 0..<6000 where try bench.context.store.gallery("lobby").images > 0 {
            try await Task.sleep(for: .milliseconds(10))
        }
        try bench.enrollMarked(10..<12)
        clock.move(days: 20)
        for _ in 0..<6000 where try bench.context.store.gallery("lobby").images > 0 {
            try await Task.sleep(for: .milliseconds(10))
        }
        keeper.stop()
        #expect(try jobs(bench).count >= 2)
        #expect(try bench.context.store.gallery("lobby").images == 0)
    }
}
