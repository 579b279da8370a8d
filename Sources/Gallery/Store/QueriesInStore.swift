import Digests
import GRDB

extension GalleryStore {
    /// Stores a query; it has no ranking yet.
    ///
    /// - Throws: `unknownGallery`, `modelMismatch`, `dimensionMismatch`.
    public func keepQuery(_ new: NewQuery) throws(GalleryError) -> QueryRecord {
        try write { db, _ in
            let gallery = try db.gallery(new.gallery)
            try gallery.check(model: new.model, dimensions: new.vector.count)
            let id = try randomIdentifier("q_")
            try db.run(
                """
                INSERT INTO query (id, gallery, options, standing, model, warnings, vector, created_at)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                """,
                [
                    id, gallery.key, new.options.data, new.isStanding, new.model, new.warnings.lines,
                    Vector.data(new.vector), clock().milliseconds,
                ])
            let key = db.lastInsertedRowID
            for (position, image) in new.images.enumerated() {
                try db.run(
                    "INSERT INTO query_image (query, position, media_type, bytes) VALUES (?, ?, ?, ?)",
                    [key, position, image.mediaType, image.bytes.data])
            }
            return try db.query(id)
        }
    }

    /// The kept query with this id.
    public func query(id: String) throws(GalleryError) -> QueryRecord {
        try read { try $0.query(id) }
    }

    /// A page of kept queries, newest first; only those of galleries that `shows`, if that is given.
    public func queries(
        limit: Int, cursor: String? = nil, shows: ((_ gallery: String) -> Bool)? = nil
    ) throws(GalleryError) -> Page<QueryRecord> {
        try Page<QueryRecord>.check(limit: limit)
        var before = Int64.max
        if let cursor { before = try Cursor(cursor, of: .queries).key }
        let found = try read { db in
            let names = try db.names("SELECT name FROM gallery", shows: shows)
            return try db.queries(
                """
                query.key < ? AND (? IS NULL OR gallery.name IN (SELECT value FROM json_each(?)))
                ORDER BY query.key DESC LIMIT ?
                """, [before, names, names, limit + 1])
        }
        return Page(found, limit: limit, list: .queries, key: \.key)
    }

    /// The standing queries of a gallery, oldest first; none for an unknown gallery.
    public func standingQueries(in gallery: String) throws(GalleryError) -> [QueryRecord] {
        try read { try $0.queries("query.standing AND gallery.name = ? ORDER BY query.key", [gallery]) }
    }

    /// One image of a kept query; `position` counts from 0.
    public func queryImage(of id: String, at position: Int = 0) throws(GalleryError) -> ImageContent {
        try read { db in
            let row = try db.row(
                """
                SELECT query_image.media_type, query_image.bytes
                FROM query_image JOIN query ON query.key = query_image.query WHERE query.id = ? AND position = ?
                """, [id, position])
            guard let row else { throw GalleryError.unknownQuery(id) }
            return ImageContent(bytes: row.bytes("bytes"), mediaType: row["media_type"])
        }
    }

    /// Erases a kept query with its images and its ranking.
    public func deleteQuery(id: String) throws(GalleryError) {
        try write { db, aftermath in
            try db.run("DELETE FROM query WHERE key = ?", [db.query(id).key])
            aftermath.erases = true
            aftermath.changes.append(.queryDeleted(id: id))
        }
    }

    /// Saves a kept query's ranking.
    ///
    /// If the stored content says the same, it stays, with its version; otherwise the version goes up by one. A ranking
    /// of an older revision of the gallery than the stored one is not saved, nor one that shows an image that was
    /// erased in the meantime.
    ///
    /// - Parameters:
    ///   - content: the ranking as JSON; this module does not interpret it.
    ///   - query: the kept query's id.
    ///   - galleryRevision: the revision of the snapshot that was ranked.
    ///   - images: the ids of the images that the ranking shows.
    ///   - isSame: returns whether the stored content says the same as `content`; nil: they are the same if their bytes
    ///     are equal.
    /// - Returns: the version of the ranking that is stored now.
    /// - Throws: `unknownQuery`, `diskFull`, `inputOutput`.
    @discardableResult
    public func saveRanking(
        _ content: [UInt8], of query: String, galleryRevision: Int64, showing images: [String] = [],
        isSame: ((_ stored: [UInt8]) throws -> Bool)? = nil
    ) throws(GalleryError) -> Int64 {
        try write { db, aftermath in
            let kept = try db.query(query)
            for image in images where try db.row("SELECT 1 FROM image WHERE id = ?", [image]) == nil {
                return kept.rankingRevision
            }
            let stored = try db.row("SELECT gallery_revision, content FROM ranking WHERE query = ?", [kept.key])
            if let stored {
                let storedRevision: Int64 = stored["gallery_revision"]
                guard galleryRevision >= storedRevision else { return kept.rankingRevision }
                let bytes: [UInt8] = stored.bytes("content")
                guard try !(isSame?(bytes) ?? (bytes == content)) else {
                    try db.run(
                        "UPDATE ranking SET gallery_revision = ? WHERE query = ?", [galleryRevision, kept.key])
                    return kept.rankingRevision
                }
            }
            let revision = kept.rankingRevision + 1
            try db.run(
                "INSERT OR REPLACE INTO ranking (query, gallery_revision, content, updated_at) VALUES (?, ?, ?, ?)",
                [kept.key, galleryRevision, content.data, clock().milliseconds])
            try db.run("UPDATE query SET ranking_revision = ? WHERE key = ?", [revision, kept.key])
            aftermath.changes.append(.ranking(query: query, revision: revision))
            return revision
        }
    }

    /// The newest ranking of a kept query; nil before the first one, and after an image in it was erased.
    public func ranking(of query: String) throws(GalleryError) -> StoredRanking? {
        try read { db in
            let row = try db.row(
                """
                SELECT ranking_revision, gallery_revision, content, updated_at
                FROM query LEFT JOIN ranking ON ranking.query = query.key WHERE query.id = ?
                """, [query])
            guard let row else { throw GalleryError.unknownQuery(query) }
            guard let galleryRevision: Int64 = row["gallery_revision"] else { return nil }
            return StoredRanking(
                revision: row["ranking_revision"], galleryRevision: galleryRevision, content: row.bytes("content"),
                updatedAt: Timestamp(milliseconds: row["updated_at"]))
        }
    }
}

extension Database {
    /// The kept query with this id; throws `unknownQuery`.
    fileprivate func query(_ id: String) throws -> QueryRecord {
        guard let query = try queries("query.id = ?", [id]).first else { throw GalleryError.unknownQuery(id) }
        return query
    }

    fileprivate func queries(_ condition: String, _ arguments: StatementArguments) throws -> [QueryRecord] {
        try rows(
            """
            SELECT query.*, gallery.name AS gallery_name FROM query JOIN gallery ON gallery.key = query.gallery
            WHERE \(condition)
            """, arguments
        ).map { row in
            let key: Int64 = row["key"]
            let types = try rows("SELECT media_type FROM query_image WHERE query = ? ORDER BY position", [key])
            return QueryRecord(
                key: key, id: row["id"], gallery: row["gallery_name"], options: row.bytes("options"),
                isStanding: row["standing"], mediaTypes: types.map { $0["media_type"] },
                vector: try Vector.read(row, "vector"), model: row["model"], warnings: row.lines("warnings"),
                createdAt: Timestamp(milliseconds: row["created_at"]), rankingRevision: row["ranking_revision"])
        }
    }
}
