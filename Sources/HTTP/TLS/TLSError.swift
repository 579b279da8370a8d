/// Why a certificate, a key or a client authority cannot be used.
public enum TLSError: Error, Sendable, Equatable {
    /// A file is missing, cannot be read, is not a regular file, or is too large.
    case unreadable(path: String, reason: String)
    /// The mode of the key's file lets other users read it.
    case keyReadableByOthers(path: String, mode: Int)
    /// A file has no certificate in PEM form, or one that is malformed.
    case noCertificate(path: String)
    /// A file has no private key in PEM form, or one that is malformed.
    case noKey(path: String)
    /// The key is encrypted; a service cannot ask for its passphrase.
    case encryptedKey(path: String)
    /// The key is not the certificate's.
    case keyDoesNotMatch(certificate: String, key: String)
    /// OpenSSL refuses what the files hold, for example a key that is too short.
    case refused(reason: String)
}

extension TLSError: CustomStringConvertible {
    /// One sentence for the person who starts the service.
    public var description: String {
        switch self {
        case .unreadable(let path, let reason): "TLS: \(path) cannot be read: \(reason)"
        case .keyReadableByOthers(let path, let mode):
            "TLS: the key file \(path) has mode \(String(mode, radix: 8)), so others can read it; run chmod 600 \(path)"
        case .noCertificate(let path): "TLS: \(path) does not hold certificates in PEM form"
        case .noKey(let path): "TLS: \(path) does not hold a private key in PEM form"
        case .encryptedKey(let path):
            "TLS: the key in \(path) is encrypted, and a service cannot ask for its passphrase; decrypt it first"
        case .keyDoesNotMatch(let certificate, let key):
            "TLS: the key in \(key) does not belong to the certificate in \(certificate)"
        case .refused(let reason): "TLS: OpenSSL refuses the certificate or its key: \(reason)"
        }
    }
}
