internal import CDefaultWeights
internal import CSPRModel
internal import Foundation
internal import TensorFiles

/// The weights that are part of the program; `Sources/CDefaultWeights/model-card.md` describes them and their limits.
enum DefaultWeights {
    /// Writes the weight file to `path`, complete and synchronized to disk, or not at all.
    static func write(to path: String) throws(FileError) {
        var count = 0
        let start = unsafe c_default_weights(&count)
        try unsafe AtomicFile.replace(path, with: UnsafeBufferPointer(start: start, count: count))
    }

    /// Writes the profile of these weights to `path`, complete and synchronized to disk, or not at all.
    static func writeProfile(to path: String) throws(FileError) {
        var count = 0
        let start = unsafe c_default_profile(&count)
        try unsafe AtomicFile.replace(path, with: UnsafeBufferPointer(start: start, count: count))
    }

    /// Stands for a path in messages.
    static let title = "the built-in weights"

    /// The network with these weights; the name of its temporary file is removed before this returns.
    static func open() throws -> CSPRModel {
        let name = "reid-\(UUID().uuidString).safetensors"
        let path = FileManager.default.temporaryDirectory.appendingPathComponent(name).path
        defer { try? FileManager.default.removeItem(atPath: path) }
        do {
            try write(to: path)
            return try CSPRModel(contentsOf: path)
        } catch {
            throw CommandFailure("\(title): \(error)")
        }
    }
}
