/// A gallery's name: a lowercase letter or digit, then up to 63 of those, ".", "_" and "-".
public struct GalleryName: Sendable, Hashable, CustomStringConvertible {
    /// The most characters that a name may have.
    public static let maximumLength = 64

    /// The checked text.
    public let rawValue: String

    /// Checks `text`; nil if it is not a valid name.
    public init?(_ text: String) {
        let bytes = text.utf8
        guard let first = bytes.first, bytes.count <= Self.maximumLength, Self.isLetterOrDigit(first),
            bytes.allSatisfy({ Self.isLetterOrDigit($0) || $0 == 0x2E || $0 == 0x5F || $0 == 0x2D })
        else { return nil }
        self.rawValue = text
    }

    /// The checked text.
    public var description: String { rawValue }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte)
    }
}
