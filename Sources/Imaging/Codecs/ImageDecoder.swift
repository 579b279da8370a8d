/// Decodes a JPEG, a PNG or, if `formats` has it, a BMP into upright RGB; the content decides which it is, not a file
/// name.
///
/// The EXIF orientation is applied; transparency is laid over black; gamma and color profiles are ignored; 16-bit
/// samples are rounded to 8. Data that is cut off or damaged before the format's end mark is an error; bytes after the
/// end mark are ignored. As cameras do, a JPEG may lack the end mark, may have bytes that belong to nothing before a
/// marker, and may lack the Huffman tables if they are the usual ones (ITU-T T.81, annex K.3).
///
/// - Parameters:
///   - bytes: The whole file.
///   - limits: How large the image may be; checked from the header, before memory for the pixels is allocated.
///   - formats: The formats that are accepted.
///   - target: The size that the caller will shrink the upright image to. A JPEG or PNG is then decoded at 1/2, 1/4 or 1/8
///     of its size where both sides stay at least twice the target's. Absent: full size.
///   - isCancelled: Asked now and then, at the latest after 64 rows of a JPEG or PNG; true ends the decoding with
///     `ImageError.cancelled`.
/// - Returns: The upright image.
/// - Throws: Every case of `ImageError` but `notEncodable`.
public func decodeImage(
    _ bytes: [UInt8], limits: ImageLimits = ImageLimits(), formats: [ImageFormat] = ImageFormat.common,
    covering target: (width: Int, height: Int)? = nil, isCancelled: @escaping () -> Bool = { false }
) throws(ImageError) -> RGBImage {
    try limits.check(bytes: bytes.count)
    let orientation = orientation(of: bytes)
    let stored = orientation.swapsSides ? target.map { (width: $0.height, height: $0.width) } : target
    switch ImageFormat.sniff(bytes, among: formats) {
    case .jpeg:
        return try decodeJPEG(bytes, limits: limits, covering: stored, isCancelled: isCancelled)
            .upright(from: orientation)
    case .png:
        return try decodePNG(bytes, limits: limits, covering: stored, isCancelled: isCancelled)
            .upright(from: orientation)
    case .bmp:
        return try decodeBMP(bytes, limits: limits)
    case nil:
        throw .undecodable(bytes)
    }
}
