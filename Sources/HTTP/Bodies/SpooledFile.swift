import FoundationEssentials
import Glibc
import Synchronization

/// A request's body in a file; deinit removes the file, unless it was moved.
public final class SpooledFile: Sendable {
    /// The file's path until it is moved.
    public let path: String
    /// The file's size in bytes.
    public let size: Int
    private let isMoved = Mutex(false)

    init(path: String, size: Int) {
        self.path = path
        self.size = size
    }

    deinit {
        if isMoved.withLock({ !$0 }) { unsafe unlink(path) }
    }

    /// Removes bodies that a crashed process left in a folder; call it before a server uses the folder.
    public static func removeLeftovers(in folder: String) throws(BodyFileError) {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: folder)
        } catch {
            throw .system(call: "opendir", path: folder, code: ENOENT)
        }
        for name in names where name.hasPrefix(SpoolWriter.prefix) {
            let path = "\(folder)/\(name)"
            guard unsafe unlink(path) == 0 || errno == ENOENT else {
                throw .system(call: "unlink", path: path, code: errno)
            }
        }
    }

    /// Opens the file for reading.
    public func open() throws(BodyFileError) -> OpenFile { try OpenFile(path: path) }

    /// Moves the file within its file system and makes that durable: synchronizes the file before the move, and the
    /// folder after it.
    public func moved(to destination: String) throws(BodyFileError) {
        try synchronize(path, flags: O_RDONLY)
        guard unsafe rename(path, destination) == 0 else {
            throw .system(call: "rename", path: destination, code: errno)
        }
        disown()
        let folder = destination.lastIndex(of: "/").map { String(destination[...$0]) } ?? "."
        try synchronize(folder, flags: O_RDONLY | O_DIRECTORY)
    }

    /// Gives up the file: deinit does not remove it.
    func disown() { isMoved.withLock { $0 = true } }

    private func synchronize(_ path: String, flags: Int32) throws(BodyFileError) {
        let descriptor = unsafe Glibc.open(path, flags | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system(call: "open", path: path, code: errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .system(call: "fsync", path: path, code: errno) }
    }
}
