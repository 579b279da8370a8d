import FoundationEssentials
import GRDB
import Logging
import Ranking

/// Makes the indexes of all galleries: from the files of an earlier run where these are whole, else from the database.
struct StoredIndex {
    /// The database's path, for messages.
    let path: String
    /// The folder of the files, and the number that this run writes into the database; nil: only memory.
    let files: IndexFiles?
    /// The number that the run before has written.
    let previousStamp: Int64
    let logger: Logger

    /// The images that are added to an index at a time.
    private static let imagesPerStep = 1024

    /// Returns an index for each gallery; costs the reading of the files, and of those vectors that they lack.
    func load(_ db: Database) throws -> [GalleryIndex] {
        var galleries: [Int64: Loading] = [:]
        for row in try Row.fetchAll(db, sql: "SELECT * FROM gallery") {
            let facts = GalleryFacts(row)
            galleries[facts.key] = try loading(facts, revision: row["revision"], db)
        }
        try files?.removeOthers(than: galleries.values.map(\.index.facts))
        try append(to: &galleries, db)
        return try finished(galleries.values, db)
    }

    /// Makes the index of one gallery anew from the database.
    func make(_ facts: GalleryFacts, revision: Int64, _ db: Database) throws -> GalleryIndex? {
        var galleries = [facts.key: try newLoading(facts, revision: revision, db)]
        try append(to: &galleries, only: facts.key, db)
        return try finished(galleries.values, db).first
    }

    private func finished(_ galleries: some Sequence<Loading>, _ db: Database) throws -> [GalleryIndex] {
        try galleries.map { loading in
            var loading = loading
            try loading.flush()
            loading.index.calibration = try db.calibration(of: loading.index.facts)
            if let files { loading.index.noteState(stamp: files.stamp, previousStamp: previousStamp) }
            return loading.index
        }
    }

    /// The index of a gallery as far as its files go.
    private func loading(_ facts: GalleryFacts, revision: Int64, _ db: Database) throws -> Loading {
        if let files {
            let (means, cameras) = (try db.cameraMeans(of: facts), try db.cameraNames(of: facts))
            do {
                if let folder = try IndexFolder(opening: files.path(of: facts), for: facts),
                    let state = folder.notedState, [state.stamp, state.previousStamp].contains(previousStamp),
                    var index = try GalleryIndex(opening: folder, facts, means: means, cameras: cameras)
                {
                    let isCurrent = state.revision == revision && state.images == Int64(index.imageCount)
                    if try isCurrent || bringUpToDate(&index, db) {
                        index.update(facts, revision: revision)
                        return Loading(index: index, isCurrent: isCurrent)
                    }
                }
            } catch let error where !(error is DatabaseError) {
                logger.warning(
                    "an index is made anew", metadata: ["gallery": "\(facts.name)", "reason": "\(error)"])
            }
        }
        return try newLoading(facts, revision: revision, db)
    }

    /// An index without images, in an empty folder.
    private func newLoading(_ facts: GalleryFacts, revision: Int64, _ db: Database) throws -> Loading {
        let folder = files?.newFolder(for: facts, logger: logger)
        return Loading(
            index: GalleryIndex(
                facts, revision: revision, means: try db.cameraMeans(of: facts), cameras: try db.cameraNames(of: facts),
                folder: folder),
            isCurrent: false)
    }

    /// Erases images that the database no longer has; false if it has older ones that the index lacks.
    private func bringUpToDate(_ index: inout GalleryIndex, _ db: Database) throws -> Bool {
        let last = index.lastKey ?? 0
        // A database whose newest key is smaller is an older one, which may give the same keys to other images.
        let newest = try Int64.fetchOne(db, sql: "SELECT seq FROM sqlite_sequence WHERE name = 'image'") ?? 0
        guard newest >= last else { return false }
        let stored = try Int64.fetchSet(
            db, sql: "SELECT key FROM living_image WHERE gallery = ? AND key <= ?",
            arguments: [index.facts.key, last])
        let indexed = Set(index.liveKeys)
        guard stored.isSubset(of: indexed) else { return false }
        try index.remove(keys: indexed.subtracting(stored), means: nil, revision: index.revision)
        return true
    }

