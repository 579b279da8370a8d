/// A pattern of galleries' names: `*` stands for any characters, also none; everything else for itself.
enum GalleryPattern {
    /// The most patterns of one token.
    static let count = 64
    /// What a pattern must be.
    static let expectation =
        "a list of 1 to \(count) patterns such as 'lobby*': lowercase letters, digits, '.', '_', '-' and '*', at most "
        + "64 characters each"

    /// Whether a text is a pattern that a gallery's name could match.
    static func isValid(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x61...0x7A, UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"),
                    UInt8(ascii: "*"):
                    true
                default: false
                }
            }
    }

    /// Whether `name` matches `pattern`; the time is at most the product of their lengths.
    static func matches(_ pattern: String, _ name: String) -> Bool {
        let pattern = Array(pattern.utf8)
        let name = Array(name.utf8)
        let star = UInt8(ascii: "*")
        var (p, n) = (0, 0)
        // The last star, and the place in the name where it ends for now.
        var retry: (p: Int, n: Int)?
        while n < name.count {
            if p < pattern.count, pattern[p] == star {
                retry = (p, n)
                p += 1
            } else if p < pattern.count, pattern[p] == name[n] {
                p += 1
                n += 1
            } else if let last = retry {
                // The star takes one character more.
                retry = (last.p, last.n + 1)
                (p, n) = (last.p + 1, last.n + 1)
            } else {
                return false
            }
        }
        return pattern[p...].allSatisfy { $0 == star }
    }
}
