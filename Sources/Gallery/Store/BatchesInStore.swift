import Digests
import GRDB

extension GalleryStore {
    /// The hours for which an idempotency key returns the batch that it created.
    public static let idempotencyHours: Int64 = 24

    /// A new id for a batch; needed before the batch's body is moved to its place.
    public static func newBatchID() throws(GalleryError) -> String {
        do { return try randomIdentifier("b_") } catch { throw .noRandomness }
    }

    /// Accepts a batch whose body is on disk; the batch is queued when this returns.
    ///
    /// - Parameters:
    ///   - new: the batch.
    ///   - audit: the row to add to the audit; its target becomes the batch's id.
    /// - Returns: the batch, and whether it is new. The same idempotency key, gallery and body within 24 hours return
    ///   the batch that was accepted first; the caller must then remove the second body.
    /// - Throws: `unknownGallery`, or `idempotencyConflict` for a key that was used with another body or gallery.
    public func createBatch(
        _ new: NewBatch, audit: AuditEvent? = nil
    ) throws(GalleryError) -> (batch: BatchRecord, created: Bool) {
        let (batch, created) = try write(audit: audit) { db, aftermath in
            let now = clock()
            aftermath.audit?.target = new.id
            if let key = new.idempotencyKey, let earlier = try db.batch(of: key, for: new, now: now) {
                aftermath.audit?.target = earlier.id
                aftermath.audit?.outcome = "unchanged"
                return (earlier, false)
            }
            let gallery = try db.gallery(new.gallery)
            try db.run(
                """
                INSERT INTO batch
                    (id, gallery, gallery_name, kind, content_type, body_bytes, expected, warnings, state, created_at)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'queued', ?)
                """,
                [
                    new.id, gallery.key, gallery.name, new.kind.rawValue, new.contentType, new.bodyBytes,
                    new.expectedItems, new.warnings.lines, now.milliseconds,
                ])
            if let key = new.idempotencyKey {
                try db.run(
                    "INSERT INTO idempotency_key (key, batch, body_sha256, created_at) VALUES (?, ?, ?, ?)",
                    [key, db.lastInsertedRowID, new.bodySHA256.data, now.milliseconds])
            }
            aftermath.changes.append(.batch(id: new.id, state: .queued))
            return (try db.batch(new.id), true)
        }
        return (measured(batch), created)
    }

    /// A batch with its counts.
    public func batch(id: String) throws(GalleryError) -> BatchRecord {
        measured(try read { try $0.batch(id) })
    }

    /// A page of batches, newest first; only those of galleries that `shows`, if that is given.
    public func batches(
        limit: Int, cursor: String? = nil, shows: ((_ gallery: String) -> Bool)? = nil
    ) throws(GalleryError) -> Page<BatchRecord> {
        try Page<BatchRecord>.check(limit: limit)
        var before = Int64.max
        if let cursor { before = try Cursor(cursor, of: .batches).key }
        let found = try read { db in
            // A batch outlives its gallery, so the names are those of batches.
            let names = try db.names("SELECT DISTINCT gallery_name FROM batch", shows: shows)
            return try db.rows(
                """
                SELECT * FROM batch
                WHERE key < ? AND (? IS NULL OR gallery_name IN (SELECT value FROM json_each(?)))
                ORDER BY key DESC LIMIT ?
                """, [before, names, names, limit + 1]
            ).map { try BatchRecord($0) }
        }
        return Page(found.map(measured), limit: limit, list: .batches, key: \.key)
    }

    /// The queued and running batches of all galleries, oldest first.
    public func unfinishedBatches() throws(GalleryError) -> [BatchRecord] {
        try read { db in
            try db.rows("SELECT * FROM batch WHERE state IN ('queued', 'running') ORDER BY key", [])
                .map { try BatchRecord($0) }
        }.map(measured)
    }

    /// The queued and running batches of one gallery, oldest first; none for an unknown gallery.
    public func runningBatches(in gallery: String) throws(GalleryError) -> [BatchRecord] {
        try unfinishedBatches().filter { $0.gallery == gallery }
    }

