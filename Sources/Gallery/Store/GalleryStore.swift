import GRDB
public import Logging
import Synchronization

/// Galleries, images, batches and kept queries in one SQLite file, with the index to search them in memory.
///
/// One writer at a time, durable once a method returns; readers neither wait for it nor see half of a change. The file belongs
/// to one store at a time. Methods block (on the disk, or on the writer before them): call them from a worker.
public final class GalleryStore: Sendable {
    /// The database file.
    public let path: String

    let logger: Logger
    let clock: @Sendable () -> Timestamp
    let index: LiveIndex
    let observers = Observers()
    let meters = ProgressMeters()
    private let pool: DatabasePool
    /// Held until `close` or `deinit`, so that no second store opens the file.
    private let lock: Mutex<FileLock?>
    /// Whether erased bytes may still lie in the write-ahead log.
    private let isErasureDue = Mutex(false)

    /// Opens or creates the database at `path` and reads the index back, without computing anything anew.
    ///
    /// - Parameters:
    ///   - path: the file; its folder must exist. "-wal", "-shm" and ".lock" files lie beside it.
    ///   - logger: where to tell what was opened and what could not be erased yet.
    ///   - readers: connections for concurrent reads.
    ///   - clock: the present moment.
    /// - Throws: `missingFolder`, `notWritable`, `locked`, `newerSchema`, `foreignDatabase`, `corrupt`, `diskFull` or
    ///   `inputOutput`, each with the path.
    public init(
        path: String, logger: Logger, readers: Int = 8, clock: @escaping @Sendable () -> Timestamp = Timestamp.now
    ) throws(GalleryError) {
        self.path = path
        self.logger = logger
        self.clock = clock
        lock = Mutex(try FileLock(path: path + ".lock"))
        do {
            try FileLock.createPrivateFile(path: path)
            pool = try DatabaseOpening.open(path: path, readers: readers)
            // Whatever a killed process had erased leaves the write-ahead log now.
            let isLogEmpty = try pool.writeWithoutTransaction { db in
                do { try DatabaseOpening.emptyLog(db) } catch let error as DatabaseError
                    where error.resultCode == .SQLITE_BUSY
                { return false }
                return true
            }
            isErasureDue.withLock { $0 = !isLogEmpty }
            let galleries = try pool.read { try StoredIndex.load($0, path: path) }
            index = LiveIndex(galleries)
        } catch {
            throw GalleryError(error, path: path)
        }
        logger.info(
            "gallery database opened",
            metadata: [
                "path": "\(path)", "galleries": "\(index.all.count)",
                "images": "\(index.all.reduce(0) { $0 + $1.images.count })",
            ])
    }

    /// Ends every connection and gives the file free; using the store afterwards fails with a typed error.
    ///
    /// The database is then one file, with nothing left in a write-ahead log. Closing twice is no error.
    public func close() throws(GalleryError) {
        guard lock.withLock({ $0 != nil }) else { return }
        do {
            pool.writeWithoutTransaction { db in
                eraseRemains(db)
                do { try DatabaseOpening.emptyLog(db) } catch {
                    logger.warning(
                        "the write-ahead log stays until the next start",
                        metadata: ["path": "\(path)", "reason": "\(error)"])
                }
            }
            try pool.close()
        } catch {
            throw GalleryError(error, path: path)
        }
        lock.withLock { $0 = nil }
    }

    /// Calls `handler` after every commit, on the thread that committed and outside all locks, until the result goes away.
    ///
    /// Two threads' changes may arrive in either order: take them as a hint to look again. The handler must not block.
    public func observe(_ handler: @escaping @Sendable (GalleryChange) -> Void) -> GalleryObservation {
        observers.add(handler)
    }
}

extension GalleryStore {
    /// What has to follow a commit.
    struct Aftermath {
        /// Told to the observers.
        var changes: [GalleryChange] = []
        /// Brings the index to the new state; runs before the next write begins.
        var publish: [(LiveIndex) -> Void] = []
        /// Whether bytes were deleted that must leave the disk.
        var erases = false
    }

    /// One transaction: all of it is on disk and in the index when this returns, or nothing is.
    func write<Value>(
        _ body: (Database, inout Aftermath) throws -> Value
    ) throws(GalleryError) -> Value {
        var aftermath = Aftermath()
        let value: Value
        do {
            value = try pool.writeWithoutTransaction { db in
                var result: Value?
                try db.inTransaction(.immediate) {
                    result = try body(db, &aftermath)
                    return .commit
                }
                for step in aftermath.publish { step(index) }
                if aftermath.erases { isErasureDue.withLock { $0 = true } }
                eraseRemains(db)
                guard let result else { throw GalleryError.inputOutput(path: path, reason: "no result") }
                return result
            }
        } catch {
            throw GalleryError(error, path: path)
        }
        observers.notify(aftermath.changes)
        return value
    }

    /// Reads one consistent state of the database.
    func read<Value>(_ body: (Database) throws -> Value) throws(GalleryError) -> Value {
        do { return try pool.read(body) } catch { throw GalleryError(error, path: path) }
    }

    /// Brings deleted bytes off the disk, as far as that takes little time.
    ///
    /// The deletion is committed whatever happens here; a reader in the way only puts this off to the next write.
    private func eraseRemains(_ db: Database) {
        guard isErasureDue.withLock({ $0 }) else { return }
        do {
            try DatabaseOpening.eraseRemains(db)
            isErasureDue.withLock { $0 = false }
        } catch {
            logger.warning(
                "deleted bytes may stay on the disk until the next write",
                metadata: ["path": "\(path)", "reason": "\(error)"])
        }
    }

    /// Writes the whole file anew: as small as it can be, and without any remains of what was deleted.
    ///
    /// Deleting overwrites the rows themselves. In a file larger than 16 MiB that leaves, for now and then a row, a copy of up to
    /// a page that SQLite made when it moved the row, until this is called. Takes time and free disk in proportion to the file;
    /// readers go on, writers wait.
    public func compact() throws(GalleryError) {
        do {
            try pool.writeWithoutTransaction { db in
                try DatabaseOpening.rewrite(db)
                try DatabaseOpening.emptyLog(db)
            }
        } catch {
            throw GalleryError(error, path: path)
        }
    }
}
