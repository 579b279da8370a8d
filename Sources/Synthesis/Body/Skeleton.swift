internal import Foundation

/// A place with three directions: to the person's left, up and forwards.
struct Frame {
    var origin: Vector
    var left: Vector
    var up: Vector
    var front: Vector

    static func + (frame: Frame, offset: Vector) -> Vector {
        frame.origin + frame.left * offset.x + frame.up * offset.y + frame.front * offset.z
    }
}

/// Joints of two bones: where a limb begins, bends and ends.
struct Limb {
    var root: Vector
    var joint: Vector
    var end: Vector
    /// The axis the joint bends around, roughly to the left.
    var hinge: Vector
    /// Where the hand or foot points.
    var tip: Vector
}

/// A posed body: joints in meters, the feet on the ground, facing along z.
struct Skeleton {
    let physique: Physique
    private(set) var pelvis: Frame
    private(set) var chest: Frame
    private(set) var head: Frame
    /// For the left and the right side.
    private(set) var legs: [Limb] = []
    private(set) var arms: [Limb] = []

    init(_ physique: Physique, _ pose: Pose) {
        self.physique = physique
        let stride = physique.stride * min(pose.pace, 1.6)
        let turn = -cos(pose.phase) * 0.1 * min(pose.pace, 1)
        pelvis = Frame(
            origin: Vector(0, physique.hipHeight, 0), left: Vector(cos(turn), 0, -sin(turn)), up: Vector(0, 1, 0),
            front: Vector(sin(turn), 0, cos(turn)))
        let lean = pose.lean + physique.stoop
        let twist = -turn * 1.6 + pose.twist
        let up = Vector(0, 1, 0).turned(around: Vector(1, 0, 0), by: lean).turned(
            around: Vector(0, 0, 1), by: pose.sway)
        let facing = Vector(0, 0, 1).turned(around: Vector(0, 1, 0), by: twist)
        let left = up.cross(facing).unit
        let rise = physique.shoulderHeight - physique.hipHeight
        chest = Frame(origin: pelvis.origin + up * rise, left: left, up: up, front: left.cross(up).unit)
        let neck = physique.headHeight - physique.shoulderHeight
        let bow = lean * 0.4 + physique.stoop
        let above = up.turned(around: left, by: bow * 0.6)
        let look = facing.turned(around: Vector(0, 1, 0), by: pose.headTurn)
        let across = Vector(0, 1, 0).cross(look).unit
        let crown = Vector(0, 1, 0).turned(around: across, by: pose.headNod)
        head = Frame(
            origin: chest.origin + above * neck + look * (0.012 * physique.height), left: across, up: crown,
            front: across.cross(crown).unit)
        for side in 0..<2 {
            legs.append(leg(side, stride, pose))
            arms.append(arm(side, pose))
        }
        standOnGround(pose)
    }

    private func leg(_ side: Int, _ stride: Float, _ pose: Pose) -> Limb {
        let sign: Float = side == 0 ? 1 : -1
        let phase = pose.phase + (side == 0 ? 0 : .pi)
        let hip = pelvis + Vector(sign * physique.hipReach, 0, 0)
        let thigh = 0.06 * stride + 0.4 * stride * cos(phase)
        let swing = max(0, -sin(phase + 0.35))
        let bend = 0.07 + 0.1 * stride + 0.95 * stride * swing * swing
        let splay = sign * 0.025
        let axis = Vector(1, 0, 0).turned(around: Vector(0, 1, 0), by: sign * physique.toes * 0.5)
        func bone(_ angle: Float, _ length: Float) -> Vector {
            Vector(0, -length, 0).turned(around: axis, by: -angle).turned(around: Vector(0, 0, 1), by: splay)
        }
        let knee = hip + bone(thigh, physique.hipHeight - physique.kneeHeight)
        let ankle = knee + bone(thigh - bend, physique.kneeHeight - physique.ankleHeight)
        // The foot lies flat in stance, its heel rises at the end, its toes rise before the heel strikes.
        let push = smoothstep(0.35, 1, -cos(phase)) * smoothstep(-0.5, 0.6, -sin(phase) + 0.6)
        let pitch = stride * (0.3 * smoothstep(0.6, 1, cos(phase)) - 0.75 * push - 0.35 * swing)
        let toe = axis.cross(Vector(0, 1, 0)).unit.turned(around: axis, by: -pitch)
        return Limb(root: hip, joint: knee, end: ankle, hinge: axis, tip: toe)
    }

