import GRDB

/// A job that erases images by a filter: how far it is.
public struct ErasureProgress: Sendable, Codable, Equatable {
    /// The key of the last image that was looked at.
    public var last: Int64
    /// The newest key that the job looks at; images that are enrolled after its acceptance stay.
    public let end: Int64
    /// The number of images that were erased.
    public var erased = 0
    /// The number of images that match but are held, so that they stay.
    public var held = 0

    /// The beginning of a job about the images that a snapshot has.
    public init(of snapshot: GallerySnapshot) {
        last = 0
        end = snapshot.newestKey
    }
}

/// What one unit of such a job has done.
public struct ErasureUnit: Sendable {
    /// How far the job is now.
    public let progress: ErasureProgress
    /// The number of images that this unit has erased.
    public let erased: Int
    /// The matching images that this unit has left for the next ones.
    public let remaining: Int
}

extension GalleryStore {
    /// Erases the next images of a job and notes its progress, in one transaction; they are wiped in the background.
    ///
    /// So each unit is done exactly once, also if the process is killed. Costs O(images) to find them, and for each as much
    /// as `deleteImages`.
    ///
    /// - Parameters:
    ///   - gallery: the gallery's name.
    ///   - filter: which images; it must have a condition.
    ///   - progress: how far the job was before.
    ///   - group: the most images to look at.
    ///   - job: the job's id; its `done` becomes the images that were looked at, of all that match.
    ///   - note: makes the job's new cursor, a JSON object, and the row for the audit, from what this has done.
    /// - Returns: what was done.
    /// - Throws: `unknownGallery`, `unknownJob`, `jobIsOver`, `diskFull`, `inputOutput`.
    public func eraseImages(
        in gallery: String, matching filter: ImageFilter, after progress: ErasureProgress,
        atMost group: Int = imagesPerErasure, job: String,
        note: (ErasureUnit) throws -> (cursor: String, audit: AuditEvent?)
    ) throws(GalleryError) -> ErasureUnit {
        precondition(!filter.matchesEverything && group > 0, "a filter without conditions, or groups of \(group)")
        let snapshot = try index.snapshot(of: gallery)
        let rows = try rows(of: snapshot, matching: filter)
        let all = snapshot.keys(after: progress.last, in: rows, atMost: .max).prefix { $0 <= progress.end }
        let keys = Array(all.prefix(group))
        let unit = try write { db, aftermath in
            // The images were looked for before this transaction, and the job may have been cancelled meanwhile.
            guard try !db.unfinishedJob(job).isCancelRequested else {
                return ErasureUnit(progress: progress, erased: 0, remaining: all.count)
            }
            let facts = try db.gallery(of: snapshot)
            let erased = try db.erase(keys, of: facts, wipes: false, &aftermath)
            var progress = progress
            progress.last = keys.count < all.count ? keys.last ?? progress.end : progress.end
            progress.erased += erased
            progress.held += try db.heldImages(among: keys)
            let unit = ErasureUnit(progress: progress, erased: erased, remaining: all.count - keys.count)
            let done = Int64(progress.erased + progress.held)
            let noted = try note(unit)
            try db.recordJob(job, done: done, total: done + Int64(unit.remaining), cursor: noted.cursor, &aftermath)
            aftermath.audit = noted.audit
            if erased == 0 { aftermath.audit?.outcome = "unchanged" }
            return unit
        }
        meters.note(job, items: unit.progress.erased + unit.progress.held, at: clock())
        startWiping()
        return unit
    }

    /// Overwrites the erased rows in the files of a gallery's index that no search shows any more, which is done soon anyway.
    ///
    /// - Parameter gallery: the gallery's name.
    /// - Returns: whether there are no others; a search that began before the erasure may still need some.
    public func wipeIndex(of gallery: String) -> Bool { !index.wipeNow(gallery) }

    /// Removes the copies of erased names and ids that SQLite has left in unused parts of pages.
    ///
    /// Rewrites the whole file if it is small and there is room for that; otherwise makes the indexes anew, in whose pages nearly all of
    /// the copies are.
    ///
    /// - Parameters:
    ///   - limit: the size of the largest file that is rewritten, in bytes.
    ///   - spare: the bytes of disk space that must be left.
    ///   - isCancelled: asked several times a second, on another thread; true ends the rewriting.
    /// - Returns: whether it was done, and not cancelled.
    /// - Throws: `diskFull`, `inputOutput`.
    public func removeRemains(
        rewritingUpTo limit: Int64, sparing spare: Int64, isCancelled: @escaping @Sendable () -> Bool
    ) throws(GalleryError) -> Bool {
        if try read({ try DatabaseOpening.bytes($0).all }) <= limit {
            do { return try compact(sparing: spare, isCancelled: isCancelled) != nil } catch {
                guard case .tooLittleSpace = error else { throw error }
            }
        }
        try renewIndexes()
        return true
    }

    /// Removes copies of erased names and ids that SQLite has left in unused parts of the pages of indexes.
    ///
    /// `secure_delete` overwrites the rows themselves. But a page of an index that is split, because names come in no order,
    /// keeps copies of the entries that move. So these indexes are made anew, one at a time; bytes and vectors of images
    /// are in no index, and come in order. Costs O(images) and the writing of the indexes. Readers go on, other writers wait for
    /// one index at a time.
    ///
    /// - Throws: `diskFull`, `inputOutput`.
    public func renewIndexes() throws(GalleryError) {
        let names = try read { db in
            try String.fetchAll(
                db,
                sql: """
                    SELECT name FROM sqlite_schema WHERE type = 'index' AND tbl_name IN ('person', 'camera', 'image')
                    """)
        }
        for name in names {
            try write { db, aftermath in
                try db.execute(sql: "REINDEX \"\(name)\"")
                aftermath.erases = name == names.last
            }
        }
    }
}
