/// Computes what a camera sees of a scene without people, along rays.
struct Backdrop {
    let scene: Scene
    let eye: Vector
    /// Radians that one pixel covers.
    let pixel: Float
    /// The things that are visible in this image.
    private let clutter: [Scene.Clutter]
    private let noise = Noise.shared

    init(_ scene: Scene, eye: Vector, pixel: Float, towards axis: Vector, spread: Float) {
        self.scene = scene
        self.eye = eye
        self.pixel = pixel
        clutter = scene.clutter.filter { thing in
            let offset = thing.center - eye
            let away = offset - axis * offset.dot(axis)
            return offset.dot(axis) > 0 && away.length < thing.half.length + offset.dot(axis) * spread
        }
    }

    /// The light that comes from a direction (which need not have length 1), with the shadow of people at a place.
    @inline(__always)
    func light(from direction: Vector, shadow: (Vector) -> (sun: Float, sky: Float)) -> RGB {
        var nearest = Float.infinity
        var color = scene.sky
        if direction.y < -0.004 {
            nearest = -eye.y / direction.y
            color = .zero
        }
        var wall = -1
        for (index, candidate) in scene.walls.enumerated() {
            let facing = direction.dot(candidate.normal)
            guard facing < -1e-4 else { continue }
            let distance = -(candidate.distance + eye.dot(candidate.normal)) / facing
            guard distance > 0, distance < nearest, eye.y + direction.y * distance < candidate.height else { continue }
            (nearest, wall) = (distance, index)
        }
        if let hit = clutterHit(direction, before: nearest) {
            return lit(
                hit.color, hit.normal, at: eye + direction * hit.distance, sun: 1,
                sky: 0.6 + 0.4 * smoothstep(0, 0.4, eye.y + direction.y * hit.distance))
        }
        guard nearest.isFinite else {
            let tree = noise.clouds(direction.x / direction.z * 9, direction.y / direction.z * 9, octaves: 3)
            return mix(color, RGB(0.04, 0.07, 0.03), smoothstep(-0.1, 0.3, tree - direction.y * 2))
        }
        let place = eye + direction * nearest
        let footprint = nearest * pixel
        if wall >= 0 {
            let wall = scene.walls[wall]
            let albedo = wall.texture.color(place.dot(wall.along), place.y, footprint: footprint, noise: noise)
            let corner = 0.7 + 0.3 * smoothstep(0, 0.5, place.y)
            return lit(albedo, wall.normal, at: place, sun: 1, sky: corner)
        }
        // At a low angle a pixel covers a long piece of ground.
        let long = footprint * min(4, nearest / max(eye.y, 0.1) * 0.6 + 0.6)
        let albedo = ground(place, long)
        var shade = shadow(place)
        for thing in clutter { shade.sky *= thing.openness(at: place) }
        var seen = lit(albedo, Vector(0, 1, 0), at: place, sun: shade.sun, sky: shade.sky)
        if scene.polish > 0 {
            let up = Vector(direction.x, -direction.y, direction.z)
            seen +=
                scene.light.sky
                * (scene.polish * 0.5 * (0.4 + 0.6 * noise.clouds(up.x / up.z * 5, up.y / up.z * 3, octaves: 2))
                    * shade.sky)
        }
        return seen
    }

    private func ground(_ place: Vector, _ footprint: Float) -> RGB {
        let level = place.x * scene.across.x + place.z * scene.across.y
        let beyond = level - scene.border
        let turned = SIMD2(
            place.x * scene.across.y - place.z * scene.across.x, place.x * scene.across.x + place.z * scene.across.y)
        if beyond < 0 { return scene.near.color(turned.x, turned.y, footprint: footprint, noise: noise) }
        if beyond < scene.curb {
            return RGB(0.42, 0.41, 0.4) * (beyond < scene.curb * 0.4 ? 0.6 : 1)
                * (1 + 0.2 * noise.value(turned.x * 3, turned.y * 3))
        }
        return scene.far.color(turned.x, turned.y, footprint: footprint, noise: noise)
    }

    private func lit(_ albedo: RGB, _ normal: Vector, at place: Vector, sun: Float, sky: Float) -> RGB {
        let facing = max(0, normal.dot(scene.light.direction))
        var light = scene.light.ambient(normal) * sky
        if sun > 0, facing > 0 { light += scene.light.sun * (facing * sun * scene.sunlight(at: place, noise: noise)) }
        return albedo * light
    }

    private func clutterHit(_ direction: Vector, before limit: Float) -> (distance: Float, normal: Vector, color: RGB)?
    {
        var best = limit
        var found: (distance: Float, normal: Vector, color: RGB)?
        for thing in clutter {
            let offset = eye - thing.center
            let from = Vector(
                offset.x * thing.cosine - offset.z * thing.sine, offset.y,
                offset.x * thing.sine + offset.z * thing.cosine)
            let ray = Vector(
                direction.x * thing.cosine - direction.z * thing.sine, direction.y,
                direction.x * thing.sine + direction.z * thing.cosine)
            let inverse = Vector(1 / safe(ray.x), 1 / safe(ray.y), 1 / safe(ray.z))
            let (a, b) = ((-thing.half - from) * inverse, (thing.half - from) * inverse)
            let (low, high) = (pointwiseMin(a, b), pointwiseMax(a, b))
            let (enter, leave) = (max(low.x, low.y, low.z), min(high.x, high.y, high.z))
            guard enter > 0.5, enter < leave, enter < best else { continue }
            best = enter
            let hit = from + ray * enter
            var normal = Vector(0, 1, 0)
            if enter == low.x {
                normal = Vector(ray.x > 0 ? -1 : 1, 0, 0)
            } else if enter == low.z {
                normal = Vector(0, 0, ray.z > 0 ? -1 : 1)
            }
            let world = Vector(
                normal.x * thing.cosine + normal.z * thing.sine, normal.y,
                -normal.x * thing.sine + normal.z * thing.cosine)
            found = (enter, world, color(of: thing, at: hit, normal))
        }
        return found
    }

    private func safe(_ value: Float) -> Float { abs(value) < 1e-6 ? 1e-6 : value }

    private func color(of thing: Scene.Clutter, at hit: Vector, _ normal: Vector) -> RGB {
        let height = hit.y + thing.half.y
        let uneven = 1 + 0.15 * noise.value(hit.x * 4 + hit.z * 3, height * 4)
        switch thing.kind {
        case .car:
            if height > thing.half.y * 1.15, normal.y == 0 { return RGB(0.03, 0.035, 0.04) }
            let wheel = abs(abs(hit.z) - 1.3)
            if height < 0.35, normal.x != 0, wheel < 0.34 { return RGB(0.015, 0.015, 0.015) }
            return thing.color * (height < 0.2 ? 0.3 : 1) + RGB(repeating: normal.y * 0.12)
        case .planter:
            return height > thing.half.y * 1.2 || normal.y > 0
                ? RGB(0.06, 0.11, 0.04) * (1 + noise.value(hit.x * 14, hit.z * 14)) : thing.color * uneven
        case .stall:
            let row = noise.cell(Int((hit.x + hit.z) * 5 + 50), Int(height * 6))
            let goods = ClothesColor.albedo(hue: (row + 1) * 180, saturation: 0.12, value: 0.35 + 0.2 * row)
            return mix(thing.color, goods, height > 0.3 ? 0.6 : 0) * uneven
        case .bench: return thing.color * (fraction(height * 8) < 0.3 ? 0.4 : 1) * uneven
        case .bin, .pillar, .pole: return thing.color * uneven
        }
    }
}
