internal import Foundation
internal import Imaging
internal import Randomness

/// An image on its way through a camera, as linear light and then as levels.
struct Exposure {
    let width: Int
    let height: Int
    var pixels: [RGB]

    init(width: Int, height: Int, pixels: [RGB]) {
        (self.width, self.height) = (width, height)
        self.pixels = pixels
    }

    /// Converts linear light to 8-bit levels, as `sensor` does; light of the strength `key` becomes about a middle
    /// gray.
    mutating func develop(_ sensor: Sensor, key: Float, _ random: inout SeededGenerator) -> RGBImage {
        // Lenses and shutters match the resolution somewhat.
        blur(deviation: min(sensor.lensBlur, 0.15 + Float(height) * 0.008))
        let motion = min(sensor.motion * abs(random.normal()), Float(height) * 0.014)
        if motion > 0.4 { smear(length: motion * 1.6, vertical: random.normal() * 0.3) }
        // The exposure depends half on the camera's usual light and half on what it sees now.
        let mean = pixels.reduce(Float(0)) { $0 + $1.luminance } / Float(pixels.count)
        let metered = (max(key, 1e-4) * max(mean / 0.2, 1e-4)).squareRoot()
        let gain = exp2(sensor.exposure + random.normal() * sensor.unrest) / metered
        let glare = sensor.glare
        for index in pixels.indices {
            let light = pixels[index] * gain + glare
            pixels[index] = RGB(sensor.matrix.0.dot(light), sensor.matrix.1.dot(light), sensor.matrix.2.dot(light))
        }
        addNoise(sensor, &random)
        let curve = ToneCurve(gamma: sensor.gamma, contrast: sensor.contrast)
        for index in pixels.indices {
            var level = curve.level(pixels[index]) * sensor.tint
            let gray = RGB(repeating: level.luminance)
            level = sensor.isMonochrome ? gray : gray + (level - gray) * sensor.saturation
            pixels[index] = level
        }
        if sensor.sharpening > 0 { sharpen(sensor.sharpening) }
        if sensor.isInterlaced { comb(Int(random.number(1...3))) }
        return image()
    }

    private func image() -> RGBImage {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(pixels.count * 3)
        for pixel in pixels {
            let levels = (pixel.clamped(lowerBound: .zero, upperBound: .one) * 255 + 0.5)
            bytes.append(UInt8(levels.x))
            bytes.append(UInt8(levels.y))
            bytes.append(UInt8(levels.z))
        }
        return RGBImage(width: width, height: height, pixels: bytes)
    }

    private mutating func addNoise(_ sensor: Sensor, _ random: inout SeededGenerator) {
        let noise = Noise.shared
        let offset = SIMD2(random.number(0...200), random.number(0...200))
        for row in 0..<height {
            for column in 0..<width {
                let index = row * width + column
                let light = pixels[index]
                let size = sensor.darkNoise + sensor.shotNoise * max(light.luminance, 0).squareRoot()
                let fine = RGB(random.normal(), random.normal(), random.normal())
                var grain = fine * 0.6 + RGB(repeating: random.normal() * 0.6)
                if sensor.blotches > 0.15 {
                    let (x, y) = (Float(column) * 0.21 + offset.x, Float(row) * 0.21 + offset.y)
                    grain +=
                        RGB(noise.value(x, y), noise.value(x + 71, y) * 0.6, noise.value(x, y + 93))
                        * (2.2 * sensor.blotches)
                }
                pixels[index] = pointwiseMax(light + grain * size, .zero)
            }
        }
    }

    /// Blurs with a Gaussian, along rows and then along columns; pixels at the edges are repeated.
    private mutating func blur(deviation: Float) {
        guard deviation > 0.2 else { return }
        let reach = max(1, Int((deviation * 2.5).rounded(.up)))
        var weights = (-reach...reach).map { exp(-Float($0 * $0) / (2 * deviation * deviation)) }
        let total = weights.reduce(0, +)
        for index in weights.indices { weights[index] /= total }
        convolve(weights, reach, along: width, step: 1, lines: height, apart: width)
        convolve(weights, reach, along: height, step: width, lines: width, apart: 1)
    }

    private mutating func smear(length: Float, vertical: Float) {
        let reach = max(1, Int(length.rounded()))
        let weights = Array(repeating: 1 / Float(2 * reach + 1), count: 2 * reach + 1)
        convolve(weights, reach, along: width, step: 1, lines: height, apart: width)
        if abs(vertical) > 0.35 { convolve([0.25, 0.5, 0.25], 1, along: height, step: width, lines: width, apart: 1) }
    }

    private mutating func convolve(
        _ weights: [Float], _ reach: Int, along length: Int, step: Int, lines: Int, apart: Int
    ) {
        // A line with its ends repeated, so that no tap needs to check its position.
        var line = Array(repeating: RGB.zero, count: length + 2 * reach)
        for number in 0..<lines {
            let start = number * apart
            for position in 0..<length { line[reach + position] = pixels[start + position * step] }
            for position in 0..<reach {
                line[position] = line[reach]
                line[reach + length + position] = line[reach + length - 1]
            }
            for position in 0..<length {
                var sum = RGB.zero
                for tap in 0..<weights.count { sum += line[position + tap] * weights[tap] }
                pixels[start + position * step] = sum
            }
        }
    }

    /// Sharpens: adds what a small blur takes away, which makes bright and dark rims.
    private mutating func sharpen(_ strength: Float) {
        var soft = self
        soft.blur(deviation: 0.9)
        for index in pixels.indices { pixels[index] += (pixels[index] - soft.pixels[index]) * strength }
    }

    /// Shifts every second row, as if it were taken a moment later: interlaced video.
    private mutating func comb(_ shift: Int) {
        for row in stride(from: 1, to: height, by: 2) {
            for column in 0..<max(0, width - shift) {
                pixels[row * width + column] = pixels[row * width + column + shift]
            }
        }
    }
}

/// Light to levels: a power law and an S-curve, by table.
struct ToneCurve {
    private static let steps = 1024
    private let table: [Float]

    init(gamma: Float, contrast: Float) {
        table = (0...Self.steps).map { step in
            // The table is over the square root of light, which is fine where it is dark.
            let root = Float(step) / Float(Self.steps)
            let light = root * root * 2
            // A soft shoulder instead of a hard end.
            let rolled = light < 0.7 ? light : 0.7 + 0.3 * (1 - exp(-(light - 0.7) / 0.3))
            let level = raised(rolled, gamma)
            let curved = level * level * (3 - 2 * level)
            return mix(level, curved, contrast)
        }
    }

    func level(_ light: RGB) -> RGB { RGB(level(light.x), level(light.y), level(light.z)) }

    private func level(_ light: Float) -> Float {
        let place = (min(max(light, 0), 2) * 0.5).squareRoot() * Float(Self.steps)
        let index = min(Int(place), Self.steps - 1)
        return table[index] + (table[index + 1] - table[index]) * (place - Float(index))
    }
}
