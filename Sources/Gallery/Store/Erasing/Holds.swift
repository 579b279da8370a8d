import GRDB

/// What holding images, or lifting the hold, did.
public struct HoldChange: Sendable, Equatable {
    /// The images that match the filter.
    public var matching = 0
    /// Those of them that were not as they are now.
    public var changed = 0
}

extension GalleryStore {
    /// Holds those images of a gallery that match a filter, or lifts the hold on them, in one transaction.
    ///
    /// No erasure takes a held image: neither by its id nor by a filter, nor for its age, nor with its gallery. Images that are
    /// enrolled later are not held, whatever they show. Costs O(images) to find them, and O(log images) for each.
    ///
    /// - Parameters:
    ///   - isHeld: true holds them, false lifts the hold.
    ///   - gallery: the gallery's name.
    ///   - filter: which images; it must have a condition.
    ///   - audit: makes the row for the audit, from what was done; its outcome is "unchanged" if all were so already.
    /// - Returns: what was done.
    /// - Throws: `unknownGallery`, `diskFull`, `inputOutput`.
    @discardableResult
    public func setHold(
        _ isHeld: Bool, in gallery: String, matching filter: ImageFilter,
        audit: (HoldChange) throws -> AuditEvent? = { _ in nil }
    ) throws(GalleryError) -> HoldChange {
        precondition(!filter.matchesEverything, "a filter without conditions")
        let snapshot = try settledSnapshot(of: gallery)
        let keys = snapshot.keys(after: 0, in: try rows(of: snapshot, matching: filter), atMost: .max)
        return try write { db, aftermath in
            _ = try db.gallery(of: snapshot)
            let change = try db.setHold(isHeld, on: keys)
            aftermath.audit = try audit(change)
            if change.changed == 0 { aftermath.audit?.outcome = "unchanged" }
            return change
        }
    }
}

extension Database {
    /// The number of held images of a gallery.
    func heldImages(of gallery: GalleryFacts) throws -> Int {
        try row("SELECT count(*) FROM hold JOIN image ON image.key = hold.image WHERE gallery = ?", [gallery.key])?[0]
            ?? 0
    }

    /// How many of these images are held.
    func heldImages(among keys: [Int64]) throws -> Int {
        try row("SELECT count(*) FROM hold WHERE image IN (SELECT value FROM json_each(?))", [Self.list(keys)])?[0] ?? 0
    }

    /// Holds those of the images that are still there, or lifts the hold.
    fileprivate func setHold(_ isHeld: Bool, on keys: [Int64]) throws -> HoldChange {
        let list = Self.list(keys)
        let there = "SELECT key FROM living_image WHERE key IN (SELECT value FROM json_each(?))"
        let matching: Int = try row("SELECT count(*) FROM (\(there))", [list])?[0] ?? 0
        let before = try heldImages(among: keys)
        guard isHeld else {
            try run("DELETE FROM hold WHERE image IN (SELECT value FROM json_each(?))", [list])
            return HoldChange(matching: matching, changed: before)
        }
        try run("INSERT OR IGNORE INTO hold \(there)", [list])
        return HoldChange(matching: matching, changed: matching - before)
    }
}
