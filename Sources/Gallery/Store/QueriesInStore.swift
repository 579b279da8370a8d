import Digests
import GRDB

extension GalleryStore {
    /// Stores a query, with its first ranking if there is one.
    ///
    /// A ranking that shows an image that was erased in the meantime is left out.
    ///
    /// - Parameters:
    ///   - new: the query.
    ///   - ranking: its first ranking.
    ///   - limits: how much may be kept.
    ///   - audit: the row to add to the audit; its target becomes the query's id.
    /// - Returns: the query, with its id.
    /// - Throws: `unknownGallery`, `modelMismatch`, `dimensionMismatch`, `tooManyQueries`, `queriesTooLarge`.
    public func keepQuery(
        _ new: NewQuery, ranking: NewRanking? = nil, limits: KeptQueryLimits = KeptQueryLimits(),
        audit: AuditEvent? = nil
    ) throws(GalleryError) -> QueryRecord {
        try write(audit: audit) { db, aftermath in
            let gallery = try db.gallery(new.gallery)
            try gallery.check(model: new.model, dimensions: new.vector.count)
            try db.check(new, ranking, limits)
            let id = try randomIdentifier("q_")
            aftermath.audit?.target = id
            try db.run(
                """
                INSERT INTO query
                    (id, gallery, name, options, standing, model, warnings, vector, created_at, created_by, expires_at)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
                [
                    id, gallery.key, new.name, new.options.data, new.isStanding, new.model, new.warnings.lines,
                    Vector.data(new.vector), clock().milliseconds, new.createdBy, new.expiresAt?.milliseconds,
                ])
            let key = db.lastInsertedRowID
            for (position, image) in new.images.enumerated() {
                try db.run(
                    "INSERT INTO query_image (query, position, media_type, bytes) VALUES (?, ?, ?, ?)",
                    [key, position, image.mediaType, image.bytes.data])
            }
            if let webhook = new.webhook {
                // Whoever keeps the query knows its first ranking.
                try db.run(
                    "INSERT INTO webhook (query, url, secret, delivered) VALUES (?, ?, ?, 1)",
                    [key, webhook.url, webhook.secret])
            }
            if let ranking, try db.hasImages(ranking.images) {
                try db.insert(
                    ranking.content, of: key, galleryRevision: ranking.galleryRevision, revision: 1)
            }
            return try db.query(id, now: clock())
        }
    }

    /// The kept query with this id.
    public func query(id: String) throws(GalleryError) -> QueryRecord {
        try read { try $0.query(id, now: clock()) }
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
                """, [before, names, names, limit + 1], now: clock())
        }
        return Page(found, limit: limit, list: .queries, key: \.key)
    }

    /// The standing queries of a gallery, oldest first; none for an unknown gallery.
    public func standingQueries(in gallery: String) throws(GalleryError) -> [QueryRecord] {
        try read { try $0.queries("query.standing AND gallery.name = ? ORDER BY query.key", [gallery], now: clock()) }
    }

    /// One image of a kept query; `position` counts from 0.
    public func queryImage(of id: String, at position: Int = 0) throws(GalleryError) -> ImageContent {
        try read { db in
            let row = try db.row(
                """
                SELECT query_image.media_type, query_image.bytes
                FROM query_image JOIN query ON query.key = query_image.query
                WHERE query.id = ? AND position = ? AND (expires_at IS NULL OR expires_at > ?)
                """, [id, position, clock().milliseconds])
            guard let row else { throw GalleryError.unknownQuery(id) }
            return ImageContent(bytes: row.bytes("bytes"), mediaType: row["media_type"])
        }
    }

    /// Erases a kept query with its images and its ranking.
    ///
    /// - Parameters:
    ///   - id: the query's id.
    ///   - audit: the row to add to the audit.
    /// - Throws: `unknownQuery`, `diskFull`, `inputOutput`.
    public func deleteQuery(id: String, audit: AuditEvent? = nil) throws(GalleryError) {
        try write(audit: audit) { db, aftermath in
            try db.run("DELETE FROM query WHERE key = ?", [db.query(id, now: clock()).key])
            aftermath.erases = true
            aftermath.changes.append(.queryDeleted(id: id))
        }
    }

