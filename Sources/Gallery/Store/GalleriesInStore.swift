import GRDB

extension GalleryStore {
    /// The gallery's newest snapshot; the caller may keep it as long as it wants.
    public func snapshot(of gallery: String) throws(GalleryError) -> GallerySnapshot {
        try index.snapshot(of: gallery)
    }

    /// The newest snapshot of every gallery, sorted by name.
    public func snapshots() -> [GallerySnapshot] {
        index.all
    }

    /// The properties and counts of every gallery, sorted by name.
    public func galleries() -> [GallerySummary] {
        index.all.map(\.summary)
    }

    /// The properties and counts of one gallery.
    public func gallery(_ name: String) throws(GalleryError) -> GallerySummary {
        try index.snapshot(of: name).summary
    }

    /// Creates a gallery that is bound to a model, unless it exists.
    ///
    /// - Parameters:
    ///   - name: the gallery's name.
    ///   - model: the identity of the model whose vectors the gallery takes.
    ///   - dimensions: the number of values of a vector, at least 1.
    ///   - audit: the row to add to the audit.
    /// - Returns: the gallery, and whether it was created now.
    /// - Throws: `modelMismatch` or `dimensionMismatch` if the gallery exists with another model.
    @discardableResult
    public func createGallery(
        _ name: GalleryName, model: String, dimensions: Int, audit: AuditEvent? = nil
    ) throws(GalleryError) -> (summary: GallerySummary, created: Bool) {
        precondition(dimensions > 0, "a gallery of \(dimensions) dimensions")
        let created = try write(audit: audit) { db, aftermath in
            if let row = try db.row("SELECT * FROM gallery WHERE name = ?", [name.rawValue]) {
                try GalleryFacts(row).check(model: model, dimensions: dimensions)
                aftermath.audit?.outcome = "unchanged"
                return false
            }
            let now = clock()
            try db.run(
                "INSERT INTO gallery (name, model, dimensions, created_at) VALUES (?, ?, ?, ?)",
                [name.rawValue, model, dimensions, now.milliseconds])
            let facts = GalleryFacts(
                key: db.lastInsertedRowID, name: name.rawValue, model: model, dimensions: dimensions, createdAt: now)
            aftermath.publish.append { $0.create(facts) }
            aftermath.changes.append(.gallery(name: facts.name, revision: 0))
            return true
        }
        return (try gallery(name.rawValue), created)
    }

    /// Sets whether searches of a gallery subtract the cameras' means unless they say otherwise.
    ///
    /// Kept queries that leave it to the gallery must be ranked again, so a change counts as a new revision.
    ///
    /// - Parameters:
    ///   - isOn: the new setting.
    ///   - name: the gallery's name.
    ///   - audit: the row to add to the audit; its outcome is "unchanged" if the gallery has the setting already.
    /// - Returns: the gallery.
    /// - Throws: `unknownGallery`, `diskFull`, `inputOutput`.
    @discardableResult
    public func setCameraNormalization(
        _ isOn: Bool, of name: String, audit: AuditEvent? = nil
    ) throws(GalleryError) -> GallerySummary {
        try write(audit: audit) { db, aftermath in
            let before = try db.gallery(name)
            guard before.cameraNormalization != isOn else {
                aftermath.audit?.outcome = "unchanged"
                return
            }
            try db.run("UPDATE gallery SET camera_normalization = ? WHERE key = ?", [isOn, before.key])
            let revision = try db.advanceRevision(of: before)
            let gallery = try db.gallery(name)
            aftermath.publish.append { $0.update(gallery, revision: revision) }
            aftermath.changes.append(.gallery(name: name, revision: revision))
        }
        return try gallery(name)
    }

