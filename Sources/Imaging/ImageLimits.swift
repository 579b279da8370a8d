/// How large an image from outside may be; checked from its header, before memory for its pixels is allocated.
public struct ImageLimits: Sendable, Equatable {
    /// Bytes of the file.
    public var bytes = 20 << 20
    /// Pixels after decoding, width times height.
    public var pixels = 40_000_000
    /// Pixels of the longer side.
    public var side = 30_000

    /// The limits of the service's defaults: 20 MiB, 40 megapixels, 30,000 pixels a side.
    public init() {}

    func check(bytes count: Int) throws(ImageError) {
        guard count > 0 else { throw .empty }
        guard count <= bytes else { throw .tooManyBytes(bytes: count, limit: bytes) }
    }

    func check(width: Int, height: Int) throws(ImageError) {
        guard width > 0 && height > 0 else { throw .corrupt(reason: "a side of no pixels") }
        guard width <= side && height <= side else {
            throw .sideTooLong(width: width, height: height, limit: side)
        }
        guard width <= pixels / height else { throw .tooLarge(width: width, height: height, limit: pixels) }
    }
}
