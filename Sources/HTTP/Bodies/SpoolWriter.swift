import Glibc
import HTTPTypes
import Synchronization

/// Writes a body to a new file, created at the first write; used only on the disk queue.
///
/// Only this user can read the file. Deinit removes it, unless `finish` was called.
final class SpoolWriter: Sendable {
    private struct State {
        var descriptor: Int32 = -1
        var size = 0
        /// The bytes, from the beginning, that the system has been asked to write to the disk.
        var begun = 0
        var isFinished = false
    }

    private let path: String
    private let flags: Int32
    private let state = Mutex(State())

    /// Chooses a name for a new file in `folder`.
    convenience init(folder: String) {
        let name = String(UInt64.random(in: .min ... .max), radix: 36)
        self.init(path: "\(folder)/\(Self.prefix)\(name)", flags: O_WRONLY | O_CREAT | O_EXCL)
    }

    init(path: String, flags: Int32) {
        self.path = path
        self.flags = flags
    }

    deinit {
        state.withLock { state in
            guard state.descriptor >= 0 else { return }
            close(state.descriptor)
            if !state.isFinished { unsafe unlink(path) }
        }
    }

    /// The beginning of such files' names.
    static let prefix = "body-"

    /// The bytes after which the disk begins to write them, so that whoever keeps a large body does not wait for all of it.
    private static let step = 8 << 20

    func write(_ bytes: [UInt8]) throws(BodyFileError) {
        try state.withLock { (state) throws(BodyFileError) in
            if state.descriptor < 0 {
                state.descriptor = unsafe open(path, flags | O_CLOEXEC, 0o600)
                guard state.descriptor >= 0 else { throw .system(call: "open", path: path, code: errno) }
            }
            var offset = 0
            while offset < bytes.count {
                let written = unsafe bytes.withUnsafeBytes { buffer in
                    let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[offset...])
                    return unsafe Glibc.write(state.descriptor, rest.baseAddress, rest.count)
                }
                if written >= 0 {
                    offset += written
                } else if errno != EINTR {
                    throw .system(call: "write", path: path, code: errno)
                }
            }
            state.size += bytes.count
            if state.size - state.begun >= Self.step {
                // Only a hint, which also begins to write what is not on the disk.
                posix_fadvise(
                    state.descriptor, off_t(state.begun), off_t(state.size - state.begun), POSIX_FADV_DONTNEED)
                state.begun = state.size
            }
        }
    }

    /// Returns the complete file, which then belongs to the request.
    func finish() -> SpooledFile {
        state.withLock { state in
            state.isFinished = true
            return SpooledFile(path: path, size: state.size)
        }
    }
}

extension HTTPProblem {
    /// The problem for a client whose body cannot be stored: 507 if the disk is full, else 503.
    static func spooling(_ error: BodyFileError) -> HTTPProblem {
        error.isDiskFull
            ? HTTPProblem(.insufficientStorage, detail: "There is no room on the disk for this body.")
            : .overloaded("The body could not be kept.", retryAfterSeconds: 10)
    }
}

extension HTTPResponse.Status {
    /// 507 Insufficient Storage, for which HTTPTypes has no constant.
    static let insufficientStorage = HTTPResponse.Status(code: 507, reasonPhrase: "Insufficient Storage")
}
