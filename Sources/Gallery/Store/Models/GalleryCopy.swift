import Digests
import GRDB

// A copy of a gallery with vectors of another model: a gallery of its own, which the job fills image by image.
extension GalleryStore {
    /// Creates the gallery that a job fills with copies of another gallery's images; its settings are those of the other.
    ///
    /// - Parameters:
    ///   - gallery: the name of the gallery to copy.
    ///   - name: the name of the copy.
    ///   - model: the identity of the model that makes the copy's vectors.
    ///   - dimensions: the number of values of a vector.
    ///   - progress: the job's beginning.
    ///   - job: the job's id.
    ///   - cursor: makes the job's new cursor, a JSON object, from its new progress.
    /// - Returns: how far the job is now.
    /// - Throws: `galleryExists`; `unknownGallery`, `unknownJob`, `jobIsOver`, `diskFull`, `inputOutput`.
    public func beginCopy(
        of gallery: String, as name: GalleryName, model: String, dimensions: Int, after progress: ReembeddingProgress,
        job: String, cursor: (ReembeddingProgress) throws -> String
    ) throws(GalleryError) -> ReembeddingProgress {
        let total = Int64(try snapshot(of: gallery).imageCount)
        return try write { db, aftermath in
            let source = try db.gallery(gallery, of: progress)
            guard try db.row("SELECT 1 FROM gallery WHERE name = ?", [name.rawValue]) == nil else {
                throw GalleryError.galleryExists(name.rawValue)
            }
            let made = try db.insertGallery(
                name.rawValue, like: source, model: model, dimensions: dimensions, createdAt: clock())
            var next = progress
            next.copy = made.key
            try db.recordJob(job, done: 0, total: total, cursor: try cursor(next), &aftermath)
            aftermath.publish.append { $0.create(made) }
            aftermath.changes.append(.gallery(name: made.name, revision: 0))
            return next
        }
    }

    /// Copies images, with new vectors, to the gallery that `beginCopy` made, and notes the job's progress, in one transaction.
    ///
    /// A copy has an id of its own, and everything else of the image but its hold. What the gallery has already stays.
    ///
    /// - Parameters:
    ///   - images: what `imagesToEmbed` has returned.
    ///   - vectors: the vector of each image, of length 1; nil for one that the model cannot embed, which is not copied.
    ///   - gallery: the name of the gallery to copy.
    ///   - name: the name of the copy.
    ///   - progress: how far the job was before.
    ///   - job: the job's id; its `done` becomes the images that were looked at.
    ///   - cursor: makes the job's new cursor, a JSON object, from its new progress.
    /// - Returns: how far the job is now.
    /// - Throws: `unknownGallery` if one of the two is gone, `unknownJob`, `jobIsOver`, `diskFull`, `inputOutput`.
    @discardableResult
    public func copyImages(
        _ images: [ImageToEmbed], _ vectors: [[Float]?], from gallery: String, to name: String,
        after progress: ReembeddingProgress, job: String, cursor: (ReembeddingProgress) throws -> String
    ) throws(GalleryError) -> ReembeddingProgress {
        precondition(images.count == vectors.count, "\(vectors.count) vectors for \(images.count) images")
        var next = progress
        next.pass(images)
        let remaining = try snapshot(of: gallery).imageCount(after: next.lastImage)
        next = try write(waits: false) { db, aftermath in
            _ = try db.gallery(gallery, of: progress)
            let copy = try db.gallery(name)
            guard copy.key == progress.copy else { throw GalleryError.unknownGallery(name) }
            var copying = try Copying(to: copy, database: db)
            for (image, vector) in zip(images, vectors) {
                guard let vector else { continue }
                try copying.add(image, vector: vector)
            }
            var next = next
            next.copied += copying.added.count
            if !copying.added.isEmpty {
                aftermath.addedBytes = copying.bytes
                let (added, names) = (copying.added, copying.cameraNames)
                let means = try db.countImages(copying.imagesOfCameras, of: copy)
                let revision = try db.advanceRevision(of: copy)
                aftermath.publish.append {
                    $0.append(added, cameras: names, to: copy, revision: revision, means: means)
                }
                aftermath.changes.append(.gallery(name: name, revision: revision))
            }
            try db.recordJob(
                job, done: Int64(next.seen), total: Int64(next.seen + remaining), cursor: try cursor(next), &aftermath)
            return next
        }
        meters.note(job, items: next.seen, at: clock())
        return next
    }

