import Testing

@testable import Gallery

/// How long a gallery keeps images, and what a wrong clock does to that.
@Suite struct RetentionTests {
    private static let day: Int64 = 86_400

    /// A gallery that keeps images for 30 days by their enrollment, with one image enrolled now.
    private func fixture(_ basis: AgeLimit.Basis = .enrolled) throws -> StoreFixture {
        let fixture = try StoreFixture()
        try fixture.enroll([try .sample(1)])
        try fixture.store.setRetention(Retention(seconds: 30 * Self.day, basis: basis), of: "lobby")
        return fixture
    }

    private func check(_ fixture: StoreFixture) throws -> RetentionCheck {
        try fixture.store.checkRetention(of: "lobby", largestStep: 7 * Self.day)
    }

    @Test func `what is older than the gallery keeps images is due, to the second`() throws {
        let fixture = try fixture()
        let enrolled = fixture.clock.now
        for _ in 0..<29 {
            fixture.clock.advance(seconds: Self.day)
            #expect(try check(fixture) == .nothing)
        }
        fixture.clock.advance(seconds: Self.day - 1)
        #expect(try check(fixture) == .nothing)
        fixture.clock.advance(seconds: 1)
        #expect(try check(fixture) == .due(AgeLimit(.enrolled, latest: enrolled)))
        try fixture.store.setHold(
            true, in: "lobby", matching: ImageFilter(age: AgeLimit(.enrolled, latest: enrolled)))
        #expect(try check(fixture) == .nothing, "what is held is not due")
        #expect(try fixture.store.gallery("lobby").retention == Retention(seconds: 30 * Self.day, basis: .enrolled))
        try fixture.store.setRetention(nil, of: "lobby")
        #expect(try check(fixture) == .unlimited)
        #expect(try fixture.store.gallery("lobby").retention == nil)
    }

    @Test func `a clock that jumps ahead makes nothing due until somebody sets the retention again`() throws {
        let fixture = try fixture()
        fixture.clock.advance(seconds: 3600)
        #expect(try check(fixture) == .nothing)
        let trusted = fixture.clock.now
        fixture.clock.advance(seconds: 20 * 365 * Self.day)
        for _ in 0..<3 {
            #expect(try check(fixture) == .suspended(since: trusted, now: fixture.clock.now))
            fixture.clock.advance(seconds: 3600)
        }
        // Also after a restart.
        let killed = try fixture.folder.copyAsIfKilled()
        defer { withExtendedLifetime(killed) {} }
        let copy = try StoreFixture.open(killed, clock: fixture.clock)
        #expect(
            try copy.checkRetention(of: "lobby", largestStep: 7 * Self.day)
                == .suspended(since: trusted, now: fixture.clock.now))
        // It was the clock: once it is right again, everything goes on by itself.
        let away = fixture.clock.now.milliseconds - trusted.milliseconds
        fixture.clock.advance(seconds: -away / 1000 + 60)
        #expect(try check(fixture) == .nothing)
        // It was not, but the service was off: the operator says so.
        fixture.clock.advance(seconds: 31 * Self.day)
        guard case .suspended = try check(fixture) else {
            Issue.record("not suspended")
            return
        }
        try fixture.store.setRetention(Retention(seconds: 30 * Self.day, basis: .enrolled), of: "lobby")
        guard case .due = try check(fixture) else {
            Issue.record("not due")
            return
        }
    }

    @Test func `a clock that goes back erases nothing, and is not believed when it goes ahead again`() throws {
        let fixture = try fixture()
        let now = fixture.clock.now
        fixture.clock.advance(seconds: -400 * Self.day)
        #expect(try check(fixture) == .nothing)
        fixture.clock.advance(seconds: 400 * Self.day + 3600)
        #expect(try check(fixture) == .nothing, "an hour later than the last time that was believed")
        fixture.clock.advance(seconds: 8 * Self.day)
        #expect(
            try check(fixture) == .suspended(since: now.adding(seconds: 3600), now: fixture.clock.now))
    }

    @Test func `a retention that is changed cancels what erases by the former one`() throws {
        let fixture = try fixture()
        let jobs = try [JobKind.retention, .erasure].map {
            try fixture.store.createJob(NewJob($0, gallery: "lobby", cursor: "{}", createdBy: "service")).id
        }
        let audit = AuditEvent(.retentionSet, actor: "ops")
        try fixture.store.setRetention(nil, of: "lobby", audit: audit)
        #expect(try jobs.map { try fixture.store.job(id: $0).state } == [.cancelled, .queued])
        try fixture.store.setRetention(nil, of: "lobby", audit: audit)
        #expect(try fixture.store.audit(after: 0, limit: 9).map(\.outcome) == ["ok", "unchanged"])
    }

    @Test func `a job for a retention that is another now, or beside one, is not accepted`() throws {
        let fixture = try fixture()
        let retention = Retention(seconds: 30 * Self.day, basis: .enrolled)
        let audit = AuditEvent(.jobAccept, actor: "service")
        func accept(_ retention: Retention) throws -> JobRecord? {
            try fixture.store.createRetentionJob(
                NewJob(.retention, gallery: "lobby", cursor: "{}", createdBy: "service"), for: retention, atMost: 9,
                audit: audit)
        }
        #expect(try accept(Retention(seconds: 31 * Self.day, basis: .enrolled)) == nil)
        #expect(try accept(Retention(seconds: 30 * Self.day, basis: .captured)) == nil)
        #expect(try fixture.store.audit(after: 0, limit: 9).isEmpty)
        let job = try #require(try accept(retention))
        #expect(job.kind == .retention && job.state == .queued)
        #expect(try accept(retention) == nil)
        try fixture.store.setRetention(nil, of: "lobby")
        #expect(try accept(retention) == nil)
        #expect(try fixture.store.audit(after: 0, limit: 9).map(\.target) == [job.id])
    }

    @Test func `a gallery keeps its retention over a restart, and its rankings stay`() throws {
        let fixture = try fixture(.captured)
        let revision = try fixture.store.gallery("lobby").revision
        try fixture.store.setRetention(Retention(seconds: 60, basis: .captured), of: "lobby")
        #expect(try fixture.store.gallery("lobby").revision == revision)
        let killed = try fixture.folder.copyAsIfKilled()
        defer { withExtendedLifetime(killed) {} }
        let copy = try StoreFixture.open(killed)
        #expect(try copy.gallery("lobby") == fixture.store.gallery("lobby"))
        #expect(try copy.gallery("lobby").retention == Retention(seconds: 60, basis: .captured))
    }
}
