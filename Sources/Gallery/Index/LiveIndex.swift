import Dispatch
import Logging
import Ranking
import Synchronization

/// The galleries in memory, made from the database; each change replaces a gallery's snapshot.
///
/// Only the writer changes it, after each commit and in the order of the commits. Any thread may read it. What takes long, such
/// as making heads, is done on a queue of its own, while searches and the writer go on.
final class LiveIndex: Sendable {
    private let snapshots: Mutex<[String: GallerySnapshot]>
    private let indexes: Mutex<[String: GalleryIndex]>
    private let queue = DispatchQueue(label: "reid.index", qos: .utility)
    let files: IndexFiles?
    private let logger: Logger

    /// The time between two looks whether erased rows can be overwritten.
    private static let wipeInterval = DispatchTimeInterval.seconds(1)

    /// Takes over indexes.
    ///
    /// - Parameters:
    ///   - loaded: An index for each gallery.
    ///   - files: Where the indexes of new galleries go; nil: only into memory.
    ///   - logger: Gets a line about what could not be done.
    init(_ loaded: [GalleryIndex], files: IndexFiles?, logger: Logger) {
        self.files = files
        self.logger = logger
        snapshots = Mutex([:])
        indexes = Mutex(Dictionary(uniqueKeysWithValues: loaded.map { ($0.facts.name, $0) }))
        for index in loaded { change(index.facts.name) { _ in } }
    }

    func snapshot(of name: String) throws(GalleryError) -> GallerySnapshot {
        guard let snapshot = snapshots.withLock({ $0[name] }) else { throw .unknownGallery(name) }
        return snapshot
    }

    /// Every gallery's newest snapshot, by name.
    var all: [GallerySnapshot] {
        snapshots.withLock { Array($0.values) }.sorted { $0.name < $1.name }
    }

    func create(_ facts: GalleryFacts) {
        let means = CameraMeans<String>(dimensions: facts.dimensions, means: [])
        let folder = files?.newFolder(for: facts, logger: logger)
        indexes.withLock { $0[facts.name] = GalleryIndex(facts, revision: 0, means: means, folder: folder) }
        change(facts.name) { _ in }
    }

    func delete(_ name: String) {
        // These may be the last owners of a large index, so they are released outside the locks.
        let index = indexes.withLock { $0.removeValue(forKey: name) }
        let snapshot = snapshots.withLock { $0.removeValue(forKey: name) }
        remove(index?.folder)
        withExtendedLifetime((index, snapshot)) {}
    }

    /// Puts an index that was made elsewhere in the place of the gallery's, and publishes its snapshot; older snapshots stay
    /// as they are.
    func put(_ new: GalleryIndex) {
        let old = indexes.withLock { $0.updateValue(new, forKey: new.facts.name) }
        change(new.facts.name) { _ in }
        remove(old?.folder)
        withExtendedLifetime(old) {}
    }

    /// Removes the files of an index that is not used any more; who still reads them has them mapped.
    private func remove(_ folder: IndexFolder?) {
        guard let folder else { return }
        do { try IndexFolder.remove(folder.path) } catch {
            logger.warning(
                "an index is not removed until the next start",
                metadata: ["path": "\(folder.path)", "reason": "\(error)"])
        }
    }

    /// Publishes a snapshot with `added` after the last row, and with new camera means, unless they are nil.
    func append(
        _ added: [IndexedImage], cameras: [UInt32: String], to gallery: GalleryFacts, revision: Int64,
        means: CameraMeans<String>?
    ) {
        change(gallery.name) { index throws(IndexFileError) in
            try index.append(added, cameras: cameras, means: means, revision: revision)
        }
    }

    /// Publishes a snapshot without the images that have these keys, and with new camera means, unless they are nil.
    func remove(keys: [Int64], from gallery: GalleryFacts, revision: Int64, means: CameraMeans<String>?) {
        change(gallery.name) { index throws(IndexFileError) in
            try index.remove(keys: keys, means: means, revision: revision)
        }
    }

