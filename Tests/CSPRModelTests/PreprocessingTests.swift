import CSPRModel
import Imaging
import Tensors
import Testing

@Suite struct PreprocessingTests {
    @Test func `a plain color becomes three constant planes, red first`() {
        let image = RGBImage(width: 5, height: 9, pixels: (0..<45).flatMap { _ in [255, 0, 128] as [UInt8] })
        let planes = Preprocessing(height: 4, width: 3).prepare(image)
        #expect(planes.count == 36)
        // Values of torchvision's Normalize for 1.0, 0.0 and 128/255, from its definition (x − mean) / deviation.
        let expected: [Float] = [(1 - 0.485) / 0.229, (0 - 0.456) / 0.224, (128.0 / 255 - 0.406) / 0.225]
        for channel in 0..<3 {
            #expect(planes[channel * 12..<channel * 12 + 12].allSatisfy { abs($0 - expected[channel]) < 1e-5 })
        }
    }

    @Test func `rows stay rows`() {
        var pixels = [UInt8](repeating: 0, count: 2 * 3 * 3)
        for x in 0..<2 { pixels[3 * x] = 255 }
        let planes = Preprocessing(height: 3, width: 2).prepare(RGBImage(width: 2, height: 3, pixels: pixels))
        #expect(planes[0] == planes[1])
        #expect(planes[0] > planes[2])
        #expect(planes[2] == planes[5])
    }
}

@Suite struct AttentionImageTests {
    static let gray = RGBImage(width: 8, height: 12, pixels: [UInt8](repeating: 100, count: 8 * 12 * 3))

    @Test func `the most attended place is the warmest and the image keeps its size`() {
        var elements = [Float](repeating: 0.1, count: 2 * 3 * 2)
        elements[6 + 5] = 0.9
        let image = AttentionImage().draw(
            branch: 1, of: Tensor(shape: [2, 3, 2], elements: elements), over: Self.gray)
        #expect((image.width, image.height) == (8, 12))
        func warmth(_ x: Int, _ y: Int) -> Int {
            Int(image.pixels[3 * (8 * y + x)]) - Int(image.pixels[3 * (8 * y + x) + 2])
        }
        #expect(warmth(7, 11) > 100)
        #expect(warmth(0, 0) == 0)
        #expect(warmth(7, 11) > warmth(4, 8))
    }

    @Test func `a map without differences adds no color`() {
        let flat = Tensor(shape: [1, 2, 2], elements: [0.5, 0.5, 0.5, 0.5])
        let image = AttentionImage().draw(branch: 0, of: flat, over: Self.gray)
        for index in stride(from: 0, to: image.pixels.count, by: 3) {
            #expect(image.pixels[index] == image.pixels[index + 2])
        }
    }
}
