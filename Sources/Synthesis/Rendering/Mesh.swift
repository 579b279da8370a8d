internal import Foundation

/// A corner of a surface.
struct Vertex {
    var position: Vector
    var normal: Vector
    /// The place on the part in meters, around it from its front and along it from its start; patterns use these
    /// coordinates.
    var place: SIMD2<Float>
    /// The share of the surrounding light that other limbs do not block, 0...1.
    var openness: Float = 1
}

/// Three corners of one material.
struct Triangle {
    var a: Int32
    var b: Int32
    var c: Int32
    var material: UInt8
    /// Whether the triangle belongs to a closed surface, whose inside is never seen.
    var isSolid = true
}

/// One cross-section of a rounded part.
struct Ring {
    var center: Vector
    /// From the center to the left, forwards and backwards.
    var side: Vector
    var front: Vector
    var back: Vector
    /// Meters along the part.
    var along: Float

    init(_ center: Vector, side: Vector, front: Vector, back: Vector? = nil, along: Float) {
        self.center = center
        self.side = side
        self.front = front
        self.back = back ?? -front
        self.along = along
    }
}

/// How rings become a surface.
struct LoftStyle {
    /// Corners around.
    var segments = 14
    /// Angles that are covered, from the front: all round, or open like a jacket.
    var arc: ClosedRange<Float> = -Float.pi...Float.pi
    /// 2: ellipses; more: towards boxes.
    var squareness: Float = 2
    var isStartClosed = false
    var isEndClosed = false
    /// Whether the inside of the cloth can be seen.
    var isOpen = false
    /// Meters around for each radian.
    var radius: Float = 0.1
}

/// A person as triangles.
struct Mesh {
    var vertices: [Vertex] = []
    var triangles: [Triangle] = []

    mutating func reset() {
        vertices.removeAll(keepingCapacity: true)
        triangles.removeAll(keepingCapacity: true)
    }

    /// Connects `rings` to a surface of `material`, moved outwards by `raised` (angle, ring) meters.
    mutating func loft(
        _ rings: [Ring], material: UInt8, _ style: LoftStyle = LoftStyle(),
        raised: ((_ angle: Float, _ ring: Int) -> Float)? = nil
    ) {
        guard rings.count > 1 else { return }
        let columns = style.segments + 1
        let first = vertices.count
        let angles = (0..<columns).map { column in
            style.arc.lowerBound
                + (style.arc.upperBound - style.arc.lowerBound) * Float(column) / Float(style.segments)
        }
        let circle = angles.map { angle in Self.onSection(angle, style.squareness) }
        for (index, ring) in rings.enumerated() {
            for column in 0..<columns {
                let (sine, cosine) = circle[column]
                var arm = ring.side * sine + (cosine > 0 ? ring.front * cosine : ring.back * -cosine)
                if let raised {
                    let height = raised(angles[column], index)
                    if height != 0 { arm += arm.unit * height }
                }
                vertices.append(
                    Vertex(
                        position: ring.center + arm, normal: arm,
                        place: SIMD2(angles[column] * style.radius, ring.along)))
            }
        }
        let isRound = style.arc.upperBound - style.arc.lowerBound > 6.28
        setNormals(from: first, columns: columns, rows: rings.count, isRound: isRound)
        let isSolid = isRound && !style.isOpen
        for row in 0..<rings.count - 1 {
            for column in 0..<columns - 1 {
                let corner = Int32(first + row * columns + column)
                let below = corner + Int32(columns)
                triangles.append(Triangle(a: corner, b: corner + 1, c: below, material: material, isSolid: isSolid))
                triangles.append(Triangle(a: corner + 1, b: below + 1, c: below, material: material, isSolid: isSolid))
            }
        }
        if style.isStartClosed { close(rings[0], rings[1], row: first, columns, material) }
        if style.isEndClosed {
            let last = rings.count - 1
            close(rings[last], rings[last - 1], row: first + last * columns, columns, material)
        }
    }

    /// Sine and cosine, stretched towards the corners of a square.
    private static func onSection(_ angle: Float, _ squareness: Float) -> (Float, Float) {
        let (sine, cosine) = (sin(angle), cos(angle))
        guard squareness != 2 else { return (sine, cosine) }
        func drawn(_ value: Float) -> Float {
            let size = pow(abs(value), 2 / squareness)
            return value < 0 ? -size : size
        }
        return (drawn(sine), drawn(cosine))
    }

    /// Sets the normals at right angles to both directions of the grid, pointing outwards; before the call, `normal`
    /// holds the direction from the center.
    private mutating func setNormals(from first: Int, columns: Int, rows: Int, isRound: Bool) {
        var normals: [Vector] = []
        normals.reserveCapacity(columns * rows)
        for row in 0..<rows {
            let (above, below) = (max(row - 1, 0), min(row + 1, rows - 1))
            for column in 0..<columns {
                let left = column > 0 ? column - 1 : (isRound ? columns - 2 : 0)
                let right = column < columns - 1 ? column + 1 : (isRound ? 1 : columns - 1)
                let here = first + row * columns
                let around = vertices[here + right].position - vertices[here + left].position
                let along =
                    vertices[first + below * columns + column].position
                    - vertices[first + above * columns + column].position
                var normal = around.cross(along)
                let arm = vertices[here + column].normal
                if normal.dot(arm) < 0 { normal = -normal }
                let size = normal.length
                normals.append(size > 1e-12 ? normal * (1 / size) : arm.unit)
            }
        }
        for (index, normal) in normals.enumerated() { vertices[first + index].normal = normal }
    }

    private mutating func close(_ ring: Ring, _ inner: Ring, row: Int, _ columns: Int, _ material: UInt8) {
        let pole = Int32(vertices.count)
        let outwards = (ring.center - inner.center).unit
        let place = SIMD2(Float(0), ring.along)
        vertices.append(Vertex(position: ring.center, normal: outwards, place: place))
        let rim = Int32(vertices.count)
        for column in 0..<columns {
            var vertex = vertices[row + column]
            vertex.normal = (vertex.normal + outwards).unit
            vertices.append(vertex)
        }
        for column in 0..<Int32(columns - 1) {
            triangles.append(Triangle(a: pole, b: rim + column, c: rim + column + 1, material: material))
        }
    }

    /// Turns all vertices from `first` by `heading` around the vertical axis and moves them to `place` on the ground.
    mutating func stand(from first: Int = 0, heading: Float, at place: Vector) {
        let (sine, cosine) = (sin(heading), cos(heading))
        func turned(_ v: Vector) -> Vector { Vector(cosine * v.x + sine * v.z, v.y, cosine * v.z - sine * v.x) }
        for index in first..<vertices.count {
            vertices[index].position = turned(vertices[index].position) + place
            vertices[index].normal = turned(vertices[index].normal)
        }
    }
}
