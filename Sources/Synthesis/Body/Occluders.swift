/// A body as capsules, to compute how much of the surrounding light other limbs take from each place.
struct Occluders {
    private struct Capsule {
        let from: Vector
        let to: Vector
        let radius: Float
    }

    private var capsules: [Capsule] = []

    init(_ skeleton: Skeleton) {
        let physique = skeleton.physique
        for leg in skeleton.legs {
            capsules.append(Capsule(from: leg.root, to: leg.joint, radius: physique.leg(at: 0.4)))
            capsules.append(Capsule(from: leg.joint, to: leg.end, radius: physique.leg(at: 1.3)))
        }
        for arm in skeleton.arms {
            capsules.append(Capsule(from: arm.root, to: arm.joint, radius: physique.arm(at: 0.5)))
            capsules.append(Capsule(from: arm.joint, to: arm.end, radius: physique.arm(at: 1.4)))
        }
        let middle = physique.trunk(at: 0.5)
        capsules.append(
            Capsule(
                from: skeleton.trunk(at: 0.05).origin, to: skeleton.trunk(at: 0.85).origin,
                radius: (middle.side + middle.front) / 2))
        capsules.append(
            Capsule(
                from: skeleton.head.origin, to: skeleton.head + Vector(0, physique.headSize * 0.2, 0),
                radius: physique.headSize * 0.8))
    }

    /// Sets the openness of vertices from `first` on: each capsule takes the solid angle of a sphere at its nearest place.
    func shade(_ vertices: inout [Vertex], from first: Int) {
        for index in first..<vertices.count {
            let (place, normal) = (vertices[index].position, vertices[index].normal)
            var openness: Float = 1
            for capsule in capsules {
                let axis = capsule.to - capsule.from
                let share = clamp((place - capsule.from).dot(axis) / max(axis.dot(axis), 1e-6))
                let offset = capsule.from + axis * share - place
                let square = max(offset.dot(offset), 1e-6)
                let facing = offset.dot(normal) / square.squareRoot()
                guard facing > 0 else { continue }
                openness *= 1 - min(0.75, facing * min(capsule.radius * capsule.radius / square, 1))
            }
            vertices[index].openness = openness
        }
    }
}
