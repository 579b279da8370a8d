import Ranking
import Synchronization

/// The galleries in memory, made from the database; each change replaces a gallery's snapshot.
///
/// Only the writer changes it, after each commit and in the order of the commits. Any thread may read it.
final class LiveIndex: Sendable {
    private let snapshots: Mutex<[String: GallerySnapshot]>
    /// Only the writer uses it, so a tally is changed in place.
    private let tallies: Mutex<[String: GalleryTally]>

    init(_ loaded: [LoadedGallery]) {
        snapshots = Mutex(Dictionary(uniqueKeysWithValues: loaded.map { ($0.facts.name, $0.snapshot) }))
        tallies = Mutex(Dictionary(uniqueKeysWithValues: loaded.map { ($0.facts.name, $0.tally) }))
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
        let empty = LoadedGallery(facts: facts, revision: 0, means: means)
        tallies.withLock { $0[facts.name] = empty.tally }
        publish(empty.snapshot)
    }

    func delete(_ name: String) {
        tallies.withLock { $0[name] = nil }
        // The snapshot may be the last owner of a large index, so it is released outside the lock.
        _ = snapshots.withLock { $0.removeValue(forKey: name) }
    }

    /// Publishes a snapshot with `added` after the last row, and with new camera means, unless they are nil.
    func append(
        _ added: [EnrolledImage], to gallery: GalleryFacts, revision: Int64, means: CameraMeans<String>?
    ) {
        change(gallery, revision: revision, means: means) { snapshot, tally in
            var images = snapshot.images
            var embeddings = snapshot.embeddings
            for new in added {
                images.append(new.image)
                embeddings.append(new.embedding)
                tally.add(new.image)
            }
            return (images, embeddings)
        }
    }

    /// Publishes a snapshot without the images that have these keys, and with new camera means, unless they are nil.
    func remove(keys: Set<Int64>, from gallery: GalleryFacts, revision: Int64, means: CameraMeans<String>?) {
        change(gallery, revision: revision, means: means) { snapshot, tally in
            let rows = Set(keys.compactMap { snapshot.row(ofKey: $0) })
            for row in rows { tally.remove(snapshot.images[row]) }
            let kept = snapshot.images.indices.lazy.filter { !rows.contains($0) }.map { snapshot.images[$0] }
            return (ImageRows(kept), snapshot.embeddings.removing(rows))
        }
    }

    /// Publishes a snapshot with changed properties.
    func update(_ gallery: GalleryFacts, revision: Int64) {
        change(gallery, revision: revision, means: nil) { snapshot, _ in (snapshot.images, snapshot.embeddings) }
    }

    private func change(
        _ gallery: GalleryFacts, revision: Int64, means: CameraMeans<String>?,
        _ body: (GallerySnapshot, inout GalleryTally) -> (ImageRows, EmbeddingMatrix)
    ) {
        guard let snapshot = snapshots.withLock({ $0[gallery.name] }) else { return }
        let (images, embeddings) = tallies.withLock { tallies in
            body(snapshot, &tallies[gallery.name, default: GalleryTally()])
        }
        let means = means ?? snapshot.cameraMeans
        let summary = tallies.withLock { tallies in
            tallies[gallery.name, default: GalleryTally()].summary(
                of: gallery, images: images.count, means: means, revision: revision)
        }
        publish(
            GallerySnapshot(
                facts: gallery, summary: summary, images: images, embeddings: embeddings, cameraMeans: means))
    }

    private func publish(_ snapshot: GallerySnapshot) {
        // The old snapshot is released outside the lock.
        _ = snapshots.withLock { $0.updateValue(snapshot, forKey: snapshot.name) }
    }
}

/// An image that a commit enrolled, with its vector.
struct EnrolledImage {
    let image: GalleryImage
    let embedding: [Float]
}

/// A gallery while it is read from the database.
struct LoadedGallery {
    let facts: GalleryFacts
    let revision: Int64
    var tally = GalleryTally()
    var images = ImageRows()
    var embeddings: EmbeddingMatrix
    let means: CameraMeans<String>

    init(facts: GalleryFacts, revision: Int64, means: CameraMeans<String>) {
        self.facts = facts
        self.revision = revision
        self.means = means
        embeddings = EmbeddingMatrix(dimensions: facts.dimensions)
    }

    mutating func append(_ image: GalleryImage, embedding: [Float]) {
        tally.add(image)
        images.append(image)
        embeddings.append(embedding)
    }

    var snapshot: GallerySnapshot {
        GallerySnapshot(
            facts: facts, summary: tally.summary(of: facts, images: images.count, means: means, revision: revision),
            images: images, embeddings: embeddings, cameraMeans: means)
    }
}
