import GRDB

/// What the change of a gallery's model did.
public struct ModelChange: Sendable, Equatable {
    /// The images that have vectors of the new model.
    public var images = 0
    /// The images that the new model could not embed, most of all those that were enrolled as vectors only.
    public var leftBehind = 0
    /// The gallery of the former model in which they are now, with everything that is known of them; nil: there are none.
    public var leftBehindGallery: String?
    /// The kept queries that have vectors of the new model.
    public var queries = 0
    /// The kept queries that the new model could not embed; they cannot be ranked any more.
    public var queriesLeftBehind = 0
}

extension GalleryStore {
    /// Gives a gallery the vectors of another model, which a job has kept beside the present ones, in one transaction.
    ///
    /// Before it, searches find the old vectors, and after it the new ones. A snapshot that somebody has stays as it is. The
    /// means of the cameras are made anew, and the calibration is of another model from now on. Kept queries get their new
    /// vectors, and their rankings are deleted, so that they are made anew. Images without a new vector move, with their ids,
    /// to a new gallery of the former model. Costs O(images), and the writing of all vectors; other writers wait.
    ///
    /// - Parameters:
    ///   - gallery: the gallery's name.
    ///   - model: the identity of the model that made the new vectors.
    ///   - dimensions: the number of values of a new vector.
    ///   - progress: how far the job is.
    ///   - job: the job's id.
    ///   - note: makes the job's new cursor, a JSON object, and the row for the audit, from what this has done.
    /// - Returns: what was done; nil if images or queries came that the job has not looked at, or if it was cancelled, and
    ///   then nothing was.
    /// - Throws: `unknownGallery`, `unknownJob`, `jobIsOver`, `diskFull`, `inputOutput`; then nothing was done.
    public func changeModel(
        of gallery: String, to model: String, dimensions: Int, after progress: ReembeddingProgress, job: String,
        note: (ModelChange) throws -> (cursor: String, audit: AuditEvent?)
    ) throws(GalleryError) -> ModelChange? {
        precondition(dimensions > 0, "a gallery of \(dimensions) dimensions")
        let indexes = StoredIndex(
            path: path, files: index.files, previousStamp: index.files?.stamp ?? 0, logger: logger)
        return try write { db, aftermath in
            let before = try db.gallery(gallery, of: progress)
            guard try !db.unfinishedJob(job).isCancelRequested, try !db.hasMoreToEmbed(in: before, after: progress)
            else { return nil }
            var change = ModelChange()
            let left = try db.leaveBehind(from: before)
            if let left {
                (change.leftBehind, change.leftBehindGallery) = (left.images, left.gallery.name)
                try db.renewCameraMeans(of: left.gallery)
                if let made = try indexes.make(left.gallery, revision: 0, db) {
                    aftermath.publish.append { $0.put(made) }
                }
                aftermath.changes.append(.gallery(name: left.gallery.name, revision: 0))
            }
            change.images = try db.takeNewVectors(of: before, model: model)
            try db.run(
                "UPDATE gallery SET model = ?, dimensions = ?, model_changes = model_changes + 1 WHERE key = ?",
                [model, dimensions, before.key])
            let after = try db.gallery(gallery)
            try db.renewCameraMeans(of: after)
            let queries = try db.takeNewQueryVectors(in: after)
            (change.queries, change.queriesLeftBehind) = (queries.count, try db.queriesOfAnotherModel(in: after))
            try db.forgetNewVectors()
            let revision = try db.advanceRevision(of: after)
            if let made = try indexes.make(after, revision: revision, db) {
                aftermath.publish.append { $0.put(made) }
            }
            aftermath.changes.append(.gallery(name: gallery, revision: revision))
            aftermath.changes += queries.map { .rankingErased(query: $0) }
            // The old vectors leave the write-ahead log too, which is as large as both.
            aftermath.erases = true
            let noted = try note(change)
            let done = Int64(progress.seen)
            try db.recordJob(job, done: done, total: done, cursor: noted.cursor, &aftermath)
            aftermath.audit = noted.audit
            return change
        }
    }
}

extension Database {
    /// Whether the gallery has images or queries behind those that the job has looked at.
    fileprivate func hasMoreToEmbed(in gallery: GalleryFacts, after progress: ReembeddingProgress) throws -> Bool {
        try row(
            """
            SELECT EXISTS (SELECT 1 FROM living_image WHERE +gallery = ? AND key > ?)
                OR EXISTS (SELECT 1 FROM query WHERE gallery = ? AND key > ?)
            """, [gallery.key, progress.lastImage, gallery.key, progress.lastQuery])?[0] ?? false
    }

