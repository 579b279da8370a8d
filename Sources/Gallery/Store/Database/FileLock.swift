import Glibc

/// An advisory lock on a file, held as long as this object lives; the system releases it when the process ends in any
/// way.
final class FileLock: Sendable {
    private let descriptor: Int32

    /// Takes the lock on the file at `path`, creating it with mode 0600.
    ///
    /// - Throws: `missingFolder`, `notWritable`, or `locked` if another process, or another lock in this process, has
    ///   it.
    init(path: String) throws(GalleryError) {
        let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.failure(errno, path: path) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            close(descriptor)
            throw code == EWOULDBLOCK ? .locked(path: path) : Self.failure(code, path: path)
        }
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// Creates an empty file with mode 0600 if there is none, so that SQLite does not create one that others can read.
    static func createPrivateFile(path: String) throws(GalleryError) {
        let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure(errno, path: path) }
        close(descriptor)
    }

    /// The error for the code of a failed call.
    static func failure(_ code: Int32, path: String) -> GalleryError {
        switch code {
        case ENOENT, ENOTDIR: .missingFolder(path: folder(of: path))
        case EACCES, EPERM, EROFS, EISDIR: .notWritable(path: path)
        case ENOSPC, EDQUOT: .diskFull(path: path)
        default: .inputOutput(path: path, reason: unsafe String(cString: strerror(code)))
        }
    }

    /// The folder that holds the file at `path`.
    static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
