/// Decodes a JPEG, a PNG or, if `formats` has it, a BMP into upright RGB; the content decides which it is, not a file
/// name.
///
/// The EXIF orientation is applied; transparency is laid over black; gamma and color profiles are ignored; 16-bit
/// samples are rounded to 8. Data that is cut off or damaged before the format's end mark is an error; bytes after the
/// end mark are ignored.
///
/// - Parameters:
///   - bytes: The whole file.
///   - limits: How large the image may be; checked from the header, before memory for the pixels is allocated.
///   - formats: The formats that are accepted.
///   - target: The size that the caller will shrink the upright image to. A JPEG is then decoded at 1/2, 1/4 or 1/8 of its
///     size where both sides stay at least twice the target's. Absent: full size.
/// - Returns: The upright image.
/// - Throws: Every case of `ImageError` but `notEncodable`.
public func decodeImage(
    _ bytes: [UInt8], limits: ImageLimits = ImageLimits(), formats: [ImageFormat] = ImageFormat.common,
    covering target: (width: Int, height: Int)? = nil
) throws(ImageError) -> RGBImage {
    try limits.check(bytes: bytes.count)
    switch ImageFormat.sniff(bytes, among: formats) {
    case .jpeg:
        let orientation = orientation(of: bytes)
        let stored = orientation.swapsSides ? target.map { (width: $0.height, height: $0.width) } : target
        return try decodeJPEG(bytes, limits: limits, covering: stored).upright(from: orientation)
    case .png:
        return try decodePNG(bytes, limits: limits).upright(from: orientation(of: bytes))
    case .bmp:
        return try decodeBMP(bytes, limits: limits)
    case nil:
        throw .undecodable(bytes)
    }
}

/// How a JPEG or PNG must be turned to be upright.
private func orientation(of bytes: [UInt8]) -> Orientation { EXIF(ofFile: bytes)?.orientation ?? .topLeft }

/// The size of the upright image in a JPEG, a PNG or, if `formats` has it, a BMP; reads only the header.
///
/// - Parameters:
///   - bytes: The whole file; only its header is read, so the rest may still be damaged.
///   - limits: How large the image may be.
///   - formats: The formats that are accepted.
/// - Returns: Width and height in pixels, as `decodeImage` would give them at full size.
/// - Throws: Every case of `ImageError` but `notEncodable`.
public func imageSize(
    _ bytes: [UInt8], limits: ImageLimits = ImageLimits(), formats: [ImageFormat] = ImageFormat.common
) throws(ImageError) -> (width: Int, height: Int) {
    try limits.check(bytes: bytes.count)
    let stored: (width: Int, height: Int)
    switch ImageFormat.sniff(bytes, among: formats) {
    case .jpeg: stored = try announcedJPEGSize(bytes)
    case .png: stored = try announcedPNGSize(bytes)
    case .bmp: stored = try announcedBMPSize(bytes)
    case nil: throw .undecodable(bytes)
    }
    try limits.check(width: stored.width, height: stored.height)
    return orientation(of: bytes).swapsSides ? (stored.height, stored.width) : stored
}
