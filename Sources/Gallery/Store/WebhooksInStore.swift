import GRDB

extension GalleryStore {
    /// The webhooks that have a ranking to deliver now, those with the fewest failures first.
    ///
    /// One whose next attempt is further away than any pause may be is due too, because the clock was wrong then.
    ///
    /// - Parameters:
    ///   - limit: the most webhooks.
    ///   - longestPause: the most seconds between two attempts.
    /// - Returns: the webhooks with their queries and rankings.
    /// - Throws: `inputOutput`.
    public func dueWebhooks(limit: Int, longestPause: Double) throws(GalleryError) -> [DueWebhook] {
        let now = clock()
        let latest = now.adding(seconds: Int64(longestPause.rounded(.up)) + 1)
        return try read { db in
            let rows = try db.rows(
                """
                SELECT query.id, webhook.secret, gallery_revision, content FROM \(Self.pending)
                WHERE (next_at <= ? OR next_at > ?) AND (expires_at IS NULL OR expires_at > ?)
                ORDER BY attempts, next_at LIMIT ?
                """, [now.milliseconds, latest.milliseconds, now.milliseconds, limit])
            return try rows.compactMap { row in
                let query = try db.query(row["id"], now: now)
                guard let webhook = query.webhook else { return nil }
                let ranking = StoredRanking(
                    revision: query.rankingRevision, galleryRevision: row["gallery_revision"],
                    content: row.bytes("content"))
                return DueWebhook(query: query, webhook: webhook, secret: row["secret"], ranking: ranking)
            }
        }
    }

    /// When the next webhook may be due, besides those of some queries; nil: no other has anything to deliver.
    public func nextWebhook(besides queries: [String]) throws(GalleryError) -> Timestamp? {
        let now = clock()
        return try read { db in
            // An id has no character that JSON would escape.
            let ids = "[" + queries.map { "\"\($0)\"" }.joined(separator: ",") + "]"
            let row = try db.row(
                """
                SELECT min(next_at) AS next FROM \(Self.pending)
                WHERE query.id NOT IN (SELECT value FROM json_each(?)) AND (expires_at IS NULL OR expires_at > ?)
                """, [ids, now.milliseconds])
            return row?.timestamp("next")
        }
    }

    /// Webhooks that have a ranking to deliver, joined with it and with their queries.
    private static let pending = """
        webhook JOIN query ON query.key = webhook.query AND query.ranking_revision > webhook.delivered
        JOIN ranking ON ranking.query = query.key
        """

    /// Notes what came of an attempt to deliver; nothing if the query was deleted meanwhile.
    ///
    /// - Throws: `diskFull`, `inputOutput`.
    public func note(
        _ outcome: WebhookOutcome, ofWebhookOf query: String, audit: AuditEvent? = nil
    ) throws(GalleryError) {
        let now = clock()
        let next = Timestamp(milliseconds: now.milliseconds + Int64(outcome.pause * 1000))
        try write(audit: audit) { db, _ in
            try db.run(
                """
                UPDATE webhook SET
                    delivered = iif(?1 IS NULL, max(delivered, ?2), delivered),
                    attempts = iif(?1 IS NULL, 0, attempts + 1),
                    attempted_at = ?3, status = ?4, failure = ?1, next_at = ?5
                WHERE query = (SELECT key FROM query WHERE id = ?6)
                """,
                [outcome.failure, outcome.revision, now.milliseconds, outcome.status, next.milliseconds, query])
        }
    }
}

extension WebhookRecord {
    /// Reads the columns of `webhook` in a row of queries; nil if the query has none.
    init?(_ row: Row) {
        guard let url: String = row["url"] else { return nil }
        self.init(
            url: url, delivered: row["delivered"], attempts: row["attempts"],
            attemptedAt: row.timestamp("attempted_at"), status: row["status"], failure: row["failure"],
            nextAt: Timestamp(milliseconds: row["next_at"]))
    }
}