    private func arm(_ side: Int, _ pose: Pose) -> Limb {
        let sign: Float = side == 0 ? 1 : -1
        let action = side == 0 ? pose.arms.0 : pose.arms.1
        let jitter = side == 0 ? pose.jitter.0 : pose.jitter.1
        let shoulder = chest + Vector(sign * physique.shoulderReach, -0.028 * physique.height, 0)
        let beat = -cos(pose.phase + (side == 0 ? 0 : .pi)) * physique.armSwing * min(pose.pace, 1.3)
        var raise = 0.05 + 0.42 * beat + jitter
        var bend = 0.22 + 0.22 * max(0, beat) + jitter * 0.6 + (pose.pace > 1.3 ? 1.1 : 0)
        var spread = physique.armSpread
        var inwards: Float = 0.1
        switch action {
        case .swing: break
        case .pocket: (raise, bend, spread, inwards) = (-0.22 + jitter, 0.72, spread + 0.16, 0.5)
        case .phone: (raise, bend, spread, inwards) = (0.35 + jitter, 1.75 + jitter, spread, 0.45)
        case .call: (raise, bend, spread, inwards) = (0.45 + jitter, 2.4, spread + 0.35, 0.25)
        case .carry: (raise, bend, spread, inwards) = (0.02 + 0.12 * beat + jitter * 0.5, 0.14, spread + 0.05, 0.05)
        case .pull: (raise, bend, spread, inwards) = (-0.4 + jitter * 0.5, 0.1, spread + 0.04, 0)
        case .strap: (raise, bend, spread, inwards) = (0.15 + jitter, 2.15, spread + 0.12, 0.35)
        case .crossed: (raise, bend, spread, inwards) = (0.42, 1.5, spread, 1.15)
        case .umbrella: (raise, bend, spread, inwards) = (0.35 + jitter * 0.5, 1.75, spread, 0.1)
        case .hips: (raise, bend, spread, inwards) = (-0.35, 1.35, spread + 0.55, 1.1)
        }
        // Down, raised forwards around the left axis, then away from the body around the front axis.
        func swung(_ v: Vector, by angle: Float) -> Vector {
            v.turned(around: chest.left, by: -angle).turned(around: chest.front, by: sign * spread)
        }
        let down = Vector(0, -1, 0)
        let upper = swung(down, by: raise)
        let hinge = chest.left.turned(around: upper, by: sign * inwards).turned(around: chest.front, by: sign * spread)
        let fore = upper.turned(around: hinge, by: -bend)
        let elbow = shoulder + upper * physique.upperArm
        let wrist = elbow + fore * physique.foreArm
        return Limb(root: shoulder, joint: elbow, end: wrist, hinge: hinge, tip: fore.turned(around: hinge, by: -0.15))
    }

    /// Lifts or lowers everything so that the lower foot stands on the ground.
    private mutating func standOnGround(_ pose: Pose) {
        var lowest = Float.infinity
        for leg in legs {
            let toe = leg.end + leg.tip * (physique.foot * 0.72)
            lowest = min(lowest, leg.end.y - physique.ankleHeight, toe.y - physique.ankleHeight * 0.5)
        }
        let shift = Vector(0, -lowest, 0)
        pelvis.origin += shift
        chest.origin += shift
        head.origin += shift
        for side in 0..<2 {
            legs[side] = legs[side].moved(by: shift)
            arms[side] = arms[side].moved(by: shift)
        }
    }

    /// The trunk's frame at a level: 0 at the hips, 1 at the shoulders.
    func trunk(at level: Float) -> Frame {
        let share = clamp(level)
        // A spine that is a little hollow at the waist and round at the chest.
        let hollow = 0.012 * physique.height * sin(clamp(level, 0, 1) * 2 * .pi)
        let rise = chest.origin - pelvis.origin
        let left = mix(pelvis.left, chest.left, share).unit
        let up = mix(Vector(0, 1, 0), chest.up, smoothstep(0, 0.5, level)).unit
        let front = left.cross(up).unit
        return Frame(origin: pelvis.origin + rise * level + front * hollow, left: left, up: up, front: front)
    }

    /// A ring around the trunk, `ease` meters away from the skin.
    func trunkRing(at level: Float, ease: Float) -> Ring {
        let frame = trunk(at: level)
        let size = physique.trunk(at: level)
        return Ring(
            frame.origin, side: frame.left * (size.side + ease), front: frame.front * (size.front + ease),
            back: -frame.front * (size.back + ease),
            along: (1 - level) * (physique.shoulderHeight - physique.hipHeight))
    }
}

extension Limb {
    func moved(by shift: Vector) -> Limb {
        Limb(root: root + shift, joint: joint + shift, end: end + shift, hinge: hinge, tip: tip)
    }

    /// The place on the limb: 0 at its root, 1 at its joint, 2 at its end.
    func place(at share: Float) -> Vector {
        share < 1 ? mix(root, joint, share) : mix(joint, end, share - 1)
    }

    /// Cross-sections from one share of the limb to another, with a radius for each; bends are rounded off.
    ///
    /// `back` says how much deeper a section is at the back, as at a calf.
    func rings(
        _ shares: [Float], from start: Float = 0, deeper: (Float) -> Float = { _ in 1 }, radius: (Float) -> Float
    ) -> [Ring] {
        let (upper, lower) = ((joint - root), (end - joint))
        var along = start
        var previous = place(at: shares[0])
        return shares.map { share in
            let bend = smoothstep(0.75, 1.25, share)
            let direction = mix(upper.unit, lower.unit, bend).unit
            let front = direction.cross(hinge).unit
            let side = front.cross(direction).unit
            let center = place(at: share)
            along += (center - previous).length
            previous = center
            let size = radius(share)
            return Ring(
                center, side: side * size, front: front * size, back: -front * (size * deeper(share)), along: along)
        }
    }
}
