import GRDB

/// A job that computes the vectors of a gallery's images and kept queries with another model: how far it is.
public struct ReembeddingProgress: Sendable, Codable, Equatable {
    /// The gallery's key: another gallery may get its name.
    let gallery: Int64
    /// The key of the last image that was looked at.
    var lastImage: Int64 = 0
    /// The key of the last kept query that was looked at.
    var lastQuery: Int64 = 0
    /// The number of images that were looked at.
    public private(set) var seen = 0
    /// The key of the gallery that the job makes; nil: it changes the gallery itself, or has not begun.
    var copy: Int64?
    /// Whether that gallery was created.
    public var hasCopy: Bool { copy != nil }
    /// The number of images that are in that gallery.
    public internal(set) var copied = 0

    /// The beginning of a job about the gallery of a snapshot.
    public init(of snapshot: GallerySnapshot) { gallery = snapshot.facts.key }

    /// Moves on behind images.
    mutating func pass(_ images: [ImageToEmbed]) {
        lastImage = images.last?.key ?? lastImage
        seen += images.count
    }

    /// Moves on behind queries.
    mutating func pass(_ queries: [QueryToEmbed]) { lastQuery = queries.last?.key ?? lastQuery }
}

/// An image whose vector is to be computed with another model.
public struct ImageToEmbed: Sendable {
    let key: Int64
    /// The stored bytes; nil if it was enrolled as a vector only.
    public let content: ImageContent?
}

/// A kept query whose vector is to be computed with another model.
public struct QueryToEmbed: Sendable {
    let key: Int64
    /// The query's id.
    public let id: String
    /// Its stored images, in order.
    public let images: [ImageContent]
}

/// What another model makes of a kept query.
public struct NewQueryVector: Sendable {
    /// The embedding that its images stand for together, of length 1.
    public let vector: [Float]
    /// Warnings about the model and the images, each a sentence on one line.
    public let warnings: [String]

    /// Joins both.
    public init(vector: [Float], warnings: [String]) {
        self.vector = vector
        self.warnings = warnings
    }
}

extension GalleryStore {
    /// The next images of a gallery, the oldest first.
    ///
    /// - Parameters:
    ///   - gallery: the gallery's name.
    ///   - progress: how far the job is.
    ///   - count: the most images.
    ///   - bytes: the bytes of images from which on no more are read.
    /// - Returns: the images; none if all were looked at.
    /// - Throws: `unknownGallery` if the gallery is gone, also if another one has its name; `inputOutput`, `corrupt`.
    public func imagesToEmbed(
        in gallery: String, after progress: ReembeddingProgress, atMost count: Int, bytes: Int = 64 << 20
    ) throws(GalleryError) -> [ImageToEmbed] {
        try read { db in
            let facts = try db.gallery(gallery, of: progress)
            // The sign keeps SQLite from looking through the index of the whole gallery.
            let rows = try Row.fetchCursor(
                db.cachedStatement(
                    sql: """
                        SELECT image.key, image.media_type, image_content.bytes FROM living_image AS image
                        LEFT JOIN image_content ON image_content.image = image.key
                        WHERE +image.gallery = ? AND image.key > ? ORDER BY image.key LIMIT ?
                        """), arguments: [facts.key, progress.lastImage, count])
            var (images, size) = ([ImageToEmbed](), 0)
            while size < bytes, let row = try rows.next() {
                let type: String? = row["media_type"]
                let content =
                    row.hasNull(atIndex: 2)
                    ? nil : type.map { ImageContent(bytes: row.bytes("bytes"), mediaType: $0) }
                size += content?.bytes.count ?? 0
                images.append(ImageToEmbed(key: row["key"], content: content))
            }
            return images
        }
    }

    /// The next kept queries of a gallery, the oldest first, also those whose time is over.
    ///
    /// - Parameters:
    ///   - gallery: the gallery's name.
    ///   - progress: how far the job is.
    ///   - count: the most queries.
    /// - Returns: the queries; none if all were looked at.
    /// - Throws: `unknownGallery` if the gallery is gone, also if another one has its name; `inputOutput`, `corrupt`.
    public func queriesToEmbed(
        in gallery: String, after progress: ReembeddingProgress, atMost count: Int
    ) throws(GalleryError) -> [QueryToEmbed] {
        try read { db in
            let facts = try db.gallery(gallery, of: progress)
            return try db.rows(
                "SELECT key, id FROM query WHERE gallery = ? AND key > ? ORDER BY key LIMIT ?",
                [facts.key, progress.lastQuery, count]
            ).map { row in
                let images = try db.rows(
                    "SELECT media_type, bytes FROM query_image WHERE query = ? ORDER BY position", [row["key"] as Int64]
                )
                return QueryToEmbed(
                    key: row["key"], id: row["id"],
                    images: images.map { ImageContent(bytes: $0.bytes("bytes"), mediaType: $0["media_type"]) })
            }
        }
    }

