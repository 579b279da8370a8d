import GRDB

/// What a call has erased.
public struct ErasedImages: Sendable, Equatable {
    /// The number of images that were erased; nothing shows them any more.
    public var count = 0
    /// How many of these are not wiped from the disk yet when the call returns; that is done in the background.
    public var waiting = 0
    /// The number of images that match but are held, so that they stay.
    public var held = 0
}

extension GalleryStore {
    /// The most images that one transaction erases; other writers, such as enrolling, wait no longer than for these.
    public static let imagesPerErasure = 50_000

    /// The most images that a call wipes from the disk before it returns; if there are more, all are wiped in the background.
    public static let imagesWipedAtOnce = 100

    /// Erases an image: its bytes, its vector, its row in the index, its name here and in batches, and every stored
    /// ranking that shows it.
    ///
    /// Its share in the mean vector of its camera goes when the mean is estimated again, or removed.
    /// The item that enrolled it stays recorded, so that a running batch does not enroll it again.
    ///
    /// - Parameters:
    ///   - id: the image's id.
    ///   - audit: the row to add to the audit.
    /// - Throws: `unknownImage`, `imageIsHeld`, `diskFull`, `inputOutput`.
    public func deleteImage(id: String, audit: AuditEvent? = nil) throws(GalleryError) {
        try write(audit: audit) { db, aftermath in
            guard
                let row = try db.row(
                    """
                    SELECT image.key AS image, gallery.*
                    FROM living_image AS image JOIN gallery ON gallery.key = image.gallery WHERE image.id = ?
                    """, [id])
            else { throw GalleryError.unknownImage(id) }
            let erased = try db.erase([row["image"]], of: GalleryFacts(row), wipes: true, &aftermath)
            guard erased > 0 else { throw GalleryError.imageIsHeld(id) }
        }
    }

    /// Erases the images of a gallery that match a filter, each as `deleteImage` does, except those that are held.
    ///
    /// When this returns, nothing shows the images any more: no search, list, count or stored ranking. Up to `limit` images are
    /// gone from the disk too. If there are more, they are marked as erased, which is durable, and wiped from the disk in the
    /// background, also after a restart: `imagesToWipe` tells how many are left, and `finishWiping` waits for the end.
    ///
    /// The images of the gallery's newest snapshot are erased, the oldest first, in transactions of at most `group`.
    /// What is erased stays erased if a later transaction fails or the process is killed; the same call
    /// then erases the rest. Searches go on meanwhile, with the snapshots that they began with. Costs O(images) to find
    /// them, O(the gallery's stored rankings) for each transaction, and no more than O(log images) for each image.
    ///
    /// - Parameters:
    ///   - gallery: the gallery's name.
    ///   - filter: which images; it must have a condition.
    ///   - group: the most images of a transaction.
    ///   - limit: the most images to wipe from the disk before this returns.
    ///   - isCancelled: whether to stop after the present transaction.
    ///   - audit: makes the row about one transaction, from the number of images that it erases. If there is nothing to
    ///     erase, there is one row, whose outcome is "unchanged".
    /// - Returns: the number of images that were erased, how many of them wait to be wiped, and how many are held.
    /// - Throws: `unknownGallery`, `diskFull`, `inputOutput`.
    @discardableResult
    public func deleteImages(
        in gallery: String, matching filter: ImageFilter, atMost group: Int = imagesPerErasure,
        wipingUpTo limit: Int = imagesWipedAtOnce, isCancelled: () -> Bool = { false },
        audit: (_ images: Int) throws -> AuditEvent? = { _ in nil }
    ) throws(GalleryError) -> ErasedImages {
        precondition(!filter.matchesEverything && group > 0, "a filter without conditions, or groups of \(group)")
        let snapshot = try settledSnapshot(of: gallery)
        let rows = try rows(of: snapshot, matching: filter)
        var rest = snapshot.keys(after: 0, in: rows, atMost: .max)[...]
        let wipes = rest.count <= limit
        var erased = ErasedImages()
        // Also if a later transaction fails.
        defer { if erased.waiting > 0 { startWiping() } }
        repeat {
            let keys = Array(rest.prefix(group))
            let (count, held) = try write { db, aftermath in
                let facts = try db.gallery(of: snapshot)
                let count = try db.erase(keys, of: facts, wipes: wipes, &aftermath)
                aftermath.audit = try audit(count)
                if count == 0 { aftermath.audit?.outcome = "unchanged" }
                return (count, try db.heldImages(among: keys))
            }
            erased.count += count
            erased.held += held
            if !wipes { erased.waiting += count }
            rest = rest.dropFirst(keys.count)
        } while !rest.isEmpty && !isCancelled()
        return erased
    }
}

extension Database {
    /// Erases those of the images that the gallery still has and that are not held; returns their number.
    ///
    /// They are marked as erased, so that nothing shows them any more, and wiped from the disk only if `wipes`.
    func erase(
        _ keys: [Int64], of gallery: GalleryFacts, wipes: Bool, _ aftermath: inout GalleryStore.Aftermath
    ) throws -> Int {
        let found = try rows(
            // The sign keeps SQLite from looking through the index of the whole gallery.
            """
            SELECT key, id, camera FROM living_image WHERE +gallery = ?
            AND key IN (SELECT value FROM json_each(?)) AND key NOT IN (SELECT image FROM hold)
            """, [gallery.key, Self.list(keys)])
        guard !found.isEmpty else { return 0 }
        let images = found.map { $0["key"] as Int64 }.sorted()
        var cameras: [Int64: Int] = [:]
        for row in found {
            if let camera: Int64 = row["camera"] { cameras[camera, default: 0] -= 1 }
        }
        try run("INSERT INTO erased SELECT value FROM json_each(?)", [Self.list(images)])
        let means = try countImages(cameras, of: gallery)
        let changed = try eraseRankings(showing: Set(found.map { Array(($0["id"] as String).utf8) }), in: gallery)
        let revision = try advanceRevision(of: gallery)
        if wipes {
            try wipe(images)
            aftermath.erases = true
        }
        aftermath.publish.append { $0.remove(keys: images, from: gallery, revision: revision, means: means) }
        aftermath.changes.append(.gallery(name: gallery.name, revision: revision))
        aftermath.changes += changed.map { .rankingErased(query: $0) }
        return images.count
    }

    /// Erases the gallery's stored rankings that show one of the images; returns the ids of their queries.
    private func eraseRankings(showing images: Set<[UInt8]>, in gallery: GalleryFacts) throws -> [String] {
        let rankings = try Row.fetchCursor(
            cachedStatement(
                sql: """
                    SELECT query.key, query.id, ranking.content FROM query JOIN ranking ON ranking.query = query.key
                    WHERE query.gallery = ? ORDER BY query.key
                    """), arguments: [gallery.key])
        var found: [(key: Int64, id: String)] = []
        while let row = try rankings.next() {
            if Self.holds(row.bytes("content"), oneOf: images) { found.append((row["key"], row["id"])) }
        }
        for query in found { try run("DELETE FROM ranking WHERE query = ?", [query.key]) }
        return found.map(\.id)
    }

    /// Whether the text has one of the ids, each of which is "i_" and as many characters as the others.
    private static func holds(_ text: [UInt8], oneOf ids: Set<[UInt8]>) -> Bool {
        guard let length = ids.first?.count, text.count >= length else { return false }
        let (letter, line) = (UInt8(ascii: "i"), UInt8(ascii: "_"))
        return (0...text.count - length).contains { start in
            text[start] == letter && text[start + 1] == line && ids.contains(Array(text[start..<start + length]))
        }
    }
}
