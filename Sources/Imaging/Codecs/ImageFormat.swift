/// A file format that can be decoded; the raw value is its media type.
public enum ImageFormat: String, Sendable, CaseIterable {
    /// JPEG: baseline or progressive; gray, YCbCr, RGB, CMYK or YCCK; Huffman or arithmetic coding; 8 bits.
    case jpeg = "image/jpeg"
    /// PNG of any color type and depth.
    case png = "image/png"
    /// BMP: uncompressed, 24 bits a pixel or 8 with a palette, from the bottom up or from the top down.
    case bmp = "image/bmp"

    /// The formats that clients may send; BMP is left out, because only old data sets use it.
    public static let common: [ImageFormat] = [.jpeg, .png]

    private var signature: [UInt8] {
        switch self {
        case .jpeg: [0xFF, 0xD8, 0xFF]
        case .png: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
        case .bmp: [0x42, 0x4D]
        }
    }

    /// The format that `bytes` begin with, if it is one of `formats`; nil otherwise.
    public static func sniff(_ bytes: [UInt8], among formats: [ImageFormat] = common) -> ImageFormat? {
        formats.first { bytes.starts(with: $0.signature) }
    }
}
