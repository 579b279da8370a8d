import Foundation
import Imaging
import Testing

@Suite struct CaptureTimeTests {
    /// A file as `Fixtures/make_fixtures.py` wrote it, with the time that its EXIF must give.
    struct Case: Decodable, Sendable {
        let name: String
        let file: Data
        let captured: String?

        var bytes: [UInt8] { [UInt8](file) }

        static func all() throws -> [Case] {
            let url = try #require(
                Bundle.module.url(forResource: "exif", withExtension: "json", subdirectory: "Fixtures"))
            return try JSONDecoder().decode([Case].self, from: Data(contentsOf: url))
        }
    }

    @Test func `a time of capture is read as another program wrote it`() throws {
        let cases = try Case.all()
        #expect(cases.count { $0.captured != nil } == 20)
        for file in cases { #expect(captureTime(file.bytes) == file.captured, "\(file.name)") }
    }

    @Test func `what is no JPEG or PNG has no time`() {
        for bytes in [[], Array("Exif\0\0II*\0".utf8), [0xFF, 0xD8, 0xFF], [0x89, 0x50, 0x4E, 0x47]] {
            #expect(captureTime(bytes) == nil)
        }
    }

    /// The place of a file's EXIF: from the byte order to the end of the longest text.
    private func exif(_ file: [UInt8]) throws -> Range<Int> {
        let start = try #require(file.indices.first { file[$0...].starts(with: [0x49, 0x49, 0x2A, 0]) })
        return start..<min(start + 130, file.count)
    }

    @Test func `EXIF that is damaged in any byte never keeps an image from being decoded`() throws {
        let file = try #require(try Case.all().first { $0.name == "JPEG < with an offset" })
        let image = try decodeImage(file.bytes)
        for index in try exif(file.bytes) {
            for value: UInt8 in [0, 1, 0x7F, 0xFF] {
                var damaged = file.bytes
                damaged[index] = value
                // A damaged digit gives another time, or nil if it is not a time.
                if let time = captureTime(damaged) { #expect(time.utf8.count == 25 || time.hasSuffix("Z")) }
                #expect(try decodeImage(damaged).pixels.count == image.pixels.count)
            }
        }
    }

    @Test func `EXIF that is cut anywhere gives the whole time or none`() throws {
        let file = try #require(try Case.all().first { $0.name == "JPEG < with an offset" })
        let range = try exif(file.bytes)
        for end in range {
            // The segment of APP1 says that it is shorter; the image follows as it was.
            var cut = file.bytes
            let length = UInt16(end - range.lowerBound + 8)
            let header = range.lowerBound - 8
            cut[header] = UInt8(length >> 8)
            cut[header + 1] = UInt8(truncatingIfNeeded: length)
            #expect([nil, file.captured].contains(captureTime(Array(cut.prefix(end)))))
        }
    }

    @Test(arguments: [
        ("GIF", "GIF89a"), ("PDF", "%PDF-1.7"), ("WebP", "RIFF\u{10}\0\0\0WEBPVP8 "), ("BMP", "BM6\0\0\0"),
        ("TIFF", "II*\0\u{8}\0\0\0"), ("TIFF", "MM\0*\0\0\0\u{8}"), ("HEIC", "\0\0\0\u{18}ftypheic"),
        ("AVIF", "\0\0\0\u{1C}ftypavif"),
    ])
    func `a file of another format is named`(format: String, start: String) {
        let bytes = Array(start.utf8) + [UInt8](repeating: 0, count: 40)
        #expect(throws: ImageError.foreignFormat(format)) { try decodeImage(bytes) }
        #expect(throws: ImageError.foreignFormat(format)) { try ImageHeader(bytes) }
        #expect("\(ImageError.undecodable(bytes))".contains("only JPEG and PNG are taken"))
    }
}
