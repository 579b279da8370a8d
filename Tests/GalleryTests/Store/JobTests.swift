import Gallery
import Testing

@Suite struct JobTests {
    private func sample(_ kind: JobKind = .backup, gallery: String? = nil) -> NewJob {
        NewJob(kind, gallery: gallery, parameters: #"{"path":"/a"}"#, createdBy: "ops")
    }

    @Test func `a job keeps what it was made of, how far it is, and what came of it`() throws {
        let fixture = try StoreFixture()
        let log = ChangeLog()
        let observation = fixture.store.observe { log.append($0) }
        let audit = AuditEvent(.jobAccept, actor: "ops")
        let job = try fixture.store.createJob(sample(gallery: "lobby"), audit: audit)
        #expect(job.id.hasPrefix("j_") && job.id.count == 22)
        #expect(job.kind == .backup && job.gallery == "lobby" && job.parameters == #"{"path":"/a"}"#)
        #expect(job.state == .queued && job.done == 0 && job.total == nil && job.cursor == nil)
        #expect(job.createdBy == "ops" && job.createdAt == fixture.clock.now && job.startedAt == nil)
        #expect(try fixture.store.audit(limit: 1).items.first?.target == job.id)

        fixture.clock.advance(seconds: 5)
        #expect(try fixture.store.startJob(job.id).startedAt == fixture.clock.now)
        let started = fixture.clock.now
        fixture.clock.advance(seconds: 2)
        let half = try fixture.store.recordJob(job.id, done: 50, total: 100, cursor: #"{"at":1}"#)
        #expect(half.done == 50 && half.total == 100 && half.cursor == #"{"at":1}"# && half.unitsPerSecond == 25)
        // What is not said stays, also over another start.
        #expect(try fixture.store.recordJob(job.id, done: 60).cursor == #"{"at":1}"#)
        #expect(try fixture.store.startJob(job.id).startedAt == started)
        #expect(try fixture.store.unfinishedJobs().map(\.id) == [job.id])

        fixture.clock.advance(seconds: 1)
        let ended = try fixture.store.endJob(job.id, as: .completed, result: #"{"bytes":3}"#)
        #expect(ended.result == #"{"bytes":3}"# && ended.state == .completed && ended.cursor == nil)
        #expect(ended.finishedAt == fixture.clock.now && ended.unitsPerSecond == nil)
        #expect(try fixture.store.job(id: job.id) == ended)
        #expect(try fixture.store.unfinishedJobs().isEmpty)
        let states = log.all.compactMap { change -> JobState? in
            if case .job(job.id, let state) = change { state } else { nil }
        }
        #expect(states == [.queued, .running, .running, .running, .running, .completed])
        observation.cancel()
    }

    @Test func `what is not there, over or too much is told`() throws {
        let fixture = try StoreFixture()
        #expect(galleryError { _ = try fixture.store.job(id: "j_none") } == .unknownJob("j_none"))
        #expect(galleryError { _ = try fixture.store.job(id: "b_none") } == .unknownJob("b_none"))
        #expect(galleryError { _ = try fixture.store.createJob(sample(gallery: "no")) } == .unknownGallery("no"))
        let job = try fixture.store.createJob(sample(), atMost: 1)
        #expect(galleryError { _ = try fixture.store.createJob(sample(), atMost: 1) } == .tooManyJobs(limit: 1))
        try fixture.store.endJob(job.id, as: .failed, failure: "it fell over")
        #expect(try fixture.store.job(id: job.id).failure == "it fell over")
        let over = GalleryError.jobIsOver(job.id, state: .failed)
        #expect(galleryError { try fixture.store.startJob(job.id) } == over)
        #expect(galleryError { try fixture.store.recordJob(job.id, done: 1) } == over)
        #expect(galleryError { try fixture.store.endJob(job.id, as: .completed) } == over)
        #expect(galleryError { try fixture.store.requestJobCancel(job.id) } == over)
        #expect(try fixture.store.createJob(sample(), atMost: 1).state == .queued)
    }

    @Test func `a queued job is cancelled at once, a running one is asked to stop`() throws {
        let fixture = try StoreFixture()
        let (queued, running) = (try fixture.store.createJob(sample()), try fixture.store.createJob(sample()))
        try fixture.store.startJob(running.id)
        #expect(try fixture.store.requestJobCancel(queued.id).state == .cancelled)
        #expect(try fixture.store.requestJobCancel(queued.id).finishedAt == fixture.clock.now)
        let asked = try fixture.store.requestJobCancel(running.id)
        #expect(asked.state == .running && asked.isCancelRequested)
        #expect(try fixture.store.recordJob(running.id, done: 1).isCancelRequested)
        #expect(try fixture.store.endJob(running.id, as: .cancelled).state == .cancelled)
    }

    @Test func `only the newest finished jobs are kept, and every unfinished one`() throws {
        let fixture = try StoreFixture()
        let waiting = try fixture.store.createJob(sample())
        let jobs = try (0..<4).map { _ in try fixture.store.createJob(sample(.compaction)) }
        for job in jobs { try fixture.store.endJob(job.id, as: .completed, keeping: 2) }
        #expect(try fixture.store.jobs(limit: 9).items.map(\.id) == [jobs[3].id, jobs[2].id, waiting.id])
        // One that was accepted early and ends late is not forgotten in the moment of its end.
        try fixture.store.endJob(waiting.id, as: .completed, keeping: 1)
        #expect(try fixture.store.jobs(limit: 9).items.map(\.id) == [jobs[3].id, waiting.id])
        let cancelled = try fixture.store.createJob(sample())
        try fixture.store.requestJobCancel(cancelled.id, keeping: 1)
        #expect(try fixture.store.jobs(limit: 9).items.map(\.id) == [cancelled.id])
    }

    @Test func `jobs and batches are one list, newest first, page by page`() throws {
        let fixture = try StoreFixture()
        var expected: [String] = []
        for round in 0..<9 {
            fixture.clock.advance(seconds: 1)
            let isBatch = [0, 3, 4, 5, 8].contains(round)
            expected.insert(
                isBatch
                    ? try fixture.store.createBatch(.sample()).batch.id
                    : try fixture.store.createJob(sample(round == 1 ? .compaction : .backup, gallery: "lobby")).id,
                at: 0)
        }
        for size in 1...10 {
            var (found, cursor) = ([String](), String?.none)
            repeat {
                let page = try fixture.store.jobs(limit: size, cursor: cursor)
                found += page.items.map(\.id)
                cursor = page.next
            } while cursor != nil
            #expect(found == expected, "pages of \(size)")
        }
        var filter = JobFilter()
        filter.kind = .enrollment
        #expect(try fixture.store.jobs(filter, limit: 9).items.count == 5)
        filter.kind = .compaction
        #expect(try fixture.store.jobs(filter, limit: 9).items.map(\.id) == [expected[7]])
        filter = JobFilter()
        filter.gallery = "yard"
        #expect(try fixture.store.jobs(filter, limit: 9).items.isEmpty)
        filter.gallery = "lobby"
        filter.state = .queued
        #expect(try fixture.store.jobs(filter, limit: 9).items.count == 9)
        filter.state = .running
        #expect(try fixture.store.jobs(filter, limit: 9).items.isEmpty)
        for wrong in ["", "j", "j1", "j1.x!", "j-1.2", "j01.2", "b1.2", "j1.2.3"] {
            #expect(galleryError { _ = try fixture.store.jobs(limit: 1, cursor: wrong) } == .invalidCursor(wrong))
        }
    }

    @Test func `a batch as a job tells its progress and its result`() throws {
        let fixture = try StoreFixture()
        let batch = try fixture.store.createBatch(.sample(expectedItems: 1)).batch.id
        try fixture.store.setBatchState(batch, to: .running)
        try fixture.store.record([ItemOutcome(index: 0, name: nil, result: .image(try .sample(1)))], batch: batch)
        #expect(try fixture.store.job(id: batch).done == 1)
        #expect(try fixture.store.job(id: batch).total == 1)
        try fixture.store.setBatchState(batch, to: .completed)
        let job = try fixture.store.job(id: batch)
        #expect(job.kind == .enrollment && job.state == .completed && job.gallery == "lobby")
        #expect(job.result == #"{"duplicate":0,"enrolled":1,"failed":0}"#)
    }

    @Test func `jobs without a gallery, or of another, are not in a list for one`() throws {
        let fixture = try StoreFixture()
        _ = try fixture.store.createJob(sample())
        let seen = try fixture.store.createJob(sample(gallery: "lobby"))
        #expect(try fixture.store.jobs(limit: 9, shows: { $0 == "lobby" }).items.map(\.id) == [seen.id])
        #expect(try fixture.store.jobs(limit: 9, shows: { _ in false }).items.isEmpty)
        #expect(try fixture.store.jobs(limit: 9).items.count == 2)
    }
}
