import Digests
import Foundation
import GRDB
import Gallery
import Glibc
import Logging
import Synchronization
import Testing

/// A folder that is removed on deinit.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "reid-gallery-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    var database: String { path + "/reid.sqlite" }

    /// The bytes of the database and of its write-ahead log, one after the other.
    func storedBytes() throws -> StoredBytes {
        var bytes = Data()
        for file in [database, database + "-wal"] where FileManager.default.fileExists(atPath: file) {
            bytes += try Data(contentsOf: URL(fileURLWithPath: file))
        }
        return StoredBytes(bytes: bytes)
    }

    /// The size of the database, or of the file with this suffix beside it.
    func bytes(of suffix: String = "") throws -> Int {
        try #require(try FileManager.default.attributesOfItem(atPath: database + suffix)[.size] as? Int)
    }

    /// A copy of the files as a killed process would leave them, in a new folder.
    ///
    /// - Parameter withIndex: Whether the files of the index are copied too.
    /// - Returns: The new folder.
    /// - Throws: Why it could not be copied.
    func copyAsIfKilled(withIndex: Bool = false) throws -> TemporaryFolder {
        let copy = try TemporaryFolder()
        for suffix in ["", "-wal"] + (withIndex ? [".index"] : [])
        where FileManager.default.fileExists(atPath: database + suffix) {
            try FileManager.default.copyItem(atPath: database + suffix, toPath: copy.database + suffix)
        }
        return copy
    }

    /// Changes the database behind the store's back.
    func tamper(_ sql: String) throws {
        var configuration = Configuration()
        configuration.foreignKeysEnabled = false
        let queue = try DatabaseQueue(path: database, configuration: configuration)
        try queue.writeWithoutTransaction { try $0.execute(sql: sql) }
        try queue.close()
    }

    /// Runs SQL in SQLite's own client, where it is installed: a reader that shares no code with the store.
    func sqlite(_ sql: String) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Self.client)
        process.arguments = ["-batch", "-bail", database, sql]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "sqlite3 failed on \(sql)")
        return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    static let client = "/usr/bin/sqlite3"
    static var hasClient: Bool { FileManager.default.isExecutableFile(atPath: client) }
}

/// The content of files, in which tests search for traces.
struct StoredBytes {
    let bytes: Data

    func holds(_ trace: [UInt8]) -> Bool {
        unsafe bytes.withUnsafeBytes { bytes in
            guard let first = trace.first, var start = bytes.baseAddress else { return false }
            let end = unsafe start + bytes.count
            // Uses C's functions, because a comparison byte by byte in a debug build takes most of a minute.
            while unsafe end - start >= trace.count, let found = unsafe memchr(start, Int32(first), end - start) {
                guard unsafe end - UnsafeRawPointer(found) >= trace.count else { return false }
                if unsafe memcmp(found, trace, trace.count) == 0 { return true }
                unsafe start = UnsafeRawPointer(found) + 1
            }
            return false
        }
    }
}

/// A clock that stands still until it is moved.
final class ManualClock: Sendable {
    private let time = Mutex(Timestamp(milliseconds: 1_795_341_600_000))

    var now: Timestamp { time.withLock { $0 } }

    func advance(seconds: Int64) {
        time.withLock { $0 = $0.adding(seconds: seconds) }
    }
}

/// A store in a temporary folder, with one gallery "lobby" of 8 dimensions.
struct StoreFixture {
    static let model = "sha256:" + String(repeating: "a", count: 64)

    let folder: TemporaryFolder
    let store: GalleryStore
    let clock = ManualClock()

    init(folder: TemporaryFolder, store: GalleryStore) {
        self.folder = folder
        self.store = store
    }

    init(dimensions: Int = 8) throws {
        folder = try TemporaryFolder()
        store = try Self.open(folder, clock: clock)
        let name = try #require(GalleryName("lobby"))
        try store.createGallery(name, model: Self.model, dimensions: dimensions)
    }

    static func open(_ folder: TemporaryFolder, clock: ManualClock = ManualClock()) throws -> GalleryStore {
        try GalleryStore(
            path: folder.database, logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
            clock: { clock.now })
    }

    /// A batch that runs, ready to record into.
    func runningBatch(in gallery: String = "lobby") throws -> String {
        let batch = try store.createBatch(.sample(gallery: gallery)).batch
        return try store.setBatchState(batch.id, to: .running).id
    }

    /// Enrolls images in one commit; returns their ids, in order.
    @discardableResult
    func enroll(_ images: [NewImage], in gallery: String = "lobby") throws -> [String] {
        let batch = try runningBatch(in: gallery)
        let outcomes = images.enumerated().map { ItemOutcome(index: $0, name: nil, result: .image($1)) }
        try store.record(outcomes, batch: batch)
        return try store.items(of: batch, limit: 1000).items.compactMap(\.imageID)
    }
}

extension GalleryStore {
    /// The images of a gallery's newest snapshot, oldest first.
    func allImages(in gallery: String = "lobby") throws -> [GalleryImage] {
        let snapshot = try snapshot(of: gallery)
        let keys = snapshot.rows.map { snapshot.key(ofRow: $0) }
        let images = try images(withKeys: keys)
        return keys.compactMap { images[$0] }
    }
}

extension NewBatch {
    static func sample(
        gallery: String = "lobby", key: String? = nil, body: UInt8 = 1, kind: BatchKind = .tar,
        expectedItems: Int? = nil, warnings: [String] = []
    ) throws -> NewBatch {
        NewBatch(
            id: try GalleryStore.newBatchID(), gallery: gallery, kind: kind, contentType: "application/x-tar",
            bodyBytes: 10, bodySHA256: Array(repeating: body, count: 32), idempotencyKey: key,
            expectedItems: expectedItems, warnings: warnings)
    }
}

extension NewImage {
    /// An image whose bytes, digest and unit vector follow from `seed`.
    static func sample(
        _ seed: Int, dimensions: Int = 8, bytes: [UInt8]? = nil, person: String? = nil, camera: String? = nil,
        at time: Timestamp? = nil, externalID: String? = nil, name: String? = nil, model: String = StoreFixture.model
    ) throws -> NewImage {
        let content = bytes ?? Array("image \(seed)".utf8)
        return NewImage(
            sha256: try SHA256.hash(content), content: ImageContent(bytes: content, mediaType: "image/jpeg"),
            width: 64, height: 128, embedding: unitVector(seed, dimensions: dimensions), model: model,
            personID: person, cameraID: camera, capturedAt: time, externalID: externalID, name: name)
    }
}

/// A vector of length 1 that follows from `seed` by a linear congruential generator.
func unitVector(_ seed: Int, dimensions: Int = 8) -> [Float] {
    var state = UInt64(truncatingIfNeeded: seed) &* 0x9E37_79B9_7F4A_7C15 &+ 1
    let values = (0..<dimensions).map { _ -> Float in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Float(state >> 40) / Float(1 << 24) - 0.5
    }
    let length = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return values.map { $0 / length }
}

/// The typed error that `body` throws.
func galleryError(_ body: () throws -> Void) -> GalleryError? {
    do {
        try body()
        return nil
    } catch {
        return error as? GalleryError
    }
}
