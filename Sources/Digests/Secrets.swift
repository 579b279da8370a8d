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
public func randomIdentifier(_ prefix: String) throws(DigestError) -> String { prefix + (try randomText(20)) }

/// New random identifiers like those of `randomIdentifier`, of which the first 6 of the 20 characters are the same.
///
/// An index that is sorted by them takes all of them in one place, which is faster than in as many as there are. Two that
/// are made together differ in 70 random bits.
public struct NearIdentifiers {
    private let prefix: String
    private var beginning: String?

    /// Begins with nothing chosen yet; `prefix` stands before the 20 characters.
    public init(_ prefix: String) { self.prefix = prefix }

    /// The next identifier.
    public mutating func next() throws(DigestError) -> String {
        if let beginning { return beginning + (try randomText(14)) }
        let first = try randomIdentifier(prefix)
        beginning = String(first.dropLast(14))
        return first
    }
}

/// `count` random characters of lowercase base 32.
private func randomText(_ count: Int) throws(DigestError) -> String {
    let alphabet = Array("abcdefghijklmnopqrstuvwxyz234567".utf8)
    return String(decoding: try randomBytes(count).map { alphabet[Int($0 & 31)] }, as: UTF8.self)
}
