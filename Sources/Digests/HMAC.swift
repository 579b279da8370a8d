internal import COpenSSL

/// HMAC-SHA-256 (RFC 2104), computed by OpenSSL: shows that a message comes from whoever knows the key.
public enum HMAC {
    /// The 32-byte code of `message` under `key`.
    public static func code(of message: [UInt8], key: [UInt8]) throws(DigestError) -> [UInt8] {
        var code = [UInt8](repeating: 0, count: 32)
        var length: UInt32 = 0
        let made = unsafe COpenSSL.HMAC(
            EVP_sha256(), key, Int32(key.count), message, message.count, &code, &length)
        guard unsafe made != nil, length == 32 else { throw .unavailable(algorithm: "SHA-256") }
        return code
    }
}
