internal import Foundation
internal import Randomness

/// Random colors of clothes, distributed as people wear them: many dark and gray ones, few saturated ones.
enum ClothesColor {
    /// An sRGB color as albedo.
    static func albedo(_ red: Float, _ green: Float, _ blue: Float) -> RGB {
        func linear(_ share: Float) -> Float { pow(clamp(share, 0.02, 0.97), 2.2) }
        return RGB(linear(red), linear(green), linear(blue))
    }

    /// An albedo by hue (degrees), saturation and value, each in sRGB's sense.
    static func albedo(hue: Float, saturation: Float, value: Float) -> RGB {
        func channel(_ n: Float) -> Float {
            let k = (n + hue / 60).truncatingRemainder(dividingBy: 6)
            return value - value * saturation * max(0, min(k, min(4 - k, 1)))
        }
        return albedo(channel(5), channel(3), channel(1))
    }

    private enum Family { case black, white, gray, navy, blue, red, green, brown, pink, yellow, purple, any, pastel }

    static func upper(_ random: inout SeededGenerator) -> RGB {
        let family = random.pick(weighted: [
            Family.black: 23, .white: 13, .gray: 14, .navy: 9, .blue: 9, .red: 8, .green: 6, .brown: 7,
            .pink: 3.5, .yellow: 3.5, .purple: 2.5, .pastel: 3, .any: 5,
        ])
        return color(of: family, &random)
    }

    static func lower(_ random: inout SeededGenerator) -> RGB {
        let family = random.pick(weighted: [
            Family.black: 38, .white: 4, .gray: 16, .navy: 14, .blue: 10, .red: 2, .green: 3,
            .brown: 11, .pink: 1, .pastel: 1, .any: 2.5,
        ])
        return color(of: family, &random)
    }

    static func accent(_ random: inout SeededGenerator) -> RGB {
        let family = random.pick(weighted: [
            Family.black: 14, .white: 20, .gray: 10, .navy: 6, .blue: 9, .red: 11, .green: 6,
            .brown: 6, .pink: 5, .yellow: 7, .purple: 3, .any: 10,
        ])
        return color(of: family, &random)
    }

    static func bag(_ random: inout SeededGenerator) -> RGB {
        let family = random.pick(weighted: [
            Family.black: 40, .gray: 12, .navy: 8, .blue: 8, .red: 8, .green: 5, .brown: 12, .pink: 4,
            .yellow: 2, .purple: 2, .white: 3, .any: 6,
        ])
        return color(of: family, &random)
    }

    /// Denim: the cloth and how it looks where it is worn.
    static func denim(_ random: inout SeededGenerator) -> (RGB, RGB) {
        let value = random.pick(weighted: [
            random.number(0.16...0.28): 4, random.number(0.28...0.45): 5, random.number(0.45...0.68): 3,
        ])
        let hue = random.number(208...226)
        let saturation = random.number(0.25...0.55)
        return (
            albedo(hue: hue, saturation: saturation, value: value),
            albedo(hue: hue - 4, saturation: saturation * 0.6, value: min(0.85, value * random.number(1.15...1.7)))
        )
    }

    private static func color(of family: Family, _ random: inout SeededGenerator) -> RGB {
        var hsv: (Float, Float, Float)
        switch family {
        case .black: hsv = (random.number(0...360), random.number(0...0.14), random.number(0.06...0.2))
        case .white: hsv = (random.number(30...240), random.number(0...0.07), random.number(0.8...0.96))
        case .gray: hsv = (random.number(0...360), random.number(0...0.08), random.number(0.25...0.72))
        case .navy: hsv = (random.number(215...240), random.number(0.3...0.65), random.number(0.14...0.32))
        case .blue: hsv = (random.number(195...232), random.number(0.35...0.85), random.number(0.4...0.82))
        case .red: hsv = (random.number(-12...8), random.number(0.6...0.92), random.number(0.35...0.82))
        case .green: hsv = (random.number(75...170), random.number(0.25...0.75), random.number(0.22...0.65))
        case .brown: hsv = (random.number(20...44), random.number(0.2...0.6), random.number(0.25...0.74))
        case .pink: hsv = (random.number(325...352), random.number(0.25...0.75), random.number(0.65...0.92))
        case .yellow: hsv = (random.number(28...58), random.number(0.55...0.92), random.number(0.7...0.93))
        case .purple: hsv = (random.number(260...315), random.number(0.25...0.65), random.number(0.25...0.65))
        case .pastel: hsv = (random.number(0...360), random.number(0.1...0.3), random.number(0.7...0.9))
        case .any: hsv = (random.number(0...360), random.number(0.3...1), random.number(0.3...0.95))
        }
        if hsv.0 < 0 { hsv.0 += 360 }
        return albedo(hue: hsv.0, saturation: hsv.1, value: hsv.2)
    }

    static func skin(_ random: inout SeededGenerator) -> RGB {
        let tone = random.pick(weighted: [
            random.number(0...0.35): 6, random.number(0.3...0.65): 3, random.number(0.65...1): 2,
        ])
        let light = RGB(0.56, 0.33, 0.235)
        let middle = RGB(0.33, 0.172, 0.1)
        let dark = RGB(0.085, 0.043, 0.028)
        let base = tone < 0.5 ? mix(light, middle, tone * 2) : mix(middle, dark, tone * 2 - 1)
        return base * (1 + random.normal() * 0.06)
    }

    static func hair(_ random: inout SeededGenerator) -> RGB {
        random.pick(weighted: [
            albedo(0.1, 0.085, 0.08): 34, albedo(0.17, 0.125, 0.1): 24, albedo(0.28, 0.19, 0.13): 15,
            albedo(0.42, 0.29, 0.18): 8, albedo(0.62, 0.48, 0.3): 7, albedo(0.76, 0.64, 0.44): 4,
            albedo(0.45, 0.2, 0.11): 3, albedo(0.55, 0.54, 0.53): 5, albedo(0.8, 0.79, 0.77): 2.5,
            albedo(hue: random.number(0...360), saturation: 0.6, value: 0.6): 1,
        ]) * random.number(0.85...1.2)
    }
}
