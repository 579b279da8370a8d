import Digests
import FoundationEssentials
import Glibc

/// Plain operations on files that are copies of a database.
enum WholeFile {
    /// The bytes that are read at once.
    private static let piece = 1 << 20

    /// Whether there is anything at the path, also a link that leads nowhere.
    static func isThere(_ path: String) -> Bool { (try? FileManager.default.attributesOfItem(atPath: path)) != nil }

    /// The bytes of a file.
    static func size(of path: String) throws(GalleryError) -> Int64 {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { throw FileLock.failure(errno, path: path) }
        return Int64(status.st_size)
    }

    /// Creates an empty file with mode 0600; throws `alreadyThere` if there is something at the path.
    static func create(_ path: String) throws(GalleryError) {
        close(try descriptor(path, O_WRONLY | O_CREAT | O_EXCL))
    }

    /// Copies a regular file to a new one with mode 0600, which is on disk when this returns.
    ///
    /// - Returns: the file's SHA-256 in hexadecimal.
    static func copy(_ source: String, to target: String) throws -> String {
        let output = try descriptor(target, O_WRONLY | O_CREAT | O_EXCL)
        defer { close(output) }
        let digest = try Self.digest(of: source) { try write($0, to: output, path: target) }
        guard fsync(output) == 0 else { throw FileLock.failure(errno, path: target) }
        return digest
    }

    /// Writes a new file with mode 0600, which is on disk when this returns.
    static func write(_ bytes: [UInt8], toNew path: String) throws(GalleryError) {
        let output = try descriptor(path, O_WRONLY | O_CREAT | O_EXCL)
        defer { close(output) }
        try write(bytes, to: output, path: path)
        guard fsync(output) == 0 else { throw FileLock.failure(errno, path: path) }
    }

    private static func write(_ bytes: [UInt8], to output: Int32, path: String) throws(GalleryError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(output, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw FileLock.failure(errno, path: path) }
            rest = rest.dropFirst(count)
        }
    }

    /// The SHA-256 of a regular file in hexadecimal; `body` gets its bytes, piece by piece.
    static func digest(of path: String, _ body: ([UInt8]) throws -> Void = { _ in }) throws -> String {
        // A pipe without a writer would otherwise wait for one.
        let input = try descriptor(path, O_RDONLY | O_NONBLOCK)
        defer { close(input) }
        var status = stat()
        guard unsafe fstat(input, &status) == 0 else { throw FileLock.failure(errno, path: path) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw GalleryError.inputOutput(path: path, reason: "it is not a regular file")
        }
        var hasher = try SHA256Hasher()
        var buffer = [UInt8](repeating: 0, count: piece)
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes { unsafe read(input, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw FileLock.failure(errno, path: path) }
            if count == 0 { break }
            let bytes = count == buffer.count ? buffer : Array(buffer.prefix(count))
            try hasher.update(bytes)
            try body(bytes)
        }
        return hexString(try hasher.finish())
    }

    /// Brings a file, or the names in a folder, onto the disk.
    static func synchronize(_ path: String) throws(GalleryError) {
        let file = try descriptor(path, O_RDONLY)
        defer { close(file) }
        guard fsync(file) == 0 else { throw FileLock.failure(errno, path: path) }
    }

    /// Renames a file or folder; what is at the new path is replaced.
    static func rename(_ path: String, to newPath: String) throws(GalleryError) {
        guard unsafe Glibc.rename(path, newPath) == 0 else { throw FileLock.failure(errno, path: newPath) }
    }

    /// Removes a copy of a database with the files that SQLite puts beside it; those that are not there are left out.
    static func removeDatabase(_ path: String) {
        for suffix in ["", "-journal", "-wal", "-shm"] { unsafe unlink(path + suffix) }
    }

    /// Throws `tooLittleSpace` unless so many bytes can be written in the folder.
    static func requireSpace(_ bytes: Int64, in folder: String) throws(GalleryError) {
        var found = statvfs()
        guard unsafe statvfs(folder, &found) == 0 else { throw FileLock.failure(errno, path: folder) }
        let available = Int64(
            clamping: UInt64(found.f_bavail).multipliedReportingOverflow(by: UInt64(found.f_frsize)).0)
        guard bytes <= available else {
            throw .tooLittleSpace(folder: folder, needed: bytes, available: available)
        }
    }

    private static func descriptor(_ path: String, _ flags: Int32) throws(GalleryError) -> Int32 {
        let descriptor = unsafe open(path, flags | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw errno == EEXIST ? .alreadyThere(path: path) : FileLock.failure(errno, path: path)
        }
        return descriptor
    }
}
