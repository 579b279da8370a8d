import FoundationEssentials
import GRDB

/// Loads the galleries and their vectors from the database, one row at a time.
enum StoredIndex {
    /// The images that are added to an index at a time.
    private static let imagesPerStep = 1024

    static func load(_ db: Database, path: String) throws -> [GalleryIndex] {
        var galleries: [Int64: Loading] = [:]
        for row in try Row.fetchAll(db, sql: "SELECT * FROM gallery") {
            let facts = GalleryFacts(row)
            galleries[facts.key] = Loading(
                index: GalleryIndex(facts, revision: row["revision"], means: try db.cameraMeans(of: facts)),
                cameras: try db.cameraNames(of: facts))
        }
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT image.key, id, gallery, person, camera, captured_at, embedding.model, vector
                FROM image LEFT JOIN embedding ON embedding.image = image.key ORDER BY image.key
                """)
        while let row = try rows.next() {
            let gallery: Int64 = row["gallery"]
            guard let facts = galleries[gallery]?.index.facts else {
                throw GalleryError.corrupt(path: path, reason: "an image of gallery \(gallery), which is not there")
            }
            let (id, model): (String, String?) = (row["id"], row["model"])
            guard model == facts.model else {
                throw GalleryError.corrupt(path: path, reason: "\(id) has no vector of its gallery's model")
            }
            let vector = try Vector.read(row, "vector")
            guard vector.count == facts.dimensions, vector.allSatisfy(\.isFinite) else {
                throw GalleryError.corrupt(path: path, reason: "the vector of \(id) is not its gallery's kind")
            }
            try galleries[gallery]?.append(
                IndexedImage(
                    key: row["key"], person: try row.indexKey("person"), camera: try row.indexKey("camera"),
                    capturedAt: row.timestamp("captured_at"), embedding: vector))
        }
        return try galleries.values.map { loading in
            var loading = loading
            try loading.flush()
            return loading.index
        }
    }

    /// A gallery while it is read from the database.
    private struct Loading {
        var index: GalleryIndex
        let cameras: [UInt32: String]
        private var pending: [IndexedImage] = []

        init(index: GalleryIndex, cameras: [UInt32: String]) {
            self.index = index
            self.cameras = cameras
        }

        mutating func append(_ image: IndexedImage) throws {
            pending.append(image)
            if pending.count == StoredIndex.imagesPerStep { try flush() }
        }

        mutating func flush() throws {
            try index.append(pending, cameras: cameras, means: nil, revision: index.revision)
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
            createdAt: Timestamp(milliseconds: row["created_at"]), cameraNormalization: row["camera_normalization"])
    }
}

extension GalleryImage {
    /// Reads a row of `image`.
    init(_ row: Row, gallery: String, personID: String?, cameraID: String?) {
        self.init(
            key: row["key"], id: row["id"], gallery: gallery, sha256: row.bytes("sha256"), personID: personID,
            cameraID: cameraID, capturedAt: row.timestamp("captured_at"), externalID: row["external_id"],
            name: row["name"], mediaType: row["media_type"], width: row["width"], height: row["height"],
            enrolledAt: Timestamp(milliseconds: row["enrolled_at"]))
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
        var data = Data(capacity: vector.count * 4)
        for value in vector {
            unsafe withUnsafeBytes(of: value.bitPattern.littleEndian) { unsafe data.append(contentsOf: $0) }
        }
        return data
    }

    /// The values of a blob; empty if it is NULL or its length is not a multiple of 4.
    static func read(_ row: Row, _ column: String) throws -> [Float] {
        try row.withUnsafeData(named: column) { data in
            guard let data, data.count.isMultiple(of: 4) else { return [] }
            return unsafe data.withUnsafeBytes { bytes in
                (0..<bytes.count / 4).map { index in
                    let bits = unsafe bytes.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self)
                    return Float(bitPattern: UInt32(littleEndian: bits))
                }
            }
        }
    }
}
