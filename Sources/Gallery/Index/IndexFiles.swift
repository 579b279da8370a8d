import FoundationEssentials
import Logging

/// The folder of the indexes of all galleries, each in a folder of its own.
struct IndexFiles: Sendable {
    /// The folder's path.
    let path: String
    /// A random number that this run has written into the database.
    ///
    /// Files with another number belong to another database, such as one that was restored from a backup.
    var stamp: Int64

    /// The path of a gallery's folder; a gallery that gets another model gets another folder.
    func path(of gallery: GalleryFacts) -> String { "\(path)/\(name(of: gallery))" }

    private func name(of gallery: GalleryFacts) -> String {
        gallery.modelChanges == 0 ? "\(gallery.key)" : "\(gallery.key)-\(gallery.modelChanges)"
    }

    /// An empty folder for a gallery's index; nil if the disk is full, for example.
    func newFolder(for gallery: GalleryFacts, logger: Logger) -> IndexFolder? {
        do { return try IndexFolder(creating: path(of: gallery), for: gallery) } catch {
            logger.warning(
                "an index is only in memory, and is made anew at the next start",
                metadata: ["gallery": "\(gallery.name)", "reason": "\(error)"])
            return nil
        }
    }

    /// Removes everything that is not the index of one of these galleries.
    func removeOthers(than galleries: some Sequence<GalleryFacts>) throws {
        let kept = Set(galleries.map(name))
        guard FileManager.default.fileExists(atPath: path) else { return }
        for name in try FileManager.default.contentsOfDirectory(atPath: path) where !kept.contains(name) {
            try FileManager.default.removeItem(atPath: "\(path)/\(name)")
        }
    }
}
