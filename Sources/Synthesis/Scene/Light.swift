internal import Foundation
internal import Randomness

/// The light of a scene, in units in which white in full light is about 1.
struct Light {
    /// Towards the sun or the main lamp.
    let direction: Vector
    /// The light from the sun, from the sky and from the ground.
    let sun: RGB
    let sky: RGB
    let bounce: RGB
    /// Meters over which edges of shadows fade.
    let softness: Float
    let isIndoors: Bool

    init(isIndoors: Bool, _ random: inout SeededGenerator) {
        self.isIndoors = isIndoors
        let azimuth = random.number(0...2 * .pi)
        let elevation = isIndoors ? random.number(0.9...1.5) : random.number(0.3...1.15)
        direction = Vector(cos(elevation) * sin(azimuth), sin(elevation), cos(elevation) * cos(azimuth))
        if isIndoors {
            // Tubes and bulbs: from greenish white to orange.
            let warmth = random.number(0...1)
            let lamp = mix(RGB(0.95, 1.02, 0.98), RGB(1.15, 0.95, 0.68), warmth)
            sun = lamp * random.number(0.15...0.45)
            sky = lamp * random.number(0.5...0.75)
            bounce = lamp * RGB(1, 0.95, 0.88) * random.number(0.15...0.4)
            softness = random.number(0.05...0.2)
        } else {
            // 0: overcast, 1: clear.
            let clear = random.chance(0.45) ? random.number(0...0.25) : random.number(0.25...1)
            let low = smoothstep(0.7, 0.3, elevation)
            sun = mix(RGB(1, 0.97, 0.92), RGB(1.1, 0.9, 0.66), low) * (clear * random.number(0.8...1.9))
            sky = mix(RGB(0.62, 0.64, 0.66), RGB(0.3, 0.38, 0.5), clear) * random.number(0.85...1.15)
            bounce = RGB(0.3, 0.28, 0.25) * random.number(0.4...1.1)
            softness = mix(0.12, 0.015, clear)
        }
    }

    /// Light that reaches a surface from all round, by its normal.
    @inline(__always)
    func ambient(_ normal: Vector) -> RGB {
        // Some light comes level from the sides, so that walls are not black.
        mix(bounce, sky, clamp(0.5 + 0.5 * normal.y))
    }
}
