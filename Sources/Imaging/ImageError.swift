/// Why bytes could not become an image, or an image could not be encoded.
public enum ImageError: Error, Sendable, Equatable {
    /// There are no bytes at all.
    case empty
    /// The bytes begin like neither a JPEG nor a PNG.
    case unsupportedFormat
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
}

extension ImageError: CustomStringConvertible {
    /// One sentence for people.
    public var description: String {
        switch self {
        case .empty: "the image is empty"
        case .unsupportedFormat: "the image is neither a JPEG nor a PNG"
        case .tooManyBytes(let bytes, let limit): "the image has \(bytes) bytes, more than \(limit)"
        case .tooLarge(let width, let height, let limit):
            "the image has \(width)×\(height) pixels, more than \(limit) in all"
        case .sideTooLong(let width, let height, let limit):
            "the image has \(width)×\(height) pixels, more than \(limit) on a side"
        case .corrupt(let reason): "the image is damaged: \(reason)"
        case .notEncodable(let reason): "the image cannot be encoded: \(reason)"
        }
    }
}
