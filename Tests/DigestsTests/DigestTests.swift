import Digests
import Foundation
import Testing

@Suite struct DigestTests {
    /// FIPS 180-4 examples (NIST's "abc", the empty message and the two-block message).
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
    ])
    func `SHA-256 gives the digests of the standard`(message: String, digest: String) throws {
        #expect(hexString(try SHA256.hash(Array(message.utf8))) == digest)
    }

    @Test func `a message in pieces has the digest of the whole`() throws {
        let message = (0..<1000).map { UInt8(truncatingIfNeeded: $0 * 7) }
        for split in [0, 1, 63, 64, 65, 999, 1000] {
            var hasher = try SHA256Hasher()
            try hasher.update(Array(message[..<split]))
            try hasher.update(Array(message[split...]))
            #expect(try hasher.finish() == SHA256.hash(message))
        }
    }

    @Test func `identifiers keep their prefix, use lowercase base 32 and do not repeat`() throws {
        let identifiers = try (0..<1000).map { _ in try randomIdentifier("i_") }
        #expect(Set(identifiers).count == identifiers.count)
        for identifier in identifiers {
            #expect(identifier.wholeMatch(of: /i_[a-z2-7]{20}/) != nil)
        }
    }

    @Test func `near identifiers look like others, share a beginning and do not repeat`() throws {
        var series = [NearIdentifiers("i_"), NearIdentifiers("i_")]
        let identifiers = try series.indices.map { place in try (0..<1000).map { _ in try series[place].next() } }
        #expect(Set(identifiers.joined()).count == 2000)
        #expect(identifiers.joined().allSatisfy { $0.wholeMatch(of: /i_[a-z2-7]{20}/) != nil })
        #expect(identifiers.map { Set($0.map { $0.prefix(8) }).count } == [1, 1])
        #expect(identifiers[0][0].prefix(8) != identifiers[1][0].prefix(8))
    }
}
