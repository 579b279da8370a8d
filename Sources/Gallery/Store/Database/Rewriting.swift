import Dispatch
import GRDB
import Synchronization

/// Rewrites a database as small as possible, on a connection of its own, so that it can be cancelled without ending any search.
///
/// Goes by way of a temporary file, as the database may be larger than memory. That has lost its name by the time it is
/// written, so a killed process leaves none behind.
struct Rewriting {
    private let connection: DatabaseQueue

    /// The most pages of the database that the connection keeps in memory, in bytes.
    ///
    /// With a large cache, SQLite would keep all of the temporary file in memory.
    private static let cache = 4 << 20
    /// The time between two questions whether to go on.
    private static let interval = DispatchTimeInterval.milliseconds(50)
    /// SQLite knows one folder of temporary files for the whole process.
    private static let temporaryFolders = Mutex(())

    /// Opens a connection to a database whose writer is the caller and waits meanwhile.
    init(path: String) throws {
        var configuration = Configuration()
        configuration.label = "reid.gallery.rewriting"
        configuration.busyMode = .timeout(DatabaseOpening.busyTimeout)
        configuration.prepareDatabase { db in
            try db.execute(
                sql: "PRAGMA secure_delete = ON; PRAGMA temp_store = FILE; PRAGMA cache_size = -\(Self.cache >> 10)")
        }
        connection = try DatabaseQueue(path: path, configuration: configuration)
    }

    /// Rewrites all pages in one transaction; false if it was cancelled, and then nothing has changed.
    func run(temporaryFolder: String, _ isCancelled: @escaping @Sendable () -> Bool) throws -> Bool {
        guard !isCancelled() else { return false }
        let end = DispatchSemaphore(value: 0)
        let asking = DispatchGroup()
        DispatchQueue.global(qos: .utility).async(group: asking) { [connection] in
            // Again and again, because only what runs at the moment is interrupted.
            while end.wait(timeout: .now() + Self.interval) == .timedOut {
                if isCancelled() { connection.interrupt() }
            }
        }
        defer {
            end.signal()
            asking.wait()
            try? connection.close()
        }
        do {
            try Self.temporaryFolders.withLock { _ in
                try connection.writeWithoutTransaction { db in
                    let name = try String.fetchOne(db, sql: "SELECT quote(?)", arguments: [temporaryFolder]) ?? "''"
                    try db.execute(sql: "PRAGMA temp_store_directory = \(name)")
                    try DatabaseOpening.rewrite(db)
                }
            }
            return true
        } catch let error as DatabaseError where error.resultCode == .SQLITE_INTERRUPT {
            return false
        }
    }
}
