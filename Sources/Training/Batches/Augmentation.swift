internal import CSPRModel
internal import Foundation
internal import Imaging
internal import Randomness

/// How training images are varied at random; the defaults are the paper's.
public struct Augmentation: Codable, Sendable, Equatable {
    /// The smallest share of the image's area that a crop keeps, above 0, at most 1.
    public var smallestCrop: Float = 0.64
    /// The largest share of the image's area, at most 1.
    public var largestCrop: Float = 1
    /// The narrowest crop, width over height.
    public var narrowestCrop: Float = 1.0 / 3
    /// The widest crop, width over height.
    public var widestCrop: Float = 1.0 / 2
    /// The probability that a rectangle is erased (Zhong et al., "Random Erasing Data Augmentation", 2017), in 0...1.
    public var erasing: Float = 0.5
    /// The smallest share of the image's area that is erased.
    public var smallestErasing: Float = 0.02
    /// The largest share of the image's area, at most 1.
    public var largestErasing: Float = 0.4
    /// The smallest height over width of an erased rectangle; the largest is its inverse.
    public var flattestErasing: Float = 0.3
    /// The probability that left and right are exchanged, in 0...1; not in the paper.
    public var flipping: Float = 0
    /// How strongly brightness, color balance, contrast, saturation and gamma vary, in 0...1; not in the paper.
    public var jitter: Float = 0
    /// The probability that an image becomes gray, as from a camera without color, in 0...1; not in the paper.
    public var graying: Float = 0
    /// The probability that a rectangle of the image becomes gray, in 0...1; its size is that of random erasing.
    ///
    /// From Gong et al., "A Person Re-identification Data Augmentation Method with Adversarial Defense Effect", 2021: a
    /// network that cannot trust colors everywhere learns shapes as well.
    public var grayPatches: Float = 0
    /// How strongly the color channels are mixed, in 0...1; not in the paper.
    public var mixing: Float = 0
    /// The probability that an image is shown as if it had fewer pixels, in 0...1; not in the paper.
    public var coarsening: Float = 0

    /// The paper's variations.
    public init() {}

    /// The first field that is out of range, with the allowed range; nil if all are valid.
    var fault: (field: String, expected: String)? {
        if !(smallestCrop > 0 && smallestCrop <= 1) { return ("smallestCrop", "a number above 0, at most 1") }
        if !(smallestCrop...1 ~= largestCrop) { return ("largestCrop", "a number from smallestCrop to 1") }
        if !(0.01...100 ~= narrowestCrop) { return ("narrowestCrop", "a number in 0.01...100") }
        if !(widestCrop >= narrowestCrop && widestCrop <= 100) { return ("widestCrop", "from narrowestCrop to 100") }
        if !(0...1 ~= erasing) { return ("erasing", "a number in 0...1") }
        if !(smallestErasing > 0 && smallestErasing <= 1) { return ("smallestErasing", "a number above 0, at most 1") }
        if !(smallestErasing...1 ~= largestErasing) { return ("largestErasing", "a number from smallestErasing to 1") }
        if !(0.01...1 ~= flattestErasing) { return ("flattestErasing", "a number in 0.01...1") }
        if !(0...1 ~= flipping) { return ("flipping", "a number in 0...1") }
        if !(0...1 ~= jitter) { return ("jitter", "a number in 0...1") }
        if !(0...1 ~= graying) { return ("graying", "a number in 0...1") }
        if !(0...1 ~= grayPatches) { return ("grayPatches", "a number in 0...1") }
        if !(0...1 ~= mixing) { return ("mixing", "a number in 0...1") }
        if !(0...1 ~= coarsening) { return ("coarsening", "a number in 0...1") }
        return nil
    }

