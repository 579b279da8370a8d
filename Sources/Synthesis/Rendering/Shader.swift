internal import Foundation

/// The light that comes from a place on a person.
struct Shader {
    let surfaces: [Surface]
    let faces: [Face]
    let scene: Scene
    let eye: Vector
    private let noise = Noise.shared

    init(_ figure: Figure, scene: Scene, eye: Vector) {
        surfaces = figure.surfaces
        faces = figure.faces
        self.scene = scene
        self.eye = eye
    }

    /// - Parameters:
    ///   - surface: The surface that is seen.
    ///   - position: The place in the scene.
    ///   - bare: The normal of the mesh; the fourth lane is the openness.
    ///   - place: The place on the surface, in meters around and along.
    ///   - footprint: Meters that a sample covers.
    ///   - sun: The share of the sun that other parts of people let through.
    /// - Returns: Linear light.
    func light(
        _ surface: Surface, at position: Vector, bare: SIMD4<Float>, place: SIMD2<Float>, footprint: Float, sun: Float
    ) -> RGB {
        var normal = Vector(bare.x, bare.y, bare.z).unit
        var open = bare.w
        var albedo: RGB
        var gloss = surface.gloss
        switch surface.kind {
        case .cloth:
            albedo = surface.pattern.color(at: place, footprint: footprint, noise: noise)
            fold(surface, place, footprint, &normal, &open)
            albedo *= trimmed(surface, place, footprint)
        case .skin: albedo = surface.pattern.ground
        case .head:
            let look = faces[surface.face].color(angle: place.x, level: place.y, noise: noise)
            albedo = look.color
            if look.isHair { gloss = 0.04 }
        case .hair:
            let strand = noise.value(place.x * 150 + surface.pattern.offset.x, place.y * 6)
            albedo = surface.pattern.ground * (1 + 0.3 * strand)
        case .hard:
            albedo = surface.pattern.ground
            if surface.trim == .sole, abs(place.x) > 2.15 { albedo = surface.pattern.second }
        }
        let light = scene.light
        let view = (eye - position).unit
        let facing = normal.dot(light.direction)
        // Light seeps a little around the edge of skin and cloth.
        let direct = clamp((facing + 0.08) / 1.08)
        let shade = direct > 0 ? sun * scene.sunlight(at: position, noise: noise) : 0
        let near = mix(0.55, 1, clamp(position.y * 2.5))
        var seen = albedo * (light.ambient(normal) * (open * near) + light.sun * (direct * shade))
        // Reflected light: a highlight from the sun, a sheen at the rim from the sky.
        let half = (view + light.direction).unit
        let toEighth = eighthPower(max(0, half.dot(normal)))
        let spot = toEighth * toEighth * (surface.kind == .hair ? 1 : toEighth) * shade * (facing > 0 ? 4 : 0)
        let glancing = 1 - max(0, view.dot(normal))
        let rim = glancing * glancing * glancing * glancing
        seen += (light.sun * spot + light.sky * ((0.25 + 2.5 * rim) * open)) * gloss
        return seen
    }

    private func eighthPower(_ value: Float) -> Float {
        let square = value * value
        return square * square * square * square
    }

    /// Bends the normal by folds and quilting.
    private func fold(
        _ surface: Surface, _ place: SIMD2<Float>, _ footprint: Float, _ normal: inout Vector, _ open: inout Float
    ) {
        // Along: as far down as the surface allows; around: across.
        let along = (Vector(0, -1, 0) + normal * normal.y).unit
        let around = along.cross(normal)
        if surface.folds > 0 {
            let offset = surface.pattern.offset
            let (u, v) = (place.x / surface.foldSize.x + offset.x, place.y / surface.foldSize.y + offset.y)
            // Slanted, as cloth pulls between joints.
            let lean = u + 0.6 * v
            let broad = noise.value(lean * 0.37 + 11, v * 0.41)
            let here = noise.value(lean, v)
            let slopeU = (noise.value(lean + 0.2, v) - here) * 5
            let slopeV = (noise.value(lean + 0.12, v + 0.2) - here) * 5
            let fine = noise.value(lean * 2.7 + 31, v * 2.3)
            normal =
                (normal + (around * (slopeU + 0.4 * fine + broad) + along * (slopeV * 0.6 + broad * 0.5))
                    * (-surface.folds * 0.6))
                .unit
            open *= 1 - 0.4 * surface.folds * clamp(0.2 - here - 0.4 * broad)
        }
        if surface.quilting > 0 {
            let phase = fraction(place.y / surface.quilting)
            let bulge = (phase - 0.5) * 1.5
            normal = (normal + along * bulge * clamp(surface.quilting / footprint * 0.5)).unit
            open *= 1 - 0.35 * smoothstep(0.3, 0.5, abs(phase - 0.5))
        }
    }

    /// How dark seams, zips and the like are.
    private func trimmed(_ surface: Surface, _ place: SIMD2<Float>, _ footprint: Float) -> Float {
        let (u, v) = (place.x, place.y)
        func line(_ distance: Float, _ width: Float) -> Float {
            smoothstep(width + footprint, width * 0.4, abs(distance)) * clamp(width * 3 / footprint)
        }
        switch surface.trim {
        case .none, .sole: return 1
        case .belt:
            // At the waist, with the pockets' seams below; legs have other measures around.
            let belt = line(v - 0.368, 0.016) * 0.7
            let pocket = line(abs(abs(u) - 0.2) + abs(v - 0.47) * 0.3 - 0.03, 0.005) * 0.3
            return 1 - max(belt, pocket)
        case .zip: return 1 - 0.55 * line(u, 0.007)
        case .buttons:
            let button = fraction(v / 0.09) - 0.5
            return 1 - 0.25 * line(u - 0.015, 0.004) - 0.5
                * line((u * u + button * button * 0.0081).squareRoot(), 0.008)
        case .pocket:
            let pocket = max(abs(abs(u) - 0.1) - 0.06, abs(v - 0.36) - 0.07)
            return 1 - 0.5 * line(u, 0.006) - 0.4 * line(pocket, 0.006)
        case .backpackPanel:
            return 1 - 0.4 * line(v - 0.12, 0.008) - 0.25 * line(abs(u) - 0.11, 0.007)
        }
    }
}
