extension Figure {
    /// Adds sleeves, the visible part of bare arms, and hands.
    mutating func addArms() {
        let outfit = person.outfit
        let skin = material(.skin(person.skin))
        let top = material(outfit.top.sleeves)
        let outer = outfit.outer.map { outer in
            var surface = outer.sleeves
            surface.quilting = outer.quilting
            return (outer, material(surface))
        }
        let physique = person.physique
        for arm in skeleton.arms {
            let isLong = (outfit.outer?.sleeve ?? 0) > 1.5
            if !isLong {
                if outfit.top.sleeve < 1.85 {
                    sleeve(arm, to: 2, ease: 0, cuff: 0, skin) { physique.arm(at: $0) }
                }
                if outfit.top.sleeve > 0.1 {
                    let ease = outfit.top.ease
                    sleeve(
                        arm, to: outfit.top.sleeve, ease: ease, cuff: ease + (outfit.top.sleeve < 1.3 ? 0.012 : -0.002),
                        top
                    ) {
                        physique.arm(at: $0)
                    }
                }
            }
            if let (outer, cloth) = outer, outer.sleeve > 0.1 {
                let ease = outfit.top.ease * 0.5 + outer.ease
                sleeve(arm, to: outer.sleeve, ease: ease, cuff: ease * 0.7 + 0.004, cloth) { physique.arm(at: $0) }
            }
            addHand(arm, skin)
        }
    }

    private mutating func sleeve(
        _ arm: Limb, to end: Float, ease: Float, cuff: Float, _ material: UInt8, radius: (Float) -> Float
    ) {
        let shares = [Float(-0.16), -0.1, -0.04] + Self.steps(from: 0.03, to: end, count: max(4, Int(end * 5) + 2))
        let rings = arm.rings(shares) { share in
            // The shoulder slopes down into the trunk.
            let slope = curve([(-0.16, 0.35), (-0.1, 0.66), (0, 0.86), (0.2, 1)], at: share)
            return (radius(max(share, 0)) + mix(ease, cuff, max(share, 0) / end)) * slope
        }
        mesh.loft(
            rings, material: material,
            LoftStyle(segments: 11, isStartClosed: true, isEndClosed: end > 1.9, radius: 0.05))
    }

    private mutating func addHand(_ arm: Limb, _ skin: UInt8) {
        let height = person.physique.height
        let (across, thin) = (arm.tip.cross(arm.hinge).unit, arm.hinge)
        let sections: [(Float, Float, Float)] = [
            (-0.01, 0.0145, 0.0135), (0.012, 0.018, 0.0125), (0.03, 0.0235, 0.0135), (0.05, 0.0225, 0.0135),
            (0.068, 0.018, 0.0125), (0.08, 0.011, 0.009),
        ]
        let rings = sections.map { along, wide, deep in
            // Fingers curl.
            let curl = arm.tip * (along * height) + across * (along * along * height * -2.2)
            return Ring(
                arm.end + curl, side: thin * (deep * height), front: across * (wide * height), along: along * height)
        }
        mesh.loft(rings, material: skin, LoftStyle(segments: 8, isEndClosed: true, radius: 0.03))
    }
}
