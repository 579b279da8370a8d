import Datasets
import Foundation
import Imaging

/// A folder of small images of one color each; removed on deinit.
final class DrawnFolder {
    let path: String

    /// Draws an image for each name, in the format of the name's ending; writes `texts` as text files.
    init(_ images: [String], texts: [String: String] = [:]) throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("drawn-\(UUID().uuidString)").path
        for (index, name) in images.enumerated() { try write(Self.image(name, index), to: name) }
        for (name, text) in texts { try write(Array(text.utf8), to: name) }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ bytes: [UInt8], to name: String) throws {
        let url = URL(fileURLWithPath: "\(path)/\(name)")
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: url)
    }

    func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: "\(path)/\(name)") }

    private static func image(_ name: String, _ index: Int) throws -> [UInt8] {
        let color = [UInt8(index * 37 % 256), UInt8(index * 91 % 256), 120]
        let image = RGBImage(width: 4, height: 12, pixels: (0..<48).flatMap { _ in color })
        if name.hasSuffix(".bmp") {
            let header: [UInt8] =
                [0x42, 0x4D, 198, 0, 0, 0, 0, 0, 0, 0, 54, 0, 0, 0, 40, 0, 0, 0, 4, 0, 0, 0, 12, 0, 0, 0, 1, 0, 24, 0]
            return header + [UInt8](repeating: 0, count: 24) + (0..<48).flatMap { _ in color.reversed() }
        }
        return try name.hasSuffix(".png") ? image.png() : image.jpeg()
    }

    func read(_ kind: DatasetKind, _ options: TestSet.Options = .init()) throws -> TestSet {
        try TestSet(kind, folder: path, options: options)
    }

    /// The message of the error of reading the folder, without the folder's path; nil if it can be read.
    func refusal(_ kind: DatasetKind) -> String? {
        do {
            _ = try TestSet(kind, folder: path)
            return nil
        } catch { return error.description.replacingOccurrences(of: path, with: "DIR") }
    }

    /// Images as "person camera path", the path within the folder.
    func described(_ images: [TestImage]) -> [String] {
        images.map { "\($0.sighting.person) \($0.sighting.camera) \($0.path.dropFirst(path.count + 1))" }
    }
}
