/// The surface of a head in half heads: level −1 is the chin, 1 the crown; angles from the nose.
enum HeadShape {
    /// Half the width, and the depth to the front and to the back.
    static func size(at level: Float) -> (side: Float, front: Float, back: Float) {
        (
            curve(
                [
                    (-1.02, 0.16), (-0.92, 0.32), (-0.7, 0.49), (-0.4, 0.59), (0, 0.655), (0.35, 0.67), (0.62, 0.6),
                    (0.83, 0.45), (0.95, 0.27), (1.01, 0.06),
                ], at: level),
            curve(
                [
                    (-1.02, 0.5), (-0.92, 0.7), (-0.7, 0.76), (-0.4, 0.79), (0, 0.8), (0.35, 0.8), (0.62, 0.7),
                    (0.83, 0.5), (0.95, 0.28), (1.01, 0.06),
                ], at: level),
            curve(
                [
                    (-1.02, -0.2), (-0.92, 0), (-0.7, 0.3), (-0.4, 0.58), (0, 0.8), (0.35, 0.88), (0.62, 0.82),
                    (0.83, 0.6),
                    (0.95, 0.34), (1.01, 0.06),
                ], at: level)
        )
    }

    /// The level above which hair grows, at an angle from the nose.
    static func hairline(at angle: Float, _ hair: Hair) -> Float {
        let turn = abs(angle)
        let nape: Float = hair.style == .cropped || hair.style == .short || hair.style == .parted ? -0.42 : -0.7
        return curve(
            [
                (0, 0.62 + hair.hairline), (0.6, 0.6 + hair.hairline), (0.95, 0.32), (1.15, 0.02), (1.35, -0.02),
                (1.5, 0.12), (1.75, 0.1), (2.0, -0.2), (2.3, nape), (3.2, nape - 0.05),
            ], at: turn)
    }
}

/// What a head looks like from outside, for shading.
struct Face {
    var skin: RGB
    var hair: Hair
    var offset: SIMD2<Float>

    /// Albedo at an angle (radians from the nose) and level (−1 chin, 1 crown), and whether it is hair.
    func color(angle: Float, level: Float, noise: Noise) -> (color: RGB, isHair: Bool) {
        let ragged = noise.value(angle * 9 + offset.x, level * 9 + offset.y) * 0.06
        let line = HeadShape.hairline(at: angle, hair)
        let strands = 1 + 0.22 * noise.value(angle * 26 + offset.x, level * 4)
        if hair.style != .bald, level + ragged > line { return (hair.color * strands, true) }
        let turn = abs(angle)
        var color = skin
        if hair.style == .bald, level > line { color = mix(color, hair.color, 0.18) }
        // Cheeks and lips redder, eye sockets and the sides of the nose darker.
        color *= RGB(
            1, 1 - 0.07 * smoothstep(0.5, 0.1, abs(level + 0.15)), 1 - 0.07 * smoothstep(0.5, 0.1, abs(level + 0.15)))
        let eye = ((turn - 0.42) / 0.24, (level - 0.1) / 0.13)
        let socket = exponential(-(eye.0 * eye.0 + eye.1 * eye.1))
        color *= 1 - 0.35 * socket
        if socket > 0.62 { color = mix(color, RGB(0.02, 0.015, 0.012), 0.8) }
        let brow = ((turn - 0.43) / 0.27, (level - 0.29) / 0.055)
        color = mix(color, hair.color, 0.75 * exponential(-(brow.0 * brow.0 + brow.1 * brow.1) * 1.4))
        let mouth = (turn / 0.3, (level + 0.52) / 0.05)
        color = mix(color, skin * RGB(0.62, 0.36, 0.36), 0.8 * exponential(-(mouth.0 * mouth.0 + mouth.1 * mouth.1)))
        color *= 1 - 0.22 * exponential(-raised(abs(turn - 0.16) / 0.08, 2) - raised(abs(level + 0.16) / 0.14, 2))
        if hair.beard > 0 {
            let chin = smoothstep(-0.3, -0.42, level) * smoothstep(1.45, 1.2, turn)
            let lip = smoothstep(0.35, 0.2, turn) * smoothstep(0.09, 0.03, abs(level + 0.36))
            let mouthHole = smoothstep(0.05, 0.09, abs(level + 0.52)) + smoothstep(0.2, 0.32, turn)
            color = mix(color, hair.color, max(chin, lip) * hair.beard * 0.85 * clamp(mouthHole))
        }
        if let mask = hair.mask, level < 0.02 - 0.1 * turn, turn < 1.15 { color = mask }
        if hair.glasses > 0 {
            let lens = max(abs(turn - 0.42) - 0.25, (abs(level - 0.08) - 0.13) * 1.8)
            let isFrame = abs(lens) < 0.05 || (abs(level - 0.13) < 0.03 && turn < 1.4)
            if hair.glasses == 1 ? lens < 0.04 : isFrame { color = RGB(0.015, 0.015, 0.018) }
        }
        return (color, false)
    }
}
