internal import CDefaultWeights
internal import TensorFiles

/// The weights that are part of the program; `Sources/CDefaultWeights/model-card.md` describes them and their limits.
enum DefaultWeights {
    /// Writes the weight file to `path`, complete and synchronized to disk, or not at all.
    static func write(to path: String) throws(FileError) {
        var count = 0
        let start = unsafe c_default_weights(&count)
        try unsafe AtomicFile.replace(path, with: UnsafeBufferPointer(start: start, count: count))
    }
}
