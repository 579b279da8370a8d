import Imaging
import Randomness
import Testing

@Suite struct BadInputTests {
    @Test func `no bytes are an empty image`() {
        #expect(throws: ImageError.empty) { try decodeImage([]) }
    }

    @Test func `a text file is no image`() {
        #expect(throws: ImageError.unsupportedFormat) { try decodeImage(Array("Dear Sir or Madam".utf8)) }
    }

    @Test func `more bytes than the limit are refused before they are looked at`() {
        var limits = ImageLimits()
        limits.bytes = 10
        #expect(throws: ImageError.tooManyBytes(bytes: 11, limit: 10)) {
            try decodeImage(.init(repeating: 0, count: 11), limits: limits)
        }
    }

    @Test func `a PNG of 30,000 by 30,000 is refused by its header`() {
        // No image follows: nothing beyond the header is read.
        let file = pngSignature + pngChunk("IHDR", [0, 0, 0x75, 0x30, 0, 0, 0x75, 0x30, 8, 2, 0, 0, 0])
        #expect(throws: ImageError.tooLarge(width: 30_000, height: 30_000, limit: 40_000_000)) { try decodeImage(file) }
    }

    @Test(arguments: [0xFFFF_FFFF, 0x7FFF_FFFF, 30_001] as [UInt32])
    func `a PNG with a long side is refused by its header`(width: UInt32) {
        let sides = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: width >> $0) } + [0, 0, 0, 1]
        let file = pngSignature + pngChunk("IHDR", sides + [8, 2, 0, 0, 0])
        #expect(throws: ImageError.sideTooLong(width: Int(width), height: 1, limit: 30_000)) { try decodeImage(file) }
    }

    @Test func `a JPEG is refused by the size in its header`() throws {
        var file = try slopes(40, 30).jpeg()
        let frame = try #require(file.indices.first { file[$0...].starts(with: [0xFF, 0xC0]) })
        file.replaceSubrange(frame + 5..<frame + 9, with: [0xF0, 0, 0x10, 0])
        #expect(throws: ImageError.sideTooLong(width: 0x1000, height: 0xF000, limit: 30_000)) { try decodeImage(file) }
        file.replaceSubrange(frame + 5..<frame + 9, with: [0x70, 0, 0x70, 0])
        #expect(throws: ImageError.tooLarge(width: 0x7000, height: 0x7000, limit: 40_000_000)) { try decodeImage(file) }
    }

    @Test func `a BMP that is cut anywhere is damaged`() throws {
        for fixture in try Fixture.load("bmp") where fixture.height * fixture.width < 60 {
            for length in 2..<fixture.bytes.count {
                #expect(throws: ImageError.self) {
                    try decodeImage(Array(fixture.bytes.prefix(length)), formats: [.bmp])
                }
            }
        }
    }

    @Test func `a BMP is refused by what its header says`() throws {
        let file = try Fixture.load("bmp", "8 bits, palette of 3").bytes
        func changed(_ at: Int, _ value: UInt32) -> [UInt8] {
            var file = file
            for place in 0..<4 { file[at + place] = UInt8(truncatingIfNeeded: value >> (8 * UInt32(place))) }
            return file
        }
        func error(_ at: Int, _ value: UInt32) -> ImageError? {
            #expect(throws: ImageError.self) { try decodeImage(changed(at, value), formats: [.bmp]) }
        }
        #expect(error(18, 40_000) == .sideTooLong(width: 40_000, height: 5, limit: 30_000))
        #expect(error(22, 0x8000_0000) == .sideTooLong(width: 7, height: 1 << 31, limit: 30_000))
        #expect(error(18, 0) == .corrupt(reason: "a side of no pixels"))
        #expect(error(22, 6) == .corrupt(reason: "a BMP that is shorter than its header says"))
        #expect(error(46, 2) == .corrupt(reason: "a color beyond the BMP's palette"))
        #expect(error(30, 1) == .corrupt(reason: "a BMP of 8 bits a pixel and compression 1, which is not read"))
        #expect(error(28, 16) == .corrupt(reason: "a BMP of 16 bits a pixel and compression 0, which is not read"))
        #expect(error(14, 20) == .corrupt(reason: "a BMP with a header of 20 bytes"))
        // Rows that begin inside the palette, or after the end.
        for start in [0, 60, 1000, 0xFFFF_FFFF] as [UInt32] {
            #expect(error(10, start) == .corrupt(reason: "a BMP that is shorter than its header says"))
        }
    }

    @Test func `limits are inclusive`() throws {
        var limits = ImageLimits()
        (limits.side, limits.pixels) = (12, 120)
        for file in [try slopes(12, 10).jpeg(), try slopes(12, 10).png()] {
            limits.bytes = file.count
            #expect(try decodeImage(file, limits: limits).width == 12)
            limits.bytes -= 1
            #expect(throws: ImageError.tooManyBytes(bytes: file.count, limit: file.count - 1)) {
                try decodeImage(file, limits: limits)
            }
        }
        limits = ImageLimits()
        limits.pixels = 119
        for file in [try slopes(12, 10).jpeg(), try slopes(12, 10).png()] {
            #expect(throws: ImageError.tooLarge(width: 12, height: 10, limit: 119)) {
                try decodeImage(file, limits: limits)
            }
        }
    }

    @Test func `a limit without bound does not overflow`() {
        var limits = ImageLimits()
        (limits.side, limits.pixels) = (.max, 1 << 20)
        let file = pngSignature + pngChunk("IHDR", .init(repeating: 0xFF, count: 8) + [8, 2, 0, 0, 0])
        #expect(throws: ImageError.tooLarge(width: 0xFFFF_FFFF, height: 0xFFFF_FFFF, limit: 1 << 20)) {
            try decodeImage(file, limits: limits)
        }
    }

    @Test func `every proper prefix of a file is an error, unless a JPEG lacks no more than its end mark`() throws {
        for file in try smallFiles() {
            let isJPEG = ImageFormat.sniff(file.bytes) == .jpeg
            let image = try decodeImage(file.bytes)
            for length in 0..<file.bytes.count {
                let prefix = Array(file.bytes.prefix(length))
                if isJPEG, length >= file.bytes.count - 2 {
                    #expect(try decodeImage(prefix) == image, "\(file.name), \(length) bytes")
                } else {
                    #expect(throws: ImageError.self, "\(file.name), \(length) bytes") { try decodeImage(prefix) }
                }
            }
        }
    }

    @Test func `a progressive JPEG without its last scans is refused if it has no end mark either`() throws {
        let file = try Fixture.load("jpeg", "progressive").bytes
        let starts = scans(of: file)
        try #require(starts.count == 10)
        for start in starts.dropFirst() {
            #expect(throws: ImageError.self, "\(start) bytes") { try decodeImage(Array(file[..<start])) }
        }
    }

    @Test(arguments: [(40, true), (41, false)])
    func `a JPEG of four megapixels may have 40 scans, because each is a walk over the whole image`(
        scans: Int, isTaken: Bool
    ) throws {
        let bytes = grayJPEG(scans: scans)
        if isTaken {
            #expect(try decodeImage(bytes, covering: (width: 100, height: 100)).width == 250)
        } else {
            #expect(throws: ImageError.corrupt(reason: "more scans than any sensible file has")) {
                try decodeImage(bytes)
            }
        }
    }

    /// A progressive gray image of 2000×2000 pixels; all scans but the first have six bytes of data.
    private func grayJPEG(scans: Int) -> [UInt8] {
        let quantization: [UInt8] = [0xFF, 0xDB, 0, 67, 0] + [UInt8](repeating: 1, count: 64)
        let frame: [UInt8] = [0xFF, 0xC2, 0, 11, 8, 0x07, 0xD0, 0x07, 0xD0, 1, 1, 0x11, 0]
        // One code of one bit in each table: "the same as before", and "the next 2^14 blocks, and more, have nothing".
        let lengths: [UInt8] = [1] + [UInt8](repeating: 0, count: 15)
        let tables: [UInt8] = [0xFF, 0xC4, 0, 20, 0x00] + lengths + [0] + [0xFF, 0xC4, 0, 20, 0x10] + lengths + [0xE0]
        var file: [UInt8] = [0xFF, 0xD8] + quantization + frame + tables
        file += [0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 0, 0] + [UInt8](repeating: 0, count: (250 * 250 + 7) / 8)
        for coefficient in 1..<UInt8(scans) {
            file += [0xFF, 0xDA, 0, 8, 1, 1, 0, coefficient, coefficient, 0, 0x7F, 0xFE, 0xFF, 0, 0xFF, 0]
        }
        return file + [0xFF, 0xD9]
    }

    @Test func `every changed byte of a PNG is an error`() throws {
        for file in try smallFiles() where ImageFormat.sniff(file.bytes) == .png {
            var bytes = file.bytes
            for index in bytes.indices {
                for change in [UInt8(1), 0x20, 0xFF] {
                    bytes[index] ^= change
                    #expect(throws: ImageError.self, "\(file.name), byte \(index)") { try decodeImage(bytes) }
                    bytes[index] ^= change
                }
            }
        }
    }

    @Test func `a JPEG with a changed byte is an error or an image`() throws {
        var limits = ImageLimits()
        limits.pixels = 1 << 20
        for file in try smallFiles() where ImageFormat.sniff(file.bytes) == .jpeg {
            var (bytes, refused) = (file.bytes, 0)
            for index in bytes.indices {
                for change in [UInt8(1), 0x80, 0xFF] {
                    bytes[index] ^= change
                    if isRefused(bytes, limits) { refused += 1 }
                    bytes[index] ^= change
                }
            }
            // JPEG has no checksums: a changed table or sample can be another image, and what belongs to nothing is
            // skipped. Lengths, sizes and what the scans need are more than a twentieth.
            #expect(refused > bytes.count * 3 / 20, "\(file.name): \(refused)")
        }
    }

    @Test func `random damage is an error or an image`() throws {
        var random = SeededGenerator(seed: 7)
        var limits = ImageLimits()
        limits.pixels = 1 << 20
        let files = try smallFiles()
        for _ in 0..<1500 {
            var bytes = files[Int.random(in: files.indices, using: &random)].bytes
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                bytes[.random(in: 2..<bytes.count, using: &random)] = .random(in: 0...255, using: &random)
            }
            _ = isRefused(bytes, limits)
        }
    }

    @Test func `a JPEG with a hole in its scan is an error`() throws {
        var file = try noise(64, 64).jpeg()
        file.removeSubrange(file.count / 2..<file.count * 3 / 4)
        #expect(isRefused(file, ImageLimits()))
    }

    @Test func `a JPEG with more scans than any sensible file is an error`() throws {
        let file = try Fixture.load("jpeg", "one scan per component").bytes
        // The same component may occur again and again, and each time costs a pass over the whole image.
        let last = try #require(scans(of: file).last)
        let again = Array(repeating: file[last..<file.count - 2], count: 100).joined()
        #expect(throws: ImageError.corrupt(reason: "more scans than any sensible file has")) {
            try decodeImage(file.dropLast(2) + again + [0xFF, 0xD9])
        }
    }

    @Test func `a JPEG that lacks the scan of a component is an error, not an image without color`() throws {
        let file = try Fixture.load("jpeg", "one scan per component").bytes
        let starts = scans(of: file)
        try #require(starts.count == 3)
        #expect(try decodeImage(file).width == 37)
        #expect(throws: ImageError.corrupt(reason: "a component without data")) {
            try decodeImage(Array(file[..<starts[2]] + [0xFF, 0xD9]))
        }
        #expect(throws: ImageError.corrupt(reason: "a component without data")) {
            try decodeImage(Array(file[..<starts[1]] + [0xFF, 0xD9]))
        }
    }

    /// Where the scans of a file begin, found by their markers.
    private func scans(of file: [UInt8]) -> [Int] {
        file.indices.filter { file[$0...].starts(with: [0xFF, 0xDA]) }
    }

    @Test func `a PNG without its end mark is an error`() throws {
        let file = try slopes(5, 4).png()
        #expect(throws: ImageError.self) { try decodeImage(Array(file.dropLast(12))) }
    }

    @Test func `an error says what is wrong`() {
        #expect(ImageError.empty.description == "the image is empty")
        #expect(
            ImageError.tooLarge(width: 7, height: 8, limit: 55).description
                == "the image has 7×8 pixels, more than 55 in all")
    }

    private func isRefused(_ bytes: [UInt8], _ limits: ImageLimits) -> Bool {
        do {
            let image = try decodeImage(bytes, limits: limits)
            return image.pixels.isEmpty
        } catch {
            return true
        }
    }

    /// One file for each path through the decoders, as small as possible.
    private func smallFiles() throws -> [(name: String, bytes: [UInt8])] {
        let jpegs = ["baseline 4:2:0", "progressive", "gray", "YCCK", "restart markers", "one pixel"]
        let pngs = ["type 6, 16 bits, Adam7", "type 3, 4 bits, tRNS", "type 0, 1 bits", "one pixel, Adam7"]
        let orientations = ["PNG 6"]
        var files: [(name: String, bytes: [UInt8])] = []
        for (set, names) in [("jpeg", jpegs), ("png", pngs), ("orientation", orientations)] {
            for fixture in try Fixture.load(set) where names.contains(fixture.name) {
                files.append((fixture.name, fixture.bytes))
            }
        }
        #expect(files.count == jpegs.count + pngs.count + orientations.count)
        return files
    }

    private let pngSignature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

    private func pngChunk(_ type: String, _ data: [UInt8]) -> [UInt8] {
        let body = Array(type.utf8) + data
        var crc: UInt32 = 0xFFFF_FFFF
        for byte in body {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
        }
        return bigEndian(UInt32(data.count)) + body + bigEndian(~crc)
    }

    private func bigEndian(_ value: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }
}