    /// Erases queries whose time is over, at most 100 at a time, each with a row in the audit.
    ///
    /// - Parameters:
    ///   - days: the most days that any query is kept; nil: as long as it was asked for.
    ///   - audit: makes the row about one query, from its id and its gallery.
    /// - Returns: the number of queries that were erased.
    /// - Throws: `diskFull`, `inputOutput`.
    public func deleteExpiredQueries(
        keptFor days: Int? = nil, audit: (_ id: String, _ gallery: String) throws -> AuditEvent
    ) throws(GalleryError) -> Int {
        let now = clock()
        let oldest = days.map { now.adding(seconds: -Int64($0) * 86_400).milliseconds }
        func find(_ db: Database) throws -> [Row] {
            try db.rows(
                """
                SELECT query.key, query.id, gallery.name FROM query JOIN gallery ON gallery.key = query.gallery
                WHERE query.expires_at <= ? OR query.created_at <= ? ORDER BY query.key LIMIT 100
                """, [now.milliseconds, oldest])
        }
        // A look first, because a write without an end in it would still wait for other writers.
        guard try !read(find).isEmpty else { return 0 }
        return try write { db, aftermath in
            let expired = try find(db)
            for row in expired {
                let (key, id): (Int64, String) = (row["key"], row["id"])
                try db.run("DELETE FROM query WHERE key = ?", [key])
                try db.appendAudit(audit(id, row["name"]), at: now)
                aftermath.changes.append(.queryDeleted(id: id))
            }
            aftermath.erases = !expired.isEmpty
            return expired.count
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
    ///   - audit: the row to add to the audit, unless the stored ranking stays.
    /// - Returns: the version of the ranking that is stored now.
    /// - Throws: `unknownQuery`, `diskFull`, `inputOutput`.
    @discardableResult
    public func saveRanking(
        _ content: [UInt8], of query: String, galleryRevision: Int64, showing images: [String] = [],
        isSame: ((_ stored: [UInt8]) throws -> Bool)? = nil, audit: AuditEvent? = nil
    ) throws(GalleryError) -> Int64 {
        try write(audit: audit) { db, aftermath in
            let kept = try db.query(query, now: clock())
            aftermath.audit = nil
            guard try db.hasImages(images) else { return kept.rankingRevision }
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
            try db.insert(content, of: kept.key, galleryRevision: galleryRevision, revision: revision)
            aftermath.audit = audit
            aftermath.changes.append(.ranking(query: query, revision: revision))
            return revision
        }
    }

    /// The newest ranking of a kept query; nil before the first one, and after an image in it was erased.
    public func ranking(of query: String) throws(GalleryError) -> StoredRanking? {
        try read { db in
            let row = try db.row(
                """
                SELECT ranking_revision, gallery_revision, content
                FROM query LEFT JOIN ranking ON ranking.query = query.key
                WHERE query.id = ? AND (expires_at IS NULL OR expires_at > ?)
                """, [query, clock().milliseconds])
            guard let row else { throw GalleryError.unknownQuery(query) }
            guard let galleryRevision: Int64 = row["gallery_revision"] else { return nil }
            return StoredRanking(
                revision: row["ranking_revision"], galleryRevision: galleryRevision, content: row.bytes("content"))
        }
    }
}

extension Database {
    /// Refuses a query beyond the limits.
    fileprivate func check(_ new: NewQuery, _ ranking: NewRanking?, _ limits: KeptQueryLimits) throws {
        func number(_ sql: String, _ arguments: StatementArguments = []) throws -> Int {
            try Int.fetchOne(cachedStatement(sql: sql), arguments: arguments) ?? 0
        }
        guard try number("SELECT count(*) FROM query") < limits.queries else {
            throw GalleryError.tooManyQueries(limit: limits.queries, ofToken: false)
        }
        if let token = new.createdBy {
            guard try number("SELECT count(*) FROM query WHERE created_by = ?", [token]) < limits.queriesPerToken else {
                throw GalleryError.tooManyQueries(limit: limits.queriesPerToken, ofToken: true)
            }
        }
        // SQLite knows the length of a blob without reading it.
        let stored = try number(
            """
            SELECT (SELECT coalesce(sum(length(bytes)), 0) FROM query_image)
                + (SELECT coalesce(sum(length(content)), 0) FROM ranking)
            """)
        let added = new.images.reduce(ranking?.content.count ?? 0) { $0 + $1.bytes.count }
        guard stored <= limits.bytes - added else { throw GalleryError.queriesTooLarge(limit: limits.bytes) }
    }

    /// Whether every image is there.
    func hasImages(_ ids: [String]) throws -> Bool {
        try ids.allSatisfy { try row("SELECT 1 FROM living_image WHERE id = ?", [$0]) != nil }
    }

    /// Stores the ranking of a query in place of an earlier one.
    fileprivate func insert(
        _ ranking: [UInt8], of query: Int64, galleryRevision: Int64, revision: Int64
    ) throws {
        try run(
            "INSERT OR REPLACE INTO ranking (query, gallery_revision, content) VALUES (?, ?, ?)",
            [query, galleryRevision, ranking.data])
        try run("UPDATE query SET ranking_revision = ? WHERE key = ?", [revision, query])
    }

    /// The kept query with this id; throws `unknownQuery`.
    func query(_ id: String, now: Timestamp) throws -> QueryRecord {
        guard let query = try queries("query.id = ?", [id], now: now).first else { throw GalleryError.unknownQuery(id) }
        return query
    }

    /// The kept queries for which a condition holds, except those whose time is over.
    fileprivate func queries(
        _ condition: String, _ arguments: StatementArguments, now: Timestamp
    ) throws -> [QueryRecord] {
        try rows(
            """
            SELECT query.*, gallery.name AS gallery_name, ranking.gallery_revision AS ranked_revision, webhook.url,
                delivered, attempts, attempted_at, status, failure, next_at
            FROM query JOIN gallery ON gallery.key = query.gallery LEFT JOIN ranking ON ranking.query = query.key
            LEFT JOIN webhook ON webhook.query = query.key
            WHERE (query.expires_at IS NULL OR query.expires_at > ?) AND \(condition)
            """, StatementArguments([now.milliseconds]) + arguments
        ).map { row in
            let key: Int64 = row["key"]
            let types = try rows("SELECT media_type FROM query_image WHERE query = ? ORDER BY position", [key])
            return QueryRecord(
                key: key, id: row["id"], gallery: row["gallery_name"], name: row["name"],
                options: row.bytes("options"), isStanding: row["standing"], mediaTypes: types.map { $0["media_type"] },
                vector: try Vector.read(row, "vector"), model: row["model"], warnings: row.lines("warnings"),
                createdAt: Timestamp(milliseconds: row["created_at"]), rankingRevision: row["ranking_revision"],
                rankedRevision: row["ranked_revision"], createdBy: row["created_by"],
                expiresAt: row.timestamp("expires_at"), webhook: WebhookRecord(row))
        }
    }
}
