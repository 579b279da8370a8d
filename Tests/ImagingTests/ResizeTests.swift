import Imaging
import Testing

@Suite struct ResizeTests {
    @Test func `resizing gives what Pillow gives, byte for byte`() throws {
        let all = try Fixture.load("resize")
        let sources = Dictionary(uniqueKeysWithValues: all.filter { $0.source == nil }.map { ($0.name, $0.image) })
        for fixture in all {
            guard let name = fixture.source, let source = sources[name] else { continue }
            let resized = source.resized(width: fixture.width, height: fixture.height)
            #expect(greatestDifference(resized, fixture.image) == 0, "\(fixture.name)")
        }
    }

    @Test func `the same size is the same image`() {
        let image = noise(13, 7)
        #expect(image.resized(width: 13, height: 7) == image)
    }

    @Test(arguments: [(1, 1), (1, 300), (300, 1), (17, 19), (128, 384)])
    func `one color stays one color`(width: Int, height: Int) {
        for level in [UInt8(0), 1, 127, 254, 255] {
            let image = RGBImage(width: 37, height: 41, pixels: .init(repeating: level, count: 37 * 41 * 3))
            #expect(image.resized(width: width, height: height).pixels.allSatisfy { $0 == level })
        }
    }

    /// The definition: real weights, one pass in double precision; fixed point and rounding twice may differ by one.
    @Test func `resizing is the weighted mean that its comment states`() {
        let image = noise(23, 31, seed: 5)
        for (width, height) in [(9, 12), (23, 50), (40, 7)] {
            let resized = image.resized(width: width, height: height)
            for y in 0..<height {
                for x in 0..<width {
                    for channel in 0..<3 {
                        let expected = mean(of: image, channel, x, width, y, height)
                        let found = Double(resized.pixels[(y * width + x) * 3 + channel])
                        #expect(abs(found - expected) <= 1.01)
                    }
                }
            }
        }
    }

    private func mean(of image: RGBImage, _ channel: Int, _ x: Int, _ width: Int, _ y: Int, _ height: Int) -> Double {
        func weight(_ old: Int, of oldCount: Int, _ new: Int, of newCount: Int) -> Double {
            let scale = Double(oldCount) / Double(newCount)
            return max(0, 1 - abs(Double(old) + 0.5 - (Double(new) + 0.5) * scale) / max(1, scale))
        }
        var (sum, total) = (0.0, 0.0)
        for row in 0..<image.height {
            let down = weight(row, of: image.height, y, of: height)
            if down == 0 { continue }
            for column in 0..<image.width {
                let share = down * weight(column, of: image.width, x, of: width)
                sum += share * Double(image.pixels[(row * image.width + column) * 3 + channel])
                total += share
            }
        }
        return sum / total
    }

    @Test func `a crop is the pixels it names`() {
        let image = noise(7, 6)
        let part = image.cropped(x: 2, y: 1, width: 4, height: 5)
        for y in 0..<5 {
            for x in 0..<4 {
                let (a, b) = ((y * 4 + x) * 3, ((y + 1) * 7 + x + 2) * 3)
                #expect(part.pixels[a..<a + 3].elementsEqual(image.pixels[b..<b + 3]))
            }
        }
        #expect(image.cropped(x: 0, y: 0, width: 7, height: 6) == image)
    }
}
