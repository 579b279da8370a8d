extension Figure {
    private var headSize: Float { person.physique.headSize }

    /// A ring around the head at a level; its distance from the skin is `ease`, in half heads.
    private func headRing(_ level: Float, ease: Float = 0) -> Ring {
        let size = HeadShape.size(at: level)
        let head = skeleton.head
        return Ring(
            head + Vector(0, level * headSize, 0), side: head.left * ((size.side + ease) * headSize),
            front: head.front * ((size.front + ease) * headSize), back: -head.front * ((size.back + ease) * headSize),
            along: level)
    }

    /// Adds head, face, hair and hat.
    mutating func addHead() {
        let hair = person.hair
        faces.append(Face(skin: person.skin, hair: hair, offset: person.offset))
        var surface = Surface.skin(person.skin)
        surface.kind = .head
        surface.face = faces.count - 1
        let skin = material(surface)
        let levels: [Float] = [
            -1.02, -0.94, -0.82, -0.65, -0.45, -0.25, -0.08, 0.1, 0.28, 0.45, 0.6, 0.73, 0.84, 0.93, 1.01,
        ]
        let hasHat = person.hat.kind != .none && person.hat.kind != .headscarf
        let thickness = hasHat ? min(hairThickness, 0.08) : hairThickness
        mesh.loft(
            levels.map { headRing($0) }, material: skin,
            LoftStyle(segments: 22, isStartClosed: true, isEndClosed: true, radius: 1)
        ) { [size = headSize] angle, ring in
            let level = levels[ring]
            let turn = abs(angle)
            var out = thickness * smoothstep(-0.12, 0.16, level - HeadShape.hairline(at: angle, hair))
            out += 0.15 * smoothstep(0.3, 0.05, turn) * smoothstep(0.32, -0.1, level) * smoothstep(-0.4, -0.2, level)
            out += 0.12 * smoothstep(0.2, 0.06, abs(turn - 1.55)) * smoothstep(0.28, 0.12, abs(level + 0.02))
            out += hair.beard * 0.06 * smoothstep(-0.4, -0.6, level) * smoothstep(1.6, 1.1, turn)
            return out * size
        }
        addHair()
        addHat()
        if let outer = person.outfit.outer, outer.hood == .up {
            addShroud(material(outer.cloth), ease: 0.2, open: 0.75, lowest: -1.5)
        }
    }

    private var hairThickness: Float {
        switch person.hair.style {
        case .bald: 0
        case .cropped: 0.03
        case .short: 0.09
        case .parted: 0.14
        case .bushy: 0.34
        case .bob, .long: 0.13
        case .ponytail, .bun: 0.07
        }
    }

    private mutating func addHair() {
        var surface = Surface(kind: .hair, pattern: .plain(person.hair.color, offset: person.offset), gloss: 0.05)
        surface.foldSize = SIMD2(0.03, 0.3)
        let head = skeleton.head
        switch person.hair.style {
        case .bald, .cropped, .short, .parted, .bushy: break
        case .bob:
            addShroud(material(surface), ease: 0.15, open: 1.05, lowest: -1.05, isHair: true)
        case .long:
            let cloth = material(surface)
            addShroud(cloth, ease: 0.15, open: 1.0, lowest: -1.0, isHair: true)
            addMane(cloth)
        case .ponytail:
            let size = headSize
            let start = head + Vector(0, 0.35 * size, -0.9 * size)
            let length = 0.1 + person.hair.length * 0.8
            let line = [
                start, start + head.front * (-0.4 * size) + Vector(0, 0.05 * size, 0),
                start + head.front * (-0.55 * size) + Vector(0, -0.35 * length, 0),
                start + head.front * (-0.45 * size) + Vector(0, -0.75 * length, 0),
                start + head.front * (-0.35 * size) + Vector(0, -length, 0),
            ]
            let radii: [Float] = [0.022, 0.028, 0.034, 0.028, 0.008]
            let rings = zip(line, radii).map { place, radius in
                Ring(place, side: head.left * radius, front: Vector(0, radius * 0.5, 0) + head.front * radius, along: 0)
            }
            mesh.loft(rings, material: material(surface), LoftStyle(segments: 9, isEndClosed: true))
        case .bun:
            let level: Float = person.offset.x > 125 ? 0.95 : 0.4
            let place = Frame(
                origin: head + Vector(0, level * headSize, (level > 0.9 ? -0.45 : -1.0) * headSize), left: head.left,
                up: head.up, front: head.front)
            let radius = 0.4 * headSize
            blob(place, half: Vector(radius, radius * 0.9, radius * 0.85), segments: 10, material: material(surface))
        }
    }

    /// Adds hair that hangs down the back.
    private mutating func addMane(_ cloth: UInt8) {
        let length = person.hair.length
        let physique = person.physique
        let rise = physique.shoulderHeight - physique.hipHeight
        let top = headRing(-0.55, ease: 0.12)
        var rings = [top]
        for drop in Self.steps(from: 0.03, to: max(0.09, length + 0.05), count: 5) {
            let height = skeleton.head.origin.y - headSize - drop + 0.04
            let level = clamp((height - skeleton.pelvis.origin.y) / rise, 0, 1.1)
            let frame = skeleton.trunk(at: level)
            let size = physique.trunk(at: level)
            let clothes = 0.02 + (person.outfit.outer?.ease ?? 0) + person.outfit.top.ease
            let wide =
                (0.056 + 0.02 * smoothstep(0, 0.12, drop)) * physique.height * mix(1, 0.8, drop / (length + 0.05))
            rings.append(
                Ring(
                    frame.origin, side: frame.left * min(wide, size.side + 0.05), front: frame.front * 0.03,
                    back: -frame.front * (size.back + clothes), along: -1 - drop))
        }
        mesh.loft(rings, material: cloth, LoftStyle(segments: 14, arc: 1.35...(2 * .pi - 1.35), radius: 0.09))
    }

    /// Adds a cover around the head that leaves the face open: a hood, a headscarf or hair at the sides.
    private mutating func addShroud(_ cloth: UInt8, ease: Float, open: Float, lowest: Float, isHair: Bool = false) {
        let levels = Self.steps(from: isHair ? 0.75 : 0.62, to: lowest, count: 8)
        let sides = levels.map { level -> Ring in
            var ring = headRing(max(level, -0.35), ease: ease)
            ring.center =
                skeleton.head + Vector(0, level * headSize, level < -0.4 ? (level + 0.4) * 0.12 * headSize : 0)
            return ring
        }
        mesh.loft(sides, material: cloth, LoftStyle(segments: 16, arc: open...(2 * .pi - open), radius: 0.09))
        guard !isHair else { return }
        let crown = [Float(0.55), 0.75, 0.9, 1.01].map { headRing($0, ease: ease) }
        mesh.loft(crown, material: cloth, LoftStyle(segments: 16, isEndClosed: true, radius: 0.09))
        var neck = headRing(-0.5, ease: ease * 0.6)
        neck.center = skeleton.head + Vector(0, -1.05 * headSize, -0.1 * headSize)
        let shoulder = skeleton.trunkRing(at: 1.02, ease: 0.03)
        mesh.loft([neck, shoulder], material: cloth, LoftStyle(segments: 14, radius: 0.09))
    }

    private mutating func addHat() {
        let hat = person.hat
        guard hat.kind != .none else { return }
        let cloth = material(hat.surface)
        let closed = LoftStyle(segments: 16, isEndClosed: true, radius: 0.09)
        func dome(_ levels: [Float], ease: Float) -> [Ring] { levels.map { headRing($0, ease: ease) } }
        switch hat.kind {
        case .none: break
        case .cap:
            mesh.loft(dome([0.4, 0.6, 0.78, 0.9, 1.01], ease: 0.11), material: cloth, closed)
            var (inner, outer) = (headRing(0.45, ease: 0.09), headRing(0.36, ease: 0.1))
            outer.front *= 1.85
            outer.back *= 1.75
            outer.side *= 1.02
            inner.along = 0
            let arc: ClosedRange<Float> = hat.isBackwards ? (.pi - 1)...(.pi + 1) : -1...1
            mesh.loft([inner, outer], material: cloth, LoftStyle(segments: 8, arc: arc, radius: 0.09))
        case .beanie:
            mesh.loft(dome([0.22, 0.34, 0.42, 0.6, 0.78, 0.92, 1.01], ease: 0.15), material: cloth, closed)
        case .brim:
            mesh.loft(dome([0.45, 0.65, 0.86, 0.97], ease: 0.14), material: cloth, closed)
            var outer = headRing(0.38, ease: 0.85)
            outer.center.y -= 0.012
            mesh.loft(
                [headRing(0.47, ease: 0.1), outer], material: cloth, LoftStyle(segments: 18, isOpen: true, radius: 0.1))
        case .helmet:
            mesh.loft(dome([0.25, 0.5, 0.7, 0.85, 0.95, 1.01], ease: 0.3), material: cloth, closed)
        case .headscarf:
            addShroud(cloth, ease: 0.14, open: 0.72, lowest: -1.25)
        }
    }
}