    /// Varies an image with random numbers from `seed`, and writes it as network input [3, height, width], normalized
    /// as by `Preprocessing`.
    ///
    /// `output` must have room for 3·height·width floats.
    func apply(
        to image: RGBImage, seed: UInt64, height: Int, width: Int, output: UnsafeMutablePointer<Float>
    ) {
        var random = SeededGenerator(seed: seed)
        let crop = crop(of: image, using: &random)
        let isFlipped = chance(flipping, &random)
        unsafe sample(image, crop, isFlipped: isFlipped, height: height, width: width, output: output)
        if coarsening > 0, chance(coarsening, &random) {
            unsafe coarsen(output, height: height, width: width, using: &random)
        }
        if jitter > 0 { unsafe changeColors(output, count: height * width, using: &random) }
        if mixing > 0 { unsafe mixChannels(output, count: height * width, using: &random) }
        if graying > 0, chance(graying, &random) {
            unsafe loseColors(output, height: height, width: width, rows: 0..<height, columns: 0..<width)
        }
        if grayPatches > 0, chance(grayPatches, &random),
            let patch = hole(height: height, width: width, using: &random)
        {
            unsafe loseColors(output, height: height, width: width, rows: patch.rows, columns: patch.columns)
        }
        unsafe normalize(output, count: height * width)
        if chance(erasing, &random) { unsafe erase(output, height: height, width: width, using: &random) }
    }

    /// A rectangle of an image, in pixels.
    struct Crop: Equatable {
        var x: Float
        var y: Float
        var width: Float
        var height: Float
    }

    /// A random crop; if none of ten tries fits into the image, the last one is clamped to it.
    func crop(of image: RGBImage, using random: inout SeededGenerator) -> Crop {
        let (imageWidth, imageHeight) = (Float(image.width), Float(image.height))
        var (width, height) = (imageWidth, imageHeight)
        for _ in 0..<10 {
            let area = uniform(smallestCrop, largestCrop, &random) * imageWidth * imageHeight
            let aspect = exp(uniform(log(narrowestCrop), log(widestCrop), &random))
            (width, height) = ((area * aspect).squareRoot(), (area / aspect).squareRoot())
            if width <= imageWidth, height <= imageHeight { break }
        }
        (width, height) = (min(width, imageWidth), min(height, imageHeight))
        return Crop(
            x: uniform(0, imageWidth - width, &random), y: uniform(0, imageHeight - height, &random), width: width,
            height: height)
    }

    /// Samples the crop bilinearly; values are in 0...1.
    private func sample(
        _ image: RGBImage, _ crop: Crop, isFlipped: Bool, height: Int, width: Int, output: UnsafeMutablePointer<Float>
    ) {
        let area = height * width
        let columns = (0..<width).map { column -> (Int, Int, Float) in
            let place = isFlipped ? width - 1 - column : column
            return neighbors(crop.x + (Float(place) + 0.5) * crop.width / Float(width) - 0.5, image.width)
        }
        unsafe image.pixels.withUnsafeBufferPointer { pixels in
            unsafe columns.withUnsafeBufferPointer { columns in
                for row in 0..<height {
                    let (top, bottom, down) = neighbors(
                        crop.y + (Float(row) + 0.5) * crop.height / Float(height) - 0.5, image.height)
                    for column in 0..<width {
                        let (left, right, across) = unsafe columns[column]
                        for channel in 0..<3 {
                            let a = unsafe Float(pixels[3 * (top * image.width + left) + channel])
                            let b = unsafe Float(pixels[3 * (top * image.width + right) + channel])
                            let c = unsafe Float(pixels[3 * (bottom * image.width + left) + channel])
                            let d = unsafe Float(pixels[3 * (bottom * image.width + right) + channel])
                            let above = a + (b - a) * across
                            let below = c + (d - c) * across
                            unsafe output[channel * area + row * width + column] =
                                (above + (below - above) * down) * (1 / 255)
                        }
                    }
                }
            }
        }
    }

