/// What an encoded image says about itself before its pixels are decoded.
public struct ImageHeader: Sendable, Equatable {
    /// Pixels per row of the upright image, at full size.
    public let width: Int
    /// Rows of the upright image, at full size.
    public let height: Int
    /// Whether the pixels come in several passes, as in a progressive JPEG or an interlaced PNG.
    ///
    /// Decoding then holds the whole image in memory and walks over it many times, whatever size is wanted.
    public let comesInPasses: Bool

    /// The work and memory of decoding in pixels: width times height, or four times that if they come in several passes.
    public var cost: Int { width * height * (comesInPasses ? 4 : 1) }

    init(width: Int, height: Int, comesInPasses: Bool) {
        (self.width, self.height, self.comesInPasses) = (width, height, comesInPasses)
    }

    /// Reads the header of a JPEG, a PNG or, if `formats` has it, a BMP.
    ///
    /// - Parameters:
    ///   - bytes: The whole file; only its header is read, so the rest may still be damaged.
    ///   - limits: How large the image may be.
    ///   - formats: The formats that are accepted.
    /// - Throws: Every case of `ImageError` but `notEncodable` and `cancelled`.
    public init(
        _ bytes: [UInt8], limits: ImageLimits = ImageLimits(), formats: [ImageFormat] = ImageFormat.common
    ) throws(ImageError) {
        try limits.check(bytes: bytes.count)
        let stored: ImageHeader
        switch ImageFormat.sniff(bytes, among: formats) {
        case .jpeg: stored = try announcedJPEG(bytes)
        case .png: stored = try announcedPNG(bytes)
        case .bmp: stored = try announcedBMP(bytes)
        case nil: throw .undecodable(bytes)
        }
        try limits.check(width: stored.width, height: stored.height)
        let turns = orientation(of: bytes).swapsSides
        self.init(
            width: turns ? stored.height : stored.width, height: turns ? stored.width : stored.height,
            comesInPasses: stored.comesInPasses)
    }
}

/// How a JPEG or PNG must be turned to be upright.
func orientation(of bytes: [UInt8]) -> Orientation { EXIF(ofFile: bytes)?.orientation ?? .topLeft }