    /// Publishes a snapshot with changed properties.
    func update(_ gallery: GalleryFacts, revision: Int64) {
        change(gallery.name) { $0.update(gallery, revision: revision) }
    }

    /// Publishes a snapshot with another calibration.
    func calibrate(_ gallery: GalleryFacts, _ calibration: GalleryCalibration, revision: Int64) {
        change(gallery.name) { index in
            index.calibration = calibration
            index.update(gallery, revision: revision)
        }
    }

    /// Waits until nothing is left to do on the queue.
    func finishMaintenance() { queue.sync {} }

    /// Changes a gallery's index and publishes its snapshot.
    ///
    /// The change is on disk already. If there is no memory for it, searches see it after the next start.
    private func change(_ name: String, _ body: (inout GalleryIndex) throws(IndexFileError) -> Void) {
        let (old, isDue, wipes) = indexes.withLock { indexes -> (GallerySnapshot?, Bool, Bool) in
            guard var index = indexes.removeValue(forKey: name) else { return (nil, false, false) }
            do { try body(&index) } catch {
                logger.error(
                    "searches do not see a change until the next start",
                    metadata: ["gallery": "\(name)", "reason": "\(error)"])
            }
            if let files { index.noteState(stamp: files.stamp, previousStamp: files.stamp) }
            let snapshot = index.makeSnapshot()
            let wipes = !index.remains.isEmpty && !index.isWipeDue
            if wipes { index.isWipeDue = true }
            indexes[name] = index
            let old = snapshots.withLock { $0.updateValue(snapshot, forKey: name) }
            return (old, index.needsRotation || index.partToCompact != nil, wipes)
        }
        // The old snapshot is released outside the locks.
        withExtendedLifetime(old) {}
        if isDue { queue.async { [weak self] in self?.maintain(name) } }
        if wipes { wipeSoon(name) }
    }

    /// Makes directions for a gallery, and takes erased rows out of a part, if that is due.
    private func maintain(_ name: String) {
        guard let facts = indexes.withLock({ $0[name]?.facts }) else { return }
        do {
            if let (index, number) = copy(of: name, if: \.needsRotation) {
                let made = try index.makeRotation(number: number)
                change(name) { current throws(IndexFileError) in
                    // Another gallery may have got the name, or the gallery another model.
                    guard current.facts.sharesIndex(with: index.facts) else { return }
                    if let made { try current.install(made) } else { current.putOffRotation() }
                }
            }
            if let (index, newNumber) = copy(of: name, if: { $0.partToCompact != nil }),
                let number = index.partToCompact, let part = try index.compacted(number, newNumber: newNumber)
            {
                change(name) { current throws(IndexFileError) in
                    guard current.facts.sharesIndex(with: index.facts) else { return }
                    try current.install(part, for: number)
                }
            }
        } catch {
            change(name) { current in
                // The files of an index that was replaced meanwhile are gone.
                guard current.facts.sharesIndex(with: facts) else { return }
                logger.warning("searches stay slow", metadata: ["gallery": "\(name)", "reason": "\(error)"])
                current.putOffRotation()
            }
        }
    }

    /// A copy of an index that needs work, with numbers for new files.
    private func copy(of name: String, if isDue: (GalleryIndex) -> Bool) -> (GalleryIndex, Int?)? {
        indexes.withLock { indexes in
            guard var index = indexes[name], isDue(index) else { return nil }
            let number = index.reserveNumbers()
            indexes[name] = index
            return (index, number)
        }
    }

    /// Overwrites erased rows as soon as no search shows them any more.
    private func wipeSoon(_ name: String) {
        queue.asyncAfter(deadline: .now() + Self.wipeInterval) { [weak self] in
            guard let self else { return }
            if wipeNow(name) { wipeSoon(name) }
        }
    }

    /// Overwrites the erased rows that no search shows any more; returns whether there are others.
    @discardableResult
    func wipeNow(_ name: String) -> Bool {
        indexes.withLock { indexes in
            guard var index = indexes.removeValue(forKey: name) else { return false }
            defer { indexes[name] = index }
            index.isWipeDue = index.wipeRemains()
            return index.isWipeDue
        }
    }
}
