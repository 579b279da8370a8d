/// Walks the chunks of a PNG by their lengths; libpng checks their CRCs.
struct PNGChunks: IteratorProtocol {
    /// One chunk: its four letters as a big-endian number, and where its data lies in the file.
    struct Chunk {
        let type: UInt32
        let data: Range<Int>
    }

    static let imageHeader: UInt32 = 0x4948_4452  // IHDR
    static let imageEnd: UInt32 = 0x4945_4E44  // IEND
    static let exif: UInt32 = 0x6558_4966  // eXIf

    private let bytes: [UInt8]
    private var position = 8

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The next chunk that lies wholly within the file, or nil.
    mutating func next() -> Chunk? {
        guard bytes.count - position >= 12 else { return nil }
        let length = Int(bigEndian32(bytes[...], at: position))
        guard length <= bytes.count - position - 12 else { return nil }
        let start = position + 8
        position = start + length + 4
        return Chunk(type: bigEndian32(bytes[...], at: start - 4), data: start..<start + length)
    }
}