    /// Whether a gallery is the one that a job has made.
    ///
    /// - Throws: `inputOutput`, `corrupt`.
    public func isCopy(_ name: String, of progress: ReembeddingProgress) throws(GalleryError) -> Bool {
        let key: Int64? = try read { try $0.row("SELECT key FROM gallery WHERE name = ?", [name])?[0] }
        return key != nil && key == progress.copy
    }
}

/// The copying of some images, inside its transaction.
private struct Copying {
    private let copy: GalleryFacts
    private let database: Database
    private var people: Labels
    private var cameras: Labels
    private var identifiers = NearIdentifiers("i_")
    private(set) var added: [IndexedImage] = []
    private(set) var cameraNames: [UInt32: String] = [:]
    private(set) var imagesOfCameras: [Int64: Int] = [:]
    private(set) var bytes = 0

    init(to copy: GalleryFacts, database: Database) throws {
        (self.copy, self.database) = (copy, database)
        people = try Labels(of: copy, table: "person", in: database)
        cameras = try Labels(of: copy, table: "camera", in: database)
    }

    /// Copies an image, unless it was erased meanwhile or its bytes are there already.
    mutating func add(_ image: ImageToEmbed, vector: [Float]) throws {
        let row = try database.row(
            """
            SELECT captured_at, person.label AS person_label, camera.label AS camera_label
            FROM living_image AS image
            LEFT JOIN person ON person.key = image.person LEFT JOIN camera ON camera.key = image.camera
            WHERE image.key = ? AND NOT EXISTS (
                SELECT 1 FROM image AS other WHERE other.gallery = ? AND other.sha256 = image.sha256
            )
            """, [image.key, copy.key])
        guard let row else { return }
        let (personName, cameraName): (String?, String?) = (row["person_label"], row["camera_label"])
        let person = try personName.map { try people.key(of: $0) }
        let camera = try cameraName.map { try cameras.key(of: $0) }
        try database.run(
            """
            INSERT INTO image (id, gallery, sha256, person, camera, captured_at, external_id, name, media_type, width,
                height, enrolled_at)
            SELECT ?, ?, sha256, ?, ?, captured_at, external_id, name, media_type, width, height, enrolled_at
            FROM image WHERE key = ?
            """, [try identifiers.next(), copy.key, person, camera, image.key])
        let key = database.lastInsertedRowID
        try database.run(
            "INSERT INTO image_content (image, bytes) SELECT ?, bytes FROM image_content WHERE image = ?",
            [key, image.key])
        try database.run(
            "INSERT INTO embedding (image, model, vector) VALUES (?, ?, ?)", [key, copy.model, Vector.data(vector)])
        bytes += (image.content?.bytes.count ?? 0) + 4 * vector.count
        if let camera { imagesOfCameras[camera, default: 0] += 1 }
        let indexed = IndexedImage(
            key: key, person: try person.map(UInt32.init(indexKey:)), camera: try camera.map(UInt32.init(indexKey:)),
            capturedAt: row.timestamp("captured_at"), embedding: vector)
        if let camera = indexed.camera { cameraNames[camera] = cameraName }
        added.append(indexed)
    }
}

extension Database {
    /// Adds a gallery with the settings of another one.
    func insertGallery(
        _ name: String, like other: GalleryFacts, model: String, dimensions: Int, createdAt: Timestamp
    ) throws -> GalleryFacts {
        try run(
            """
            INSERT INTO gallery (name, model, dimensions, created_at, camera_normalization, retention_seconds,
                retention_basis, retention_checked_at)
            SELECT ?, ?, ?, ?, camera_normalization, retention_seconds, retention_basis, retention_checked_at
            FROM gallery WHERE key = ?
            """, [name, model, dimensions, createdAt.milliseconds, other.key])
        return try gallery(name)
    }
}
