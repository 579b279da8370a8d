/// A file format that can be decoded; the raw value is its media type.
public enum ImageFormat: String, Sendable, CaseIterable {
    /// JPEG: baseline or progressive; grey, YCbCr, RGB, CMYK or YCCK; Huffman or arithmetic coding; 8 bits.
    case jpeg = "image/jpeg"
    /// PNG of any colour type and depth.
    case png = "image/png"

    private var signature: [UInt8] {
        switch self {
        case .jpeg: [0xFF, 0xD8, 0xFF]
        case .png: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
        }
    }

    /// The format that `bytes` begin like, whatever the file was called; nil for any other.
    public static func sniff(_ bytes: [UInt8]) -> ImageFormat? {
        allCases.first { bytes.starts(with: $0.signature) }
    }
}
