internal import Foundation
internal import Gallery
internal import HTTP
internal import Logging

/// The bodies of accepted batches on disk: one file per batch in the data folder, named by the batch's id.
struct BatchFiles: Sendable {
    let folder: DataFolder
    let logger: Logger

    /// The path of a batch's body; it is made from the id, so that the data folder can be moved.
    func path(_ batch: String) -> String { folder.batches + "/" + batch }

    /// Moves or writes a request's body to the batch's file; on return it is durable.
    ///
    /// - Throws: `GalleryError.diskFull`, or another error of the system.
    func keep(_ body: RequestBody, as batch: String) throws {
        do {
            try write(body, as: batch)
        } catch let error as BodyFileError where error.isDiskFull {
            throw GalleryError.diskFull(path: folder.batches)
        } catch let error as CocoaError where error.code == .fileWriteOutOfSpace {
            throw GalleryError.diskFull(path: folder.batches)
        }
    }

    private func write(_ body: RequestBody, as batch: String) throws {
        switch body {
        case .file(let file): try file.moved(to: path(batch))
        case .bytes(let bytes):
            // Fails if the file exists. A file that a crash cut off has no row in the database, and is removed at the
            // next start.
            try Data().write(to: URL(filePath: path(batch)), options: .withoutOverwriting)
            let file = try FileHandle(forWritingTo: URL(filePath: path(batch)))
            try file.write(contentsOf: Data(bytes))
            try file.synchronize()
            try file.close()
            let names = try FileHandle(forReadingFrom: URL(filePath: folder.batches))
            try names.synchronize()
            try names.close()
        }
    }

    /// Removes a batch's body; if that fails, the next start removes it.
    func remove(_ batch: String) {
        do {
            try FileManager.default.removeItem(atPath: path(batch))
        } catch let error as CocoaError where error.code == .fileNoSuchFile {
            return
        } catch {
            logger.warning("a batch's body could not be removed", metadata: ["batch": "\(batch)", "error": "\(error)"])
        }
    }

    /// Removes the bodies that belong to no unfinished batch, which a crash can leave behind.
    ///
    /// Call it before batches are accepted.
    func removeOrphans(unfinished: [BatchRecord]) throws {
        let owned = Set(unfinished.map(\.id))
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.batches) where !owned.contains(name) {
            remove(name)
        }
    }
}
