extension Figure {
    private var rise: Float { person.physique.shoulderHeight - person.physique.hipHeight }

    /// Adds top, jacket, collar, scarf and hood.
    mutating func addTrunk() {
        let outfit = person.outfit
        let neckline = outfit.top.neck
        let collar = person.physique.trunk(at: 1.09)
        // Skin at the neck, down into the neckline.
        let neckSkin = material(.skin(person.skin))
        let throat = skeleton.trunk(at: 1.08)
        let radius = 0.5 * (collar.side + collar.front) * mix(0.98, 0.86, person.physique.femininity)
        mesh.loft(
            [
                collarBone(0.97, 0.7), collarBone(1.04, 0.92),
                Ring(throat.origin, side: throat.left * radius, front: throat.front * radius, along: 0.1),
                Ring(
                    skeleton.head + Vector(0, -0.35 * person.physique.headSize, -0.1 * person.physique.headSize),
                    side: throat.left * radius, front: throat.front * radius, along: 0.16),
            ], material: neckSkin)

        let cloth = material(outfit.top.cloth)
        let isCovered = outfit.outer.map { $0.opening == 0 } ?? false
        let lowest = outfit.bottom.kind == .skirt ? max(outfit.top.hem, 0) : outfit.top.hem
        garment(
            from: neckline, to: isCovered ? max(lowest, 0.05) : lowest, ease: outfit.top.ease, drape: outfit.top.drape,
            material: cloth)
        if outfit.top.hasCollar, !isCovered { addCollar(cloth, ease: outfit.top.ease + 0.006, opening: 0.35) }
        if let outer = outfit.outer { addOuter(outer) }
        if let scarf = outfit.scarf { addScarf(material(scarf)) }
    }

    /// A ring of bare skin below the neck, inside the clothes.
    private func collarBone(_ level: Float, _ size: Float) -> Ring {
        var ring = skeleton.trunkRing(at: level, ease: 0)
        ring.side *= size
        ring.front *= size
        ring.back *= size
        return ring
    }

    private mutating func addOuter(_ outer: Outer) {
        var surface = outer.cloth
        surface.quilting = outer.quilting
        let cloth = material(surface)
        garment(
            from: 1.07, to: -outer.length / rise, ease: person.outfit.top.ease * 0.5 + outer.ease, drape: outer.drape,
            opening: outer.opening, material: cloth)
        if outer.hasCollar {
            addCollar(cloth, ease: person.outfit.top.ease * 0.5 + outer.ease, opening: max(0.3, outer.opening))
        }
        if outer.hood == .down {
            let frame = skeleton.trunk(at: 1.0)
            let size = person.physique.trunk(at: 1.0)
            let place = Frame(
                origin: frame.origin - frame.front * (size.back + 0.03), left: frame.left, up: frame.up,
                front: frame.front)
            blob(place, half: Vector(0.1, 0.075, 0.05), material: cloth)
        }
    }

