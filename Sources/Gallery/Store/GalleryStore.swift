import Dispatch
import GRDB
public import Logging
import Synchronization

/// Galleries, images, batches and kept queries in one SQLite file, and the index in memory that searches use.
///
/// There is one writer at a time, and its change is durable when the method returns. Readers do not wait for the writer
/// and never see half of a change. Only one store at a time may open the file. Methods block on the disk or on another
/// writer: call them from a worker, never from an event loop.
public final class GalleryStore: Sendable {
    /// The database file.
    public let path: String

    let logger: Logger
    let clock: @Sendable () -> Timestamp
    let index: LiveIndex
    let observers = Observers()
    let meters = ProgressMeters()
    private let pool: DatabasePool
    let log: LogCopier
    let wiper = Wiper()
    /// The jobs whose cancellation waits for the writer, which a job that rewrites the database has until it ends.
    let cancelling = Mutex<Set<String>>([])
    /// Brings commits into the index, in their order.
    private let publishing = DispatchQueue(label: "reid.gallery.publishing")
    /// Limits the changes that the index and the observers do not have yet; it starts at 0, because a semaphore must not be
    /// released below its first value.
    private let publishingRoom = DispatchSemaphore(value: 0)
    /// How many changes for which nobody waits are on their way to the index and the observers at the same time.
    private static let changesAhead = 2
    /// Tells the observers of commits for which nobody waits; they may change the store.
    private let telling = DispatchQueue(label: "reid.gallery.telling")
    /// Held until `close` or `deinit`, so that no second store opens the file.
    private let lock: Mutex<FileLock?>
    /// Whether erased bytes may still be in the write-ahead log.
    let isErasureDue = Mutex(false)

    /// Opens or creates the database at `path` and loads the index; no embedding is computed.
    ///
    /// - Parameters:
    ///   - path: the file; its folder must exist. SQLite's "-wal" and "-shm" files and a ".lock" file are created
    ///     beside it.
    ///   - logger: gets a line when the database is opened, and when erased bytes could not be removed yet.
    ///   - readers: the number of connections for concurrent reads.
    ///   - clock: returns the current time.
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
            // Bytes that a killed process had erased are removed from the write-ahead log now.
            let isLogEmpty = try pool.writeWithoutTransaction { db in
                do { try DatabaseOpening.emptyLog(db) } catch let error as DatabaseError
                    where [.SQLITE_BUSY, .SQLITE_FULL, .SQLITE_IOERR].contains(error.resultCode)
                {
                    // A reader is in the way, or the disk is full; neither keeps the store from being read.
                    logger.warning("the write-ahead log stays for now", metadata: ["reason": "\(error)"])
                    return false
                }
                return true
            }
            isErasureDue.withLock { $0 = !isLogEmpty }
            log = try LogCopier(path: path)
            let previous = try pool.read(RunStamp.read)
            var files = IndexFiles(path: path + ".index", stamp: .random(in: 1...(.max)))
            let stored = StoredIndex(path: path, files: files, previousStamp: previous, logger: logger)
            let indexes = try pool.read(stored.load)
            do { try pool.write { [stamp = files.stamp] in try RunStamp.write(stamp, $0) } } catch {
                // The disk is full: the files keep the number of the run before.
                files.stamp = previous
            }
            index = LiveIndex(indexes, files: files, logger: logger)
        } catch {
            throw GalleryError(error, path: path)
        }
        logger.info(
            "gallery database opened",
            metadata: [
                "path": "\(path)", "galleries": "\(index.all.count)",
                "images": "\(index.all.reduce(0) { $0 + $1.imageCount })",
            ])
        for _ in 0..<Self.changesAhead { publishingRoom.signal() }
        // What an earlier run has erased and not wiped.
        if try hasImagesToWipe() { startWiping() }
    }

    /// Closes every connection and releases the file; later calls fail with a typed error.
    ///
    /// The database is then a single file without a write-ahead log. Closing twice is not an error.
    public func close() throws(GalleryError) {
        guard lock.withLock({ $0 != nil }) else { return }
        stopWiping()
        publishing.sync {}
        do {
            try log.close()
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
        // Whoever gets the lock next may write the same files of the index.
        index.finishMaintenance()
        lock.withLock { $0 = nil }
    }

    /// Calls `handler` after every commit, until the returned observation is cancelled or released.
    ///
    /// The call comes while no lock is held, on the thread that committed, or on another if that thread does not wait for the
    /// index. Changes of two threads may arrive in either order, so take a change as a hint to read the store again. The
    /// handler must not block.
    public func observe(_ handler: @escaping @Sendable (GalleryChange) -> Void) -> GalleryObservation {
        observers.add(handler)
    }
}

extension GalleryStore {
    /// What must be done after a commit.
    struct Aftermath {
        /// The changes to report to the observers.
        var changes: [GalleryChange] = []
        /// Changes to the index; they run in the order of the commits.
        var publish: [@Sendable (LiveIndex) -> Void] = []
        /// The bytes of the vectors and images that were added.
        var addedBytes = 0
        /// Whether bytes were deleted that must be removed from the disk.
        var erases = false
        /// The row of the audit that the transaction adds; the transaction may complete it.
        var audit: AuditEvent?
    }

