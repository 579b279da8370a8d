import GRDB

/// How long a gallery keeps images.
public struct Retention: Sendable, Codable, Equatable {
    /// The seconds for which an image is kept.
    public let seconds: Int64
    /// The time by which images age.
    public let basis: AgeLimit.Basis

    /// Keeps images for so many seconds.
    public init(seconds: Int64, basis: AgeLimit.Basis) {
        precondition(seconds > 0, "images that are kept for \(seconds) s")
        self.seconds = seconds
        self.basis = basis
    }

    /// Reads a row of `gallery`; nil if it keeps images until they are erased on request.
    init?(_ row: Row) {
        guard let seconds: Int64 = row["retention_seconds"], seconds > 0, let name: String = row["retention_basis"],
            let basis = AgeLimit.Basis(rawValue: name)
        else { return nil }
        self.init(seconds: seconds, basis: basis)
    }
}

/// What a look for images that are too old has found.
public enum RetentionCheck: Sendable, Equatable {
    /// The gallery keeps images until they are erased on request.
    case unlimited
    /// There are none, except held ones.
    case nothing
    /// There are some: those that reach this limit.
    case due(AgeLimit)
    /// The clock went further since the last look than it may, so nothing is said about images.
    case suspended(since: Timestamp, now: Timestamp)
}

extension GalleryStore {
    /// Sets how long a gallery keeps images, and trusts the clock as it is now; cancels what erases images for their age.
    ///
    /// - Parameters:
    ///   - retention: how long; nil: until they are erased on request.
    ///   - name: the gallery's name.
    ///   - audit: the row to add to the audit.
    /// - Returns: the gallery.
    /// - Throws: `unknownGallery`, `diskFull`, `inputOutput`.
    @discardableResult
    public func setRetention(
        _ retention: Retention?, of name: String, audit: AuditEvent? = nil
    ) throws(GalleryError) -> GallerySummary {
        try write(audit: audit) { db, aftermath in
            let before = try db.gallery(name)
            if before.retention == nil, retention == nil { aftermath.audit?.outcome = "unchanged" }
            try db.cancelJobs(of: before, kind: .retention, at: clock(), &aftermath)
            try db.run(
                """
                UPDATE gallery SET retention_seconds = ?, retention_basis = ?, retention_checked_at = ? WHERE key = ?
                """,
                [
                    retention?.seconds, retention?.basis.rawValue, retention.map { _ in clock().milliseconds },
                    before.key,
                ])
            let revision: Int64 = try db.row("SELECT revision FROM gallery WHERE key = ?", [before.key])?[0] ?? 0
            let gallery = try db.gallery(name)
            aftermath.publish.append { $0.update(gallery, revision: revision) }
            aftermath.changes.append(.gallery(name: name, revision: revision))
        }
        return try gallery(name)
    }

    /// Looks whether a gallery has images that are older than it keeps them; costs a look at every image's row.
    ///
    /// A clock that is wrong must not erase images that are not old. So the time of each look is kept, and one that is much
    /// later than the one before is refused, until `setRetention` is called or the clock is right again.
    ///
    /// - Parameters:
    ///   - name: the gallery's name.
    ///   - largestStep: the most seconds since the last look.
    /// - Returns: what was found.
    /// - Throws: `unknownGallery`, `diskFull`, `inputOutput`.
    public func checkRetention(of name: String, largestStep: Int64) throws(GalleryError) -> RetentionCheck {
        let now = clock()
        // Most galleries need no transaction.
        guard try gallery(name).retention != nil else { return .unlimited }
        let found = try write { db, _ -> RetentionCheck in
            guard let row = try db.row("SELECT * FROM gallery WHERE name = ?", [name]), let retention = Retention(row),
                let checked = row.timestamp("retention_checked_at")
            else { return .unlimited }
            guard now <= checked.adding(seconds: largestStep) else { return .suspended(since: checked, now: now) }
            // A clock that went back is not believed when it goes forward again.
            try db.run(
                "UPDATE gallery SET retention_checked_at = ? WHERE key = ?",
                [max(now, checked).milliseconds, row["key"] as Int64])
            return .due(AgeLimit(retention.basis, latest: now.adding(seconds: -retention.seconds)))
        }
        // Looking at the images takes long, so the writer does not wait for it.
        guard case .due(let limit) = found else { return found }
        let isDue: Bool? = try read { db in
            try db.row(
                """
                SELECT EXISTS (SELECT 1 FROM living_image WHERE +gallery = ? AND \(limit.condition)
                    AND key NOT IN (SELECT image FROM hold))
                """, [db.gallery(name).key])?[0]
        }
        return isDue == true ? found : .nothing
    }
}
