import Digests
import GRDB
import Synchronization

extension GalleryStore {
    /// Accepts a job; it is queued when this returns.
    ///
    /// - Parameters:
    ///   - new: the job.
    ///   - limit: the most jobs that may be queued or running, this one included.
    ///   - audit: the row to add to the audit; its target becomes the job's id.
    /// - Returns: the job.
    /// - Throws: `tooManyJobs`, or `unknownGallery`.
    public func createJob(
        _ new: NewJob, atMost limit: Int = .max, audit: AuditEvent? = nil
    ) throws(GalleryError) -> JobRecord {
        try write(audit: audit) { db, aftermath in
            if let gallery = new.gallery { _ = try db.gallery(gallery) }
            return try db.insert(new, atMost: limit, at: clock(), &aftermath)
        }
    }

    /// Accepts the job that erases what a gallery keeps no longer, unless there is one, or its retention was changed meanwhile.
    ///
    /// - Parameters:
    ///   - new: the job; it has a gallery.
    ///   - retention: the retention from which its limit was made.
    ///   - limit: the most jobs that may be queued or running, this one included.
    ///   - audit: the row to add to the audit if it is accepted; its target becomes the job's id.
    /// - Returns: the job; nil if it was not accepted.
    /// - Throws: `tooManyJobs`, or `unknownGallery`.
    public func createRetentionJob(
        _ new: NewJob, for retention: Retention, atMost limit: Int, audit: AuditEvent
    ) throws(GalleryError) -> JobRecord? {
        try write { db, aftermath in
            let gallery = try db.gallery(new.gallery ?? "")
            let running: Int? = try db.row(
                "SELECT count(*) FROM job WHERE state IN ('queued', 'running') AND gallery = ? AND kind = ?",
                [gallery.name, JobKind.retention.rawValue])?[0]
            guard running == 0, gallery.retention == retention else { return nil }
            aftermath.audit = audit
            return try db.insert(new, atMost: limit, at: clock(), &aftermath)
        }
    }

    /// A job; also a batch, by its id.
    public func job(id: String) throws(GalleryError) -> JobRecord {
        if id.hasPrefix("b_") {
            do { return JobRecord(try batch(id: id)) } catch {
                guard case .unknownBatch = error else { throw error }
                throw .unknownJob(id)
            }
        }
        return measured(try read { try $0.job(id) })
    }

    /// The queued and running jobs, the oldest first; without batches.
    public func unfinishedJobs() throws(GalleryError) -> [JobRecord] {
        try read { db in
            try db.rows("SELECT * FROM job WHERE state IN ('queued', 'running') ORDER BY key", [])
                .map { try JobRecord($0) }
        }
    }

    /// Starts a queued job, or a running one again after a restart.
    ///
    /// - Throws: `unknownJob`, or `jobIsOver`.
    @discardableResult
    public func startJob(_ id: String) throws(GalleryError) -> JobRecord {
        let job = try write { db, aftermath in
            let job = try db.unfinishedJob(id)
            try db.run(
                "UPDATE job SET state = 'running', started_at = coalesce(started_at, ?) WHERE key = ?",
                [clock().milliseconds, job.key])
            aftermath.changes.append(.job(id: id, state: .running))
            return try db.job(id)
        }
        meters.note(id, items: Int(job.done), at: clock())
        return measured(job)
    }

    /// Notes how far a running job is.
    ///
    /// - Parameters:
    ///   - id: the job.
    ///   - done: the units that are done.
    ///   - total: the units in all, if they are known; nil leaves them as they are.
    ///   - cursor: where its kind continues, a JSON object; nil leaves it as it is.
    /// - Returns: the job, which may have been asked to stop.
    /// - Throws: `unknownJob`, or `jobIsOver`.
    @discardableResult
    public func recordJob(
        _ id: String, done: Int64, total: Int64? = nil, cursor: String? = nil
    ) throws(GalleryError) -> JobRecord {
        let job = try write { db, aftermath in
            try db.recordJob(id, done: done, total: total, cursor: cursor, &aftermath)
            return try db.job(id)
        }
        meters.note(id, items: Int(done), at: clock())
        return measured(job)
    }

    /// Ends a job, and forgets the oldest finished ones beyond a number.
    ///
    /// - Parameters:
    ///   - id: the job.
    ///   - state: `completed`, `cancelled` or `failed`.
    ///   - result: what came of it, a JSON object.
    ///   - failure: why it failed, a sentence.
    ///   - kept: the number of finished jobs to keep, at least 1; batches do not count.
    ///   - audit: the row to add to the audit.
    /// - Returns: the job.
    /// - Throws: `unknownJob`, or `jobIsOver`.
    @discardableResult
    public func endJob(
        _ id: String, as state: JobState, result: String? = nil, failure: String? = nil, keeping kept: Int = .max,
        audit: AuditEvent? = nil
    ) throws(GalleryError) -> JobRecord {
        precondition(state.isFinal && kept > 0, "a job that ends as \(state), of \(kept)")
        let job = try write(audit: audit) { db, aftermath in
            let job = try db.unfinishedJob(id)
            try db.run(
                "UPDATE job SET state = ?, result = ?, failure = ?, cursor = NULL, finished_at = ? WHERE key = ?",
                [state.rawValue, result, failure, clock().milliseconds, job.key])
            // The cursor may name who was erased.
            aftermath.erases = job.cursor != nil
            try db.forgetJobs(keeping: kept, and: job)
            aftermath.changes.append(.job(id: id, state: state))
            return try db.job(id)
        }
        meters.forget(id)
        return job
    }

