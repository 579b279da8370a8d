extension Figure {
    /// Adds one thing that the person carries.
    mutating func add(_ thing: Carried) {
        let cloth = material(thing.surface)
        let strap = material(thing.strap)
        let arm = skeleton.arms[thing.side]
        let hand = arm.end + arm.tip * (person.physique.hand * 0.5)
        switch thing.kind {
        case .backpack: addBackpack(thing, cloth, strap)
        case .shoulderBag: addShoulderBag(thing, cloth, strap)
        case .handbag, .shopping:
            let isBag = thing.kind == .shopping
            let half = isBag ? Vector(0.055, 0.17, 0.15) * thing.size : Vector(0.055, 0.1, 0.145) * thing.size
            let drop: Float = isBag ? 0.16 : 0.13
            let frame = Frame(
                origin: hand + Vector(0, -drop - half.y, 0), left: Vector(1, 0, 0), up: Vector(0, 1, 0),
                front: Vector(0, 0, 1))
            blob(frame, half: half, squareness: isBag ? 3 : 4, material: cloth)
            for end in [Float(-0.6), 0.6] {
                let place = frame + Vector(0, half.y * 0.9, half.z * end)
                strip(
                    [hand, mix(hand, place, 0.5) + Vector(0, 0.01, 0), place], halfWidth: 0.007, out: Vector(1, 0, 0),
                    material: strap)
            }
        case .folder:
            let frame = Frame(
                origin: hand + Vector(0, -0.09, 0), left: Vector(1, 0, 0), up: Vector(0, 1, 0), front: Vector(0, 0, 1))
            blob(frame, half: Vector(0.014, 0.13, 0.17) * thing.size, squareness: 6, material: cloth)
        case .suitcase: addSuitcase(thing, hand, cloth, strap)
        case .umbrella, .closedUmbrella: addUmbrella(thing, hand, cloth, strap)
        }
    }

    private var clothes: Float { 0.6 * person.outfit.top.ease + (person.outfit.outer?.ease ?? 0) }

    private mutating func addBackpack(_ thing: Carried, _ cloth: UInt8, _ strap: UInt8) {
        let frame = skeleton.trunk(at: 0.6)
        let size = person.physique.trunk(at: 0.7)
        let half = Vector(0.145, 0.215, 0.085) * (thing.size * person.physique.height / 1.72)
        let back = size.back + clothes + half.z * 0.85
        let place = Frame(
            origin: frame.origin - frame.front * back + frame.up * 0.01, left: frame.left, up: frame.up,
            front: frame.front)
        blob(place, half: half, squareness: 3.6, segments: 16, material: cloth)
        let pocket = Frame(
            origin: place + Vector(0, -half.y * 0.42, -half.z * 0.85), left: frame.left, up: frame.up,
            front: frame.front)
        blob(pocket, half: Vector(half.x * 0.8, half.y * 0.42, half.z * 0.4), squareness: 3.4, material: cloth)
        for sign in [Float(-1), 1] {
            let line = [(Float(1.02), Float(-0.9)), (1.07, 0), (0.98, 0.75), (0.82, 1), (0.62, 1), (0.45, 0.7)].map {
                level, ahead in
                let frame = skeleton.trunk(at: level)
                let size = person.physique.trunk(at: min(level, 0.98))
                let depth = ahead > 0 ? (size.front + clothes + 0.012) * ahead : (size.back + clothes) * ahead
                let wide = person.physique.shoulderReach * (level < 0.7 ? 0.78 : 0.62)
                return frame.origin + frame.left * (sign * wide) + frame.front * depth + frame.up
                    * (ahead == 0 ? 0.025 + clothes : 0)
            }
            strip(line, halfWidth: 0.023, out: frame.front, material: strap, thickness: 0.01)
        }
    }

    private mutating func addShoulderBag(_ thing: Carried, _ cloth: UInt8, _ strap: UInt8) {
        let sign: Float = thing.side == 0 ? 1 : -1
        let hip = skeleton.trunk(at: 0.05)
        let seat = person.physique.trunk(at: 0)
        let half = Vector(0.05, 0.115, 0.16) * thing.size
        let isAcross = person.offset.y > 100
        let frame = Frame(
            origin: hip.origin + hip.left * (sign * (seat.side + clothes + half.x + 0.02)) - hip.front * 0.04
                + Vector(0, isAcross ? 0 : 0.1, 0),
            left: hip.left, up: Vector(0, 1, 0), front: hip.front)
        blob(frame, half: half, squareness: 3.6, segments: 14, material: cloth)
        let root = person.physique.shoulderReach * 0.65 * (isAcross ? -sign : sign)
        for face in [Float(1), -1] {
            let line = [Float(1.04), 0.92, 0.75, 0.55, 0.35, 0.15].enumerated().map { step, level in
                let trunk = skeleton.trunk(at: level)
                let size = person.physique.trunk(at: level)
                let share = Float(step) / 5
                let x = mix(root, sign * (seat.side + clothes + 0.02), share)
                let round = max(0.15, 1 - raised(abs(x) / (size.side + 0.06), 2)).squareRoot()
                let depth = (face > 0 ? size.front : size.back) + clothes + 0.014
                return trunk.origin + trunk.left * x + trunk.front * (face * depth * round * (step == 0 ? 0.2 : 1))
                    + trunk.up * (step == 0 ? 0.03 + clothes : 0)
            }
            strip(line, halfWidth: 0.014, out: hip.front * face, material: strap, thickness: 0.006)
        }
    }

    private mutating func addSuitcase(_ thing: Carried, _ hand: Vector, _ cloth: UInt8, _ strap: UInt8) {
        let half = Vector(0.19, 0.29, 0.12) * thing.size
        let tilt: Float = 0.45
        let up = Vector(0, 1, 0).turned(around: Vector(1, 0, 0), by: tilt)
        let front = Vector(1, 0, 0).cross(up)
        // From the hand down along the handle to the case, whose wheels touch the ground.
        let reach = max(0.05, (hand.y - 2 * half.y * up.y - 0.03) / up.y)
        let top = hand - up * reach
        let frame = Frame(origin: top - up * half.y, left: Vector(1, 0, 0), up: up, front: front)
        blob(frame, half: half, squareness: 5, segments: 16, material: cloth)
        for sign in [Float(-0.35), 0.35] {
            strip(
                [hand, top + Vector(sign * half.x, 0, 0)], halfWidth: 0.008, out: front, material: strap,
                thickness: 0.008)
            let wheel = Frame(
                origin: frame + Vector(sign * half.x * 2.2, -half.y, -half.z * 0.6), left: Vector(1, 0, 0),
                up: Vector(0, 1, 0), front: Vector(0, 0, 1))
            blob(wheel, half: Vector(0.015, 0.03, 0.03), segments: 8, material: strap)
        }
    }

    private mutating func addUmbrella(_ thing: Carried, _ hand: Vector, _ cloth: UInt8, _ strap: UInt8) {
        guard thing.kind == .umbrella else {
            let end = hand + Vector(0, -0.5, 0.12)
            let rings = [(Float(-0.1), Float(0.012)), (0.1, 0.03), (0.6, 0.028), (1, 0.006)].map { share, radius in
                Ring(mix(hand, end, share), side: Vector(radius, 0, 0), front: Vector(0, 0, radius), along: share)
            }
            mesh.loft(rings, material: cloth, LoftStyle(segments: 9, isStartClosed: true, isEndClosed: true))
            return
        }
        let top = skeleton.head.origin + Vector(0, 0.36, 0.05)
        strip(
            [hand + Vector(0, -0.12, 0), top], halfWidth: 0.008, out: Vector(0, 0, 1), material: strap, thickness: 0.008
        )
        let radius = 0.5 * thing.size
        let rings = [(Float(0.02), Float(0.06)), (0.25, 0.045), (0.55, 0), (0.82, -0.08), (1, -0.16)].map {
            share, height in
            Ring(
                top + Vector(0, height, 0), side: Vector(radius * share, 0, 0), front: Vector(0, 0, radius * share),
                along: share * radius)
        }
        mesh.loft(
            rings, material: cloth, LoftStyle(segments: 16, isStartClosed: true, isOpen: true, radius: radius * 0.6))
    }
}
