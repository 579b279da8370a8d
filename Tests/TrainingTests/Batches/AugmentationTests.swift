import CSPRModel
import Foundation
import Imaging
import NeuralNetwork
import Randomness
import Testing

@testable import Training

@Suite struct AugmentationTests {
    /// An augmentation that changes nothing for images of `aspect`, width over height.
    private static func identity(aspect: Float) -> Augmentation {
        var augmentation = Augmentation()
        (augmentation.smallestCrop, augmentation.largestCrop) = (1, 1)
        (augmentation.narrowestCrop, augmentation.widestCrop) = (aspect, aspect)
        augmentation.erasing = 0
        return augmentation
    }

    /// The network input [3, height, width] of an image.
    private func apply(
        _ augmentation: Augmentation, to image: RGBImage, seed: UInt64, height: Int, width: Int
    ) -> [Float] {
        var output = [Float](repeating: .nan, count: 3 * height * width)
        unsafe output.withUnsafeMutableBufferPointer { buffer in
            guard let start = buffer.baseAddress else { return }
            unsafe augmentation.apply(to: image, seed: seed, height: height, width: width, output: start)
        }
        return output
    }

    private func noise(_ width: Int, _ height: Int) -> RGBImage {
        var random = SeededGenerator(seed: 9)
        return RGBImage(
            width: width, height: height,
            pixels: (0..<width * height * 3).map { _ in UInt8.random(in: 0...255, using: &random) })
    }

    @Test(arguments: [(64, 128), (128, 384), (100, 250), (60, 60), (300, 50)])
    func `crops lie in the image and keep the paper's share of it`(width: Int, height: Int) {
        let image = RGBImage(width: width, height: height, pixels: [UInt8](repeating: 0, count: width * height * 3))
        let canFit = width * 2 <= height * 3 / 2  // Else no crop of the paper's aspect has the paper's share.
        for seed in 0..<2000 {
            var random = SeededGenerator(seed: UInt64(seed))
            let crop = Augmentation().crop(of: image, using: &random)
            #expect(crop.x >= 0 && crop.y >= 0 && crop.width > 0 && crop.height > 0)
            #expect(crop.x + crop.width <= Float(width) + 1e-3 && crop.y + crop.height <= Float(height) + 1e-3)
            guard canFit else { continue }
            let share = crop.width * crop.height / Float(width * height)
            #expect((0.6399...1.0001).contains(share), "seed \(seed): \(share)")
            #expect((0.3333...0.5001).contains(crop.width / crop.height), "seed \(seed)")
        }
    }

