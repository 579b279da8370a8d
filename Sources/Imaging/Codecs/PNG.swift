import CPNG

/// Decodes a PNG as it is stored; its orientation is not applied, and transparency is laid over black.
func decodePNG(_ bytes: [UInt8], limits: ImageLimits) throws(ImageError) -> RGBImage {
    let announced = try announcedPNGSize(bytes)
    try limits.check(width: announced.width, height: announced.height)

    var header = c_png_header_t()
    var message = [CChar](repeating: 0, count: Int(C_PNG_MESSAGE))
    guard unsafe c_png_read_header(bytes, bytes.count, &header, &message) == 1 else {
        throw .corrupt(reason: text(message))
    }
    let (width, height, channels) = (Int(header.width), Int(header.height), Int(header.channels))
    guard (width, height) == (announced.width, announced.height), channels == 3 || channels == 4 else {
        throw .corrupt(reason: "a header that contradicts itself")
    }

    var done: Int32 = 0
    var pixels = unsafe [UInt8](unsafeUninitializedCapacity: width * height * channels) { buffer, count in
        done = unsafe c_png_decode(bytes, bytes.count, header, buffer.baseAddress, &message)
        count = done == 1 ? width * height * channels : 0
    }
    guard done == 1 else { throw .corrupt(reason: text(message)) }
    // An image with alpha is laid over black: R·A, G·A, B·A.
    if channels == 4 { multiplyByFourth(&pixels) }
    return RGBImage(width: width, height: height, pixels: pixels)
}

/// Encodes as 8-bit RGB PNG at zlib's level 6.
func encodePNG(_ image: RGBImage) throws(ImageError) -> [UInt8] {
    var file = [UInt8]()
    var message = [CChar](repeating: 0, count: Int(C_PNG_MESSAGE))
    let done = unsafe withUnsafeMutablePointer(to: &file) { file in
        unsafe c_png_encode(
            image.pixels, UInt32(image.width), UInt32(image.height), 6, appendPiece, file, &message)
    }
    guard done == 1 else { throw .notEncodable(reason: text(message)) }
    return file
}

/// Reads width and height from IHDR, which must be the first chunk, without starting libpng.
func announcedPNGSize(_ bytes: [UInt8]) throws(ImageError) -> (width: Int, height: Int) {
    var chunks = PNGChunks(bytes)
    guard let first = chunks.next(), first.type == PNGChunks.imageHeader, first.data.count == 13 else {
        throw .corrupt(reason: "a PNG that does not begin with its header")
    }
    let data = bytes[first.data]
    return (Int(bigEndian32(data, at: data.startIndex)), Int(bigEndian32(data, at: data.startIndex + 4)))
}
