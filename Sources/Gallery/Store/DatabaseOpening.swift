import GRDB

/// Opens the file with the guarantees of this module: WAL, durable commits, erased means overwritten.
enum DatabaseOpening {
    /// Seconds that a connection waits for another's lock.
    static let busyTimeout = 5.0

    /// Bytes up to which the file is written anew after a deletion.
    static let smallFile = 16 << 20

    static func open(path: String, readers: Int) throws -> DatabasePool {
        var configuration = Configuration()
        configuration.label = "reid.gallery"
        configuration.foreignKeysEnabled = true
        configuration.busyMode = .timeout(busyTimeout)
        configuration.maximumReaderCount = readers
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA secure_delete = ON")
        }
        try inspect(path: path)
        let pool = try DatabasePool(path: path, configuration: configuration)
        // After the pool's own set-up, which chooses NORMAL with WAL: a commit must survive a power cut.
        try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
        try Schema.migrations.migrate(pool)
        return pool
    }

    /// Copies the write-ahead log into the database and empties it; throws SQLITE_BUSY where a reader is in the way.
    static func emptyLog(_ db: Database) throws {
        // Readers are quick; one that is not must not hold up every commit for long.
        try db.execute(sql: "PRAGMA busy_timeout = 250")
        let outcome = Result { try db.checkpoint(.truncate) }
        try db.execute(sql: "PRAGMA busy_timeout = \(Int(busyTimeout * 1000))")
        _ = try outcome.get()
    }

    /// Removes what a deletion leaves behind.
    ///
    /// `secure_delete` overwrites the deleted rows, but not the copies that stay in unused parts of pages when SQLite moves rows
    /// between pages; writing the file anew does. The old bytes leave the log, too.
    static func eraseRemains(_ db: Database) throws {
        let bytes = try Int.fetchOne(db, sql: "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
        if bytes ?? 0 <= smallFile { try rewrite(db) }
        try emptyLog(db)
    }

    /// Writes all pages anew, in one transaction.
    static func rewrite(_ db: Database) throws {
        try db.execute(sql: "VACUUM")
    }

    /// Refuses a file that is not ours or comes from a newer version, before anything in it changes.
    private static func inspect(path: String) throws {
        var configuration = Configuration()
        configuration.busyMode = .timeout(busyTimeout)
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        try queue.writeWithoutTransaction { db in
            guard try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_schema") ?? 0 > 0 else { return }
            guard try Int.fetchOne(db, sql: "PRAGMA application_id") == Schema.applicationID else {
                throw GalleryError.foreignDatabase(path: path)
            }
            let found = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
            let migrations = try Schema.migrations.appliedIdentifiers(db)
            let isNewer = try found > Schema.version || Schema.migrations.hasBeenSuperseded(db)
            guard !isNewer else {
                throw GalleryError.newerSchema(
                    path: path, found: max(found, migrations.count), supported: Schema.version)
            }
        }
    }
}
