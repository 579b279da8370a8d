import GRDB

/// A random number of the run that opened the database last; files of an index with another number belong to another
/// database, such as one from before a backup was restored.
enum RunStamp {
    /// The number; 0 if there was no run yet.
    static func read(_ db: Database) throws -> Int64 {
        try Int64.fetchOne(db, sql: "SELECT stamp FROM run") ?? 0
    }

    /// Replaces the number.
    static func write(_ stamp: Int64, _ db: Database) throws {
        try db.execute(sql: "DELETE FROM run; INSERT INTO run (stamp) VALUES (\(stamp))")
    }
}
