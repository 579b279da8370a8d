extension Figure {
    /// Adds trousers, shorts or a skirt, the visible part of the legs, socks and shoes.
    mutating func addLegs() {
        let bottom = person.outfit.bottom
        let physique = person.physique
        var plain = bottom.cloth
        plain.trim = .none
        let cloth = material(plain)
        let below = material(bottom.tights ?? .skin(person.skin))
        let socks = person.shoes.socks.map { material($0) }
        let isSkirt = bottom.kind == .skirt || bottom.kind == .dress
        if isSkirt { addSkirt(bottom, cloth) } else { addSeat(bottom, material(bottom.cloth)) }
        let shank = physique.kneeHeight - physique.ankleHeight
        let shoe = material(shoeSurface)
        for leg in skeleton.legs {
            let calf: (Float) -> Float = { 1 + 0.22 * smoothstep(1.05, 1.3, $0) * smoothstep(1.8, 1.4, $0) }
            if !isSkirt {
                let shares = Self.steps(from: -0.12, to: bottom.length, count: 12)
                let rings = leg.rings(shares, deeper: calf) { share in
                    let skin = physique.leg(at: share)
                    let own = skin + bottom.ease
                    let loose = mix(
                        physique.leg(at: 0.55) + bottom.ease, bottom.hem, clamp((share - 0.55) / (bottom.length - 0.55))
                    )
                    return share < 0.55 ? own : max(loose, skin + 0.004)
                }
                mesh.loft(rings, material: cloth, LoftStyle(segments: 14, radius: 0.07))
            }
            if bottom.length < 1.86 {
                let from = isSkirt ? max(0.1, bottom.length - 0.6) : bottom.length - 0.2
                let rings = leg.rings(Self.steps(from: from, to: 2, count: 10), deeper: calf) { physique.leg(at: $0) }
                mesh.loft(rings, material: below, LoftStyle(segments: 12, radius: 0.05))
                if let socks, bottom.tights == nil {
                    let rings = leg.rings([1.72 - person.shoes.bulk * 0.1, 1.85, 2], deeper: calf) {
                        physique.leg(at: $0) + 0.004
                    }
                    mesh.loft(rings, material: socks, LoftStyle(segments: 12, radius: 0.05))
                }
            }
            if person.shoes.shaft > 0 {
                let start = 2 - person.shoes.shaft / shank
                let rings = leg.rings(Self.steps(from: start, to: 2.02, count: 5), deeper: calf) {
                    physique.leg(at: min($0, 2)) + 0.009
                }
                mesh.loft(rings, material: shoe, LoftStyle(segments: 12, radius: 0.05))
            }
            addShoe(leg, shoe)
        }
    }

    private var shoeSurface: Surface {
        var surface = person.shoes.upper
        surface.pattern.second = person.shoes.sole.pattern.ground
        surface.trim = .sole
        return surface
    }

    static func steps(from: Float, to: Float, count: Int) -> [Float] {
        (0..<count).map { from + (to - from) * Float($0) / Float(count - 1) }
    }

    /// Adds trousers from the waist to the crotch.
    private mutating func addSeat(_ bottom: Bottom, _ cloth: UInt8) {
        var rings = [Float(0.3), 0.18, 0.06, -0.05, -0.13].map { skeleton.trunkRing(at: $0, ease: bottom.ease + 0.003) }
        var last = skeleton.trunkRing(at: -0.2, ease: bottom.ease)
        last.side *= 0.7
        last.front *= 0.75
        last.back *= 0.75
        rings.append(last)
        mesh.loft(rings, material: cloth, LoftStyle(segments: 18, isEndClosed: true, radius: 0.15))
    }

    private mutating func addSkirt(_ bottom: Bottom, _ cloth: UInt8) {
        let physique = person.physique
        let rise = physique.shoulderHeight - physique.hipHeight
        let drop =
            bottom.length < 1
            ? bottom.length * (physique.hipHeight - physique.kneeHeight)
            : physique.hipHeight - physique.kneeHeight + (bottom.length - 1)
                * (physique.kneeHeight - physique.ankleHeight)
        let hem = -drop / rise
        var rings = [Float(0.32), 0.2, 0.08, -0.05].map { skeleton.trunkRing(at: $0, ease: bottom.ease) }
        for level in Self.steps(from: -0.2, to: min(hem, -0.3), count: 7) {
            let share = clamp(level / min(hem, -0.3))
            rings.append(legsRing(level: level, ease: bottom.ease, flare: bottom.hem * share))
        }
        mesh.loft(rings, material: cloth, LoftStyle(segments: 22, isOpen: true, radius: 0.16)) { angle, ring in
            // Pleats that grow towards the hem.
            let share = max(0, Float(ring - 3) / 7)
            return bottom.hem * 0.12 * share * wave(angle * 5 + 0.7)
        }
    }

    private mutating func addShoe(_ leg: Limb, _ material: UInt8) {
        let height = person.physique.height
        let up = leg.tip.cross(leg.hinge).unit
        let ground = person.physique.ankleHeight
        let bulk = person.shoes.bulk
        let sections: [(Float, Float, Float)] = [
            (-0.046, 0.02, 0.012), (-0.04, 0.034, 0.019), (-0.02, 0.047, 0.022), (0.015, 0.046, 0.0235),
            (0.05, 0.033, 0.028), (0.082, 0.025, 0.029), (0.1, 0.02, 0.023), (0.107, 0.012, 0.011),
        ]
        let rings = sections.map { along, tall, wide in
            let half = tall * height / 2 * mix(1, bulk, 0.5)
            return Ring(
                leg.end + leg.tip * (along * height) - up * (ground - half), side: leg.hinge * (wide * height * bulk),
                front: up * half, along: along * height)
        }
        mesh.loft(
            rings, material: material,
            LoftStyle(segments: 12, squareness: 2.5, isStartClosed: true, isEndClosed: true, radius: 1))
    }
}