    /// Adds the images that the indexes lack; `only` those of one gallery, or of all.
    private func append(to galleries: inout [Int64: Loading], only gallery: Int64? = nil, _ db: Database) throws {
        for extreme in gallery == nil ? ["min", "max"] : [] {
            let gallery = try Int64.fetchOne(db, sql: "SELECT \(extreme)(gallery) FROM image")
            if let gallery, galleries[gallery] == nil {
                throw GalleryError.corrupt(path: path, reason: "an image of gallery \(gallery), which is not there")
            }
        }
        // The newest key of each gallery; those that lack nothing are not here. (Copies of indexes would be costly.)
        let facts = galleries.mapValues(\.index.facts)
        let lastKeys = galleries.filter { !$0.value.isCurrent }.mapValues { $0.index.lastKey ?? 0 }
        guard let first = lastKeys.values.min() else { return }
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT image.key, id, gallery, person, camera, captured_at, embedding.model, vector
                FROM living_image AS image LEFT JOIN embedding ON embedding.image = image.key
                WHERE image.key > ? AND (? IS NULL OR +gallery = ?) ORDER BY image.key
                """, arguments: [first, gallery, gallery])
        while let row = try rows.next() {
            let (gallery, key): (Int64, Int64) = (row["gallery"], row["key"])
            guard let facts = facts[gallery] else {
                throw GalleryError.corrupt(path: path, reason: "an image of gallery \(gallery), which is not there")
            }
            guard let last = lastKeys[gallery], key > last else { continue }
            let (id, model): (String, String?) = (row["id"], row["model"])
            guard model == facts.model else {
                throw GalleryError.corrupt(path: path, reason: "\(id) has no vector of its gallery's model")
            }
            let vector = try Vector.read(row, "vector")
            guard vector.count == facts.dimensions, vector.allSatisfy(\.isFinite) else {
                throw GalleryError.corrupt(path: path, reason: "the vector of \(id) is not its gallery's kind")
            }
            let image = IndexedImage(
                key: key, person: try row.indexKey("person"), camera: try row.indexKey("camera"),
                capturedAt: row.timestamp("captured_at"), embedding: vector)
            try galleries[gallery]?.append(image, flushingAt: Self.imagesPerStep)
        }
    }

    /// A gallery's index while it is made.
    private struct Loading {
        var index: GalleryIndex
        /// Whether the files had everything.
        let isCurrent: Bool
        private var pending: [IndexedImage] = []

        init(index: GalleryIndex, isCurrent: Bool) {
            self.index = index
            self.isCurrent = isCurrent
        }

        mutating func append(_ image: IndexedImage, flushingAt count: Int) throws {
            pending.append(image)
            if pending.count == count { try flush() }
        }

        mutating func flush() throws {
            try index.append(pending, cameras: [:], means: nil, revision: index.revision)
            pending.removeAll(keepingCapacity: true)
        }
    }
}

extension Database {
    /// The names of a gallery's cameras, by their keys.
    func cameraNames(of gallery: GalleryFacts) throws -> [UInt32: String] {
        let rows = try rows("SELECT key, label FROM camera WHERE gallery = ?", [gallery.key])
        return try Dictionary(
            uniqueKeysWithValues: rows.compactMap { row in
                try row.indexKey("key").map { ($0, row["label"]) }
            })
    }
}

extension Row {
    /// The key of a person or camera, as the index keeps it; nil for NULL.
    func indexKey(_ column: String) throws -> UInt32? {
        let key: Int64? = self[column]
        return try key.map(UInt32.init(indexKey:))
    }
}

extension UInt32 {
    /// The key of a person or camera, as the index keeps it: there is room for four billion.
    init(indexKey key: Int64) throws {
        guard let short = UInt32(exactly: key), short > 0 else {
            throw DatabaseError(resultCode: .SQLITE_FULL, message: "more people or cameras than an index can number")
        }
        self = short
    }
}

extension GalleryFacts {
    /// Reads a row of `gallery`.
    init(_ row: Row) {
        self.init(
            key: row["key"], name: row["name"], model: row["model"], dimensions: row["dimensions"],
            createdAt: Timestamp(milliseconds: row["created_at"]), cameraNormalization: row["camera_normalization"],
            retention: Retention(row), modelChanges: row["model_changes"])
    }
}

extension GalleryImage {
    /// Reads a row of `image`.
    init(_ row: Row, gallery: String, personID: String?, cameraID: String?, isHeld: Bool) {
        self.init(
            key: row["key"], id: row["id"], gallery: gallery, sha256: row.bytes("sha256"), personID: personID,
            cameraID: cameraID, capturedAt: row.timestamp("captured_at"), externalID: row["external_id"],
            name: row["name"], mediaType: row["media_type"], width: row["width"], height: row["height"],
            enrolledAt: Timestamp(milliseconds: row["enrolled_at"]), isHeld: isHeld)
    }
}

extension Row {
    /// A blob's bytes.
    func bytes(_ column: String) -> [UInt8] {
        let data: Data = self[column]
        return Array(data)
    }

    /// A time, or nil for NULL.
    func timestamp(_ column: String) -> Timestamp? {
        let milliseconds: Int64? = self[column]
        return milliseconds.map(Timestamp.init(milliseconds:))
    }
}

/// Vectors as blobs: little-endian float32.
enum Vector {
    static func data(_ vector: [Float]) -> Data {
        #if _endian(little)
            return unsafe vector.withUnsafeBytes { unsafe Data($0) }
        #else
            let bits = vector.map { $0.bitPattern.littleEndian }
            return unsafe bits.withUnsafeBytes { unsafe Data($0) }
        #endif
    }

    /// The values of a blob; empty if it is NULL or its length is not a multiple of 4.
    static func read(_ row: Row, _ column: String) throws -> [Float] {
        try row.withUnsafeData(named: column) { $0.map(values) ?? [] }
    }

    /// The values of a blob; empty if its length is not a multiple of 4.
    static func values(of data: Data) -> [Float] {
        guard data.count.isMultiple(of: 4) else { return [] }
        return unsafe data.withUnsafeBytes { bytes in
            (0..<bytes.count / 4).map { index in
                let bits = unsafe bytes.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self)
                return Float(bitPattern: UInt32(littleEndian: bits))
            }
        }
    }
}
