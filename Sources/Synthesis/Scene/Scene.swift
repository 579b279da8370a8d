internal import Foundation
internal import Randomness

/// A scene without people: ground, walls, things on the ground, and light.
///
/// The camera is above the origin and looks along z; y is up.
struct Scene {
    /// An upright box on the ground.
    struct Clutter {
        enum Kind { case car, bin, pillar, pole, planter, bench, stall }
        let kind: Kind
        let center: Vector
        let half: Vector
        /// Its own directions on the ground.
        let cosine: Float
        let sine: Float
        let color: RGB
    }

    struct Wall {
        /// Distance from the origin along the normal, which points towards the camera.
        let normal: Vector
        let along: Vector
        let distance: Float
        let height: Float
        let texture: Texture
    }

    let light: Light
    let near: Texture
    let far: Texture
    /// Where the near ground ends: dot(place, across) above `border`.
    let across: SIMD2<Float>
    let border: Float
    let curb: Float
    let walls: [Wall]
    let clutter: [Clutter]
    let sky: RGB
    /// The shadows on the ground of things outside the image: none, an edge, or leaves.
    enum Shade { case none, edge, leaves }
    let shade: Shade
    let shadeOffset: SIMD2<Float>
    let shadeTurn: SIMD2<Float>
    /// Shine of the floor.
    let polish: Float

    init(distance: ClosedRange<Float>, part: VariationPart, _ random: inout SeededGenerator) {
        let isIndoors = random.chance(0.3)
        light = Light(isIndoors: isIndoors, &random)
        near = Texture.ground(isIndoors: isIndoors, part: part, &random)
        far = Texture.ground(isIndoors: isIndoors, part: part, &random)
        let turn = random.number(-1.2...1.2)
        across = SIMD2(sin(turn), cos(turn))
        let middle = (distance.lowerBound + distance.upperBound) / 2
        border = random.chance(0.55) ? middle + random.number(-3...6) : 1000
        curb = isIndoors ? 0 : (random.chance(0.6) ? random.number(0.1...0.3) : 0)
        var walls: [Wall] = []
        let yaw = random.normal() * 0.35
        let back = isIndoors ? random.number(1...14) : random.scale(1...30)
        walls.append(
            Self.wall(facing: yaw, distance: distance.upperBound * cos(yaw) + back, isIndoors, part, &random))
        if random.chance(isIndoors ? 0.6 : 0.25) {
            walls.append(Self.wall(facing: yaw + .pi / 2, distance: random.number(1.5...6), isIndoors, part, &random))
        }
        if random.chance(isIndoors ? 0.5 : 0.2) {
            walls.append(Self.wall(facing: yaw - .pi / 2, distance: random.number(1.5...6), isIndoors, part, &random))
        }
        self.walls = walls
        clutter = (0..<Int(random.number(2...14))).map { _ in Self.clutter(distance, isIndoors, &random) }
        sky = RGB(0.75, 0.85, 1) * random.number(0.7...1.4)
        shade = isIndoors ? .none : random.pick(weighted: [.none: 5, .edge: 3, .leaves: 3])
        shadeOffset = SIMD2(random.number(-3...3), middle + random.number(-3...3))
        let angle = random.number(0...2 * .pi)
        shadeTurn = SIMD2(cos(angle), sin(angle))
        polish = isIndoors ? random.number(0...0.35) : (random.chance(0.1) ? 0.12 : 0)
    }

    private static func wall(
        facing yaw: Float, distance: Float, _ isIndoors: Bool, _ part: VariationPart, _ random: inout SeededGenerator
    ) -> Wall {
        Wall(
            normal: Vector(-sin(yaw), 0, -cos(yaw)), along: Vector(cos(yaw), 0, -sin(yaw)), distance: distance,
            height: isIndoors ? 20 : random.scale(1...14),
            texture: Texture.wall(isIndoors: isIndoors, part: part, &random))
    }

    private static func clutter(
        _ distance: ClosedRange<Float>, _ isIndoors: Bool, _ random: inout SeededGenerator
    ) -> Clutter {
        let kind: Clutter.Kind = random.pick(
            weighted: isIndoors
                ? [.pillar: 3, .bin: 2, .bench: 3, .stall: 4, .planter: 2]
                : [.car: 5, .bin: 2, .pole: 5, .planter: 2, .bench: 2, .pillar: 1, .stall: 2])
        let half: Vector
        switch kind {
        case .car: half = Vector(0.85, random.number(0.7...0.95), 2.1)
        case .bin: half = Vector(0.25, random.number(0.4...0.6), 0.25)
        case .pillar: half = Vector(0.3, 3, 0.3)
        case .pole: half = Vector(0.05, random.number(0.5...3), 0.05)
        case .planter: half = Vector(random.number(0.3...1), 0.35, 0.35)
        case .bench: half = Vector(0.8, 0.24, 0.25)
        case .stall: half = Vector(random.number(0.4...1.4), random.number(0.5...1.1), random.number(0.3...0.6))
        }
        let turn = random.number(0...Float.pi)
        let behind = distance.lowerBound + random.number(-0.5...1) * (distance.upperBound - distance.lowerBound) + 1
        let place = Vector(random.number(-0.45...0.45) * (behind + 2), half.y, max(2, behind))
        return Clutter(
            kind: kind, center: place, half: half, cosine: cos(turn), sine: sin(turn),
            color: dulled(kind == .car ? ClothesColor.bag(&random) : ClothesColor.lower(&random), &random))
    }

    /// Painted things out of doors are duller than clothes.
    private static func dulled(_ color: RGB, _ random: inout SeededGenerator) -> RGB {
        mix(color, RGB(repeating: color.luminance), random.number(0.2...0.8)) + 0.02
    }

    /// The share of the sun's light that reaches a place past things outside the image, 0...1.
    func sunlight(at place: Vector, noise: Noise) -> Float {
        guard shade != .none else { return 1 }
        // Along the sun's rays down to the ground.
        let drop = place.y / max(light.direction.y, 0.15)
        let x = place.x - light.direction.x * drop - shadeOffset.x
        let z = place.z - light.direction.z * drop - shadeOffset.y
        switch shade {
        case .none: return 1
        case .edge: return smoothstep(-0.1, 0.1, x * shadeTurn.x + z * shadeTurn.y)
        case .leaves:
            return smoothstep(-0.12, 0.12, noise.clouds(x * 1.3 + shadeTurn.x * 50, z * 1.3, octaves: 3) + 0.05)
        }
    }
}

extension Scene.Clutter {
    /// The share of the sky's light that reaches a place on the ground past this thing, 0...1.
    func openness(at place: Vector) -> Float {
        let offset = place - center
        let x = abs(offset.x * cosine - offset.z * sine) - half.x
        let z = abs(offset.x * sine + offset.z * cosine) - half.z
        let distance = (max(x, 0) * max(x, 0) + max(z, 0) * max(z, 0)).squareRoot()
        return 0.45 + 0.55 * smoothstep(0, min(0.2 + half.y * 0.5, 0.8), distance)
    }
}
