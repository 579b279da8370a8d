import GRDB
public import Ranking

extension GalleryStore {
    private static let imageRows = """
        SELECT image.*, gallery.name AS gallery_name, person.label AS person_label, camera.label AS camera_label,
            EXISTS (SELECT 1 FROM hold WHERE hold.image = image.key) AS is_held
        FROM living_image AS image JOIN gallery ON gallery.key = image.gallery
        LEFT JOIN person ON person.key = image.person LEFT JOIN camera ON camera.key = image.camera

        """

    /// The image with this id.
    public func image(id: String) throws(GalleryError) -> GalleryImage {
        try read { db in
            guard let row = try db.row(Self.imageRows + "WHERE image.id = ?", [id]) else {
                throw GalleryError.unknownImage(id)
            }
            return GalleryImage(shown: row)
        }
    }

    /// The stored bytes of an image; throws `noContent` if it was enrolled as a vector only.
    public func content(of imageID: String) throws(GalleryError) -> ImageContent {
        try read { db in
            let row = try db.row(
                """
                SELECT image.media_type, image_content.bytes
                FROM living_image AS image LEFT JOIN image_content ON image_content.image = image.key WHERE image.id = ?
                """, [imageID])
            guard let row else { throw GalleryError.unknownImage(imageID) }
            guard let mediaType: String = row["media_type"], !row.hasNull(atIndex: 1) else {
                throw GalleryError.noContent(image: imageID)
            }
            return ImageContent(bytes: row.bytes("bytes"), mediaType: mediaType)
        }
    }

    /// A page of a gallery's images, oldest first.
    ///
    /// - Parameters:
    ///   - gallery: the gallery's name.
    ///   - filter: only images that match, as in a search.
    ///   - limit: the size of the page, in 1...1000.
    ///   - cursor: `next` of the previous page; nil: the first page.
    /// - Returns: the page.
    /// - Throws: `unknownGallery`, `invalidLimit`, `invalidCursor`.
    public func images(
        in gallery: String, filter: ImageFilter = ImageFilter(), limit: Int, cursor: String? = nil
    ) throws(GalleryError) -> Page<GalleryImage> {
        try Page<GalleryImage>.check(limit: limit)
        let snapshot = try index.snapshot(of: gallery)
        var last = Int64.min
        if let cursor { last = try Cursor(cursor, of: .images).key }
        let rows = try rows(of: snapshot, matching: filter)
        // An image that is erased meanwhile is left out; the rows after it are on the next page.
        let keys = snapshot.keys(after: last, in: rows, atMost: limit + 1)
        let found = try images(withKeys: keys)
        let images = keys.prefix(limit).compactMap { found[$0] }
        let next = keys.count > limit ? Cursor(list: .images, after: keys[limit - 1]) : nil
        return Page(items: images, next: next?.text)
    }

    /// What is known about the images with these keys, by key; images that were erased are missing.
    public func images(withKeys keys: [Int64]) throws(GalleryError) -> [Int64: GalleryImage] {
        guard !keys.isEmpty else { return [:] }
        return try read { db in
            let rows = try Row.fetchCursor(
                db.cachedStatement(sql: Self.imageRows + "WHERE image.key IN (SELECT value FROM json_each(?))"),
                arguments: ["[\(keys.map(String.init).joined(separator: ","))]"])
            var found: [Int64: GalleryImage] = [:]
            while let row = try rows.next() {
                let image = GalleryImage(shown: row)
                found[image.key] = image
            }
            return found
        }
    }

    /// The rows of a snapshot whose images meet a filter; nil if all rows do.
    ///
    /// Costs O(images), a few instructions for each; a filter for ids or an external id costs less, and one for an age more.
    public func rows(
        of snapshot: GallerySnapshot, matching filter: ImageFilter
    ) throws(GalleryError) -> RowFilter? {
        if filter.matchesEverything { return snapshot.rows(meeting: nil) }
        let keys = Dictionary(uniqueKeysWithValues: snapshot.cameras.map { ($1, $0) })
        var conditions = RowConditions(
            excludedCameras: Set(filter.excludedCameras.compactMap { keys[$0] }), capturedFrom: filter.capturedFrom,
            capturedTo: filter.capturedTo)
        if !filter.cameras.isEmpty { conditions.cameras = Set(filter.cameras.compactMap { keys[$0] }) }
        let gallery = snapshot.facts.key
        if let person = filter.person {
            // Nobody has the key 0.
            conditions.person =
                try read { db in
                    try db.row("SELECT key FROM person WHERE gallery = ? AND label = ?", [gallery, person])?
                        .indexKey("key")
                } ?? 0
        }
        guard filter.externalID != nil || !filter.ids.isEmpty || filter.age != nil else {
            return snapshot.rows(meeting: conditions)
        }
        let found = try read { try $0.keys(in: gallery, filter) }
        return snapshot.rows(of: found, meeting: conditions)
    }

    /// Whether all of these images are still there.
    public func hasImages(_ ids: [String]) throws(GalleryError) -> Bool {
        try read { try $0.hasImages(ids) }
    }
}

extension Database {
    /// The keys of a gallery's images with the filter's external id, ids and age, of which there must be one.
    fileprivate func keys(in gallery: Int64, _ filter: ImageFilter) throws -> [Int64] {
        let age = filter.age.map { "AND \($0.condition)" } ?? ""
        guard filter.ids.isEmpty else {
            return try filter.ids.compactMap { id in
                try row(
                    """
                    SELECT key FROM living_image
                    WHERE id = ? AND gallery = ? AND (? IS NULL OR external_id = ?) \(age)
                    """, [id, gallery, filter.externalID, filter.externalID])?["key"]
            }
        }
        guard let externalID = filter.externalID else {
            // The sign keeps SQLite from looking through the index of the whole gallery.
            return try Int64.fetchAll(
                self, sql: "SELECT key FROM living_image WHERE +gallery = ? \(age)", arguments: [gallery])
        }
        return try Int64.fetchAll(
            self, sql: "SELECT key FROM living_image WHERE gallery = ? AND external_id = ? \(age)",
            arguments: [gallery, externalID])
    }
}

extension AgeLimit {
    /// The limit as a condition on a row of `image`.
    var condition: String {
        switch basis {
        case .captured: "min(coalesce(captured_at, enrolled_at), enrolled_at) <= \(latest.milliseconds)"
        case .enrolled: "enrolled_at <= \(latest.milliseconds)"
        }
    }
}

extension GalleryImage {
    /// Reads a row of `imageRows`.
    fileprivate init(shown row: Row) {
        self.init(
            row, gallery: row["gallery_name"], personID: row["person_label"], cameraID: row["camera_label"],
            isHeld: row["is_held"])
    }
}
