import CSPRModel
import Imaging
import Randomness
import Testing

@testable import Training

@Suite struct AppearanceChangeTests {
    /// Planar values [3, height, width] of random colors.
    private func noise(height: Int, width: Int, isGray: Bool = false) -> [Float] {
        var random = SeededGenerator(seed: 4)
        let plane = (0..<height * width).map { _ in Float.random(in: 0...1, using: &random) }
        if isGray { return plane + plane + plane }
        return plane + (0..<2 * height * width).map { _ in Float.random(in: 0...1, using: &random) }
    }

    /// Applies a change to a copy of `values`.
    private func changed(_ values: [Float], _ change: (UnsafeMutablePointer<Float>) -> Void) -> [Float] {
        var copy = values
        unsafe copy.withUnsafeMutableBufferPointer { buffer in
            if let start = buffer.baseAddress { unsafe change(start) }
        }
        return copy
    }

    @Test func `mixing channels keeps gray and the range, and is linear`() {
        var augmentation = Augmentation()
        augmentation.mixing = 1
        let (colors, gray) = (noise(height: 6, width: 5), noise(height: 6, width: 5, isGray: true))
        let sum = zip(colors, gray).map { ($0 + $1) / 2 }
        var largest: Float = 0
        for seed in UInt64(0)..<50 {
            func mix(_ values: [Float]) -> [Float] {
                unsafe changed(values) { pixels in
                    var random = SeededGenerator(seed: seed)
                    unsafe augmentation.mixChannels(pixels, count: 30, using: &random)
                }
            }
            let (mixed, kept, both) = (mix(colors), mix(gray), mix(sum))
            #expect(zip(gray, kept).allSatisfy { abs($0 - $1) < 1e-6 })
            #expect(mixed.allSatisfy { $0 > -1e-6 && $0 < 1 + 1e-6 })
            #expect(zip(both, zip(mixed, kept)).allSatisfy { abs($0 - ($1.0 + $1.1) / 2) < 1e-6 })
            largest = max(largest, zip(colors, mixed).map { abs($0 - $1) }.max() ?? 0)
        }
        #expect(largest > 0.3, "colors were mixed at all")
    }

    @Test func `a gray patch is one rectangle of JPEG's luma, as often as asked`() {
        var plain = Augmentation()
        (plain.smallestCrop, plain.narrowestCrop, plain.widestCrop, plain.erasing) = (1, 0.5, 0.5, 0)
        var patched = plain
        patched.grayPatches = 0.25
        var random = SeededGenerator(seed: 1)
        let image = RGBImage(
            width: 16, height: 32, pixels: (0..<1536).map { _ in UInt8.random(in: 0...255, using: &random) })
        func apply(_ augmentation: Augmentation, _ seed: UInt64) -> [Float] {
            var output = [Float](repeating: .nan, count: 1536)
            unsafe output.withUnsafeMutableBufferPointer { buffer in
                guard let start = buffer.baseAddress else { return }
                unsafe augmentation.apply(to: image, seed: seed, height: 32, width: 16, output: start)
            }
            return output.enumerated().map { index, value in
                value * Preprocessing.deviation[index / 512] + Preprocessing.mean[index / 512]
            }
        }
        var count = 0
        for seed in UInt64(0)..<400 {
            let (before, after) = (apply(plain, seed), apply(patched, seed))
            let touched = (0..<512).filter { pixel in
                (0..<3).contains { before[$0 * 512 + pixel] != after[$0 * 512 + pixel] }
            }
            guard let first = touched.first, let last = touched.last else { continue }
            count += 1
            #expect(touched.count == (last / 16 - first / 16 + 1) * (last % 16 - first % 16 + 1))
            for pixel in touched {
                let luma = 0.299 * before[pixel] + 0.587 * before[512 + pixel] + 0.114 * before[1024 + pixel]
                #expect((0..<3).allSatisfy { abs(after[$0 * 512 + pixel] - luma) < 1e-5 })
            }
        }
        // 400 draws at 1/4: within five standard deviations.
        #expect((57...143).contains(count))
    }

    @Test func `coarsening keeps even images and means, and takes away what is fine`() {
        let augmentation = Augmentation()
        let (height, width) = (48, 24)
        let even = [Float](repeating: 0.25, count: 3 * height * width)
        let fine = (0..<3 * height * width).map { Float(($0 % width + $0 / width % height) % 2) }
        for seed in UInt64(0)..<30 {
            func coarsen(_ values: [Float]) -> [Float] {
                unsafe changed(values) { pixels in
                    var random = SeededGenerator(seed: seed)
                    unsafe augmentation.coarsen(pixels, height: height, width: width, using: &random)
                }
            }
            #expect(coarsen(even).allSatisfy { abs($0 - 0.25) < 1e-6 })
            let result = coarsen(fine)
            // Squares of one pixel are gone: cells of 1.5 pixels a side and more have both colors.
            let contrast = result.reduce(0) { $0 + abs($1 - 0.5) } / Float(result.count)
            #expect(contrast < 0.4, "seed \(seed): \(contrast)")
            #expect(abs(result.reduce(0, +) / Float(result.count) - 0.5) < 0.05)
        }
    }
}
