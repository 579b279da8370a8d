/// What a BMP's headers say: uncompressed rows of 8-bit palette indices or of 24-bit blue, green, red.
private struct BMPHeader {
    let width: Int
    let height: Int
    let isTopDown: Bool
    let bits: Int
    /// Where the palette begins, its entries, and the bytes of each.
    let palette: (start: Int, count: Int, stride: Int)
    /// Where the rows begin.
    let rows: Int

    /// Bytes from one row to the next: whole groups of four.
    var stride: Int { (width * bits + 31) / 32 * 4 }

    init(_ bytes: [UInt8]) throws(ImageError) {
        func number(_ index: Int, _ count: Int) -> Int {
            bytes[index..<index + count].reversed().reduce(0) { $0 << 8 | Int($1) }
        }
        guard bytes.count >= 18, 12...256 ~= number(14, 4), bytes.count >= 14 + number(14, 4) else {
            throw .corrupt(reason: "a BMP without its headers")
        }
        let size = number(14, 4)
        guard size == 12 || size >= 40 else { throw .corrupt(reason: "a BMP with a header of \(size) bytes") }
        // The first version's header has sides of 16 bits and palette entries of three bytes.
        let isFirst = size == 12
        let side = isFirst ? 2 : 4
        width = number(18, side)
        let signed = isFirst ? number(20, 2) : Int(Int32(truncatingIfNeeded: number(22, 4)))
        (height, isTopDown) = (abs(signed), signed < 0)
        bits = number(isFirst ? 24 : 28, 2)
        let compression = isFirst ? 0 : number(30, 4)
        guard compression == 0, bits == 8 || bits == 24 else {
            throw .corrupt(reason: "a BMP of \(bits) bits a pixel and compression \(compression), which is not read")
        }
        let used = isFirst ? 0 : number(46, 4)
        palette = (14 + size, bits == 8 ? (1...256 ~= used ? used : 256) : 0, isFirst ? 3 : 4)
        rows = number(10, 4)
    }
}

/// Decodes a BMP.
func decodeBMP(_ bytes: [UInt8], limits: ImageLimits) throws(ImageError) -> RGBImage {
    let header = try BMPHeader(bytes)
    let (width, height, stride) = (header.width, header.height, header.stride)
    try limits.check(width: width, height: height)
    let paletteEnd = header.palette.start + header.palette.count * header.palette.stride
    guard header.rows >= paletteEnd, header.rows <= bytes.count, height <= (bytes.count - header.rows) / stride else {
        throw .corrupt(reason: "a BMP that is shorter than its header says")
    }
    var pixels = [UInt8]()
    pixels.reserveCapacity(width * height * 3)
    for row in 0..<height {
        let start = header.rows + (header.isTopDown ? row : height - 1 - row) * stride
        for column in 0..<width {
            let at: Int
            if header.bits == 8 {
                let index = Int(bytes[start + column])
                guard index < header.palette.count else { throw .corrupt(reason: "a color beyond the BMP's palette") }
                at = header.palette.start + index * header.palette.stride
            } else {
                at = start + column * 3
            }
            pixels.append(bytes[at + 2])
            pixels.append(bytes[at + 1])
            pixels.append(bytes[at])
        }
    }
    return RGBImage(width: width, height: height, pixels: pixels)
}

/// What a BMP's header says.
func announcedBMP(_ bytes: [UInt8]) throws(ImageError) -> ImageHeader {
    let header = try BMPHeader(bytes)
    return ImageHeader(width: header.width, height: header.height, comesInPasses: false)
}
