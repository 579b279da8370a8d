internal import Foundation
internal import Gallery
internal import HTTP
internal import Logging

/// The bodies of accepted batches on disk: a file each in the data folder, named by the batch's id.
struct BatchFiles: Sendable {
    let folder: DataFolder
    let logger: Logger

    /// Where a batch's body is: made from the id, not from the stored path, so that a data folder can be moved.
    func path(_ batch: String) -> String { folder.batches + "/" + batch }

    /// Brings a request's body here; on return it is on disk to stay.
    ///
    /// - Throws: `GalleryError.diskFull`, or what else the system said.
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
            // Exclusive creation; a file cut short by a crash has no row and is removed at the next start.
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

    /// Removes a batch's body; one that is left behind is removed at the next start.
    func remove(_ batch: String) {
        do {
            try FileManager.default.removeItem(atPath: path(batch))
        } catch let error as CocoaError where error.code == .fileNoSuchFile {
            return
        } catch {
            logger.warning("a batch's body could not be removed", metadata: ["batch": "\(batch)", "error": "\(error)"])
        }
    }

    /// Removes the bodies that no unfinished batch owns, because acceptance or completion was cut short.
    ///
    /// To be called before batches are accepted.
    func removeOrphans(unfinished: [BatchRecord]) throws {
        let owned = Set(unfinished.map(\.id))
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.batches) where !owned.contains(name) {
            remove(name)
        }
    }
}
