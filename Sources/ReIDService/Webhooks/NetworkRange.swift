internal import Glibc

/// An IP address: 4 bytes, or 16 for IPv6; an IPv4 address that is mapped into IPv6 is one of IPv4.
struct IPAddress: Sendable, Equatable {
    let bytes: [UInt8]

    /// Reads an address without a port, brackets or scope; nil for anything else.
    init?(_ text: String) {
        for (family, count) in [(AF_INET, 4), (AF_INET6, 16)] {
            var bytes = [UInt8](repeating: 0, count: count)
            guard unsafe inet_pton(family, text, &bytes) == 1 else { continue }
            let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]
            self.bytes = bytes.starts(with: mapped) ? Array(bytes.suffix(4)) : bytes
            return
        }
        return nil
    }

    /// Whether the address is one of the public network: not of this machine, of a local network, or of a special kind.
    var isPublic: Bool { !Self.special.contains { $0.contains(self) } }

    /// What the registries of RFC 6890 call special, and addresses of IPv6 that stand for others.
    private static let special = [
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
        "224.0.0.0/3", "::/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16",
        "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
    ].compactMap(NetworkRange.init)
}

/// The addresses that begin with the same bits, such as `10.0.0.0/8`; one address stands for itself.
struct NetworkRange: Sendable, Equatable {
    private let first: IPAddress
    private let bits: Int

    /// Reads an address, or one with a slash and a number of bits beyond which all are zero; nil for anything else.
    init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count <= 2, let first = IPAddress(parts[0]) else { return nil }
        self.first = first
        let most = first.bytes.count * 8
        guard parts.count == 2 else {
            bits = most
            return
        }
        guard let bits = Int(parts[1]), "\(bits)" == parts[1], 0...most ~= bits else { return nil }
        self.bits = bits
        let isRange = (bits..<most).allSatisfy { first.bytes[$0 / 8] & (0x80 >> UInt8($0 % 8)) == 0 }
        guard isRange else { return nil }
    }

    /// Whether an address is within the range.
    func contains(_ address: IPAddress) -> Bool {
        guard address.bytes.count == first.bytes.count else { return false }
        return (0..<bits).allSatisfy { bit in
            (address.bytes[bit / 8] ^ first.bytes[bit / 8]) & (0x80 >> UInt8(bit % 8)) == 0
        }
    }
}
