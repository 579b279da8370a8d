import CJPEG

/// Warnings of libjpeg that do not change the pixels; every other warning means a damaged file.
private let harmlessWarnings: [Int32] = [
    Int32(bitPattern: JWRN_ADOBE_XFORM.rawValue),  // an unknown color transform code
    Int32(bitPattern: JWRN_JFIF_MAJOR.rawValue),  // a newer revision of JFIF
    Int32(bitPattern: JWRN_NOT_SEQUENTIAL.rawValue),  // a baseline file with odd spectral selection, which is ignored
]

/// The most scans that a progressive file may have; encoders write about ten, and each costs a pass over the image.
private let maximumScans: Int32 = 100

/// Decodes a JPEG as it is stored; its orientation is not applied.
func decodeJPEG(
    _ bytes: [UInt8], limits: ImageLimits, covering target: (width: Int, height: Int)?
) throws(ImageError) -> RGBImage {
    let header = try readJPEGHeader(bytes)
    let (fullWidth, fullHeight) = (Int(header.width), Int(header.height))
    try limits.check(width: fullWidth, height: fullHeight)

    let eighths = scaleEighths(width: fullWidth, height: fullHeight, covering: target)
    let (width, height) = ((fullWidth * eighths + 7) / 8, (fullHeight * eighths + 7) / 8)
    let isCMYK = header.is_cmyk != 0
    let channels = isCMYK ? 4 : 3

    var done: Int32 = 0
    var message = [CChar](repeating: 0, count: Int(C_JPEG_MESSAGE))
    var pixels = unsafe [UInt8](unsafeUninitializedCapacity: width * height * channels) { buffer, count in
        done = unsafe withTolerance { tolerance in
            unsafe c_jpeg_decode(
                bytes, bytes.count, tolerance, UInt32(eighths), isCMYK ? 1 : 0, buffer.baseAddress, UInt32(width),
                UInt32(height), &message)
        }
        count = done == 1 ? width * height * channels : 0
    }
    guard done == 1 else { throw .corrupt(reason: text(message)) }
    // R = C·K / 255, and so on: all writers store 255 − ink, with or without Adobe's marker, so the stored values say how
    // much light passes. Pillow and browsers read them in the same way.
    if isCMYK { multiplyByFourth(&pixels) }
    return RGBImage(width: width, height: height, pixels: pixels)
}

/// Encodes as baseline JPEG with 4:2:0 chroma, or 4:4:4; `quality` is libjpeg's, 1...100.
func encodeJPEG(_ image: RGBImage, quality: Int, halvesColor: Bool) throws(ImageError) -> [UInt8] {
    precondition((1...100).contains(quality), "JPEG quality is 1...100, not \(quality)")
    guard max(image.width, image.height) <= JPEG_MAX_DIMENSION else {
        throw .notEncodable(reason: "a JPEG's sides are at most \(JPEG_MAX_DIMENSION) pixels")
    }
    var file = [UInt8]()
    var message = [CChar](repeating: 0, count: Int(C_JPEG_MESSAGE))
    let done = unsafe withUnsafeMutablePointer(to: &file) { file in
        unsafe c_jpeg_encode(
            image.pixels, UInt32(image.width), UInt32(image.height), Int32(quality), halvesColor ? 1 : 0,
            appendPiece, file, &message)
    }
    guard done == 1 else { throw .notEncodable(reason: text(message)) }
    return file
}

/// The size in a JPEG's frame header, before its orientation is applied.
func announcedJPEGSize(_ bytes: [UInt8]) throws(ImageError) -> (width: Int, height: Int) {
    let header = try readJPEGHeader(bytes)
    return (Int(header.width), Int(header.height))
}

private func readJPEGHeader(_ bytes: [UInt8]) throws(ImageError) -> c_jpeg_header_t {
    var header = c_jpeg_header_t()
    var message = [CChar](repeating: 0, count: Int(C_JPEG_MESSAGE))
    let done = unsafe withTolerance { tolerance in
        unsafe c_jpeg_read_header(bytes, bytes.count, tolerance, &header, &message)
    }
    guard done == 1 else { throw .corrupt(reason: text(message)) }
    return header
}

private func withTolerance(_ body: (c_jpeg_tolerance_t) -> Int32) -> Int32 {
    unsafe harmlessWarnings.withUnsafeBufferPointer { warnings in
        unsafe body(
            c_jpeg_tolerance_t(
                harmless_warnings: warnings.baseAddress, harmless_warning_count: warnings.count,
                maximum_scans: maximumScans))
    }
}

/// The smallest of 8/8, 4/8, 2/8 and 1/8 at which both sides are still at least twice the target's.
///
/// libjpeg shrinks with another filter (the discrete cosine transform) than `resized`. At twice the target's size or
/// more, `resized` still does the last step, so that the network sees nearly the same pixels.
private func scaleEighths(width: Int, height: Int, covering target: (width: Int, height: Int)?) -> Int {
    guard let target else { return 8 }
    var eighths = 8
    while eighths > 1, width * eighths / 2 >= target.width * 2 * 8, height * eighths / 2 >= target.height * 2 * 8 {
        eighths /= 2
    }
    return eighths
}