    /// Adds a tube around the trunk from one level to another; a long one hangs over the legs.
    private mutating func garment(
        from top: Float, to hem: Float, ease: Float, drape: Float, opening: Float = 0, material: UInt8
    ) {
        var levels: [Float] = [top]
        levels += [1.09, 1.05, 1.0, 0.94, 0.86, 0.75, 0.62, 0.48, 0.34, 0.2, 0.06, -0.08].filter {
            $0 < top - 0.01 && $0 > hem + 0.02
        }
        var level: Float = -0.22
        while level > hem + 0.06 {
            levels.append(level)
            level -= 0.2
        }
        levels.append(hem)
        let chest = person.physique.trunk(at: 0.78)
        let rings = levels.map { level in
            // Off the trousers below, which it covers.
            let below = person.outfit.bottom.ease + 0.009
            let slack = max(ease * mix(0.35, 1, smoothstep(1.08, 0.85, level)), level < 0.36 ? below : 0)
            guard level > 0.09 else {
                return legsRing(level: level, ease: slack + 0.008, flare: max(0, -level) * 0.035 * (0.5 + drape))
            }
            var ring = skeleton.trunkRing(at: level, ease: slack)
            if level < 0.78 {
                // Loose cloth hangs from the chest and does not follow the waist.
                let hung = drape * smoothstep(0.78, 0.6, level)
                ring.side *= max(1, mix(1, (chest.side * 0.94 + slack) / ring.side.length, hung))
                ring.front *= max(1, mix(1, (chest.front * 0.95 + slack) / ring.front.length, hung))
                ring.back *= max(1, mix(1, (chest.back * 0.95 + slack) / ring.back.length, hung))
            }
            return ring
        }
        var style = LoftStyle(segments: 20, squareness: 2.25, isOpen: hem < -0.1, radius: 0.15)
        if opening > 0 { style.arc = opening...(2 * .pi - opening) }
        let bust = 0.02 * person.physique.femininity * person.physique.height / 1.65 * person.physique.girth
        mesh.loft(rings, material: material, style) { angle, ring in
            let across = (abs(angle > .pi ? angle - 2 * .pi : angle) - 0.5) / 0.38
            let up = (levels[ring] - 0.7) / 0.12
            return bust * exponential(-across * across - up * up)
        }
    }

    /// A ring around both legs at a level below the hips.
    func legsRing(level: Float, ease: Float, flare: Float) -> Ring {
        let height = skeleton.pelvis.origin.y + level * rise
        let places = skeleton.legs.map { leg -> (Vector, Float) in
            let share =
                height > leg.joint.y
                ? (leg.root.y - height) / max(leg.root.y - leg.joint.y, 0.02)
                : 1 + (leg.joint.y - height) / max(leg.joint.y - leg.end.y, 0.02)
            let clamped = clamp(share, 0, 2)
            return (leg.place(at: clamped), person.physique.leg(at: clamped))
        }
        let (left, front) = (skeleton.pelvis.left, skeleton.pelvis.front)
        var center = (places[0].0 + places[1].0) / 2
        center.y = height
        let seat = person.physique.trunk(at: -0.1)
        var (side, ahead, behind) = (Float(0), Float(0), Float(0))
        for (place, radius) in places {
            side = max(side, abs((place - center).dot(left)) + radius)
            ahead = max(ahead, (place - center).dot(front) + radius)
            behind = max(behind, -(place - center).dot(front) + radius)
        }
        let near = smoothstep(-0.7, -0.1, level)
        side = max(side, seat.side * mix(0.8, 1, near))
        ahead = max(ahead, seat.front * mix(0.7, 1, near))
        behind = max(behind, seat.back * mix(0.6, 1, near))
        return Ring(
            center, side: left * (side + ease + flare), front: front * (ahead + ease + flare * 0.8),
            back: -front * (behind + ease + flare * 0.8), along: (1 - level) * rise)
    }

    private mutating func addCollar(_ cloth: UInt8, ease: Float, opening: Float) {
        let rings = [Float(1.04), 1.09, 1.14].map { level in
            skeleton.trunkRing(at: level, ease: 0.01 + ease * 0.5)
        }
        mesh.loft(rings, material: cloth, LoftStyle(segments: 14, arc: opening...(2 * .pi - opening), radius: 0.06))
    }

    private mutating func addScarf(_ cloth: UInt8) {
        let sizes: [(Float, Float)] = [(1.0, 0.012), (1.03, 0.035), (1.08, 0.045), (1.13, 0.04), (1.17, 0.02)]
        let rings = sizes.map { level, ease in skeleton.trunkRing(at: level, ease: ease) }
        mesh.loft(rings, material: cloth, LoftStyle(segments: 14, radius: 0.09))
        let end = skeleton.trunk(at: 0.95)
        let size = person.physique.trunk(at: 0.8)
        let line = [Float(0.98), 0.8, 0.62, 0.5].map { level in
            let frame = skeleton.trunk(at: level)
            return frame.origin + frame.front * (size.front + 0.045) + frame.left * 0.035
        }
        strip(line, halfWidth: 0.06, out: end.front, material: cloth, thickness: 0.012)
    }
}
