import Digests
import GRDB

extension GalleryStore {
    /// Stores a token under a new id.
    ///
    /// - Parameters:
    ///   - new: the token.
    ///   - audit: the row to add to the audit; its target becomes the token's id.
    /// - Returns: the token, with its id.
    /// - Throws: `duplicateTokenName`, `duplicateTokenSubject`.
    public func createToken(_ new: NewToken, audit: AuditEvent? = nil) throws(GalleryError) -> TokenRecord {
        try write(audit: audit) { db, aftermath in
            guard try db.row("SELECT 1 FROM token WHERE name = ?", [new.name]) == nil else {
                throw GalleryError.duplicateTokenName(new.name)
            }
            if let subject = new.subject, try db.row("SELECT 1 FROM token WHERE subject = ?", [subject]) != nil {
                throw GalleryError.duplicateTokenSubject(subject)
            }
            let id = try randomIdentifier("t_")
            aftermath.audit?.target = id
            return try db.insert(new, id: id, now: clock())
        }
    }

    /// Stores a token under a fixed id, in place of the earlier one with this id; a token with the same secret stays as
    /// it is.
    @discardableResult
    public func keepToken(_ new: NewToken, id: String) throws(GalleryError) -> TokenRecord {
        try write { db, _ in
            if let stored = try db.token(id), stored.digest == new.digest { return stored }
            try db.run("DELETE FROM token WHERE id = ?", [id])
            return try db.insert(new, id: id, now: clock())
        }
    }

    /// Every token, oldest first.
    public func tokens() throws(GalleryError) -> [TokenRecord] {
        try read { db in try db.rows("SELECT * FROM token ORDER BY key", []).map(TokenRecord.init) }
    }

    /// A page of tokens, oldest first.
    public func tokens(limit: Int, cursor: String? = nil) throws(GalleryError) -> Page<TokenRecord> {
        try Page<TokenRecord>.check(limit: limit)
        var after: Int64 = 0
        if let cursor { after = try Cursor(cursor, of: .tokens).key }
        let found = try read { db in
            try db.rows("SELECT * FROM token WHERE key > ? ORDER BY key LIMIT ?", [after, limit + 1])
                .map(TokenRecord.init)
        }
        return Page(found, limit: limit, list: .tokens, key: \.key)
    }

    /// Deletes a token.
    ///
    /// - Parameters:
    ///   - id: the token's id.
    ///   - audit: the row to add to the audit.
    /// - Throws: `unknownToken`.
    public func deleteToken(id: String, audit: AuditEvent? = nil) throws(GalleryError) {
        try write(audit: audit) { db, _ in
            try db.run("DELETE FROM token WHERE id = ?", [id])
            guard db.changesCount > 0 else { throw GalleryError.unknownToken(id) }
        }
    }

    /// Writes when tokens were last used; tokens that are gone are left out.
    public func noteTokenUses(_ uses: [String: Timestamp]) throws(GalleryError) {
        guard !uses.isEmpty else { return }
        try write { db, _ in
            for (id, time) in uses {
                try db.run("UPDATE token SET last_used_at = ? WHERE id = ?", [time.milliseconds, id])
            }
        }
    }
}

extension Database {
    fileprivate func token(_ id: String) throws -> TokenRecord? {
        try row("SELECT * FROM token WHERE id = ?", [id]).map(TokenRecord.init)
    }

    fileprivate func insert(_ new: NewToken, id: String, now: Timestamp) throws -> TokenRecord {
        try run(
            """
            INSERT INTO token (id, name, scopes, galleries, expires_at, digest, subject, created_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                id, new.name, new.scopes.lines, new.galleries?.lines, new.expiresAt?.milliseconds, new.digest.data,
                new.subject, now.milliseconds,
            ])
        return TokenRecord(
            key: lastInsertedRowID, id: id, name: new.name, scopes: new.scopes, galleries: new.galleries,
            expiresAt: new.expiresAt, digest: new.digest, subject: new.subject, createdAt: now, lastUsedAt: nil)
    }
}

extension TokenRecord {
    /// Reads a row of `token`.
    fileprivate init(_ row: Row) {
        let patterns: String? = row["galleries"]
        self.init(
            key: row["key"], id: row["id"], name: row["name"], scopes: row.lines("scopes"),
            galleries: patterns == nil ? nil : row.lines("galleries"), expiresAt: row.timestamp("expires_at"),
            digest: row.bytes("digest"), subject: row["subject"], createdAt: Timestamp(milliseconds: row["created_at"]),
            lastUsedAt: row.timestamp("last_used_at"))
    }
}
