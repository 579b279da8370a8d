internal import COpenSSL

/// `count` bytes from OpenSSL's cryptographic random generator.
public func randomBytes(_ count: Int) throws(DigestError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    guard unsafe bytes.withUnsafeMutableBufferPointer({ unsafe RAND_bytes($0.baseAddress, Int32(count)) }) == 1 else {
        throw .noRandomness
    }
    return bytes
}

/// Lowercase hexadecimal, two digits per byte.
public func hexString(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
}

/// A new random identifier: `prefix`, then 20 characters of lowercase base 32 (100 random bits).
public func randomIdentifier(_ prefix: String) throws(DigestError) -> String {
    let alphabet = Array("abcdefghijklmnopqrstuvwxyz234567".utf8)
    return prefix + String(decoding: try randomBytes(20).map { alphabet[Int($0 & 31)] }, as: UTF8.self)
}
