import Imaging
import Testing

@Suite struct EncodeTests {
    @Test(arguments: [(1, 1), (3, 2), (17, 33), (300, 100)])
    func `a PNG comes back as it was`(width: Int, height: Int) throws {
        let image = noise(width, height)
        #expect(try decodeImage(image.png()) == image)
    }

    @Test(arguments: [(1, 1), (3, 2), (17, 33), (300, 100)])
    func `a JPEG comes back much as it was`(width: Int, height: Int) throws {
        let image = slopes(width, height)
        let again = try decodeImage(image.jpeg(quality: 95))
        #expect((again.width, again.height) == (width, height))
        // Chroma at half size blurs steep small images; slopes of 17 pixels and more are kept to a few levels.
        if width >= 17 { #expect(meanDifference(again, image) < 4) }
    }

    @Test func `a lower quality makes a smaller JPEG`() throws {
        let image = noise(64, 64)
        let sizes = try [10, 50, 90, 100].map { try image.jpeg(quality: $0).count }
        #expect(sizes == sizes.sorted() && Set(sizes).count == 4)
    }

    @Test func `a JPEG with all of its color keeps thin red lines apart from white ones`() throws {
        let (red, white): ([UInt8], [UInt8]) = ([230, 20, 20], [240, 240, 240])
        let pixels = (0..<32 * 32).flatMap { $0 % 2 == 0 ? red : white }
        let image = RGBImage(width: 32, height: 32, pixels: pixels)
        let full = try decodeImage(image.jpeg(quality: 95, halvesColor: false))
        let halved = try decodeImage(image.jpeg(quality: 95))
        #expect(meanDifference(full, image) * 4 < meanDifference(halved, image))
    }

    @Test func `a side that a JPEG cannot express is refused`() {
        let long = RGBImage(width: 65_501, height: 1, pixels: .init(repeating: 7, count: 65_501 * 3))
        #expect(throws: ImageError.notEncodable(reason: "a JPEG's sides are at most 65500 pixels")) { try long.jpeg() }
    }
}
