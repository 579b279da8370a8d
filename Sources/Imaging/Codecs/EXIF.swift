/// The time when an image was taken, from its EXIF data: RFC 3339 text such as "2026-11-22T10:00:00+01:00".
///
/// It is DateTimeOriginal with OffsetTimeOriginal; without an offset, the time is read as UTC. Nil for a file that is
/// neither JPEG nor PNG, and if the data is missing, cut off or malformed. The day is not checked against a calendar,
/// so it may not exist.
public func captureTime(_ bytes: [UInt8]) -> String? { EXIF(ofFile: bytes)?.captureTime }

/// The EXIF data that this module uses.
///
/// Nothing fails: data that is missing, cut off or malformed counts as absent.
///
/// A TIFF structure (TIFF 6.0): "II" or "MM", 42, the offset of the first directory. A directory is a count and entries
/// of 12 bytes: tag, type, count and value. Tags and types are those of EXIF 2.32.
struct EXIF {
    private let bytes: ArraySlice<UInt8>
    private let isLittleEndian: Bool
    private var directory = 0

    /// Reads the data of a JPEG or PNG.
    init?(ofFile file: [UInt8]) {
        let data: ArraySlice<UInt8>? =
            switch ImageFormat.sniff(file) {
            case .jpeg: Self.data(ofJPEG: file)
            case .png: Self.data(ofPNG: file)
            case .bmp, nil: nil
            }
        guard let data else { return nil }
        switch data.prefix(2) {
        case [0x49, 0x49]: isLittleEndian = true
        case [0x4D, 0x4D]: isLittleEndian = false
        default: return nil
        }
        bytes = data
        guard number(2, 2) == 42, let directory = number(4, 4) else { return nil }
        self.directory = directory
    }

    /// How the image must be turned: tag 0x0112, one SHORT; `topLeft` if it is absent.
    var orientation: Orientation {
        guard let entry = entry(0x0112, in: directory), entry.type == 3, entry.count == 1,
            let value = number(entry.value, 2)
        else { return .topLeft }
        return Orientation(rawValue: UInt16(value)) ?? .topLeft
    }

    /// When the image was taken: tags 0x9003 and 0x9011 of the directory that tag 0x8769, one LONG, points to.
    var captureTime: String? {
        guard let pointer = entry(0x8769, in: directory), pointer.type == 4, pointer.count == 1,
            let inner = number(pointer.value, 4), let time = text(0x9003, in: inner, like: "0000:00:00 00:00:00")
        else { return nil }
        let clock = "\(time.prefix(10).replacing(":", with: "-"))T\(time.suffix(8))"
        // An offset of spaces means "unknown"; a malformed offset makes the time useless.
        guard entry(0x9011, in: inner) != nil, text(0x9011, in: inner, like: "   :  ") == nil else {
            return clock + "Z"
        }
        let offset = text(0x9011, in: inner, like: "+00:00") ?? text(0x9011, in: inner, like: "-00:00")
        return offset.map { clock + $0 }
    }

    private struct Entry {
        let type: Int
        let count: Int
        /// The place of the value, or of its offset if it has more than four bytes.
        let value: Int
    }

    /// The first entry of `tag` in the directory at an offset.
    private func entry(_ tag: Int, in directory: Int) -> Entry? {
        guard let count = number(directory, 2) else { return nil }
        for index in 0..<count {
            let offset = directory + 2 + index * 12
            guard let found = number(offset, 2) else { return nil }
            guard found == tag else { continue }
            guard let type = number(offset + 2, 2), let count = number(offset + 4, 4) else { return nil }
            return Entry(type: type, count: count, value: offset + 8)
        }
        return nil
    }

    /// The text of an ASCII entry, if it has the form `shape`, in which "0" stands for any digit.
    private func text(_ tag: Int, in directory: Int, like shape: String) -> String? {
        // The count includes the zero byte at the end.
        guard let entry = entry(tag, in: directory), entry.type == 2, entry.count == shape.utf8.count + 1,
            let offset = number(entry.value, 4), offset <= bytes.count - entry.count
        else { return nil }
        let text = bytes.dropFirst(offset).prefix(shape.utf8.count)
        let isAlike = text.elementsEqual(shape.utf8) { $1 == 0x30 ? 0x30...0x39 ~= $0 : $0 == $1 }
        return isAlike ? String(decoding: text, as: UTF8.self) : nil
    }

    /// The unsigned number of `size` bytes at an offset; nil beyond the end.
    private func number(_ offset: Int, _ size: Int) -> Int? {
        guard offset <= bytes.count - size else { return nil }
        let field = bytes.dropFirst(offset).prefix(size)
        return isLittleEndian
            ? field.reversed().reduce(0) { $0 << 8 | Int($1) } : field.reduce(0) { $0 << 8 | Int($1) }
    }

    /// The first APP1 segment that holds EXIF data; bytes that belong to nothing before a marker are skipped.
    private static func data(ofJPEG bytes: [UInt8]) -> ArraySlice<UInt8>? {
        var position = 2
        while position + 4 <= bytes.count {
            let marker = bytes[position + 1]
            guard bytes[position] == 0xFF, marker != 0, marker != 0xFF else {  // stray, stuffed or fill bytes
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
            if marker == 0xE1, data.starts(with: prefix) { return data.dropFirst(prefix.count) }
            position = end
        }
        return nil
    }

    /// The first eXIf chunk.
    private static func data(ofPNG bytes: [UInt8]) -> ArraySlice<UInt8>? {
        var chunks = PNGChunks(bytes)
        while let chunk = chunks.next(), chunk.type != PNGChunks.imageEnd {
            if chunk.type == PNGChunks.exif { return bytes[chunk.data] }
        }
        return nil
    }

    /// "Exif" and two zero bytes, by which EXIF differs from the other uses of APP1.
    private static let prefix: [UInt8] = [0x45, 0x78, 0x69, 0x66, 0, 0]
}
