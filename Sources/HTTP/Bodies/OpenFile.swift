import Glibc

/// Why a file could not be read, written or moved.
public enum BodyFileError: Error, Sendable, Equatable {
    /// A system call on `path` failed, with its error number.
    case system(call: String, path: String, code: Int32)
    /// It is a folder, a pipe or a device.
    case notRegular(path: String)
    /// The file has fewer bytes than it had when it was opened.
    case truncated(path: String)

    /// Whether the disk, or the user's quota on it, is full.
    public var isDiskFull: Bool {
        guard case .system(_, _, let code) = self else { return false }
        return [ENOSPC, EDQUOT, EFBIG].contains(code)
    }
}

extension BodyFileError: CustomStringConvertible {
    /// What failed, with the system's message.
    public var description: String {
        switch self {
        case .system(let call, let path, _): "cannot \(call) \(path): \(reason)"
        case .notRegular(let path), .truncated(let path): "\(path): \(reason)"
        }
    }

    /// What failed, without the path.
    public var reason: String {
        switch self {
        case .system(_, _, let code): unsafe String(cString: strerror(code))
        case .notRegular: "it is not a regular file"
        case .truncated: "it has become shorter"
        }
    }
}

/// A regular file, open for reading; closed on deinit.
///
/// Any thread may read it.
public final class OpenFile: Sendable {
    /// The path that was opened.
    public let path: String
    /// The size in bytes when the file was opened.
    public let size: Int
    /// The time of the last change, in nanoseconds since 1970.
    public let modified: Int64
    /// Who may read, write and execute the file, the last nine bits of its mode.
    public let permissions: Int
    /// Whether anybody but the owner may read, write or execute it, so that it is no place for a secret.
    public var isOpenToOthers: Bool { permissions & 0o077 != 0 }
    private let descriptor: Int32

    /// Opens a file; a pipe is refused at once and not waited for.
    ///
    /// With `followsLinks` false, a symbolic link is refused as well.
    public convenience init(path: String, followsLinks: Bool = true) throws(BodyFileError) {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | (followsLinks ? 0 : O_NOFOLLOW))
        guard descriptor >= 0 else { throw .system(call: "open", path: path, code: errno) }
        try self.init(descriptor: descriptor, path: path)
    }

    /// Takes over an open descriptor; closes it and throws if it is not a regular file.
    init(descriptor: Int32, path: String) throws(BodyFileError) {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else {
            let code = errno
            close(descriptor)
            throw .system(call: "fstat", path: path, code: code)
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw .notRegular(path: path)
        }
        self.descriptor = descriptor
        self.path = path
        size = status.st_size
        permissions = Int(status.st_mode & 0o777)
        modified = Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
    }

    deinit { close(descriptor) }

    /// Reads the bytes in a range of offsets.
    public func bytes(in range: Range<Int>) throws(BodyFileError) -> [UInt8] {
        precondition(range.lowerBound >= 0 && range.upperBound <= size, "\(range) is outside a file of \(size) bytes")
        var failure: BodyFileError?
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: range.count) { buffer, count in
            while count < range.count {
                let rest = unsafe UnsafeMutableRawBufferPointer(
                    rebasing: UnsafeMutableRawBufferPointer(buffer)[count...])
                let read = unsafe pread(descriptor, rest.baseAddress, rest.count, range.lowerBound + count)
                if read > 0 {
                    count += read
                } else if read == 0 {
                    failure = .truncated(path: path)
                    return
                } else if errno != EINTR {
                    failure = .system(call: "pread", path: path, code: errno)
                    return
                }
            }
        }
        if let failure { throw failure }
        return bytes
    }
}
