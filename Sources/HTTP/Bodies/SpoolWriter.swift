import Glibc
import HTTPTypes
import Synchronization

/// Writes a body to a file of its own, made at the first write; used on the disk queue.
///
/// The file is readable by this user alone, and removed unless `finish` gave it away.
final class SpoolWriter: Sendable {
    private struct State {
        var descriptor: Int32 = -1
        var size = 0
        var isFinished = false
    }

    private let path: String
    private let flags: Int32
    private let state = Mutex(State())

    /// Names a new file in `folder`.
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

    /// What the names of such files begin with.
    static let prefix = "body-"

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
        }
    }

    /// The file, which now belongs to the request.
    func finish() -> SpooledFile {
        state.withLock { state in
            state.isFinished = true
            return SpooledFile(path: path, size: state.size)
        }
    }
}

extension HTTPProblem {
    /// What a client is told when its body cannot be kept: 507 for a full disk, else 503.
    static func spooling(_ error: BodyFileError) -> HTTPProblem {
        error.isDiskFull
            ? HTTPProblem(.insufficientStorage, detail: "There is no room on the disk for this body.")
            : .overloaded("The body could not be kept.", retryAfterSeconds: 10)
    }
}

extension HTTPResponse.Status {
    /// 507 Insufficient Storage, which HTTPTypes does not name.
    static let insufficientStorage = HTTPResponse.Status(code: 507, reasonPhrase: "Insufficient Storage")
}
