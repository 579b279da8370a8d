// Finds the orientation in EXIF data. Nothing here fails: data that is missing, cut off or malformed counts as
// `topLeft`, which means "leave it as it is".

/// The orientation of a JPEG, from the first APP1 segment that holds EXIF data.
func jpegOrientation(_ bytes: [UInt8]) -> Orientation {
    var position = 2
    while position + 4 <= bytes.count, bytes[position] == 0xFF {
        let marker = bytes[position + 1]
        if marker == 0xFF {  // a fill byte
            position += 1
            continue
        }
        guard marker != 0xDA, marker != 0xD9 else { break }  // the image itself begins, or the file ends
        if marker == 0x01 || (0xD0...0xD8).contains(marker) {  // markers without a length
            position += 2
            continue
        }
        let length = Int(bytes[position + 2]) << 8 | Int(bytes[position + 3])
        let end = position + 2 + length
        guard length >= 2, end <= bytes.count else { break }
        let data = bytes[(position + 4)..<end]
        if marker == 0xE1, data.starts(with: exifPrefix) {
            return tiffOrientation(data.dropFirst(exifPrefix.count)) ?? .topLeft
        }
        position = end
    }
    return .topLeft
}

/// The orientation of a PNG: from its first eXIf chunk.
func pngOrientation(_ bytes: [UInt8]) -> Orientation {
    var chunks = PNGChunks(bytes)
    while let chunk = chunks.next(), chunk.type != PNGChunks.imageEnd {
        if chunk.type == PNGChunks.exif { return tiffOrientation(bytes[chunk.data]) ?? .topLeft }
    }
    return .topLeft
}

/// "Exif" and two zero bytes, by which EXIF differs from the other uses of APP1.
private let exifPrefix: [UInt8] = [0x45, 0x78, 0x69, 0x66, 0, 0]

/// The orientation in the first directory of a TIFF structure, or nil.
///
/// TIFF 6.0: "II" or "MM", 42, the directory's offset; the directory is a count and entries of 12 bytes: tag, type,
/// count and value. EXIF 2.3: orientation is tag 0x0112, one SHORT.
private func tiffOrientation(_ bytes: ArraySlice<UInt8>) -> Orientation? {
    let isLittleEndian: Bool
    switch bytes.prefix(2) {
    case [0x49, 0x49]: isLittleEndian = true
    case [0x4D, 0x4D]: isLittleEndian = false
    default: return nil
    }
    func number(_ offset: Int, _ size: Int) -> Int? {
        guard offset >= 0, offset <= bytes.count - size else { return nil }
        let field = bytes.dropFirst(offset).prefix(size)
        return isLittleEndian
            ? field.reversed().reduce(0) { $0 << 8 | Int($1) } : field.reduce(0) { $0 << 8 | Int($1) }
    }
    guard number(2, 2) == 42, let directory = number(4, 4), let count = number(directory, 2) else { return nil }
    for entry in 0..<count {
        let offset = directory + 2 + entry * 12
        guard let tag = number(offset, 2) else { return nil }
        guard tag == 0x0112 else { continue }
        guard number(offset + 2, 2) == 3, number(offset + 4, 4) == 1, let value = number(offset + 8, 2) else {
            return nil
        }
        return Orientation(rawValue: UInt16(value))
    }
    return nil
}
