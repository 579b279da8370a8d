import Imaging
import Testing

@Suite struct DecoderTests {
    /// Two levels: see `make_fixtures.py`.
    @Test func `every kind of JPEG becomes the RGB that Pillow makes of it`() throws {
        for fixture in try Fixture.load("jpeg") {
            let difference = try greatestDifference(decodeImage(fixture.bytes), fixture.image)
            #expect(difference.map { $0 <= 2 } == true, "\(fixture.name): \(String(describing: difference))")
        }
    }

    /// Two levels: see `make_fixtures.py`.
    @Test func `the JPEGs of cameras are taken with their faults`() throws {
        for fixture in try Fixture.load("camera") {
            let difference = try greatestDifference(decodeImage(fixture.bytes), fixture.image)
            #expect(difference.map { $0 <= 2 } == true, "\(fixture.name): \(String(describing: difference))")
        }
    }

    /// One level: see `make_fixtures.py`.
    @Test func `every kind of PNG becomes the RGB that the specification says`() throws {
        for fixture in try Fixture.load("png") {
            let difference = try greatestDifference(decodeImage(fixture.bytes), fixture.image)
            #expect(difference.map { $0 <= 1 } == true, "\(fixture.name): \(String(describing: difference))")
        }
    }

    @Test func `every kind of BMP becomes the RGB that was put in, and only where it is asked for`() throws {
        for fixture in try Fixture.load("bmp") {
            #expect(try decodeImage(fixture.bytes, formats: ImageFormat.allCases) == fixture.image, "\(fixture)")
            let size = try ImageHeader(fixture.bytes, formats: [.bmp])
            #expect((size.width, size.height) == (fixture.width, fixture.height), "\(fixture)")
            #expect(throws: ImageError.foreignFormat("BMP")) { try decodeImage(fixture.bytes) }
        }
    }

    @Test(arguments: ["orientation", "jpeg", "png"])
    func `the size told from the header is that of the decoded image`(fixtures: String) throws {
        for fixture in try Fixture.load(fixtures) where fixture.file != nil {
            let size = try ImageHeader(fixture.bytes)
            #expect((size.width, size.height) == (fixture.width, fixture.height), "\(fixture)")
        }
        #expect(throws: ImageError.unsupportedFormat) { try ImageHeader(Array("no image".utf8)) }
    }

    @Test func `all eight orientations stand upright`() throws {
        for fixture in try Fixture.load("orientation") {
            let difference = try greatestDifference(decodeImage(fixture.bytes), fixture.image)
            #expect(difference.map { $0 <= 2 } == true, "\(fixture.name): \(String(describing: difference))")
        }
    }

    @Test func `malformed EXIF leaves the image as it is`() throws {
        let plain = try slopes(8, 5).jpeg()
        let upright = try decodeImage(plain)
        let tiff: [UInt8] = [0x4D, 0x4D, 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0]
        #expect(try decodeImage(withEXIF(tiff, plain)).width == 5)
        for length in 0..<tiff.count - 2 {
            #expect(try decodeImage(withEXIF(Array(tiff.prefix(length)), plain)) == upright)
        }
        let faults: [(at: Int, value: UInt8)] = [
            (0, 0x49), (3, 43), (4, 0xFF), (7, 200), (8, 0xFF), (13, 4), (17, 2), (19, 0), (19, 9), (18, 1),
        ]
        for fault in faults {
            var broken = tiff
            broken[fault.at] = fault.value
            // A directory that claims more entries than it has still has the orientation in its first entry.
            let expected = fault.at == 8 ? 5 : 8
            #expect(try decodeImage(withEXIF(broken, plain)).width == expected, "\(fault)")
        }
    }

    @Test func `only the first EXIF segment counts`() throws {
        let plain = try slopes(8, 5).jpeg()
        let turned = withEXIF([0x4D, 0x4D, 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0], plain)
        #expect(try decodeImage(withEXIF([1, 2, 3], turned)).width == 8)
    }

    @Test func `bytes after the end mark are ignored`() throws {
        for file in [try slopes(9, 7).jpeg(), try slopes(9, 7).png()] {
            let image = try decodeImage(file)
            #expect(try decodeImage(file + [0, 1, 2, 0xFF, 0xD8, 0xFF]) == image)
        }
    }

    @Test func `a format is known by its content`() throws {
        #expect(ImageFormat.sniff(try slopes(3, 3).jpeg()) == .jpeg)
        #expect(ImageFormat.sniff(try slopes(3, 3).png()) == .png)
        #expect(ImageFormat.sniff(Array("GIF89a".utf8)) == nil)
        #expect(ImageFormat.sniff([]) == nil)
        #expect(ImageFormat.jpeg.rawValue == "image/jpeg")
    }

    @Test func `a JPEG is decoded small where the target is much smaller, and looks the same once resized`() throws {
        let file = try slopes(640, 480).jpeg(quality: 95)
        let full = try decodeImage(file)
        for (target, width, height) in [
            ((40, 30), 80, 60), ((41, 30), 160, 120), ((100, 100), 320, 240), ((320, 241), 640, 480),
        ] {
            let reduced = try decodeImage(file, covering: (width: target.0, height: target.1))
            #expect((reduced.width, reduced.height) == (width, height))
            let a = reduced.resized(width: target.0, height: target.1)
            let b = full.resized(width: target.0, height: target.1)
            // On slopes, both filters give the same, except for rounding and the outermost pixels.
            #expect(meanDifference(a, b) < 1)
        }
    }

    @Test func `the covered target is that of the upright image`() throws {
        let plain = try slopes(640, 160).jpeg()
        let turned = withEXIF([0x4D, 0x4D, 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, 8, 0, 0], plain)
        let image = try decodeImage(turned, covering: (width: 20, height: 80))
        #expect((image.width, image.height) == (40, 160))
    }

    @Test func `the orientation is found behind bytes that belong to nothing`() throws {
        let plain = try slopes(8, 5).jpeg()
        let tiff: [UInt8] = [0x4D, 0x4D, 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0]
        let comment: [UInt8] = [0xFF, 0xFE, 0, 3, 7]
        for stray: [UInt8] in [[0, 1, 0x7F], [0xFF, 0], [0xFF, 0xFF], [0x45, 0x78, 0xFF, 0, 0xFF]] {
            let turned = withEXIF(tiff, plain)
            let file = turned[..<2] + comment + stray + turned[2...]
            #expect(try decodeImage(Array(file)).width == 5, "\(stray)")
        }
    }

    private func withEXIF(_ tiff: [UInt8], _ jpeg: [UInt8]) -> [UInt8] {
        let data = Array("Exif".utf8) + [0, 0] + tiff
        let length = data.count + 2
        return [0xFF, 0xD8, 0xFF, 0xE1, UInt8(length >> 8), UInt8(length & 255)] + data + jpeg.dropFirst(2)
    }
}
