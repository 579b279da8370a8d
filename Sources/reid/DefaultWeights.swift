internal import CDefaultWeights
internal import Foundation

/// The weights that are part of the program; `Sources/CDefaultWeights/model-card.md` says what they are and what they are not fit for.
enum DefaultWeights {
    /// Writes the weight file to `path`, whole or not at all.
    static func write(to path: String) throws {
        var count = 0
        guard let start = unsafe c_default_weights(&count) else { return }
        let data = unsafe Data(bytes: start, count: count)
        try data.write(to: URL(fileURLWithPath: path), options: .atomic)
    }
}
