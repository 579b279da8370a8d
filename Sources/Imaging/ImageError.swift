/// Why bytes could not become an image, or an image could not be encoded.
public enum ImageError: Error, Sendable, Equatable {
    /// There are no bytes at all.
    case empty
    /// The bytes do not begin like any known format.
    case unsupportedFormat
    /// The bytes begin like a known format that is not accepted, such as "GIF".
    case foreignFormat(String)
    /// The file is longer than `limit` bytes.
    case tooManyBytes(bytes: Int, limit: Int)
    /// The header announces more than `limit` pixels.
    case tooLarge(width: Int, height: Int, limit: Int)
    /// The header announces a side of more than `limit` pixels.
    case sideTooLong(width: Int, height: Int, limit: Int)
    /// The file is cut off, damaged, or breaks a rule of its format.
    case corrupt(reason: String)
    /// The encoder refused, for example because a side is longer than the format allows.
    case notEncodable(reason: String)
    /// The caller wanted the image no more.
    case cancelled
}

extension ImageError {
    /// Why `bytes` that begin like neither a JPEG nor a PNG are refused: `empty`, `foreignFormat` or `unsupportedFormat`.
    public static func undecodable(_ bytes: [UInt8]) -> ImageError {
        guard !bytes.isEmpty else { return .empty }
        let format = foreignFormats.first { bytes.dropFirst($0.offset).starts(with: $0.signature.utf8) }
        return format.map { .foreignFormat($0.name) } ?? .unsupportedFormat
    }

    /// Formats that clients sometimes send by mistake, with the bytes by which they are recognized.
    private static let foreignFormats: [(name: String, offset: Int, signature: String)] = [
        ("GIF", 0, "GIF8"), ("PDF", 0, "%PDF-"), ("WebP", 8, "WEBP"), ("BMP", 0, "BM"), ("TIFF", 0, "II*\0"),
        ("TIFF", 0, "MM\0*"), ("HEIC", 4, "ftyphei"), ("HEIC", 4, "ftypmif1"), ("AVIF", 4, "ftypavif"),
    ]
}

extension ImageError: CustomStringConvertible {
    /// One sentence for people.
    public var description: String {
        switch self {
        case .empty: "the image is empty"
        case .unsupportedFormat: "the image is neither a JPEG nor a PNG"
        case .foreignFormat(let name): "the image is in the format \(name); only JPEG and PNG are taken"
        case .tooManyBytes(let bytes, let limit): "the image has \(bytes) bytes, more than \(limit)"
        case .tooLarge(let width, let height, let limit):
            "the image has \(width)×\(height) pixels, more than \(limit) in all"
        case .sideTooLong(let width, let height, let limit):
            "the image has \(width)×\(height) pixels, more than \(limit) on a side"
        case .corrupt(let reason): "the image is damaged: \(reason)"
        case .notEncodable(let reason): "the image cannot be encoded: \(reason)"
        case .cancelled: "the decoding was cancelled"
        }
    }
}
