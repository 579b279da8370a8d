internal import Digests
internal import Foundation
internal import HTTP

/// The first token, with the scope `admin`: a secret in a file that only its owner can read.
public struct AdminToken: Sendable {
    /// The token's id, which is always the same.
    static let id = "t_admin"
    /// The token's name.
    static let name = "admin-token"

    /// The SHA-256 of the secret.
    let digest: [UInt8]

    /// Reads the token from the file at `path`, or writes a new one to a file of mode 0600 if there is none.
    ///
    /// - Throws: `AdminTokenError` if others can read the file, if it has no valid token, or if it cannot be read or
    ///   created.
    public init(path: String) throws {
        let secret = try Self.read(path) ?? Self.generate(at: path)
        digest = try SHA256.hash(secret)
    }

    /// The secret in the file; nil if there is no file.
    private static func read(_ path: String) throws -> [UInt8]? {
        let (file, bytes): (OpenFile, [UInt8])
        do throws(BodyFileError) {
            file = try OpenFile(path: path, followsLinks: false)
            bytes = try file.bytes(in: 0..<min(file.size, longest))
        } catch {
            switch error {
            case .system(_, _, ENOENT): return nil
            case .system(_, _, let code): throw AdminTokenError.unreadable(path: path, code: code)
            case .notRegular, .truncated: throw AdminTokenError.malformed(path: path)
            }
        }
        guard !file.isOpenToOthers else {
            throw AdminTokenError.readableByOthers(path: path, mode: file.permissions)
        }
        let secret = bytes.filter { $0 != 0x0A && $0 != 0x0D }
        guard secret.count >= shortest, secret.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw AdminTokenError.malformed(path: path)
        }
        return secret
    }

    /// Writes a new secret of 256 random bits; never replaces a file.
    private static func generate(at path: String) throws -> [UInt8] {
        let secret = Array(hexString(try randomBytes(32)).utf8)
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw AdminTokenError.unwritable(path: path, code: errno) }
        defer { close(descriptor) }
        let line = secret + [0x0A]
        let count = unsafe line.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
        guard count == line.count, fchmod(descriptor, 0o600) == 0, fsync(descriptor) == 0 else {
            let code = errno
            unsafe unlink(path)
            throw AdminTokenError.unwritable(path: path, code: code)
        }
        return secret
    }

    /// The fewest characters of a token.
    private static let shortest = 16
    /// The bytes of the file that are read.
    private static let longest = 1024
}

/// Why the admin token could not be read or created.
public enum AdminTokenError: Error, Sendable, Equatable {
    /// The file's mode lets other users read it.
    case readableByOthers(path: String, mode: Int)
    /// The file does not hold one line of at least 16 printable characters.
    case malformed(path: String)
    /// The file exists but cannot be read; `code` is the system's error number.
    case unreadable(path: String, code: Int32)
    /// The file cannot be created; `code` is the system's error number.
    case unwritable(path: String, code: Int32)
}

extension AdminTokenError: CustomStringConvertible {
    /// One sentence for the person who starts the service.
    public var description: String {
        switch self {
        case .readableByOthers(let path, let mode):
            "the token file \(path) has mode \(String(mode, radix: 8)), so others can read it; run chmod 600 \(path)"
        case .malformed(let path):
            "the token file \(path) does not hold one line of 16 printable characters or more; "
                + "delete it to have a new token generated"
        case .unreadable(let path, let code):
            "the token file \(path) cannot be read: \(unsafe String(cString: strerror(code)))"
        case .unwritable(let path, let code):
            "the token file \(path) cannot be written: \(unsafe String(cString: strerror(code)))"
        }
    }
}