    /// Changes the state of a batch.
    ///
    /// - Parameters:
    ///   - id: the batch.
    ///   - state: the next state; `running` may be set again, after a restart or to set `expectedItems`.
    ///   - expectedItems: the number of items in the body, when it is known; nil leaves it unchanged.
    ///   - failure: why the batch failed as a whole, for the state `failed`.
    ///   - warning: a sentence to add to the batch's warnings; nil: none.
    /// - Returns: the batch in its new state.
    /// - Throws: `unknownBatch`; `invalidTransition`; `incompleteBatch` for `completed` while items are missing.
    @discardableResult
    public func setBatchState(
        _ id: String, to state: BatchState, expectedItems: Int? = nil, failure: String? = nil,
        warning: String? = nil
    ) throws(GalleryError) -> BatchRecord {
        let batch = try write { db, aftermath in
            let batch = try db.batch(id)
            guard batch.state.canBecome(state) else {
                throw GalleryError.invalidTransition(batch: id, from: batch.state, to: state)
            }
            let expected = expectedItems ?? batch.expectedItems
            guard state != .completed || batch.recorded == expected else {
                throw GalleryError.incompleteBatch(batch: id, recorded: batch.recorded, expected: expected)
            }
            let now = clock().milliseconds
            try db.run(
                """
                UPDATE batch SET state = ?, expected = ?, failure = ?, started_at = coalesce(started_at, ?),
                    finished_at = ?, warnings = ? WHERE key = ?
                """,
                [
                    state.rawValue, expected, failure, state == .running ? now : nil, state.isFinal ? now : nil,
                    (batch.warnings + [warning].compactMap(\.self)).lines, batch.key,
                ])
            aftermath.changes.append(.batch(id: id, state: state))
            return try db.batch(id)
        }
        if state == .running { meters.note(id, items: batch.recorded, at: clock()) } else { meters.forget(id) }
        return measured(batch)
    }

    /// Asks a batch to stop: a queued batch is cancelled at once; the processor of a running batch cancels it before
    /// the next items.
    ///
    /// - Parameters:
    ///   - id: the batch's id.
    ///   - audit: the row to add to the audit.
    /// - Returns: the batch as it is now.
    /// - Throws: `invalidTransition` if the batch ended in another way; cancelling twice is not an error.
    @discardableResult
    public func requestCancel(_ id: String, audit: AuditEvent? = nil) throws(GalleryError) -> BatchRecord {
        let batch = try write(audit: audit) { db, aftermath in
            let batch = try db.batch(id)
            let isNew = try db.requestCancel(
                of: "batch", key: batch.key, batch.state, at: clock(),
                elseThrow: .invalidTransition(batch: id, from: batch.state, to: .cancelled))
            guard isNew else {
                aftermath.audit?.outcome = "unchanged"
                return batch
            }
            let changed = try db.batch(id)
            aftermath.changes.append(.batch(id: id, state: changed.state))
            return changed
        }
        return measured(batch)
    }

    /// Returns the batch with its measured speed, which is known only in memory.
    func measured(_ batch: BatchRecord) -> BatchRecord {
        guard batch.state == .running else { return batch }
        var batch = batch
        batch.itemsPerSecond = meters.rate(of: batch.id)
        return batch
    }
}

extension Database {
    /// Those of the galleries' names that `sql` selects which `shows`, as a JSON list; nil if `shows` is.
    func names(_ sql: String, shows: ((String) -> Bool)?) throws -> String? {
        guard let shows else { return nil }
        // A gallery's name has no character that JSON would escape.
        return "[" + (try String.fetchAll(self, sql: sql).filter(shows).map { "\"\($0)\"" }.joined(separator: ","))
            + "]"
    }

    /// Asks a batch or a job to stop: a queued one is cancelled at once, a running one is marked.
    ///
    /// - Parameters:
    ///   - table: `batch` or `job`.
    ///   - key: its key there.
    ///   - state: its state.
    ///   - now: the time.
    ///   - failure: what to throw if it ended in another way.
    /// - Returns: whether this changed anything; false if it is cancelled already.
    /// - Throws: `failure`.
    func requestCancel(
        of table: String, key: Int64, _ state: BatchState, at now: Timestamp, elseThrow failure: GalleryError
    ) throws -> Bool {
        switch state {
        case .queued:
            try run(
                "UPDATE \(table) SET state = 'cancelled', cancel_requested = 1, finished_at = ? WHERE key = ?",
                [now.milliseconds, key])
        case .running: try run("UPDATE \(table) SET cancel_requested = 1 WHERE key = ?", [key])
        case .cancelled: return false
        case .completed, .failed: throw failure
        }
        return true
    }

    /// The batch with this id; throws `unknownBatch`.
    func batch(_ id: String) throws -> BatchRecord {
        guard let row = try row("SELECT * FROM batch WHERE id = ?", [id]) else {
            throw GalleryError.unknownBatch(id)
        }
        return try BatchRecord(row)
    }

    /// The batch that `key` created in the last 24 hours, if the request is the same; deletes older keys.
    fileprivate func batch(of key: String, for new: NewBatch, now: Timestamp) throws -> BatchRecord? {
        let oldest = now.adding(seconds: -GalleryStore.idempotencyHours * 3600)
        try run("DELETE FROM idempotency_key WHERE created_at <= ?", [oldest.milliseconds])
        let found = try row(
            """
            SELECT idempotency_key.body_sha256, batch.* FROM idempotency_key JOIN batch ON batch.key = idempotency_key.batch
            WHERE idempotency_key.key = ?
            """, [key])
        guard let found else { return nil }
        let batch = try BatchRecord(found)
        guard found.bytes("body_sha256") == new.bodySHA256, batch.gallery == new.gallery, batch.kind == new.kind else {
            throw GalleryError.idempotencyConflict(key: key)
        }
        return batch
    }
}
