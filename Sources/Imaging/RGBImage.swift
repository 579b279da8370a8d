/// An image of 8-bit RGB pixels, row by row from the top left.
public struct RGBImage: Sendable, Equatable {
    /// Pixels per row, at least 1.
    public let width: Int
    /// Rows, at least 1.
    public let height: Int
    /// R, G, B of each pixel in turn: `width * height * 3` bytes.
    public var pixels: [UInt8] {
        didSet { precondition(pixels.count == width * height * 3, "an image cannot change its number of pixels") }
    }

    /// Takes `pixels` as they are.
    ///
    /// Precondition: both sides are at least 1 and `pixels` has `width * height * 3` bytes.
    public init(width: Int, height: Int, pixels: [UInt8]) {
        precondition(width > 0 && height > 0, "an image needs pixels, not \(width)×\(height)")
        precondition(
            pixels.count == width * height * 3,
            "\(width)×\(height) needs \(width * height * 3) bytes, not \(pixels.count)")
        self.width = width
        self.height = height
        self.pixels = pixels
    }
}
