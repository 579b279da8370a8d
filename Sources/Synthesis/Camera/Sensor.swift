internal import Foundation
internal import Randomness

/// The lens, the sensor and the color processing of a camera.
struct Sensor {
    /// Standard deviations in pixels.
    let lensBlur: Float
    let motion: Float
    /// Rows of crosstalk between the channels, with white balance.
    let matrix: (RGB, RGB, RGB)
    /// The exposure's error in stops, and how much it varies from image to image.
    let exposure: Float
    let unrest: Float
    let glare: RGB
    let gamma: Float
    let contrast: Float
    let saturation: Float
    let tint: RGB
    let sharpening: Float
    /// Deviations: of dark noise and of noise that grows with light.
    let darkNoise: Float
    let shotNoise: Float
    /// Share of noise that is coarse and colored, as after compression.
    let blotches: Float
    let isInterlaced: Bool
    let isMonochrome: Bool

    init(isIndoors: Bool, _ random: inout SeededGenerator) {
        lensBlur = random.pick(weighted: [
            random.number(0.25...0.55): 5, random.number(0.55...1): 4, random.number(1...1.6): 1,
        ])
        motion = random.chance(0.3) ? random.number(0.5...2.2) : 0.2
        // White balance: along blue to yellow mostly, green to purple less.
        let warm = random.normal() * (random.chance(0.15) ? 0.26 : 0.11)
        let green = random.normal() * 0.05
        let gains = RGB(exp(warm * 0.7), exp(green), exp(-warm))
        let crosstalk = random.number(0...0.14)
        let own = 1 - 2 * crosstalk
        let skew = RGB(random.normal(), random.normal(), random.normal()) * 0.03
        matrix = (
            RGB(own, crosstalk * 1.4 + skew.x, crosstalk * 0.6 - skew.x) * gains.x,
            RGB(crosstalk + skew.y, own, crosstalk - skew.y) * gains.y,
            RGB(crosstalk * 0.4 + skew.z, crosstalk * 1.6 - skew.z, own) * gains.z
        )
        exposure = random.normal() * 0.33 + (isIndoors ? 0.1 : -0.05)
        unrest = random.number(0.03...0.25)
        let haze = random.chance(0.2) ? random.number(0.01...0.08) : random.number(0...0.012)
        glare = RGB(0.95, 1, 1.05) * haze
        gamma = 1 / random.number(1.85...2.6)
        contrast = random.number(-0.05...0.95)
        saturation = random.pick(weighted: [
            random.number(0.45...0.85): 4, random.number(0.85...1.15): 6, random.number(1.15...1.35): 1,
        ])
        tint = RGB(1, 1, 1) + RGB(random.normal(), random.normal() * 0.7, random.normal()) * 0.025
        sharpening = random.chance(0.55) ? random.number(0.2...1.4) : 0
        darkNoise = random.scale(0.0008...0.006)
        shotNoise = random.scale(0.004...0.026) * (isIndoors ? 1.3 : 1)
        blotches = random.chance(0.4) ? random.number(0.15...0.6) : 0
        isInterlaced = random.chance(0.03)
        isMonochrome = random.chance(0.012)
    }
}