    /// Runs one transaction; when this returns, all of it is on disk and in the index, or nothing is, unless it does not wait.
    ///
    /// - Parameters:
    ///   - audit: what is done here, for the audit: the row is added in the same transaction.
    ///   - waits: whether to return only when the change is safe from a power cut and in the index. If not, the disk and the
    ///     index follow soon, at the latest with the next change that waits; a killed process loses nothing either way.
    ///   - body: makes the changes.
    /// - Returns: what `body` returns.
    /// - Throws: what `body` throws, or why the transaction failed, as a `GalleryError`.
    func write<Value>(
        audit: AuditEvent? = nil, waits: Bool = true, _ body: (Database, inout Aftermath) throws -> Value
    ) throws(GalleryError) -> Value {
        // So nobody finds a batch completed whose images the index lacks, and few of them wait in memory.
        if waits { publishing.sync {} } else { publishingRoom.wait() }
        var aftermath = Aftermath(audit: audit)
        let value: Value
        do {
            value = try pool.writeWithoutTransaction { db in
                var result: Value?
                // Set by every write, so that one that waits is durable whatever the one before it left.
                try DatabaseOpening.setDurable(waits, db)
                try db.inTransaction(.immediate) {
                    result = try body(db, &aftermath)
                    if let event = aftermath.audit { try db.appendAudit(event, at: clock()) }
                    return .commit
                }
                guard let result else { throw GalleryError.inputOutput(path: path, reason: "no result") }
                publish(aftermath, notifies: !waits)
                if aftermath.erases { isErasureDue.withLock { $0 = true } }
                eraseRemains(db)
                return result
            }
        } catch {
            if !waits { publishingRoom.signal() }
            throw GalleryError(error, path: path)
        }
        if waits {
            publishing.sync {}
            observers.notify(aftermath.changes)
        }
        return value
    }

    /// Brings a commit into the index; the writer calls it, so that commits keep their order.
    private func publish(_ aftermath: Aftermath, notifies: Bool) {
        publishing.async { [index, observers, telling, publishingRoom] in
            for step in aftermath.publish { step(index) }
            guard notifies else { return }
            telling.async {
                observers.notify(aftermath.changes)
                publishingRoom.signal()
            }
        }
        log.note(bytes: aftermath.addedBytes)
    }

    /// A gallery's snapshot with everything that was committed before; `snapshot(of:)` may lack images of a batch that runs.
    ///
    /// - Throws: `unknownGallery`.
    public func settledSnapshot(of name: String) throws(GalleryError) -> GallerySnapshot {
        publishing.sync {}
        return try index.snapshot(of: name)
    }

    /// Reads one consistent state of the database.
    func read<Value>(_ body: (Database) throws -> Value) throws(GalleryError) -> Value {
        do { return try pool.read(body) } catch { throw GalleryError(error, path: path) }
    }

    /// Removes deleted bytes from the disk, as far as that takes little time.
    ///
    /// The deletion is committed already. If a reader is in the way, the removal is tried again after the next write.
    private func eraseRemains(_ db: Database) {
        guard isErasureDue.withLock({ $0 }) else { return }
        do {
            try log.pausing { try DatabaseOpening.eraseRemains(db) }
            isErasureDue.withLock { $0 = false }
        } catch {
            logger.warning(
                "deleted bytes may stay on the disk until the next write",
                metadata: ["path": "\(path)", "reason": "\(error)"])
        }
    }

    /// Gives space that deletions left empty back to the file system, once there are some megabytes of it.
    ///
    /// Works on 16 MiB at a time, so that other writers do not wait for long.
    ///
    /// - Returns: whether there is more to give back.
    public func giveBackSpace() throws(GalleryError) -> Bool {
        do {
            return try pool.writeWithoutTransaction { db in try log.pausing { try DatabaseOpening.giveBack(db) } }
        } catch {
            throw GalleryError(error, path: path)
        }
    }

    /// Rewrites the whole file, as small as possible and without any remains of deleted bytes.
    ///
    /// A deletion overwrites the rows themselves. In a file larger than 16 MiB, a copy of a row (at most a page) may
    /// stay until this is called, if SQLite had moved the row before. Needs time, and free disk space for what is in the
    /// file twice: its temporary file has no name and lies in the folder of the database. Readers continue, writers wait.
    ///
    /// - Parameters:
    ///   - spare: the bytes of disk space that must be left.
    ///   - isCancelled: asked several times a second, on another thread; true ends the work, and the file is as it was.
    /// - Returns: the size of the file before and after; nil if it was cancelled.
    /// - Throws: `tooLittleSpace` before anything is done; `diskFull` or `inputOutput`, and then the file is as it was.
    @discardableResult
    public func compact(
        sparing spare: Int64 = 0, isCancelled: @escaping @Sendable () -> Bool = { false }
    ) throws(GalleryError) -> (before: Int64, after: Int64)? {
        do {
            return try pool.writeWithoutTransaction { db in
                try log.pausing {
                    let (before, empty) = try DatabaseOpening.bytes(db)
                    let folder = FileLock.folder(of: path)
                    try WholeFile.requireSpace(2 * (before - empty) + spare, in: folder)
                    guard try Rewriting(path: path).run(temporaryFolder: folder, isCancelled) else { return nil }
                    do { try DatabaseOpening.emptyLog(db) } catch let error as DatabaseError
                        where error.resultCode == .SQLITE_BUSY
                    {
                        // A reader is in the way; the next change empties the log.
                        isErasureDue.withLock { $0 = true }
                    }
                    return (before, try DatabaseOpening.bytes(db).all)
                }
            }
        } catch {
            throw GalleryError(error, path: path)
        }
    }
}
