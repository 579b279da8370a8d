/// A compressed format, recognized by a file's first bytes; the raw value is its name in messages.
public enum Compression: String, Sendable, CaseIterable {
    /// `.gz` and `.tgz`.
    case gzip
    /// `.bz2`.
    case bzip2
    /// `.xz`.
    case xz
    /// `.zst`.
    case zstd
    /// `.zip`.
    case zip

    /// The number of bytes that are enough to recognize a format.
    static let signatureBytes = 6

    private var signature: [UInt8] {
        switch self {
        case .gzip: [0x1F, 0x8B]
        case .bzip2: Array("BZh".utf8)
        case .xz: [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00]
        case .zstd: [0x28, 0xB5, 0x2F, 0xFD]
        case .zip: [0x50, 0x4B, 0x03, 0x04]
        }
    }

    /// The format of a file with these first bytes; nil if it is not compressed.
    init?(of start: [UInt8]) {
        guard let format = Self.allCases.first(where: { start.starts(with: $0.signature) }) else { return nil }
        self = format
    }

    /// The format of a media type; nil if it does not name a compressed one.
    init?(mediaType: String) {
        switch mediaType {
        case "application/gzip", "application/x-gzip", "application/x-tgz", "application/x-compressed-tar": self = .gzip
        case "application/zip", "application/x-zip-compressed": self = .zip
        default: return nil
        }
    }
}