    /// Keeps the new vectors of images beside the present ones, and notes the job's progress, in one transaction.
    ///
    /// So each unit is done exactly once, also if the process is killed. Searches see nothing of it.
    ///
    /// - Parameters:
    ///   - images: what `imagesToEmbed` has returned.
    ///   - vectors: the vector of each image, of length 1; nil for one that the model cannot embed.
    ///   - gallery: the gallery's name.
    ///   - progress: how far the job was before.
    ///   - job: the job's id; its `done` becomes the images that were looked at.
    ///   - cursor: makes the job's new cursor, a JSON object, from its new progress.
    /// - Returns: how far the job is now.
    /// - Throws: `unknownGallery`, `unknownJob`, `jobIsOver`, `diskFull`, `inputOutput`.
    @discardableResult
    public func keepNewVectors(
        of images: [ImageToEmbed], _ vectors: [[Float]?], in gallery: String, after progress: ReembeddingProgress,
        job: String, cursor: (ReembeddingProgress) throws -> String
    ) throws(GalleryError) -> ReembeddingProgress {
        precondition(images.count == vectors.count, "\(vectors.count) vectors for \(images.count) images")
        var next = progress
        next.pass(images)
        let remaining = try snapshot(of: gallery).imageCount(after: next.lastImage)
        try write(waits: false) { db, aftermath in
            _ = try db.gallery(gallery, of: progress)
            // What a job has left that could not tidy up.
            if progress.lastImage == 0 { try db.forgetNewVectors() }
            for (image, vector) in zip(images, vectors) {
                guard let vector else { continue }
                // Nothing for an image that was erased meanwhile.
                try db.run(
                    "INSERT OR REPLACE INTO new_embedding (image, vector) SELECT key, ? FROM living_image WHERE key = ?",
                    [Vector.data(vector), image.key])
                aftermath.addedBytes += 4 * vector.count
            }
            try db.recordJob(
                job, done: Int64(next.seen), total: Int64(next.seen + remaining), cursor: try cursor(next), &aftermath)
        }
        meters.note(job, items: next.seen, at: clock())
        return next
    }

    /// Keeps the new vectors of kept queries beside the present ones, and notes the job's progress, in one transaction.
    ///
    /// - Parameters:
    ///   - queries: what `queriesToEmbed` has returned.
    ///   - vectors: what the model makes of each query; nil for one that it cannot embed.
    ///   - gallery: the gallery's name.
    ///   - progress: how far the job was before.
    ///   - job: the job's id.
    ///   - cursor: makes the job's new cursor, a JSON object, from its new progress.
    /// - Returns: how far the job is now.
    /// - Throws: `unknownGallery`, `unknownJob`, `jobIsOver`, `diskFull`, `inputOutput`.
    @discardableResult
    public func keepNewVectors(
        of queries: [QueryToEmbed], _ vectors: [NewQueryVector?], in gallery: String,
        after progress: ReembeddingProgress, job: String, cursor: (ReembeddingProgress) throws -> String
    ) throws(GalleryError) -> ReembeddingProgress {
        precondition(queries.count == vectors.count, "\(vectors.count) vectors for \(queries.count) queries")
        var next = progress
        next.pass(queries)
        try write(waits: false) { db, aftermath in
            _ = try db.gallery(gallery, of: progress)
            if progress.lastImage == 0, progress.lastQuery == 0 { try db.forgetNewVectors() }
            for (query, new) in zip(queries, vectors) {
                guard let new else { continue }
                // Nothing for a query that was deleted meanwhile.
                try db.run(
                    """
                    INSERT OR REPLACE INTO new_query_vector (query, warnings, vector)
                    SELECT key, ?, ? FROM query WHERE key = ?
                    """, [new.warnings.lines, Vector.data(new.vector), query.key])
            }
            try db.recordJob(job, done: Int64(next.seen), total: nil, cursor: try cursor(next), &aftermath)
        }
        return next
    }

    /// Forgets the new vectors of a job that does not go on.
    ///
    /// - Throws: `diskFull`, `inputOutput`; the next such job forgets them then.
    public func forgetNewVectors() throws(GalleryError) {
        // A look first, because a write would wait for other writers.
        let areThere = try read { db in
            try Bool.fetchOne(
                db, sql: "SELECT EXISTS (SELECT 1 FROM new_embedding) OR EXISTS (SELECT 1 FROM new_query_vector)")
        }
        guard areThere == true else { return }
        try write { db, aftermath in
            try db.forgetNewVectors()
            aftermath.erases = true
        }
    }
}

extension Database {
    /// The gallery that a job is about; throws `unknownGallery` if it is gone, also if another one has got its name.
    func gallery(_ name: String, of progress: ReembeddingProgress) throws -> GalleryFacts {
        let facts = try gallery(name)
        guard facts.key == progress.gallery else { throw GalleryError.unknownGallery(name) }
        return facts
    }

    /// Deletes all new vectors; there is one job at a time that makes some.
    func forgetNewVectors() throws {
        try execute(sql: "DELETE FROM new_embedding; DELETE FROM new_query_vector")
    }
}
