/// A dressed, posed person as a mesh, with what its materials look like.
struct Figure {
    var mesh = Mesh()
    /// The surfaces, indexed by the mesh's materials; the first one means "nothing".
    var surfaces: [Surface] = [.hard(.zero)]
    /// The faces, indexed by `Surface.face`.
    var faces: [Face] = []
    /// The person being built.
    private(set) var person: Person
    private(set) var skeleton: Skeleton

    init(_ person: Person, _ pose: Pose) {
        self.person = person
        skeleton = Skeleton(person.physique, pose)
        build()
    }

    /// Adds a person, on the same ground as those that are already there.
    mutating func add(_ person: Person, _ pose: Pose, heading: Float, at place: Vector) {
        let first = mesh.vertices.count
        self.person = person
        skeleton = Skeleton(person.physique, pose)
        build()
        mesh.stand(from: first, heading: heading, at: place)
    }

    private mutating func build() {
        let first = mesh.vertices.count
        addLegs()
        addTrunk()
        addArms()
        addHead()
        for thing in person.carried { add(thing) }
        Occluders(skeleton).shade(&mesh.vertices, from: first)
    }

    /// The number of a surface; adds the surface if it is new.
    mutating func material(_ surface: Surface) -> UInt8 {
        surfaces.append(surface)
        return UInt8(truncatingIfNeeded: min(surfaces.count - 1, 255))
    }

    /// Adds an ellipsoid, or with a large `squareness` a box with rounded corners; `half` is its half size to the left,
    /// up and to the front.
    mutating func blob(_ frame: Frame, half: Vector, squareness: Float = 2, segments: Int = 12, material: UInt8) {
        let steps: [Float] =
            squareness > 2
            ? [-1, -0.96, -0.85, -0.4, 0.1, 0.55, 0.85, 0.96, 1] : [-1, -0.9, -0.6, -0.2, 0.2, 0.6, 0.9, 1]
        let power = max(squareness, 2)
        let rings = steps.map { step in
            let share = raised(1 - raised(abs(step), power), 1 / power)
            let size = max(share, 0.02)
            return Ring(
                frame.origin + frame.up * (half.y * step), side: frame.left * (half.x * size),
                front: frame.front * (half.z * size), along: half.y * (1 - step))
        }
        mesh.loft(
            rings, material: material,
            LoftStyle(
                segments: segments, squareness: squareness, isStartClosed: true, isEndClosed: true,
                radius: (half.x + half.z) / 2))
    }

    /// Adds a strip along a line, facing `out`.
    mutating func strip(_ line: [Vector], halfWidth: Float, out: Vector, material: UInt8, thickness: Float = 0.004) {
        guard line.count > 1 else { return }
        var along: Float = 0
        var rings: [Ring] = []
        for index in line.indices {
            let ahead = line[min(index + 1, line.count - 1)] - line[max(index - 1, 0)]
            if index > 0 { along += (line[index] - line[index - 1]).length }
            let side = ahead.cross(out).unit
            rings.append(
                Ring(
                    line[index], side: side * halfWidth, front: side.cross(ahead).unit * thickness, along: along))
        }
        mesh.loft(rings, material: material, LoftStyle(segments: 6, radius: halfWidth))
    }
}
