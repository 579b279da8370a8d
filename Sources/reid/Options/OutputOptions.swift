internal import ArgumentParser
internal import Foundation

/// Whether a command may replace files that exist.
struct OutputOptions: ParsableArguments {
    @Flag(help: "Replace an existing file.")
    var force = false

    /// Throws if one of the paths exists and may not be replaced; nil stands for no output.
    ///
    /// Call it before any work is done.
    func check(_ paths: String?...) throws {
        for case let path? in paths where FileManager.default.fileExists(atPath: path) {
            guard force else { throw CommandFailure("\(path): already exists; give --force to replace it") }
            let type = try? FileManager.default.attributesOfItem(atPath: path)[.type] as? FileAttributeType
            guard type == .typeRegular || type == .typeSymbolicLink else {
                throw CommandFailure("\(path): is not a file, so it cannot be replaced")
            }
        }
    }
}
