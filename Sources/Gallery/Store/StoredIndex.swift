import FoundationEssentials
import GRDB

/// Loads the galleries and their vectors from the database, one row at a time.
enum StoredIndex {
    static func load(_ db: Database, path: String) throws -> [LoadedGallery] {
        var galleries: [Int64: LoadedGallery] = [:]
        for row in try Row.fetchAll(db, sql: "SELECT * FROM gallery") {
            let facts = GalleryFacts(row)
            galleries[facts.key] = LoadedGallery(
                facts: facts, revision: row["revision"], means: try db.cameraMeans(of: facts))
        }
        let people = try labels(db, table: "person")
        let cameras = try labels(db, table: "camera")
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT image.*, embedding.model AS embedding_model, embedding.vector
                FROM image LEFT JOIN embedding ON embedding.image = image.key ORDER BY image.key
                """)
        while let row = try rows.next() {
            let gallery: Int64 = row["gallery"]
            guard let facts = galleries[gallery]?.facts else {
                throw GalleryError.corrupt(path: path, reason: "an image of gallery \(gallery), which is not there")
            }
            let person: Int64? = row["person"]
            let camera: Int64? = row["camera"]
            let image = GalleryImage(
                row, gallery: facts.name, personID: person.flatMap { people[$0] },
                cameraID: camera.flatMap { cameras[$0] })
            let model: String? = row["embedding_model"]
            guard model == facts.model else {
                throw GalleryError.corrupt(path: path, reason: "\(image.id) has no vector of its gallery's model")
            }
            let vector = try Vector.read(row, "vector")
            guard vector.count == facts.dimensions, vector.allSatisfy(\.isFinite) else {
                throw GalleryError.corrupt(path: path, reason: "the vector of \(image.id) is not its gallery's kind")
            }
            galleries[gallery]?.append(image, embedding: vector)
        }
        return Array(galleries.values)
    }

    /// The names of people or cameras by key, so that all images of one person or camera share one text.
    private static func labels(_ db: Database, table: String) throws -> [Int64: String] {
        let rows = try Row.fetchCursor(db, sql: "SELECT key, label FROM \(table)")
        return try Dictionary(uniqueKeysWithValues: Array(rows.map { ($0["key"], $0["label"]) }))
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
