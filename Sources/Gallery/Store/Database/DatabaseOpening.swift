import GRDB

/// Opens the database with this module's guarantees: WAL, durable commits, and overwriting what is erased.
enum DatabaseOpening {
    /// The seconds that a connection waits for another connection's lock.
    static let busyTimeout = 5.0

    /// The most pages of the database that the writer keeps in memory, in bytes.
    static let writerCache = 64 << 20

    /// The bytes of a page of a new file.
    ///
    /// Seven vectors of 512 values fit into one; with SQLite's usual 4,096 bytes, a second one would not, and half of each
    /// page would be empty.
    static let pageBytes = 16_384

    /// The bytes of the write-ahead log from which on a commit copies it into the database, unless `LogCopier` has.
    static let largestLog = 64 << 20

    /// The size up to which the file is rewritten after a deletion, in bytes.
    static let smallFile = 16 << 20

    static func open(path: String, readers: Int) throws -> DatabasePool {
        var configuration = Configuration()
        configuration.label = "reid.gallery"
        configuration.foreignKeysEnabled = true
        configuration.busyMode = .timeout(busyTimeout)
        configuration.maximumReaderCount = readers
        configuration.prepareDatabase { db in
            // Temporary files would hold content of the database in a folder that others may use.
            try db.execute(sql: "PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY")
        }
        try inspect(path: path)
        let pool = try DatabasePool(path: path, configuration: configuration)
        // The pool sets NORMAL for WAL, so FULL is set afterwards: a commit must survive a power cut. The writer keeps the
        // pages that a large commit changes in memory, most of all those of the index of digests.
        try pool.writeWithoutTransaction {
            let page = try Int.fetchOne($0, sql: "PRAGMA page_size") ?? pageBytes
            try $0.execute(
                sql: """
                    PRAGMA synchronous = FULL; PRAGMA cache_size = -\(writerCache >> 10);
                    PRAGMA wal_autocheckpoint = \(largestLog / page)
                    """)
        }
        try Schema.migrations.migrate(pool)
        return pool
    }

    /// Sets whether commits wait for the disk.
    ///
    /// One that waits also makes those before it durable, because they precede it in the write-ahead log.
    static func setDurable(_ isDurable: Bool, _ db: Database) throws {
        try db.execute(sql: "PRAGMA synchronous = \(isDurable ? "FULL" : "NORMAL")")
    }

    /// Copies the write-ahead log into the database and empties it; throws SQLITE_BUSY if a reader is in the way.
    static func emptyLog(_ db: Database) throws {
        // Readers are quick; a slow one must not delay every commit for long.
        try db.execute(sql: "PRAGMA busy_timeout = 250")
        let outcome = Result { try db.checkpoint(.truncate) }
        try db.execute(sql: "PRAGMA busy_timeout = \(Int(busyTimeout * 1000))")
        _ = try outcome.get()
    }

    /// Removes the copies of deleted bytes that a deletion leaves on disk.
    ///
    /// `secure_delete` overwrites deleted rows. But copies stay in unused parts of pages when SQLite moves rows between
    /// pages; rewriting the file removes these. The old bytes are removed from the write-ahead log too.
    static func eraseRemains(_ db: Database) throws {
        let bytes = try Int.fetchOne(db, sql: "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
        if bytes ?? 0 <= smallFile { try rewrite(db) }
        try emptyLog(db)
    }

    /// Rewrites all pages in one transaction; afterwards empty pages can be given back.
    static func rewrite(_ db: Database) throws {
        try db.execute(sql: "PRAGMA auto_vacuum = INCREMENTAL; VACUUM")
    }

    /// The bytes of all pages, and those of the empty ones.
    static func bytes(_ db: Database) throws -> (all: Int64, empty: Int64) {
        let page = try Int64.fetchOne(db, sql: "PRAGMA page_size") ?? 0
        let all = try Int64.fetchOne(db, sql: "PRAGMA page_count") ?? 0
        return (page * all, page * (try Int64.fetchOne(db, sql: "PRAGMA freelist_count") ?? 0))
    }

    /// Gives some of the file's empty pages back to the file system; true if there are more.
    ///
    /// A file from an earlier version can give none back before it has been rewritten.
    static func giveBack(_ db: Database) throws -> Bool {
        let free = try Int.fetchOne(db, sql: "PRAGMA freelist_count") ?? 0
        let page = try Int.fetchOne(db, sql: "PRAGMA page_size") ?? pageBytes
        guard free * page >= fewestBytes, try Int.fetchOne(db, sql: "PRAGMA auto_vacuum") == 2 else { return false }
        let pagesAtOnce = bytesAtOnce / page
        try db.execute(sql: "PRAGMA incremental_vacuum(\(pagesAtOnce))")
        if free <= pagesAtOnce { try emptyLog(db) }
        return free > pagesAtOnce
    }

    /// The fewest empty bytes that are given back; fewer are used again soon.
    private static let fewestBytes = 4 << 20

    /// The bytes that are given back at once, so that other writers do not wait for long.
    private static let bytesAtOnce = 16 << 20

    /// Refuses a file of another program or of a newer version, before anything in it changes.
    private static func inspect(path: String) throws {
        var configuration = Configuration()
        configuration.busyMode = .timeout(busyTimeout)
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        try queue.writeWithoutTransaction { db in
            guard try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_schema") ?? 0 > 0 else {
                // Must be set before the first table, by the connection that writes the first page.
                return try db.execute(
                    sql: """
                        PRAGMA page_size = \(pageBytes); PRAGMA auto_vacuum = INCREMENTAL;
                        PRAGMA application_id = \(Schema.applicationID)
                        """)
            }
            try requireOwn(db, path: path)
        }
    }

    /// Throws `foreignDatabase` or `newerSchema` unless the database is of this program, and of no newer version.
    static func requireOwn(_ db: Database, path: String) throws {
        guard try Int.fetchOne(db, sql: "PRAGMA application_id") == Schema.applicationID else {
            throw GalleryError.foreignDatabase(path: path)
        }
        let found = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
        let migrations = try Schema.migrations.appliedIdentifiers(db)
        let isNewer = try found > Schema.version || Schema.migrations.hasBeenSuperseded(db)
        guard !isNewer else {
            throw GalleryError.newerSchema(path: path, found: max(found, migrations.count), supported: Schema.version)
        }
    }
}
