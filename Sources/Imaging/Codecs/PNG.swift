import CPNG

/// Decodes a PNG as it is stored; its orientation is not applied, and transparency is laid over black.
///
/// Rows are reduced as they come, so that memory holds only the reduced image and one row; an interlaced image is held
/// in full first.
func decodePNG(
    _ bytes: [UInt8], limits: ImageLimits, covering target: (width: Int, height: Int)?,
    isCancelled: @escaping () -> Bool
) throws(ImageError) -> RGBImage {
    let announced = try announcedPNG(bytes)
    try limits.check(width: announced.width, height: announced.height)

    var header = c_png_header_t()
    var message = [CChar](repeating: 0, count: Int(C_PNG_MESSAGE))
    guard unsafe c_png_read_header(bytes, bytes.count, &header, &message) == 1 else {
        throw .corrupt(reason: text(message))
    }
    let (width, height, channels) = (Int(header.width), Int(header.height), Int(header.channels))
    guard (width, height) == (announced.width, announced.height), channels == 3 || channels == 4,
        (header.is_interlaced != 0) == announced.comesInPasses
    else {
        throw .corrupt(reason: "a header that contradicts itself")
    }

    var receiver = PNGReceiver(
        rows: RowReducer(
            width: width, height: height, channels: channels,
            factor: reduction(width: width, height: height, covering: target)),
        patience: Patience(isCancelled: isCancelled))
    var memory = [UInt8](repeating: 0, count: width * channels * (announced.comesInPasses ? height : 1))
    let done = unsafe withUnsafeMutablePointer(to: &receiver) { receiver in
        unsafe c_png_decode(
            bytes, bytes.count, header, &memory, c_png_receiver_t(take: takeRow, context: receiver), &message)
    }
    guard !receiver.patience.isOver else { throw .cancelled }
    guard done == 1 else { throw .corrupt(reason: text(message)) }
    return receiver.rows.image
}

/// Who takes the rows of a PNG.
private struct PNGReceiver {
    var rows: RowReducer
    var patience: Patience
}

/// Hands a row to the `PNGReceiver` that `context` points to; 0 if the decoding is to stop.
private func takeRow(_ context: UnsafeMutableRawPointer?, _ row: UnsafePointer<UInt8>?) -> Int32 {
    guard let context = unsafe context else { return 0 }
    let receiver = unsafe context.assumingMemoryBound(to: PNGReceiver.self)
    if let row = unsafe row {
        unsafe receiver.pointee.rows.take(UnsafeBufferPointer(start: row, count: receiver.pointee.rows.rowBytes))
    }
    return unsafe receiver.pointee.patience.isLeft() ? 1 : 0
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

/// Reads IHDR, which must be the first chunk, without starting libpng.
func announcedPNG(_ bytes: [UInt8]) throws(ImageError) -> ImageHeader {
    var chunks = PNGChunks(bytes)
    guard let first = chunks.next(), first.type == PNGChunks.imageHeader, first.data.count == 13 else {
        throw .corrupt(reason: "a PNG that does not begin with its header")
    }
    let data = bytes[first.data]
    return ImageHeader(
        width: Int(bigEndian32(data, at: data.startIndex)), height: Int(bigEndian32(data, at: data.startIndex + 4)),
        comesInPasses: data[data.startIndex + 12] != 0)
}