    func neighbors(_ position: Float, _ count: Int) -> (Int, Int, Float) {
        let clamped = min(max(position, 0), Float(count - 1))
        let first = Int(clamped)
        return (first, min(first + 1, count - 1), clamped - Float(first))
    }

    /// Changes the gain of each channel, contrast around the mean, saturation around gray, and gamma; values stay in
    /// 0...1.
    private func changeColors(
        _ pixels: UnsafeMutablePointer<Float>, count: Int, using random: inout SeededGenerator
    ) {
        let brightness = uniform(1 - jitter, 1 + jitter, &random)
        let gains = (0..<3).map { _ in brightness * uniform(1 - jitter / 2, 1 + jitter / 2, &random) }
        let contrast = uniform(1 - jitter, 1 + jitter, &random)
        let saturation = uniform(1 - jitter, 1 + jitter, &random)
        let gamma = uniform(1 - jitter, 1 + jitter, &random)
        var sum: Float = 0
        for channel in 0..<3 {
            for index in channel * count..<(channel + 1) * count {
                let value = unsafe min(1, max(0, pixels[index] * gains[channel]))
                unsafe pixels[index] = value
                sum += value
            }
        }
        let mean = sum / Float(3 * count)
        // A table of powers is accurate enough to see no difference, and much faster than three powers per pixel.
        let table = (0...1024).map { pow(max(Float($0) / 1024, 1e-4), gamma) }
        for index in 0..<count {
            var gray: Float = 0
            for channel in 0..<3 {
                let value = unsafe (pixels[channel * count + index] - mean) * contrast + mean
                unsafe pixels[channel * count + index] = value
                gray += value * (1 / 3)
            }
            for channel in 0..<3 {
                let value = unsafe (pixels[channel * count + index] - gray) * saturation + gray
                unsafe pixels[channel * count + index] = table[Int(min(1, max(0, value)) * 1024)]
            }
        }
    }

    private func normalize(_ pixels: UnsafeMutablePointer<Float>, count: Int) {
        for channel in 0..<3 {
            let scale = 1 / Preprocessing.deviation[channel]
            let shift = -Preprocessing.mean[channel] * scale
            for index in channel * count..<(channel + 1) * count {
                unsafe pixels[index] = pixels[index] * scale + shift
            }
        }
    }

    /// Sets a rectangle to zero, which is the mean color after normalization.
    private func erase(
        _ pixels: UnsafeMutablePointer<Float>, height: Int, width: Int, using random: inout SeededGenerator
    ) {
        guard let hole = hole(height: height, width: width, using: &random) else { return }
        for channel in 0..<3 {
            for row in hole.rows {
                for column in hole.columns { unsafe pixels[(channel * height + row) * width + column] = 0 }
            }
        }
    }

    /// The rectangle to erase, smaller than the image; nil if a hundred tries found none.
    func hole(
        height: Int, width: Int, using random: inout SeededGenerator
    ) -> (rows: Range<Int>, columns: Range<Int>)? {
        for _ in 0..<100 {
            let area = uniform(smallestErasing, largestErasing, &random) * Float(height * width)
            let aspect = exp(uniform(log(flattestErasing), -log(flattestErasing), &random))
            let (rows, columns) = (
                Int((area * aspect).squareRoot().rounded()), Int((area / aspect).squareRoot().rounded())
            )
            guard rows > 0, columns > 0, rows < height, columns < width else { continue }
            let top = Int(random.next(upperBound: UInt64(height - rows + 1)))
            let left = Int(random.next(upperBound: UInt64(width - columns + 1)))
            return (top..<top + rows, left..<left + columns)
        }
        return nil
    }

    func uniform(_ low: Float, _ high: Float, _ random: inout SeededGenerator) -> Float {
        low + (high - low) * Float(random.next() >> 40) / Float(1 << 24)
    }

    private func chance(_ share: Float, _ random: inout SeededGenerator) -> Bool {
        uniform(0, 1, &random) < share
    }
}
