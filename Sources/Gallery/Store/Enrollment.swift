import Digests
import FoundationEssentials
import GRDB

extension GalleryStore {
    /// Records the results of some items of a running batch in one transaction, each item exactly once.
    ///
    /// Images are enrolled. Bytes that the gallery already has, or that come twice in this call, become duplicates. An
    /// index that is recorded already stays unchanged, so repeating a call after a crash changes nothing. On return,
    /// everything is on disk and in the gallery's new snapshot; after an error, nothing of the call is.
    ///
    /// - Parameters:
    ///   - outcomes: the results.
    ///   - id: the batch.
    ///   - waits: whether to wait for the disk and the new snapshot. If not, both follow soon, at the latest with the next
    ///     change that waits, such as the batch's end; a killed process loses nothing either way.
    /// - Returns: how many items of which kind there were.
    /// - Throws: `notRunning`, `modelMismatch`, `dimensionMismatch` or `invalidEmbedding`; `diskFull` or `inputOutput`.
    @discardableResult
    public func record(
        _ outcomes: [ItemOutcome], batch id: String, waits: Bool = true
    ) throws(GalleryError) -> RecordedItems {
        let (result, total) = try write(waits: waits) { db, aftermath in
            let batch = try db.batch(id)
            guard batch.state == .running else { throw GalleryError.notRunning(batch: id, state: batch.state) }
            var enrollment = try Enrollment(
                gallery: try db.gallery(batch.gallery), batch: batch.key, now: clock(), database: db,
                indices: outcomes.map(\.index))
            for outcome in outcomes { try enrollment.record(outcome) }
            let result = enrollment.result
            guard result.skipped < outcomes.count else { return (result, batch.recorded) }
            try db.run(
                "UPDATE batch SET enrolled = enrolled + ?, duplicate = duplicate + ?, failed = failed + ? WHERE key = ?",
                [result.enrolled, result.duplicate, result.failed, batch.key])
            if !enrollment.enrolled.isEmpty {
                let (gallery, added, names) = (enrollment.gallery, enrollment.enrolled, enrollment.cameraNames)
                aftermath.addedBytes = enrollment.addedBytes
                aftermath.erases = enrollment.wipes
                let means = try db.countImages(enrollment.imagesOfCameras, of: gallery)
                let revision = try db.advanceRevision(of: gallery)
                aftermath.publish.append {
                    $0.append(added, cameras: names, to: gallery, revision: revision, means: means)
                }
                aftermath.changes.append(.gallery(name: gallery.name, revision: revision))
            }
            aftermath.changes.append(.batch(id: id, state: .running))
            return (result, batch.recorded + result.enrolled + result.duplicate + result.failed)
        }
        meters.note(id, items: total, at: clock())
        return result
    }

    /// The indices of the items of a batch that are recorded.
    public func recordedItems(of batch: String) throws(GalleryError) -> Set<Int> {
        try read { db in
            try Int.fetchSet(
                db, sql: "SELECT position FROM batch_item WHERE batch = ?", arguments: [db.batch(batch).key])
        }
    }

    /// The number of items that became images which are there and have a `NewImage.doubt`; O(items).
    public func doubtfulItems(of batch: String) throws(GalleryError) -> Int {
        try read { db in
            try Int.fetchOne(
                db,
                sql: "SELECT count(*) FROM batch_item WHERE batch = ? AND state = 'enrolled' AND detail IS NOT NULL",
                arguments: [db.batch(batch).key]) ?? 0
        }
    }

    /// A page of a batch's recorded items, by index.
    ///
    /// - Parameters:
    ///   - batch: the batch's id.
    ///   - state: only items in this state; nil: all.
    ///   - limit: the size of the page, in 1...1000.
    ///   - cursor: `next` of the previous page; nil: the first page.
    /// - Returns: the page.
    /// - Throws: `unknownBatch`, `invalidLimit`, `invalidCursor`.
    public func items(
        of batch: String, state: ItemState? = nil, limit: Int, cursor: String? = nil
    ) throws(GalleryError) -> Page<BatchItem> {
        try Page<BatchItem>.check(limit: limit)
        var after: Int64 = -1
        if let cursor { after = try Cursor(cursor, of: .items).key }
        let found = try read { db in
            try db.rows(
                """
                SELECT position, state, failure, image.id AS image_id,
                    iif(batch_item.image IS image.key, batch_item.name, NULL) AS name,
                    iif(batch_item.image IS image.key, detail, NULL) AS detail
                FROM batch_item LEFT JOIN living_image AS image ON image.key = batch_item.image
                WHERE batch = ? AND position > ? AND (? IS NULL OR state = ?) ORDER BY position LIMIT ?
                """, [db.batch(batch).key, after, state?.rawValue, state?.rawValue, limit + 1]
            ).map { try BatchItem($0) }
        }
        return Page(found, limit: limit, list: .items) { Int64($0.index) }
    }
}

/// The work of one call of `record`, inside its transaction.
///
/// Its statements are looked up once, and so are the items that are recorded already, and each person and camera.
private struct Enrollment {
    let gallery: GalleryFacts
    private let batch: Int64
    private let now: Timestamp
    private let database: Database
    /// The indices that are recorded already.
    private var known: Set<Int>
    private var people: Labels
    private var cameras: Labels
    private var identifiers = NearIdentifiers("i_")
    private let earlierImage: Statement
    private let newItem: Statement
    private let newImage: Statement
    private let newContent: Statement
    private let newVector: Statement
    private(set) var result = RecordedItems()
    private(set) var enrolled: [IndexedImage] = []
    /// The names of the enrolled images' cameras, by their keys.
    private(set) var cameraNames: [UInt32: String] = [:]
    /// The bytes of the enrolled vectors and images.
    private(set) var addedBytes = 0
    /// Whether erased images were wiped.
    private(set) var wipes = false
    /// The number of images enrolled for each camera, by the camera's key.
    private(set) var imagesOfCameras: [Int64: Int] = [:]

