import Dispatch
import Logging
import Ranking
import Synchronization

/// The galleries in memory, made from the database; each change replaces a gallery's snapshot.
///
/// Only the writer changes it, after each commit and in the order of the commits. Any thread may read it. What takes long, the
/// making of heads, is done on a queue of its own, while searches and the writer go on.
final class LiveIndex: Sendable {
    private let snapshots: Mutex<[String: GallerySnapshot]>
    private let indexes: Mutex<[String: GalleryIndex]>
    private let queue = DispatchQueue(label: "reid.index", qos: .utility)
    private let logger: Logger

    init(_ loaded: [GalleryIndex], logger: Logger) {
        self.logger = logger
        snapshots = Mutex(Dictionary(uniqueKeysWithValues: loaded.map { ($0.facts.name, $0.snapshot) }))
        indexes = Mutex(Dictionary(uniqueKeysWithValues: loaded.map { ($0.facts.name, $0) }))
        for index in loaded where index.needsRotation { rotateSoon(index.facts.name) }
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
        indexes.withLock { $0[facts.name] = GalleryIndex(facts, revision: 0, means: means) }
        change(facts.name) { _ in }
    }

    func delete(_ name: String) {
        // These may be the last owners of a large index, so they are released outside the locks.
        let index = indexes.withLock { $0.removeValue(forKey: name) }
        let snapshot = snapshots.withLock { $0.removeValue(forKey: name) }
        withExtendedLifetime((index, snapshot)) {}
    }

    /// Publishes a snapshot with `added` after the last row, and with new camera means, unless they are nil.
    func append(
        _ added: [IndexedImage], cameras: [UInt32: String], to gallery: GalleryFacts, revision: Int64,
        means: CameraMeans<String>?
    ) {
        let needsRotation = change(gallery.name) { index throws(IndexFileError) in
            try index.append(added, cameras: cameras, means: means, revision: revision)
        }
        if needsRotation { rotateSoon(gallery.name) }
    }

    /// Publishes a snapshot without the images that have these keys, and with new camera means, unless they are nil.
    func remove(keys: Set<Int64>, from gallery: GalleryFacts, revision: Int64, means: CameraMeans<String>?) {
        change(gallery.name) { index throws(IndexFileError) in
            try index.remove(keys: keys, means: means, revision: revision)
        }
    }

    /// Publishes a snapshot with changed properties.
    func update(_ gallery: GalleryFacts, revision: Int64) {
        change(gallery.name) { $0.update(gallery, revision: revision) }
    }

    /// Changes a gallery's index and publishes its snapshot; returns whether it needs directions.
    ///
    /// The change is on disk already. If there is no memory for it, searches see it after the next start.
    @discardableResult
    private func change(_ name: String, _ body: (inout GalleryIndex) throws(IndexFileError) -> Void) -> Bool {
        let (old, needsRotation) = indexes.withLock { indexes -> (GallerySnapshot?, Bool) in
            guard var index = indexes.removeValue(forKey: name) else { return (nil, false) }
            do { try body(&index) } catch {
                logger.error(
                    "searches do not see a change until the next start",
                    metadata: ["gallery": "\(name)", "reason": "\(error)"])
            }
            indexes[name] = index
            let snapshot = index.snapshot
            return (snapshots.withLock { $0.updateValue(snapshot, forKey: name) }, index.needsRotation)
        }
        // The old snapshot is released outside the locks.
        withExtendedLifetime(old) {}
        return needsRotation
    }

    /// Makes directions for a gallery, unless it has them by then.
    private func rotateSoon(_ name: String) {
        queue.async { [weak self] in
            guard let self, let index = indexes.withLock({ $0[name] }), index.needsRotation else { return }
            do {
                guard let (rotation, heads) = try index.rotated() else {
                    change(name) { $0.putOffRotation() }
                    return
                }
                change(name) { current throws(IndexFileError) in
                    // Another gallery may have got the name.
                    guard current.facts.key == index.facts.key else { return }
                    try current.install(rotation, heads)
                }
            } catch {
                logger.warning("searches stay slow", metadata: ["gallery": "\(name)", "reason": "\(error)"])
                change(name) { $0.putOffRotation() }
            }
        }
    }
}