    /// Erases a gallery with its images, vectors, queries and rankings, and cancels its batches and jobs.
    ///
    /// Of a batch, its counts and the states of its items stay.
    ///
    /// - Parameters:
    ///   - name: the gallery's name.
    ///   - audit: the row to add to the audit.
    /// - Returns: the batches that this cancelled; the caller must remove their bodies.
    /// - Throws: `unknownGallery`, `imagesAreHeld`, `diskFull`, `inputOutput`.
    @discardableResult
    public func deleteGallery(_ name: String, audit: AuditEvent? = nil) throws(GalleryError) -> [BatchRecord] {
        let cancelled = try write(audit: audit) { db, aftermath in
            let gallery = try db.gallery(name)
            let held = try db.heldImages(of: gallery)
            guard held == 0 else { throw GalleryError.imagesAreHeld(gallery: name, count: held) }
            try db.cancelJobs(of: gallery, at: clock(), &aftermath)
            let unfinished = try String.fetchAll(
                db, sql: "SELECT id FROM batch WHERE gallery = ? AND state IN ('queued', 'running')",
                arguments: [gallery.key])
            let queries = try String.fetchAll(
                db, sql: "SELECT id FROM query WHERE gallery = ?", arguments: [gallery.key])
            try db.run(
                """
                UPDATE batch_item SET name = NULL, detail = NULL
                WHERE batch IN (SELECT key FROM batch WHERE gallery = ?)
                """, [gallery.key])
            try db.run(
                "DELETE FROM idempotency_key WHERE batch IN (SELECT key FROM batch WHERE gallery = ?)", [gallery.key])
            try db.run(
                """
                UPDATE batch SET state = 'cancelled', cancel_requested = 1, finished_at = ?
                WHERE gallery = ? AND state IN ('queued', 'running')
                """, [clock().milliseconds, gallery.key])
            try db.run("DELETE FROM gallery WHERE key = ?", [gallery.key])
            aftermath.erases = true
            aftermath.publish.append { $0.delete(name) }
            aftermath.changes.append(.galleryDeleted(name: name))
            aftermath.changes += unfinished.map { .batch(id: $0, state: .cancelled) }
            aftermath.changes += queries.map { .queryDeleted(id: $0) }
            return try unfinished.map { try db.batch($0) }
        }
        for batch in cancelled { meters.forget(batch.id) }
        return cancelled
    }
}

extension GalleryFacts {
    /// Throws unless the gallery takes vectors of this model and length.
    func check(model: String, dimensions: Int) throws(GalleryError) {
        guard model == self.model else { throw .modelMismatch(expected: self.model, found: model) }
        guard dimensions == self.dimensions else {
            throw .dimensionMismatch(expected: self.dimensions, found: dimensions)
        }
    }
}

extension Database {
    /// Runs a statement; it is compiled once per connection.
    func run(_ sql: String, _ arguments: StatementArguments) throws {
        try cachedStatement(sql: sql).execute(arguments: arguments)
    }

    /// The first row of a statement's result; the statement is compiled once per connection.
    func row(_ sql: String, _ arguments: StatementArguments) throws -> Row? {
        try Row.fetchOne(cachedStatement(sql: sql), arguments: arguments)
    }

    /// All rows of a statement's result; the statement is compiled once per connection.
    func rows(_ sql: String, _ arguments: StatementArguments) throws -> [Row] {
        try Row.fetchAll(cachedStatement(sql: sql), arguments: arguments)
    }

    /// The gallery with this name; throws `unknownGallery`.
    func gallery(_ name: String) throws -> GalleryFacts {
        guard let row = try row("SELECT * FROM gallery WHERE name = ?", [name]) else {
            throw GalleryError.unknownGallery(name)
        }
        return GalleryFacts(row)
    }

    /// The gallery of a snapshot; throws `unknownGallery` if it is gone, also if another one has got its name.
    func gallery(of snapshot: GallerySnapshot) throws -> GalleryFacts {
        let facts = try gallery(snapshot.name)
        guard facts.key == snapshot.facts.key else { throw GalleryError.unknownGallery(snapshot.name) }
        return facts
    }

    /// Counts one more change of a gallery's images; returns the new revision.
    func advanceRevision(of gallery: GalleryFacts) throws -> Int64 {
        try run("UPDATE gallery SET revision = revision + 1 WHERE key = ?", [gallery.key])
        return try row("SELECT revision FROM gallery WHERE key = ?", [gallery.key])?["revision"] ?? 0
    }
}
