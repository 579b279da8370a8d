import Digests
import GRDB

/// Which rows of the audit to read; nil: no condition.
public struct AuditFilter: Sendable, Equatable {
    /// Only this action.
    public var action: AuditAction?
    /// Only what was done with the token of this name.
    public var actor: String?
    /// Only what was done to this.
    public var target: String?
    /// Only what was done to this gallery, or to an image, query or batch in it.
    public var gallery: String?
    /// Only at this time or later.
    public var from: Timestamp?
    /// Only at this time or earlier.
    public var to: Timestamp?
    /// Only the rows after the one with this number.
    public var after: Int64?

    /// No conditions.
    public init() {}
}

extension GalleryStore {
    /// Adds rows to the audit, in order, in one transaction; they are on disk when this returns.
    public func appendAudit(_ events: [AuditEvent]) throws(GalleryError) {
        try write { db, _ in
            for event in events { try db.appendAudit(event, at: clock()) }
        }
    }

    /// A page of the audit, newest first.
    ///
    /// - Parameters:
    ///   - filter: the rows to read.
    ///   - limit: the size of the page, in 1...1000.
    ///   - cursor: `next` of the previous page; nil: the first page.
    /// - Returns: the page.
    /// - Throws: `invalidLimit`, `invalidCursor`.
    public func audit(
        _ filter: AuditFilter = AuditFilter(), limit: Int, cursor: String? = nil
    ) throws(GalleryError) -> Page<AuditRecord> {
        try Page<AuditRecord>.check(limit: limit)
        var before = Int64.max
        if let cursor { before = try Cursor(cursor, of: .audit).key }
        let found = try read { db in
            try db.audit(filter, "sequence < ?", before, order: "DESC", limit: limit + 1)
        }
        return Page(found, limit: limit, list: .audit, key: \.sequence)
    }

    /// The next rows of the audit after the row `sequence`, oldest first; empty at the end.
    public func audit(
        _ filter: AuditFilter = AuditFilter(), after sequence: Int64, limit: Int
    ) throws(GalleryError) -> [AuditRecord] {
        try read { try $0.audit(filter, "sequence > ?", sequence, order: "ASC", limit: limit) }
    }
}

extension AuditVerifier {
    /// Checks all rows in the database file at `path`, which a running service may have open.
    ///
    /// - Throws: `BrokenAudit`, or a `GalleryError` if the file cannot be read.
    public mutating func check(databaseAt path: String) throws {
        do {
            var configuration = Configuration()
            configuration.readonly = true
            configuration.busyMode = .timeout(DatabaseOpening.busyTimeout)
            try DatabaseQueue(path: path, configuration: configuration).read { db in
                let rows = try Row.fetchCursor(db, sql: "SELECT * FROM audit ORDER BY sequence")
                while let row = try rows.next() { try check(AuditRecord(row)) }
                let last = try Int64.fetchOne(db, sql: "SELECT seq FROM sqlite_sequence WHERE name = 'audit'") ?? 0
                guard last <= count else { throw BrokenAudit.cut(last: last, found: count) }
            }
        } catch let error as BrokenAudit {
            throw error
        } catch {
            throw GalleryError(error, path: path)
        }
    }
}

extension Database {
    /// Adds a row to the audit, within a transaction.
    func appendAudit(_ event: AuditEvent, at now: Timestamp) throws {
        let at = event.at ?? now
        let last = try row("SELECT sequence, digest FROM audit ORDER BY sequence DESC LIMIT 1", [])
        let record = try AuditRecord(
            event, at: at, after: last.map { ($0["sequence"], $0.bytes("digest")) } ?? (0, AuditRecord.origin))
        try run(
            """
            INSERT INTO audit (sequence, at, actor, address, action, target, outcome, details, previous, digest)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                record.sequence, at.milliseconds, record.actor, record.address, record.action, record.target,
                record.outcome, record.details, record.previous.data, record.digest.data,
            ])
    }

    fileprivate func audit(
        _ filter: AuditFilter, _ place: String, _ key: Int64, order: String, limit: Int
    ) throws -> [AuditRecord] {
        var conditions = [place]
        var arguments: StatementArguments = [key]
        func add(_ condition: String, _ value: (any DatabaseValueConvertible)?) {
            guard let value else { return }
            conditions.append(condition)
            arguments += [value]
        }
        add("action = ?", filter.action?.rawValue)
        add("actor = ?", filter.actor)
        add("target = ?", filter.target)
        add("\(AuditSchema.gallery) = ?", filter.gallery)
        add("at >= ?", filter.from?.milliseconds)
        add("at <= ?", filter.to?.milliseconds)
        add("sequence > ?", filter.after)
        let condition = conditions.joined(separator: " AND ")
        return try rows(
            "SELECT * FROM audit WHERE \(condition) ORDER BY sequence \(order) LIMIT ?", arguments + [limit]
        ).map { try AuditRecord($0) }
    }
}

extension AuditRecord {
    /// Reads a row of `audit`.
    fileprivate init(_ row: Row) throws {
        self.init(
            sequence: row["sequence"], at: Timestamp(milliseconds: row["at"]), actor: row["actor"],
            address: row["address"], action: row["action"], target: row["target"], outcome: row["outcome"],
            details: row["details"], previous: row.bytes("previous"), digest: row.bytes("digest"))
    }
}
