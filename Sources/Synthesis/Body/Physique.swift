internal import Randomness

/// The shape of one person's body, the same in every image.
struct Physique {
    /// Meters from sole to crown.
    let height: Float
    /// The build: 0 is the average of men, 1 the average of women.
    let femininity: Float
    /// Girth of limbs and trunk as a share of the average.
    let girth: Float
    /// Meters that the belly stands out.
    let belly: Float
    /// The shoulders' width as a share of the average.
    let shoulders: Float
    let hips: Float
    let legs: Float
    let head: Float
    /// The posture: leaning forwards (radians), arms away from the body (radians).
    let stoop: Float
    let armSpread: Float
    /// Length of stride and swing of arms as shares of the average.
    let stride: Float
    let armSwing: Float
    /// −1: toes in, 1: toes out.
    let toes: Float

    init(_ random: inout SeededGenerator) {
        let isFeminine = random.chance(0.5)
        femininity = isFeminine ? random.number(0.7...1) : random.number(0...0.25)
        let isChild = random.chance(0.04)
        let adult = (isFeminine ? 1.64 : 1.765) + random.normal() * 0.065
        height = isChild ? random.number(1.15...1.5) : clamp(adult, 1.45, 1.98)
        let heavy = random.chance(0.22) ? random.number(0.1...0.42) : random.number(-0.12...0.1)
        girth = 1 + heavy
        belly = max(0, heavy * 0.22 + random.number(-0.02...0.025))
        shoulders = 1 + random.normal() * 0.045
        hips = 1 + random.normal() * 0.05
        legs = (isChild ? 0.96 : 1) + random.normal() * 0.022
        head = (isChild ? 1.16 : 1) + random.normal() * 0.03
        stoop = random.number(-0.03...0.1) + (random.chance(0.08) ? 0.15 : 0)
        armSpread = random.number(0.02...0.11) + max(0, heavy) * 0.25
        stride = random.number(0.75...1.15)
        armSwing = random.number(0.4...1.25)
        toes = random.number(-0.1...0.35)
    }

    /// Heights of joints in meters above the sole of a person who stands straight.
    var ankleHeight: Float { 0.043 * height }
    var kneeHeight: Float { 0.283 * height * legs }
    var hipHeight: Float { 0.525 * height * legs }
    var shoulderHeight: Float { hipHeight + (0.815 - 0.525) * height }
    /// Half the height of the head, from chin to crown.
    var headSize: Float { 0.0665 * height * head }
    var headHeight: Float { hipHeight + (0.93 - 0.525) * height }
    /// Meters from the middle to the joint.
    var shoulderReach: Float { mix(0.098, 0.086, femininity) * height * shoulders }
    var hipReach: Float { 0.05 * height * hips }
    var upperArm: Float { 0.172 * height }
    var foreArm: Float { 0.147 * height }
    var hand: Float { 0.1 * height }
    var foot: Float { 0.15 * height }

    /// Half width, and depth to the front and back, of the trunk, in meters.
    ///
    /// - Parameter level: 0 at the hip joints, 1 at the shoulder joints; the crotch is at about −0.19, the neck at 1.1.
    /// - Returns: Distances from the trunk's axis.
    func trunk(at level: Float) -> (side: Float, front: Float, back: Float) {
        let women = femininity
        let side = curve(
            [
                (-0.3, mix(0.092, 0.096, women)), (-0.1, mix(0.097, 0.105, women)), (0.05, mix(0.096, 0.104, women)),
                (0.33, mix(0.083, 0.073, women)), (0.55, mix(0.09, 0.079, women)), (0.8, mix(0.098, 0.085, women)),
                (0.92, mix(0.092, 0.078, women)), (0.99, mix(0.077, 0.066, women)), (1.06, mix(0.054, 0.048, women)),
                (1.11, 0.038), (1.14, 0.033),
            ], at: level)
        let front = curve(
            [
                (-0.3, 0.05), (-0.1, 0.054), (0.1, 0.057), (0.33, mix(0.058, 0.052, women)), (0.6, 0.062),
                (0.75, mix(0.068, 0.07, women)), (0.9, 0.058), (1.03, 0.04), (1.09, 0.033), (1.13, 0.031),
            ], at: level)
        let back = curve(
            [
                (-0.3, 0.056), (-0.12, mix(0.068, 0.077, women)), (0.05, 0.064), (0.3, 0.049), (0.55, 0.056),
                (0.8, 0.065), (0.95, 0.06), (1.03, 0.05), (1.09, 0.038), (1.13, 0.033),
            ], at: level)
        let wide = level < 0.2 ? hips : (level > 0.7 ? shoulders : 1)
        let paunch = belly * smoothstep(-0.15, 0.2, level) * smoothstep(0.85, 0.4, level)
        let stout = mix(1, girth, smoothstep(1.15, 0.9, level))
        return (
            side * height * wide * mix(1, stout, 0.85) + paunch * 0.5, front * height * stout + paunch,
            back * height * mix(1, stout, 0.8) + paunch * 0.2
        )
    }

    /// The radius of a leg: `share` 0 at the hip, 1 at the knee, 2 at the ankle.
    func leg(at share: Float) -> Float {
        let radius = curve(
            [
                (0, mix(0.052, 0.056, femininity)), (0.3, 0.05), (0.7, 0.041), (1, 0.0325), (1.15, 0.031),
                (1.38, 0.0335),
                (1.65, 0.027), (1.9, 0.0205), (2, 0.021),
            ], at: share)
        return radius * height * mix(1, girth, 0.9)
    }

    /// The radius of an arm: `share` 0 at the shoulder, 1 at the elbow, 2 at the wrist.
    func arm(at share: Float) -> Float {
        let radius = curve(
            [(0, 0.031), (0.25, 0.03), (0.6, 0.026), (1, 0.0225), (1.2, 0.0245), (1.6, 0.0195), (2, 0.0145)],
            at: share)
        return radius * height * mix(1, girth, 0.85) * mix(1.04, 0.88, femininity)
    }
}