    @Test func `shares, aspects and places of crops are spread evenly`() {
        var augmentation = Augmentation()
        // All of these fit, so that none is drawn again.
        (augmentation.smallestCrop, augmentation.largestCrop) = (0.1, 0.2)
        let image = RGBImage(width: 100, height: 250, pixels: [UInt8](repeating: 0, count: 75_000))
        var quarters = [[Int]](repeating: [0, 0, 0, 0], count: 4)
        for seed in 0..<4000 {
            var random = SeededGenerator(seed: SeededGenerator.seed(5, [seed]))
            let crop = augmentation.crop(of: image, using: &random)
            let shares = [
                (crop.width * crop.height / 25_000 - 0.1) / 0.1, log(crop.width / crop.height * 3) / log(1.5),
                crop.x / (100 - crop.width), crop.y / (250 - crop.height),
            ]
            for (kind, share) in shares.enumerated() { quarters[kind][min(3, max(0, Int(share * 4)))] += 1 }
        }
        // Five deviations of a count of 4000 draws with probability 1/4: 5 · √(4000 · 1/4 · 3/4) ≈ 137.
        for counts in quarters { #expect(counts.allSatisfy { abs($0 - 1000) < 137 }, "\(quarters)") }
    }

    @Test func `an image that is not varied is prepared as for serving`() {
        let image = noise(16, 48)
        let prepared = Preprocessing(height: 48, width: 16).prepare(image)
        let output = apply(Self.identity(aspect: 1.0 / 3), to: image, seed: 1, height: 48, width: 16)
        #expect(zip(output, prepared).allSatisfy { abs($0 - $1) < 1e-4 })

        var flipping = Self.identity(aspect: 1.0 / 3)
        flipping.flipping = 1
        let flipped = apply(flipping, to: image, seed: 1, height: 48, width: 16)
        let mirrored = prepared.indices.map { prepared[$0 / 16 * 16 + 15 - $0 % 16] }
        #expect(zip(flipped, mirrored).allSatisfy { abs($0 - $1) < 1e-4 })
    }

    @Test(arguments: [UInt64](0..<8))
    func `a crop shows its part of the image`(seed: UInt64) {
        // Red grows to the right and green downwards, two levels per pixel, so that interpolation is exact between the
        // centers of the outermost pixels.
        var pixels: [UInt8] = []
        for y in 0..<120 { for x in 0..<48 { pixels += [UInt8(2 * x), UInt8(2 * y), 100] } }
        let image = RGBImage(width: 48, height: 120, pixels: pixels)
        var augmentation = Augmentation()
        augmentation.erasing = 0
        var random = SeededGenerator(seed: seed)
        let crop = augmentation.crop(of: image, using: &random)
        let output = apply(augmentation, to: image, seed: seed, height: 96, width: 32)
        let expected = (0..<3 * 96 * 32).map { index -> Float in
            let (channel, row, column) = (index / (96 * 32), index / 32 % 96, index % 32)
            let x = min(47, max(0, crop.x + (Float(column) + 0.5) * crop.width / 32 - 0.5))
            let y = min(119, max(0, crop.y + (Float(row) + 0.5) * crop.height / 96 - 0.5))
            let level = [2 * x, 2 * y, 100][channel]
            return (level / 255 - Preprocessing.mean[channel]) / Preprocessing.deviation[channel]
        }
        #expect(zip(output, expected).allSatisfy { abs($0 - $1) < 1e-4 })
    }

    @Test func `holes have the shares and aspects of random erasing`() throws {
        for seed in 0..<2000 {
            var random = SeededGenerator(seed: UInt64(seed))
            let hole = try #require(Augmentation().hole(height: 1000, width: 400, using: &random))
            #expect(hole.rows.lowerBound >= 0 && hole.rows.upperBound <= 1000 && hole.rows.count < 1000)
            #expect(hole.columns.lowerBound >= 0 && hole.columns.upperBound <= 400 && hole.columns.count < 400)
            // Sides have at least 49 pixels, so that rounding changes each by at most 1.02 %.
            let share = Float(hole.rows.count * hole.columns.count) / 400_000
            #expect((0.02 * 0.979...0.4 * 1.021).contains(share), "seed \(seed)")
            let aspect = Float(hole.rows.count) / Float(hole.columns.count)
            #expect((0.3 * 0.979...1 / 0.3 * 1.021).contains(aspect), "seed \(seed)")
        }
    }

    @Test func `half of the images have one rectangle of the mean color`() {
        let image = noise(16, 48)
        var augmentation = Self.identity(aspect: 1.0 / 3)
        augmentation.erasing = 0.5
        var erased = 0
        for seed in UInt64(0)..<1000 {
            let untouched = apply(Self.identity(aspect: 1.0 / 3), to: image, seed: seed, height: 48, width: 16)
            let output = apply(augmentation, to: image, seed: seed, height: 48, width: 16)
            let changed = (0..<48 * 16).filter { output[$0] != untouched[$0] }
            guard let first = changed.first, let last = changed.last else { continue }
            erased += 1
            let (rows, columns) = (first / 16...last / 16, first % 16...last % 16)
            #expect(changed.count == rows.count * columns.count)
            let expected = untouched.indices.map { index in
                rows.contains(index / 16 % 48) && columns.contains(index % 16) ? 0 : untouched[index]
            }
            #expect(output == expected, "seed \(seed)")
        }
        #expect(abs(erased - 500) < 80)  // Five deviations of 1000 draws: 5 · √250 ≈ 79.
    }

    @Test(arguments: [UInt64](0..<4))
    func `colors are changed as defined`(seed: UInt64) {
        var augmentation = Self.identity(aspect: 0.5)
        augmentation.jitter = 0.3
        let image = noise(8, 16)
        let output = apply(augmentation, to: image, seed: seed, height: 16, width: 8)
        var random = SeededGenerator(seed: seed)
        _ = augmentation.crop(of: image, using: &random)
        func uniform(_ reach: Double) -> Double {
            1 - reach + 2 * reach * Double(random.next() >> 40) / Double(1 << 24)
        }
        _ = uniform(0)  // whether it is flipped
        let brightness = uniform(0.3)
        let gains = (0..<3).map { _ in brightness * uniform(0.15) }
        let (contrast, saturation, gamma) = (uniform(0.3), uniform(0.3), uniform(0.3))
        let gained = image.pixels.enumerated().map { min(1, Double($1) / 255 * gains[$0 % 3]) }
        let mean = gained.reduce(0, +) / Double(gained.count)
        let isRight = (0..<128).allSatisfy { pixel in
            let contrasted = (0..<3).map { (gained[3 * pixel + $0] - mean) * contrast + mean }
            let gray = contrasted.reduce(0, +) / 3
            return (0..<3).allSatisfy { channel in
                let value = min(1, max(0, (contrasted[channel] - gray) * saturation + gray))
                let found = Double(
                    output[channel * 128 + pixel] * Preprocessing.deviation[channel] + Preprocessing.mean[channel])
                // Powers are those of the next 1/1024 below, and at least of 1e-4.
                let bounds = [value - 1.001 / 1024, value + 0.001 / 1024].map { pow(max($0, 1e-4), gamma) }
                return (bounds[0] - 1e-5...bounds[1] + 1e-5).contains(found)
            }
        }
        #expect(isRight)
    }

    @Test func `an image without its colors has JPEG's luma in every channel, as often as asked`() {
        var augmentation = Self.identity(aspect: 0.5)
        let image = noise(8, 16)
        let colored = apply(augmentation, to: image, seed: 1, height: 16, width: 8)
        augmentation.graying = 0.25
        var grayed = 0
        for seed in UInt64(0)..<400 {
            let output = apply(augmentation, to: image, seed: seed, height: 16, width: 8)
            if output == colored { continue }
            grayed += 1
            let isLuma = (0..<128).allSatisfy { pixel in
                let colors = (0..<3).map { Double(image.pixels[3 * pixel + $0]) / 255 }
                let luma = 0.299 * colors[0] + 0.587 * colors[1] + 0.114 * colors[2]
                return (0..<3).allSatisfy { channel in
                    let found = output[channel * 128 + pixel] * Preprocessing.deviation[channel]
                    return abs(Double(found + Preprocessing.mean[channel]) - luma) < 1e-6
                }
            }
            #expect(isLuma)
        }
        // 400 draws at 1/4: within five standard deviations.
        #expect((57...143).contains(grayed))
    }

    @Test func `a seed gives the same floats again, and another seed others`() {
        var augmentation = Augmentation()
        (augmentation.flipping, augmentation.jitter) = (0.5, 0.2)
        let image = noise(30, 70)
        let first = apply(augmentation, to: image, seed: 7, height: 48, width: 16)
        #expect(first.allSatisfy { $0.isFinite })
        #expect(apply(augmentation, to: image, seed: 7, height: 48, width: 16) == first)
        #expect(apply(augmentation, to: image, seed: 8, height: 48, width: 16) != first)
    }

    @Test(
        arguments: [
            ("smallestCrop", 0, 1), ("largestCrop", 0.5, 1), ("narrowestCrop", 0, 0.5), ("widestCrop", 0.1, 1),
            ("erasing", -0.1, 0.5), ("erasing", 1.1, 0.5), ("erasing", .nan, 0.5), ("smallestErasing", -1, 0.1),
            ("largestErasing", 1.1, 0.5), ("flattestErasing", 0, 1), ("flattestErasing", 1.1, 1), ("flipping", 2, 0.5),
            ("jitter", -0.1, 0.2), ("jitter", 1.1, 1), ("graying", -0.1, 0.1), ("graying", 1.1, 1),
            ("grayPatches", -0.1, 0.1), ("grayPatches", 1.1, 1), ("mixing", -0.1, 0.1),
            ("mixing", 1.1, 1), ("coarsening", -0.1, 0.1), ("coarsening", 1.1, 1),
        ] as [(String, Float, Float)])
    func `a variation out of range is named`(field: String, bad: Float, good: Float) throws {
        var recipe = TrainingRecipe()
        let paths: [String: WritableKeyPath<Augmentation, Float>] = [
            "smallestCrop": \.smallestCrop, "largestCrop": \.largestCrop, "narrowestCrop": \.narrowestCrop,
            "widestCrop": \.widestCrop, "erasing": \.erasing, "smallestErasing": \.smallestErasing,
            "largestErasing": \.largestErasing, "flattestErasing": \.flattestErasing, "flipping": \.flipping,
            "jitter": \.jitter, "graying": \.graying, "grayPatches": \.grayPatches, "mixing": \.mixing,
            "coarsening": \.coarsening,
        ]
        let path = try #require(paths[field])
        recipe.augmentation[keyPath: path] = good
        try recipe.validate()
        recipe.augmentation[keyPath: path] = bad
        do {
            try recipe.validate()
            Issue.record("it was accepted")
        } catch let TrainingError.invalidRecipe(found, _) {
            #expect(found == "augmentation.\(field)")
        }
    }

    @Test func `streams of different paths have different seeds`() {
        var seeds = Set<UInt64>()
        for epoch in 0..<20 {
            for batch in 0..<20 {
                for place in 0..<20 { seeds.insert(SeededGenerator.seed(1, [epoch, batch, place])) }
            }
        }
        #expect(seeds.count == 8000)
    }
}
