import CJPEG

/// Warnings of libjpeg that do not change the pixels; every other warning means a damaged file.
///
/// Cameras write bytes that belong to nothing between segments and before the end mark. Image data that is too short
/// gives other warnings.
private let harmlessWarnings: [Int32] = [
    Int32(bitPattern: JWRN_EXTRANEOUS_DATA.rawValue),  // bytes before a marker, which are skipped
    Int32(bitPattern: JWRN_ADOBE_XFORM.rawValue),  // an unknown color transform code
    Int32(bitPattern: JWRN_JFIF_MAJOR.rawValue),  // a newer revision of JFIF
    Int32(bitPattern: JWRN_NOT_SEQUENTIAL.rawValue),  // a baseline file with odd spectral selection, which is ignored
]

/// The most scans that a progressive file of a number of pixels may have.
///
/// Encoders write about ten. Each costs a pass over the image, even if it has hardly any data, so a large image may have
/// no more than 16, and a small one no more than 100.
private func maximumScans(pixels: Int) -> Int32 { Int32(min(100, max(16, 160_000_000 / max(1, pixels)))) }

/// Decodes a JPEG as it is stored; its orientation is not applied.
///
/// A missing end mark is accepted if the image data is complete.
func decodeJPEG(
    _ bytes: [UInt8], limits: ImageLimits, covering target: (width: Int, height: Int)?,
    isCancelled: @escaping () -> Bool
) throws(ImageError) -> RGBImage {
    let header = try readJPEGHeader(bytes)
    let (fullWidth, fullHeight) = (Int(header.width), Int(header.height))
    try limits.check(width: fullWidth, height: fullHeight)

    let eighths = 8 / reduction(width: fullWidth, height: fullHeight, covering: target)
    let (width, height) = ((fullWidth * eighths + 7) / 8, (fullHeight * eighths + 7) / 8)
    let isCMYK = header.is_cmyk != 0
    let channels = isCMYK ? 4 : 3

    var done: Int32 = 0
    var message = [CChar](repeating: 0, count: Int(C_JPEG_MESSAGE))
    var patience = Patience(isCancelled: isCancelled)
    var pixels = unsafe [UInt8](unsafeUninitializedCapacity: width * height * channels) { buffer, count in
        done = unsafe withTolerance(scans: maximumScans(pixels: fullWidth * fullHeight)) { tolerance in
            unsafe withUnsafeMutablePointer(to: &patience) { patience in
                unsafe c_jpeg_decode(
                    bytes, bytes.count, tolerance, UInt32(eighths), isCMYK ? 1 : 0, buffer.baseAddress, UInt32(width),
                    UInt32(height), c_jpeg_watcher_t(goes_on: goesOn, context: patience), &message)
            }
        }
        count = done == 1 ? width * height * channels : 0
    }
    guard !patience.isOver else { throw .cancelled }
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

/// What a JPEG's frame header says, before its orientation is applied.
func announcedJPEG(_ bytes: [UInt8]) throws(ImageError) -> ImageHeader {
    let header = try readJPEGHeader(bytes)
    return ImageHeader(
        width: Int(header.width), height: Int(header.height), comesInPasses: header.has_many_scans != 0)
}

private func readJPEGHeader(_ bytes: [UInt8]) throws(ImageError) -> c_jpeg_header_t {
    var header = c_jpeg_header_t()
    var message = [CChar](repeating: 0, count: Int(C_JPEG_MESSAGE))
    let done = unsafe withTolerance(scans: 0) { tolerance in
        unsafe c_jpeg_read_header(bytes, bytes.count, tolerance, &header, &message)
    }
    guard done == 1 else { throw .corrupt(reason: text(message)) }
    return header
}

private func withTolerance(scans: Int32, _ body: (c_jpeg_tolerance_t) -> Int32) -> Int32 {
    unsafe harmlessWarnings.withUnsafeBufferPointer { warnings in
        unsafe body(
            c_jpeg_tolerance_t(
                harmless_warnings: warnings.baseAddress, harmless_warning_count: warnings.count, maximum_scans: scans))
    }
}

/// Asks the `Patience` that `context` points to.
private func goesOn(_ context: UnsafeMutableRawPointer?) -> Int32 {
    guard let context = unsafe context else { return 1 }
    return unsafe context.assumingMemoryBound(to: Patience.self).pointee.isLeft() ? 1 : 0
}