    /// Asks a job to stop: a queued job is cancelled at once, a running one before its next unit.
    ///
    /// - Parameters:
    ///   - id: the job's id; that of a batch is cancelled by `requestCancel`.
    ///   - kept: the number of finished jobs to keep, at least 1.
    ///   - audit: the row to add to the audit.
    /// - Returns: the job as it is now.
    /// - Throws: `unknownJob`, or `jobIsOver` if it ended in another way; cancelling twice is not an error.
    @discardableResult
    public func requestJobCancel(
        _ id: String, keeping kept: Int = .max, audit: AuditEvent? = nil
    ) throws(GalleryError) -> JobRecord {
        // A job that has the writer learns of it here.
        _ = cancelling.withLock { $0.insert(id) }
        defer { _ = cancelling.withLock { $0.remove(id) } }
        let job = try write(audit: audit) { db, aftermath in
            let job = try db.job(id)
            let isNew = try db.requestCancel(
                of: "job", key: job.key, job.state, at: clock(), elseThrow: .jobIsOver(id, state: job.state))
            guard isNew else {
                aftermath.audit?.outcome = "unchanged"
                return job
            }
            if job.state == .queued {
                try db.forgetCursor(of: job, &aftermath)
                try db.forgetJobs(keeping: kept, and: job)
            }
            let changed = try db.job(id)
            aftermath.changes.append(.job(id: id, state: changed.state))
            return changed
        }
        return measured(job)
    }

    /// Whether somebody is cancelling the job at this moment; the database says so only when the writer is free.
    public func isBeingCancelled(_ job: String) -> Bool { cancelling.withLock { $0.contains(job) } }

    /// Returns the job with its measured speed, which is known only in memory.
    func measured(_ job: JobRecord) -> JobRecord {
        guard job.state == .running else { return job }
        var job = job
        job.unitsPerSecond = meters.rate(of: job.id)
        return job
    }
}

extension Database {
    /// Adds a queued job; throws `tooManyJobs` if there are `limit` already.
    fileprivate func insert(
        _ new: NewJob, atMost limit: Int, at now: Timestamp, _ aftermath: inout GalleryStore.Aftermath
    ) throws -> JobRecord {
        let unfinished = try Int.fetchOne(self, sql: "SELECT count(*) FROM job WHERE state IN ('queued', 'running')")
        guard unfinished ?? 0 < limit else { throw GalleryError.tooManyJobs(limit: limit) }
        let id = try randomIdentifier("j_")
        try run(
            """
            INSERT INTO job (id, kind, gallery, parameters, cursor, state, created_by, created_at)
            VALUES (?, ?, ?, ?, ?, 'queued', ?, ?)
            """,
            [id, new.kind.rawValue, new.gallery, new.parameters, new.cursor, new.createdBy, now.milliseconds])
        aftermath.audit?.target = id
        aftermath.changes.append(.job(id: id, state: .queued))
        return try job(id)
    }

    /// Notes how far a running job is; a kind that changes the database does it in the transaction of the change, so that
    /// each unit is done exactly once.
    func recordJob(
        _ id: String, done: Int64, total: Int64?, cursor: String?, _ aftermath: inout GalleryStore.Aftermath
    ) throws {
        let job = try unfinishedJob(id)
        try run(
            "UPDATE job SET done = ?, total = coalesce(?, total), cursor = coalesce(?, cursor) WHERE key = ?",
            [done, total, cursor, job.key])
        aftermath.changes.append(.job(id: id, state: job.state))
    }

    /// Cancels the unfinished jobs of a gallery, those of one kind or all; one that runs ends before its next unit.
    func cancelJobs(
        of gallery: GalleryFacts, kind: JobKind? = nil, at now: Timestamp,
        _ aftermath: inout GalleryStore.Aftermath
    ) throws {
        let jobs = try rows(
            """
            SELECT * FROM job WHERE state IN ('queued', 'running') AND gallery = ? AND (? IS NULL OR kind = ?)
            """, [gallery.name, kind?.rawValue, kind?.rawValue])
        for job in try jobs.map({ try JobRecord($0) }) {
            let end = GalleryError.jobIsOver(job.id, state: job.state)
            _ = try requestCancel(of: "job", key: job.key, job.state, at: now, elseThrow: end)
            if job.state == .queued { try forgetCursor(of: job, &aftermath) }
            aftermath.changes.append(.job(id: job.id, state: job.state == .queued ? .cancelled : job.state))
        }
    }

    /// Forgets where a job that never runs would have begun, which may name whom it was to erase.
    fileprivate func forgetCursor(of job: JobRecord, _ aftermath: inout GalleryStore.Aftermath) throws {
        guard job.cursor != nil else { return }
        try run("UPDATE job SET cursor = NULL WHERE key = ?", [job.key])
        aftermath.erases = true
    }

    /// Deletes the oldest finished jobs beyond a number, but not `job`.
    fileprivate func forgetJobs(keeping kept: Int, and job: JobRecord) throws {
        try run(
            """
            DELETE FROM job WHERE state NOT IN ('queued', 'running') AND key <> ? AND key NOT IN (
                SELECT key FROM job WHERE state NOT IN ('queued', 'running') ORDER BY key DESC LIMIT ?
            )
            """, [job.key, kept])
    }

    /// The job with this id; throws `unknownJob`.
    fileprivate func job(_ id: String) throws -> JobRecord {
        guard let row = try row("SELECT * FROM job WHERE id = ?", [id]) else { throw GalleryError.unknownJob(id) }
        return try JobRecord(row)
    }

    /// The job with this id, unless it is over; throws `jobIsOver` then.
    func unfinishedJob(_ id: String) throws -> JobRecord {
        let job = try job(id)
        guard !job.state.isFinal else { throw GalleryError.jobIsOver(id, state: job.state) }
        return job
    }
}