    /// Moves the images without a new vector to a new gallery of the same model; nil if there are none.
    ///
    /// They keep their ids, holds, labels and times, and the new gallery keeps images as long as the old one.
    fileprivate func leaveBehind(from gallery: GalleryFacts) throws -> (gallery: GalleryFacts, images: Int)? {
        let keys = try Int64.fetchAll(
            self,
            sql: """
                SELECT key FROM living_image WHERE gallery = ? AND key NOT IN (SELECT image FROM new_embedding)
                ORDER BY key
                """, arguments: [gallery.key])
        guard !keys.isEmpty else { return nil }
        let name = try freeName(after: gallery.name)
        let new = try insertGallery(
            name, like: gallery, model: gallery.model, dimensions: gallery.dimensions, createdAt: gallery.createdAt)
        let list = Self.list(keys)
        for table in ["person", "camera"] {
            try run(
                """
                INSERT INTO \(table) (gallery, label) SELECT ?, label FROM \(table) WHERE key IN (
                    SELECT \(table) FROM image WHERE key IN (SELECT value FROM json_each(?))
                ) ORDER BY key
                """, [new.key, list])
            try run(
                """
                UPDATE image SET \(table) = (
                    SELECT new.key FROM \(table) AS old JOIN \(table) AS new ON new.label = old.label
                    WHERE old.key = image.\(table) AND new.gallery = ?
                ) WHERE key IN (SELECT value FROM json_each(?))
                """, [new.key, list])
            try run(
                """
                DELETE FROM \(table) WHERE gallery = ? AND NOT EXISTS (SELECT 1 FROM image WHERE \(table) = \(table).key)
                """, [gallery.key])
        }
        try run("UPDATE image SET gallery = ? WHERE key IN (SELECT value FROM json_each(?))", [new.key, list])
        return (new, keys.count)
    }

    /// A name that no gallery has: that of a gallery, `.left-behind`, and a number if there is one already.
    private func freeName(after name: String) throws -> String {
        var number = 1
        while true {
            let end = ".left-behind" + (number == 1 ? "" : "-\(number)")
            let free = name.prefix(GalleryName.maximumLength - end.utf8.count) + end
            guard try row("SELECT 1 FROM gallery WHERE name = ?", [String(free)]) != nil else { return String(free) }
            number += 1
        }
    }

    /// Puts the new vectors of a gallery's images in the place of the present ones; returns their number.
    fileprivate func takeNewVectors(of gallery: GalleryFacts, model: String) throws -> Int {
        // One by one: SQLite would keep the pages that one statement changes in memory, to undo it.
        let rows = try Row.fetchCursor(
            self,
            sql: """
                SELECT new_embedding.image, vector FROM new_embedding JOIN living_image ON key = new_embedding.image
                WHERE +gallery = ? ORDER BY new_embedding.image
                """, arguments: [gallery.key])
        let statement = try cachedStatement(sql: "UPDATE embedding SET model = ?, vector = ? WHERE image = ?")
        var count = 0
        while let row = try rows.next() {
            let vector: DatabaseValue = row["vector"]
            try statement.execute(arguments: [model, vector, row["image"] as Int64])
            count += 1
        }
        return count
    }

    /// Gives the gallery's kept queries their new vectors, and deletes all their rankings; returns the ids of the queries.
    fileprivate func takeNewQueryVectors(in gallery: GalleryFacts) throws -> [String] {
        try run("DELETE FROM ranking WHERE query IN (SELECT key FROM query WHERE gallery = ?)", [gallery.key])
        let rows = try rows(
            """
            SELECT query.key, query.id, new.warnings, new.vector FROM query
            JOIN new_query_vector AS new ON new.query = query.key WHERE query.gallery = ? ORDER BY query.key
            """, [gallery.key])
        for row in rows {
            let (warnings, vector): (String?, DatabaseValue) = (row["warnings"], row["vector"])
            try run(
                "UPDATE query SET model = ?, warnings = ?, vector = ? WHERE key = ?",
                [gallery.model, warnings, vector, row["key"] as Int64])
        }
        return rows.map { $0["id"] }
    }

    /// The number of the gallery's kept queries whose vectors are not of its model.
    fileprivate func queriesOfAnotherModel(in gallery: GalleryFacts) throws -> Int {
        try row("SELECT count(*) FROM query WHERE gallery = ? AND model <> ?", [gallery.key, gallery.model])?[0] ?? 0
    }
}
