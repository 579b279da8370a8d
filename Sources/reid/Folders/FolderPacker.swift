internal import Datasets
internal import Foundation
internal import ReIDService
internal import TensorFiles

/// Makes a tar of a folder's images, with a manifest that names people and cameras.
struct FolderPacker {
    let folder: String

    /// Writes a temporary tar file; the caller removes it.
    func pack() throws -> URL {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("reid-\(UUID().uuidString).tar")
        do {
            try Data().write(to: file)
            let handle = try FileHandle(forWritingTo: file)
            defer { try? handle.close() }
            var tar = TarWriter(to: handle)
            let images = try self.images()
            guard !images.isEmpty else { throw CommandFailure("\(folder): it has no .jpg, .jpeg or .png") }
            for name in images { try tar.append(name, bytes(name)) }
            if FileManager.default.fileExists(atPath: folder + "/manifest.ndjson") {
                try tar.append("manifest.ndjson", bytes("manifest.ndjson"))
            } else {
                try tar.append("manifest.ndjson", images.flatMap { try line(for: $0) })
            }
            try tar.finish()
            return file
        } catch {
            try? FileManager.default.removeItem(at: file)
            if error is CommandFailure { throw error }
            throw CommandFailure("\(folder): \(describe(error))")
        }
    }

    private func bytes(_ name: String) throws -> [UInt8] {
        let path = folder + "/" + name
        do { return try readRegularFile(path) } catch {
            throw CommandFailure("\(path): \(error.reason)")
        }
    }

    /// The paths of the images in the folder and its subfolders, sorted.
    private func images() throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: folder).filter { path in
            let type = (path as NSString).pathExtension.lowercased()
            let isHidden = path.split(separator: "/").contains { $0.hasPrefix(".") }
            return ["jpg", "jpeg", "png"].contains(type) && !isHidden
        }.sorted()
    }

    /// The manifest line for an image: from a Market-1501 name, from `person/camera_anything.jpg`, or with the file
    /// only.
    private func line(for path: String) throws -> [UInt8] {
        var item = ["image": path]
        let parts = path.split(separator: "/").map(String.init)
        if let name = parts.last, let market = MarketName(name) {
            item["person_id"] = market.personID
            item["camera_id"] = market.cameraID
        } else if parts.count == 2 {
            item["person_id"] = parts[0]
            let camera = parts[1].split(separator: "_", maxSplits: 1)
            if camera.count == 2 { item["camera_id"] = String(camera[0]) }
        }
        return [UInt8](try JSONEncoder().encode(item)) + [UInt8(ascii: "\n")]
    }
}
