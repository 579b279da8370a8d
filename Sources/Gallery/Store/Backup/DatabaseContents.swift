import Digests
import GRDB

/// What a database holds, in numbers: a copy of it holds the same.
public struct DatabaseContents: Sendable, Equatable {
    /// The version of its schema.
    public let schema: Int
    /// The number of galleries.
    public let galleries: Int
    /// The number of images.
    public let images: Int
    /// The number of vectors.
    public let embeddings: Int
    /// The number of rows of the audit.
    public let auditRows: Int
    /// The digest of the audit's last row in hexadecimal; zeros if there are no rows.
    public let auditDigest: String
}

extension Database {
    /// What the database holds; costs O(rows).
    func contents() throws -> DatabaseContents {
        func count(_ table: String) throws -> Int { try Int.fetchOne(self, sql: "SELECT count(*) FROM \(table)") ?? 0 }
        // Images that are erased, but not wiped yet, do not count.
        let hasErased = try tableExists("erased")
        let images = hasErased ? "living_image" : "image"
        let embeddings = "embedding" + (hasErased ? " WHERE image NOT IN (SELECT image FROM erased)" : "")
        // The first versions had no audit.
        let hasAudit = try tableExists("audit")
        let last =
            hasAudit ? try row("SELECT digest FROM audit ORDER BY sequence DESC LIMIT 1", [])?.bytes("digest") : nil
        return DatabaseContents(
            schema: try Int.fetchOne(self, sql: "PRAGMA user_version") ?? 0, galleries: try count("gallery"),
            images: try count(images), embeddings: try count(embeddings),
            auditRows: hasAudit ? try count("audit") : 0,
            auditDigest: hexString(last ?? AuditRecord.origin))
    }
}

extension DatabaseContents {
    /// Turns a copy that nobody else has open into a single file, checks all of it, and ends the jobs in it that are not
    /// over; they are those of the service that it was copied from.
    ///
    /// - Parameter path: the copy.
    /// - Throws: `foreignDatabase`, `newerSchema` or `corrupt`; then nothing in it has changed.
    init(finishing path: String) throws {
        var configuration = Configuration()
        configuration.label = "reid.gallery.copy"
        configuration.prepareDatabase { try $0.execute(sql: "PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY") }
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        self = try queue.writeWithoutTransaction { db in
            guard try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_schema") ?? 0 > 0 else {
                throw GalleryError.foreignDatabase(path: path)
            }
            try DatabaseOpening.requireOwn(db, path: path)
            // One file without a log beside it, so that it can be moved, and has one digest.
            try db.execute(sql: "PRAGMA journal_mode = DELETE")
            let faults = try String.fetchAll(db, sql: "PRAGMA integrity_check(3)")
            guard faults == ["ok"] else {
                throw GalleryError.corrupt(path: path, reason: faults.joined(separator: "; "))
            }
            if try db.tableExists("job") {
                try db.execute(
                    sql: """
                        UPDATE job SET state = 'cancelled', cursor = NULL, finished_at = coalesce(started_at, created_at)
                        WHERE state IN ('queued', 'running')
                        """)
            }
            if try db.tableExists("new_embedding") {
                try db.execute(sql: "DELETE FROM new_embedding; DELETE FROM new_query_vector")
            }
            return try db.contents()
        }
        try queue.close()
    }
}
