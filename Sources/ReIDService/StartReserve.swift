internal import Foundation
internal import Gallery
internal import Logging

/// A file whose space the service gives up so that it can start on a full disk.
///
/// SQLite needs some room to open a database, even to only read it.
enum StartReserve {
    /// Bytes of the file.
    private static let bytes = 1 << 20
    /// The file is written only while the disk has many times its size left.
    private static let scarce = 64 << 20

    /// Opens the database; if the disk is full, removes the reserve and tries once more.
    static func openStore(_ folder: DataFolder, logger: Logger) throws -> GalleryStore {
        do {
            let store = try GalleryStore(path: folder.database, logger: logger)
            keep(in: folder)
            return store
        } catch {
            switch error {
            case .diskFull, .inputOutput: break
            default: throw error
            }
            guard (try? FileManager.default.removeItem(atPath: folder.reserve)) != nil else { throw error }
            logger.warning(
                "the disk is full; the space of the reserve is used to start", metadata: ["error": "\(error)"])
            return try GalleryStore(path: folder.database, logger: logger)
        }
    }

    /// Writes the file if it is missing and there is much room.
    private static func keep(in folder: DataFolder) {
        let files = FileManager.default
        guard !files.fileExists(atPath: folder.reserve),
            let left = try? files.attributesOfFileSystem(forPath: folder.path)[.systemFreeSize] as? NSNumber,
            left.intValue >= scarce
        else { return }
        _ = files.createFile(
            atPath: folder.reserve, contents: Data(repeating: 0, count: bytes), attributes: [.posixPermissions: 0o600])
    }
}
