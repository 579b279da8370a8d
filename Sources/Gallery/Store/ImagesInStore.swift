import GRDB

extension GalleryStore {
    /// The image with this id.
    public func image(id: String) throws(GalleryError) -> GalleryImage {
        try read { db in
            let row = try db.row(
                """
                SELECT image.*, gallery.name AS gallery_name, person.label AS person_label, camera.label AS camera_label
                FROM image JOIN gallery ON gallery.key = image.gallery
                LEFT JOIN person ON person.key = image.person LEFT JOIN camera ON camera.key = image.camera
                WHERE image.id = ?
                """, [id])
            guard let row else { throw GalleryError.unknownImage(id) }
            return GalleryImage(
                row, gallery: row["gallery_name"], personID: row["person_label"], cameraID: row["camera_label"])
        }
    }

    /// The stored bytes of an image; throws `noContent` if it was enrolled as a vector only.
    public func content(of imageID: String) throws(GalleryError) -> ImageContent {
        try read { db in
            let row = try db.row(
                """
                SELECT image.media_type, image_content.bytes
                FROM image LEFT JOIN image_content ON image_content.image = image.key WHERE image.id = ?
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
        let images = try index.snapshot(of: gallery).images
        var row = images.startIndex
        if let cursor {
            let last = try Cursor(cursor, of: .images).key
            row = images.firstRow(from: last)
            if row < images.endIndex, images[row].key == last { row += 1 }
        }
        var found: [GalleryImage] = []
        while row < images.endIndex, found.count <= limit {
            if filter.matches(images[row]) { found.append(images[row]) }
            row += 1
        }
        return Page(found, limit: limit, list: .images, key: \.key)
    }

    /// Erases an image: its bytes, its vector, its row in the index, its name here and in batches, and every stored
    /// ranking that shows it.
    ///
    /// Its share in the mean vector of its camera goes when the mean is estimated again, or removed.
    /// The item that enrolled it stays recorded, so that a running batch does not enroll it again.
    ///
    /// - Parameters:
    ///   - id: the image's id.
    ///   - audit: the row to add to the audit.
    /// - Throws: `unknownImage`, `diskFull`, `inputOutput`.
    public func deleteImage(id: String, audit: AuditEvent? = nil) throws(GalleryError) {
        try write(audit: audit) { db, aftermath in
            guard let row = try db.row("SELECT key, gallery, person, camera FROM image WHERE id = ?", [id]) else {
                throw GalleryError.unknownImage(id)
            }
            let key: Int64 = row["key"]
            let galleryKey: Int64 = row["gallery"]
            let person: Int64? = row["person"]
            let camera: Int64? = row["camera"]
            guard let gallery = try db.row("SELECT * FROM gallery WHERE key = ?", [galleryKey]).map(GalleryFacts.init)
            else { throw GalleryError.unknownImage(id) }
            try db.run("UPDATE batch_item SET name = NULL, detail = NULL WHERE image = ?", [key])
            try db.run("DELETE FROM image WHERE key = ?", [key])
            let means = try camera.flatMap { try db.countImages([$0: -1], of: gallery) }
            try db.run(
                "DELETE FROM person WHERE key = ? AND NOT EXISTS (SELECT 1 FROM image WHERE person = ?)",
                [person, person])
            try db.run(
                "DELETE FROM camera WHERE key = ? AND NOT EXISTS (SELECT 1 FROM image WHERE camera = ?)",
                [camera, camera])
            let erased = try db.eraseRankings(showing: id, in: gallery)
            let revision = try db.advanceRevision(of: gallery)
            aftermath.erases = true
            aftermath.publish.append { $0.remove(keys: [key], from: gallery, revision: revision, means: means) }
            aftermath.changes.append(.gallery(name: gallery.name, revision: revision))
            aftermath.changes += erased.map { .rankingErased(query: $0) }
        }
    }
}

extension Database {
    /// Erases the gallery's stored rankings that show the image; returns the ids of their queries.
    fileprivate func eraseRankings(showing image: String, in gallery: GalleryFacts) throws -> [String] {
        let found = try rows(
            """
            SELECT query.key, query.id FROM query JOIN ranking ON ranking.query = query.key
            WHERE query.gallery = ? AND instr(ranking.content, CAST(? AS BLOB)) > 0
            """, [gallery.key, image])
        for row in found {
            let key: Int64 = row["key"]
            try run("DELETE FROM ranking WHERE query = ?", [key])
        }
        return found.map { $0["id"] }
    }
}
