import GRDB
import Glibc

/// A copy of the database that was checked.
public struct DatabaseCopy: Sendable, Equatable {
    /// The copy's size.
    public let bytes: Int64
    /// Its SHA-256 in hexadecimal.
    public let sha256: String
    /// What it holds, which is what the database held.
    public let contents: DatabaseContents
}

extension GalleryStore {
    /// Copies the database to a new file of mode 0600, while others read and write; on return the copy is on disk.
    ///
    /// The copy is one state of the database: that in which the call began. Until it is complete, the write-ahead log grows
    /// by what others write. Then the copy is checked: SQLite's own check of every page, and that it holds what the database
    /// held. Costs O(bytes).
    ///
    /// - Parameters:
    ///   - path: the copy's path; there must be nothing.
    ///   - spare: the bytes of disk space that must be left in the folder of the copy.
    ///   - step: the bytes that are copied between two calls of `goesOn`.
    ///   - goesOn: gets the bytes that are copied, and those in all; if it returns false, the call ends without a copy.
    /// - Returns: the copy; nil if `goesOn` ended the call.
    /// - Throws: `alreadyThere`, `missingFolder`, `notWritable`, `tooLittleSpace`, `diskFull` or `inputOutput`; then nothing is
    ///   left behind. What `goesOn` throws comes as `inputOutput` unless it is a `GalleryError`.
    public func copyDatabase(
        to path: String, sparing spare: Int64 = 0, step: Int = 4 << 20,
        goesOn: (_ done: Int64, _ total: Int64) throws -> Bool = { _, _ in true }
    ) throws(GalleryError) -> DatabaseCopy? {
        do {
            try WholeFile.create(path)
        } catch {
            throw GalleryError(error, path: path)
        }
        do {
            guard let contents = try copyPages(to: path, sparing: spare, step: step, goesOn) else {
                WholeFile.removeDatabase(path)
                return nil
            }
            let copied = try DatabaseContents(finishing: path)
            guard copied == contents else {
                throw GalleryError.corrupt(path: path, reason: "it holds \(copied), the database \(contents)")
            }
            try WholeFile.synchronize(path)
            return DatabaseCopy(
                bytes: try WholeFile.size(of: path), sha256: try WholeFile.digest(of: path), contents: contents)
        } catch {
            WholeFile.removeDatabase(path)
            throw GalleryError(error, path: path)
        }
    }

    /// Copies one state of the database page by page; returns what it holds, or nil if `goesOn` ended it.
    private func copyPages(
        to path: String, sparing spare: Int64, step: Int, _ goesOn: (Int64, Int64) throws -> Bool
    ) throws -> DatabaseContents? {
        var reading = Configuration()
        reading.label = "reid.gallery.backup"
        reading.readonly = true
        reading.busyMode = .timeout(DatabaseOpening.busyTimeout)
        let source = try DatabaseQueue(path: self.path, configuration: reading)
        let target = try DatabaseQueue(path: path)
        let contents = try source.read { db -> DatabaseContents? in
            // The first read begins the snapshot, which the whole transaction keeps: a commit of others does not begin the
            // copying anew.
            let contents = try db.contents()
            let page = try Int64.fetchOne(db, sql: "PRAGMA page_size") ?? Int64(DatabaseOpening.pageBytes)
            let pages = try Int64.fetchOne(db, sql: "PRAGMA page_count") ?? 0
            try WholeFile.requireSpace(page * pages + spare, in: FileLock.folder(of: path))
            // Of what the last call throws, SQLite's wrapper tells nothing.
            var end: Result<Void, any Error>?
            do {
                try target.writeWithoutTransaction { copy in
                    // A copy that fails is removed, so it needs no journal.
                    try copy.execute(sql: "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF")
                    let pages = CInt(max(1, step / Int(page)))
                    try withoutActuallyEscaping(goesOn) { goesOn in
                        try db.backup(to: copy, pagesPerStep: pages) { progress in
                            do {
                                let done = Int64(progress.completedPageCount) * page
                                if try goesOn(done, Int64(progress.totalPageCount) * page) { return }
                                end = .success(())
                            } catch {
                                end = .failure(error)
                            }
                            throw CancellationError()
                        }
                    }
                }
            } catch is CancellationError {}
            try end?.get()
            return end == nil ? contents : nil
        }
        try target.close()
        try source.close()
        return contents
    }
}

extension DatabaseCopy {
    /// Whether there is something at the path, or at that of the file with its SHA-256; also a link that leads nowhere.
    public static func isThere(_ path: String) -> Bool { ["", ".sha256"].contains { WholeFile.isThere(path + $0) } }

    /// Gives a copy its final name, after its SHA-256 is in a file beside it (`.sha256`, in the form of `sha256sum`).
    ///
    /// Doing it again changes nothing, so that a job can repeat it after a kill.
    ///
    /// - Parameters:
    ///   - part: the name under which the copy was made, in the same folder.
    ///   - path: the final path.
    ///   - sha256: the copy's SHA-256 in hexadecimal.
    /// - Throws: `alreadyThere`, if something else is at the path; `corrupt`, if the copy is gone; `diskFull`, `inputOutput`.
    public static func publish(_ part: String, as path: String, sha256: String) throws(GalleryError) {
        do {
            if WholeFile.isThere(part) {
                guard !WholeFile.isThere(path) else { throw GalleryError.alreadyThere(path: path) }
                let name = path.split(separator: "/").last ?? ""
                unsafe unlink(part + ".sha256")
                try WholeFile.write(Array("\(sha256)  \(name)\n".utf8), toNew: part + ".sha256")
                try WholeFile.rename(part + ".sha256", to: path + ".sha256")
                try WholeFile.rename(part, to: path)
            } else if try WholeFile.digest(of: path) != sha256 {
                throw GalleryError.corrupt(path: path, reason: "it is not the copy that was made")
            }
            try WholeFile.synchronize(FileLock.folder(of: path))
        } catch {
            throw GalleryError(error, path: path)
        }
    }

    /// Removes a copy that has no final name yet.
    public static func discard(_ part: String) {
        WholeFile.removeDatabase(part)
        unsafe unlink(part + ".sha256")
    }
}
