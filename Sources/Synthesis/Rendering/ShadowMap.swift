/// A shadow map: the depths of a mesh as seen from the sun.
struct ShadowMap {
    private static let side = 112
    private var depth: [Float] = Array(repeating: .infinity, count: side * side)
    private var right = Vector.zero
    private var up = Vector.zero
    private var forward = Vector.zero
    private var origin = Vector.zero
    private var scale: Float = 1
    private var softness: Float = 1
    private var corners: [Vector] = []

    /// Draws `mesh` as seen from where `direction` points.
    mutating func draw(_ mesh: Mesh, light: Light) {
        for index in depth.indices { depth[index] = .infinity }
        forward = -light.direction
        right = Vector(0, 1, 0).cross(forward).unit
        up = forward.cross(right)
        var (low, high) = (Vector(repeating: .infinity), Vector(repeating: -.infinity))
        corners.removeAll(keepingCapacity: true)
        for vertex in mesh.vertices {
            let seen = Vector(vertex.position.dot(right), vertex.position.dot(up), vertex.position.dot(forward))
            corners.append(seen)
            low = pointwiseMin(low, seen)
            high = pointwiseMax(high, seen)
        }
        let extent = max(high.x - low.x, high.y - low.y, 0.1)
        scale = Float(Self.side - 4) / extent
        origin = Vector(low.x - 2 / scale, low.y - 2 / scale, 0)
        softness = clamp(light.softness * scale, 0.75, 5)
        for triangle in mesh.triangles {
            // Closed parts cast their shadow with the lit side, so other sides are skipped.
            if triangle.isSolid, mesh.vertices[Int(triangle.a)].normal.dot(forward) > 0.3 { continue }
            draw(corners[Int(triangle.a)], corners[Int(triangle.b)], corners[Int(triangle.c)])
        }
    }

    private mutating func draw(_ first: Vector, _ second: Vector, _ third: Vector) {
        func onMap(_ v: Vector) -> Vector { Vector((v.x - origin.x) * scale, (v.y - origin.y) * scale, v.z) }
        let (a, b, c) = (onMap(first), onMap(second), onMap(third))
        let area = (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x)
        guard abs(area) > 1e-9 else { return }
        let inverse = 1 / area
        let (left, right) = (Int(min(a.x, b.x, c.x) + 0.4), Int(max(a.x, b.x, c.x) - 0.4))
        let (top, bottom) = (Int(min(a.y, b.y, c.y) + 0.4), Int(max(a.y, b.y, c.y) - 0.4))
        guard left <= right, top <= bottom else { return }
        // A little larger than it is, so that thin parts do not fall between samples.
        let margin: Float = -0.02
        for row in top...min(Self.side - 1, bottom) {
            for column in left...min(Self.side - 1, right) {
                let (x, y) = (Float(column) + 0.5 - a.x, Float(row) + 0.5 - a.y)
                let shareB = ((c.y - a.y) * x - (c.x - a.x) * y) * inverse
                let shareC = ((b.x - a.x) * y - (b.y - a.y) * x) * inverse
                guard shareB >= margin, shareC >= margin, shareB + shareC <= 1 - margin else { continue }
                let z = a.z + (b.z - a.z) * shareB + (c.z - a.z) * shareC
                let index = row * Self.side + column
                if z < depth[index] { depth[index] = z }
            }
        }
    }

    /// The share of the sun's light that reaches a place, 0...1.
    @inline(__always)
    func light(at place: Vector, bias: Float) -> Float {
        let x = (place.dot(right) - origin.x) * scale - 0.5
        let y = (place.dot(up) - origin.y) * scale - 0.5
        let z = place.dot(forward) - bias
        let edge = Float(Self.side) + softness
        guard x > -softness, y > -softness, x < edge, y < edge else { return 1 }
        var open: Float = 0
        for (shiftX, shiftY) in [(Float(-0.5), Float(-0.5)), (0.5, -0.5), (-0.5, 0.5), (0.5, 0.5)] {
            open += sample(x + shiftX * softness, y + shiftY * softness, z)
        }
        return open * 0.25
    }

    @inline(__always)
    private func sample(_ x: Float, _ y: Float, _ z: Float) -> Float {
        let (floorX, floorY) = (x.rounded(.down), y.rounded(.down))
        let (column, row) = (Int(floorX), Int(floorY))
        guard column >= 0, row >= 0, column < Self.side - 1, row < Self.side - 1 else { return 1 }
        let index = row * Self.side + column
        func open(_ depth: Float) -> Float { depth > z ? 1 : 0 }
        let (shareX, shareY) = (x - floorX, y - floorY)
        let above = mix(open(depth[index]), open(depth[index + 1]), shareX)
        let below = mix(open(depth[index + Self.side]), open(depth[index + Self.side + 1]), shareX)
        return mix(above, below, shareY)
    }
}
