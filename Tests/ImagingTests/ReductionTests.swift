import Imaging
import Testing

@Suite struct ReductionTests {
    @Test func `a PNG is decoded small where the target is much smaller: to the means of its pixels`() throws {
        let file = try noise(70, 41).png()
        let full = try decodeImage(file)
        for (width, height, factor) in [
            (4, 2, 8), (5, 2, 4), (4, 3, 4), (8, 5, 4), (9, 5, 2), (8, 6, 2), (17, 10, 2), (18, 10, 1), (17, 11, 1),
            (70, 41, 1),
        ] {
            let reduced = try decodeImage(file, covering: (width: width, height: height))
            #expect(reduced == means(of: full, factor), "\(width)×\(height)")
        }
    }

    @Test func `every kind of PNG is reduced to the means of its pixels, whether it is interlaced or not`() throws {
        for fixture in try Fixture.load("png") where fixture.width == 9 {
            let full = try decodeImage(fixture.bytes)
            #expect(try decodeImage(fixture.bytes, covering: (width: 1, height: 1)) == means(of: full, 4), "\(fixture)")
        }
    }

    @Test func `an image that is not reduced is the same with a target as without`() throws {
        for name in ["png", "jpeg", "orientation"] {
            for fixture in try Fixture.load(name) where fixture.file != nil {
                let target = (width: fixture.width / 2 + 1, height: fixture.height)
                #expect(try decodeImage(fixture.bytes, covering: target) == decodeImage(fixture.bytes), "\(fixture)")
            }
        }
    }

    /// The resized images differ by less than a level in the mean: the squares are small against a target's pixel.
    @Test func `a reduced PNG looks the same once resized`() throws {
        let image = slopes(640, 480)
        let reduced = try decodeImage(image.png(), covering: (width: 40, height: 30))
        #expect((reduced.width, reduced.height) == (80, 60))
        let difference = meanDifference(
            reduced.resized(width: 40, height: 30), image.resized(width: 40, height: 30))
        #expect(difference < 1)
    }

    @Test(arguments: ["a PNG", "an interlaced PNG", "a JPEG", "a progressive JPEG"])
    func `a decoder that is told to stop does so within 64 rows`(kind: String) throws {
        let bytes: [UInt8] =
            switch kind {
            case "a PNG": try noise(16, 400).png()
            case "a JPEG": try noise(16, 400).jpeg()
            case "an interlaced PNG": try Fixture.load("png", "type 2, 8 bits, Adam7").bytes
            default: try Fixture.load("jpeg", "progressive").bytes
            }
        let height = try ImageHeader(bytes).height
        var questions = 0
        _ = try decodeImage(bytes) {
            questions += 1
            return false
        }
        #expect(questions >= (height + 63) / 64)
        for last in 1...questions {
            var asked = 0
            #expect(throws: ImageError.cancelled) {
                try decodeImage(bytes) {
                    asked += 1
                    return asked == last
                }
            }
            #expect(asked == last)
        }
    }

    @Test func `an image whose pixels come in passes says so and costs four times its pixels`() throws {
        for (set, name, comesInPasses) in [
            ("jpeg", "baseline 4:2:0", false), ("jpeg", "progressive", true), ("jpeg", "one scan per component", true),
            ("png", "type 2, 8 bits", false), ("png", "type 2, 8 bits, Adam7", true),
        ] {
            let fixture = try Fixture.load(set, name)
            let header = try ImageHeader(fixture.bytes)
            #expect(header.comesInPasses == comesInPasses, "\(name)")
            #expect(header.cost == fixture.width * fixture.height * (comesInPasses ? 4 : 1), "\(name)")
        }
    }

    /// The definition: the mean of each square of `factor` pixels a side, cut off at the right and lower edge.
    private func means(of image: RGBImage, _ factor: Int) -> RGBImage {
        let (width, height) = ((image.width + factor - 1) / factor, (image.height + factor - 1) / factor)
        var pixels: [UInt8] = []
        for y in 0..<height {
            for x in 0..<width {
                for channel in 0..<3 {
                    var values: [Double] = []
                    for row in y * factor..<min((y + 1) * factor, image.height) {
                        for column in x * factor..<min((x + 1) * factor, image.width) {
                            values.append(Double(image.pixels[(row * image.width + column) * 3 + channel]))
                        }
                    }
                    pixels.append(UInt8((values.reduce(0, +) / Double(values.count)).rounded()))
                }
            }
        }
        return RGBImage(width: width, height: height, pixels: pixels)
    }
}
