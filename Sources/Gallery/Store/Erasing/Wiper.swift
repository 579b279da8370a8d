import Dispatch
import GRDB
import Logging
import Synchronization

// Wiping: the second step of erasing many images. The first one, `deleteImages`, marks them, which is quick; nothing shows
// them from then on. The vectors of a camera lie on as many pages as there are images, so that overwriting them takes long;
// it is done here, in the background. Marks are in the database, so a killed process goes on at its next start.

/// The queue that wipes erased images, one run after another, and whether it must stop.
final class Wiper: Sendable {
    let queue = DispatchQueue(label: "reid.gallery.wiping", qos: .utility)
    let isStopped = Atomic(false)

    /// The images that one transaction wipes.
    ///
    /// Each changes three pages or more, so that a transaction writes some megabytes. More would keep other writers waiting,
    /// for the transaction and then for the disk.
    static let imagesPerTransaction = 100
    /// The time until the next try, after a full disk or because a reader was in the way.
    static let pause = DispatchTimeInterval.seconds(10)
}

extension GalleryStore {
    /// The number of images that are erased, so that nothing shows them, but still have to be wiped from the disk.
    ///
    /// - Throws: `inputOutput`, `corrupt`.
    public func imagesToWipe() throws(GalleryError) -> Int {
        try read { try Int.fetchOne($0, sql: "SELECT count(*) FROM erased") ?? 0 }
    }

    /// Whether there are such images; costs no more for many of them.
    ///
    /// - Throws: `inputOutput`, `corrupt`.
    public func hasImagesToWipe() throws(GalleryError) -> Bool {
        try read { try Bool.fetchOne($0, sql: "SELECT EXISTS (SELECT 1 FROM erased)") ?? false }
    }

    /// Wipes the images that wait for it, as is done in the background anyway, and waits for the end.
    ///
    /// When this returns, no byte of them is in the database or its write-ahead log, unless `close` is called meanwhile.
    ///
    /// - Throws: `diskFull`, `inputOutput`; `locked` if a reader keeps the write-ahead log from being emptied.
    public func finishWiping() throws(GalleryError) {
        try wiper.queue.sync { Result { () throws(GalleryError) in try wipeAll() } }.get()
    }

    /// Has the images that wait for it wiped in the background.
    func startWiping() {
        wiper.queue.async { [weak self] in self?.wipeInBackground() }
    }

    /// Ends the wiping after the present transaction; the next start goes on.
    func stopWiping() {
        wiper.isStopped.store(true, ordering: .releasing)
        wiper.queue.sync {}
    }

    private func wipeInBackground() {
        do { try wipeAll() } catch {
            logger.warning(
                "erased images are not wiped from the disk yet", metadata: ["path": "\(path)", "reason": "\(error)"])
            wiper.queue.asyncAfter(deadline: .now() + Wiper.pause) { [weak self] in self?.wipeInBackground() }
        }
    }

    private func wipeAll() throws(GalleryError) {
        let (start, marked) = (ContinuousClock.now, try imagesToWipe())
        guard marked > 0 || isErasureDue.withLock({ $0 }) else { return }
        logger.info("wiping erased images from the disk", metadata: ["path": "\(path)", "images": "\(marked)"])
        var wiped = 0
        while !wiper.isStopped.load(ordering: .acquiring) {
            let step = try wipeSome()
            wiped += step.images
            guard step.isLast else {
                // Now rather than by the next writer, which would have to wait for it.
                log.copy()
                continue
            }
            guard !isErasureDue.withLock({ $0 }) else { throw .locked(path: path) }
            let seconds = (ContinuousClock.now - start) / .seconds(1)
            return logger.info("erased images are wiped", metadata: ["images": "\(wiped)", "seconds": "\(seconds)"])
        }
        let rest = try imagesToWipe()
        logger.info("wiping goes on at the next start", metadata: ["images": "\(wiped)", "remaining": "\(rest)"])
    }

    /// Wipes the oldest of the images that wait for it, in one transaction.
    ///
    /// - Parameter limit: the most images to wipe.
    /// - Returns: the number of images, and whether there are no more; only then is the log emptied.
    /// - Throws: `diskFull`, `inputOutput`.
    func wipeSome(
        atMost limit: Int = Wiper.imagesPerTransaction
    ) throws(GalleryError) -> (images: Int, isLast: Bool) {
        // The marks are durable, so what a power cut takes back is done again.
        try write(waits: false) { db, aftermath in
            let oldest = try Int64.fetchAll(
                db.cachedStatement(sql: "SELECT image FROM erased ORDER BY image LIMIT ?"), arguments: [limit])
            try db.wipe(oldest)
            aftermath.erases = oldest.count < limit
            return (oldest.count, aftermath.erases)
        }
    }
}

extension Database {
    /// Deletes images with their bytes and vectors, their names in batches, and the people and cameras that have no other.
    ///
    /// The items that enrolled them stay recorded, so that a running batch does not enroll them again.
    func wipe(_ images: [Int64]) throws {
        let keys = Self.list(images)
        let labels = try rows(
            "SELECT person, camera FROM image WHERE key IN (SELECT value FROM json_each(?))", [keys])
        try run(
            """
            UPDATE batch_item SET name = NULL, detail = NULL, image = NULL
            WHERE image IN (SELECT value FROM json_each(?))
            """, [keys])
        try run("DELETE FROM image WHERE key IN (SELECT value FROM json_each(?))", [keys])
        for table in ["person", "camera"] {
            try run(
                """
                DELETE FROM \(table) WHERE key IN (SELECT value FROM json_each(?))
                AND NOT EXISTS (SELECT 1 FROM image WHERE \(table) = \(table).key)
                """, [Self.list(Set(labels.compactMap { $0[table] as Int64? }).sorted())])
        }
    }

    /// Keys as a JSON list, which SQLite reads as a table.
    static func list(_ keys: [Int64]) -> String { "[\(keys.map(String.init).joined(separator: ","))]" }
}
