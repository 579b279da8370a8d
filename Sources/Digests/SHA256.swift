internal import COpenSSL

/// SHA-256 (FIPS 180-4) over bytes that arrive in pieces, computed by OpenSSL.
@safe public struct SHA256Hasher: ~Copyable {
    private let context: OpaquePointer

    /// Starts an empty message, or fails when OpenSSL has no memory or no SHA-256.
    public init() throws(DigestError) {
        guard let context = unsafe EVP_MD_CTX_new() else { throw .outOfMemory }
        guard unsafe EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
            unsafe EVP_MD_CTX_free(context)
            throw .unavailable(algorithm: "SHA-256")
        }
        unsafe self.context = context
    }

    deinit { unsafe EVP_MD_CTX_free(context) }

    /// Appends `bytes` to the message.
    public mutating func update(_ bytes: UnsafeRawBufferPointer) throws(DigestError) {
        guard unsafe EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) == 1 else {
            throw .unavailable(algorithm: "SHA-256")
        }
    }

    /// Appends `bytes` to the message.
    public mutating func update(_ bytes: [UInt8]) throws(DigestError) {
        guard unsafe bytes.withUnsafeBytes({ unsafe EVP_DigestUpdate(context, $0.baseAddress, $0.count) }) == 1 else {
            throw .unavailable(algorithm: "SHA-256")
        }
    }

    /// Ends the message and returns its 32-byte digest.
    public consuming func finish() throws(DigestError) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        guard
            unsafe digest.withUnsafeMutableBufferPointer({ unsafe EVP_DigestFinal_ex(context, $0.baseAddress, nil) })
                == 1
        else { throw .unavailable(algorithm: "SHA-256") }
        return digest
    }
}

/// One-call SHA-256.
public enum SHA256 {
    /// The 32-byte digest of `bytes`.
    public static func hash(_ bytes: [UInt8]) throws(DigestError) -> [UInt8] {
        var hasher = try SHA256Hasher()
        try hasher.update(bytes)
        return try hasher.finish()
    }
}

/// Why OpenSSL could not compute a digest or random bytes.
public enum DigestError: Error, Sendable, Equatable {
    /// No memory for a context.
    case outOfMemory
    /// The installed OpenSSL does not offer `algorithm`.
    case unavailable(algorithm: String)
    /// The system's random generator is not seeded.
    case noRandomness
}
