import FoundationEssentials

/// Puts a backup in the place of a database that no service uses.
public struct Restoration: Sendable, Equatable {
    /// What the restored database holds.
    public let contents: DatabaseContents
    /// Where the database is now that was there before; nil: there was none.
    public let replaced: String?

    /// Restores a backup; what the backup itself is refused for changes nothing.
    ///
    /// The backup is copied, checked (SQLite's own check of every page, and its SHA-256 if a file `.sha256` lies beside it),
    /// and put in its place by renaming. A database of an earlier version is brought up to date by the next start, which also
    /// makes the index's files anew.
    ///
    /// - Parameters:
    ///   - backup: the backup's path; it is only read.
    ///   - database: the path of the database; its folder must exist.
    ///   - replaces: whether a database that is there is moved aside, to a name with the time; else it is refused.
    ///   - now: the time.
    /// - Throws: `locked` while a service uses the database, `alreadyThere`, `foreignDatabase`, `newerSchema`, `corrupt`,
    ///   `missingFolder`, `notWritable`, `tooLittleSpace`, `diskFull` or `inputOutput`.
    public init(
        of backup: String, to database: String, replaces: Bool = false, now: Timestamp = .now()
    ) throws(GalleryError) {
        do {
            let lock = try FileLock(path: database + ".lock")
            defer { withExtendedLifetime(lock) {} }
            let isThere = ["", "-wal"].contains { WholeFile.isThere(database + $0) }
            guard replaces || !isThere else { throw GalleryError.alreadyThere(path: database) }
            let copy = database + ".restoring"
            WholeFile.removeDatabase(copy)
            defer { WholeFile.removeDatabase(copy) }
            contents = try Self.checkedCopy(of: backup, at: copy)
            replaced = isThere ? try Self.moveAside(database, now: now) : nil
            // An index of a database that is gone.
            try? FileManager.default.removeItem(atPath: database + ".index")
            try WholeFile.rename(copy, to: database)
            try WholeFile.synchronize(FileLock.folder(of: database))
        } catch {
            throw GalleryError(error, path: database)
        }
    }

    /// Copies the backup and checks the copy; errors name the backup.
    private static func checkedCopy(of backup: String, at path: String) throws -> DatabaseContents {
        try WholeFile.requireSpace(try WholeFile.size(of: backup), in: FileLock.folder(of: path))
        let digest = try WholeFile.copy(backup, to: path)
        if let line = try? String(contentsOfFile: backup + ".sha256", encoding: .utf8),
            line.prefix(64).lowercased() != digest
        {
            throw GalleryError.corrupt(path: backup, reason: "its SHA-256 is \(digest), not that in \(backup).sha256")
        }
        do {
            return try DatabaseContents(finishing: path)
        } catch {
            switch GalleryError(error, path: path) {
            case .foreignDatabase: throw GalleryError.foreignDatabase(path: backup)
            case .newerSchema(_, let found, let supported):
                throw GalleryError.newerSchema(path: backup, found: found, supported: supported)
            case .corrupt(_, let reason): throw GalleryError.corrupt(path: backup, reason: reason)
            case let other: throw other
            }
        }
    }

    /// Moves a database with its log and its index to a name with the time; returns the new path.
    private static func moveAside(_ database: String, now: Timestamp) throws -> String {
        let path = database + ".replaced-" + now.rfc3339.filter { !"-:".contains($0) }
        for suffix in ["", "-wal", ".index"] where WholeFile.isThere(path + suffix) {
            throw GalleryError.alreadyThere(path: path + suffix)
        }
        for suffix in ["", "-wal", ".index"] where WholeFile.isThere(database + suffix) {
            try WholeFile.rename(database + suffix, to: path + suffix)
        }
        // What coordinated the processes that had the database open; SQLite makes it anew.
        try? FileManager.default.removeItem(atPath: database + "-shm")
        return path
    }
}
