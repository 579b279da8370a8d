import Foundation
import Imaging
import Randomness
import Testing

/// An image as `Fixtures/make_fixtures.py` wrote it, with the RGB it must become.
struct Fixture: Decodable, Sendable, CustomTestStringConvertible {
    let name: String
    let width: Int
    let height: Int
    let rgb: Data
    let file: Data?
    /// The name of the image that this one was resized from.
    let source: String?

    var testDescription: String { name }

    var image: RGBImage { RGBImage(width: width, height: height, pixels: [UInt8](rgb)) }

    /// The bytes to decode.
    var bytes: [UInt8] { [UInt8](file ?? Data()) }

    static func load(_ name: String) throws -> [Fixture] {
        let url = try #require(Bundle.module.url(forResource: name, withExtension: "json", subdirectory: "Fixtures"))
        return try JSONDecoder().decode([Fixture].self, from: Data(contentsOf: url))
    }

    static func load(_ name: String, _ wanted: String) throws -> Fixture {
        try #require(load(name).first { $0.name == wanted })
    }
}

/// The largest difference between samples, or nil for images of different sizes.
func greatestDifference(_ a: RGBImage, _ b: RGBImage) -> Int? {
    guard a.width == b.width, a.height == b.height else { return nil }
    return zip(a.pixels, b.pixels).map { abs(Int($0) - Int($1)) }.max()
}

/// The mean difference between samples of images of one size.
func meanDifference(_ a: RGBImage, _ b: RGBImage) -> Double {
    let sum = zip(a.pixels, b.pixels).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }
    return Double(sum) / Double(a.pixels.count)
}

/// Noise of a size and seed.
func noise(_ width: Int, _ height: Int, seed: UInt64 = 1) -> RGBImage {
    var random = SeededGenerator(seed: seed)
    return RGBImage(
        width: width, height: height, pixels: (0..<width * height * 3).map { _ in .random(in: 0...255, using: &random) }
    )
}

/// An image of slopes, which JPEG hardly changes.
func slopes(_ width: Int, _ height: Int) -> RGBImage {
    var pixels = [UInt8]()
    for y in 0..<height {
        for x in 0..<width {
            pixels += [
                UInt8(x * 255 / width), UInt8(y * 255 / height), UInt8(255 - x * 128 / width - y * 127 / height),
            ]
        }
    }
    return RGBImage(width: width, height: height, pixels: pixels)
}