    /// Prepares to record the items with these indices.
    init(gallery: GalleryFacts, batch: Int64, now: Timestamp, database: Database, indices: [Int]) throws {
        (self.gallery, self.batch, self.now, self.database) = (gallery, batch, now, database)
        known = try Int.fetchSet(
            database.cachedStatement(
                sql: "SELECT position FROM batch_item WHERE batch = ? AND position BETWEEN ? AND ?"),
            arguments: [batch, indices.min() ?? 0, indices.max() ?? 0])
        people = try Labels(of: gallery, table: "person", in: database)
        cameras = try Labels(of: gallery, table: "camera", in: database)
        earlierImage = try database.cachedStatement(
            sql: """
                SELECT key, EXISTS (SELECT 1 FROM erased WHERE image = key) AS is_erased
                FROM image WHERE gallery = ? AND sha256 = ?
                """)
        newItem = try database.cachedStatement(
            sql: """
                INSERT INTO batch_item (batch, position, name, state, image, failure, detail)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                """)
        newImage = try database.cachedStatement(
            sql: """
                INSERT INTO image (id, gallery, sha256, person, camera, captured_at, external_id, name, media_type,
                    width, height, enrolled_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """)
        newContent = try database.cachedStatement(sql: "INSERT INTO image_content (image, bytes) VALUES (?, ?)")
        newVector = try database.cachedStatement(sql: "INSERT INTO embedding (image, model, vector) VALUES (?, ?, ?)")
    }

    mutating func record(_ outcome: ItemOutcome) throws {
        guard known.insert(outcome.index).inserted else {
            result.skipped += 1
            return
        }
        switch outcome.result {
        case .failed(let failure, let detail):
            try insert(outcome, .failed, image: nil, failure: failure, detail: detail)
            result.failed += 1
        case .image(let image):
            let digest = image.sha256.data
            let earlier = try Row.fetchOne(earlierImage, arguments: [gallery.key, digest])
            if let earlier, !earlier["is_erased"] {
                try insert(outcome, .duplicate, image: earlier["key"])
                result.duplicate += 1
            } else {
                try check(image, index: outcome.index)
                // An erased image that still waits to be wiped has the digest; it makes room.
                if let earlier {
                    try database.wipe([earlier["key"]])
                    wipes = true
                }
                // Two statements: one would copy this value before it changes, with all its arrays.
                let key = try enroll(image, digest: digest)
                try insert(outcome, .enrolled, image: key, detail: image.doubt)
                result.enrolled += 1
            }
        }
    }

    private func check(_ image: NewImage, index: Int) throws(GalleryError) {
        try gallery.check(model: image.model, dimensions: image.embedding.count)
        let squaredLength = image.embedding.reduce(0) { $0 + $1 * $1 }
        // NaN also fails this comparison. Normalized float32 vectors are much closer to length 1 than this.
        guard abs(squaredLength - 1) < 1e-3 else { throw .invalidEmbedding(index: index) }
    }

    private func insert(
        _ outcome: ItemOutcome, _ state: ItemState, image: Int64?, failure: ItemFailure? = nil, detail: String? = nil
    ) throws {
        try newItem.execute(arguments: [
            batch, outcome.index, outcome.name, state.rawValue, image, failure?.rawValue, detail,
        ])
    }

    private mutating func enroll(_ new: NewImage, digest: Data) throws -> Int64 {
        let id = try identifiers.next()
        let person = try new.personID.map { try people.key(of: $0) }
        let camera = try new.cameraID.map { try cameras.key(of: $0) }
        try newImage.execute(arguments: [
            id, gallery.key, digest, person, camera, new.capturedAt?.milliseconds, new.externalID, new.name,
            new.content?.mediaType, new.width, new.height, now.milliseconds,
        ])
        let key = database.lastInsertedRowID
        if let camera { imagesOfCameras[camera, default: 0] += 1 }
        if let content = new.content { try newContent.execute(arguments: [key, content.bytes.data]) }
        addedBytes += (new.content?.bytes.count ?? 0) + 4 * new.embedding.count
        try newVector.execute(arguments: [key, new.model, Vector.data(new.embedding)])
        let indexed = IndexedImage(
            key: key, person: try person.map(UInt32.init(indexKey:)), camera: try camera.map(UInt32.init(indexKey:)),
            capturedAt: new.capturedAt, embedding: new.embedding)
        if let camera = indexed.camera { cameraNames[camera] = new.cameraID }
        enrolled.append(indexed)
        return key
    }
}

/// The keys of a gallery's people or cameras, each looked up once in a transaction.
struct Labels {
    private let gallery: Int64
    private let database: Database
    private let known: Statement
    private let new: Statement
    private var keys: [String: Int64] = [:]

    init(of gallery: GalleryFacts, table: String, in database: Database) throws {
        (self.gallery, self.database) = (gallery.key, database)
        known = try database.cachedStatement(sql: "SELECT key FROM \(table) WHERE gallery = ? AND label = ?")
        new = try database.cachedStatement(sql: "INSERT INTO \(table) (gallery, label) VALUES (?, ?)")
    }

    /// The key of a person or camera; inserts it if it is new.
    mutating func key(of label: String) throws -> Int64 {
        if let key = keys[label] { return key }
        if let key = try Int64.fetchOne(known, arguments: [gallery, label]) {
            keys[label] = key
            return key
        }
        try new.execute(arguments: [gallery, label])
        keys[label] = database.lastInsertedRowID
        return database.lastInsertedRowID
    }
}
