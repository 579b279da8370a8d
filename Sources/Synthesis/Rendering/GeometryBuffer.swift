/// The nearest surface at each sample of an image: depth, material, normal and place on the surface.
struct GeometryBuffer {
    private(set) var width = 0
    private(set) var height = 0
    private(set) var depth: [Float] = []
    /// The material of each sample; 0: nothing.
    private(set) var material: [UInt8] = []
    /// The normal of each sample; the fourth lane is the openness.
    private(set) var normal: [SIMD4<Float>] = []
    private(set) var place: [SIMD2<Float>] = []
    private var corners: [Vector] = []

    /// Empties the buffer and gives it a size.
    mutating func reset(width: Int, height: Int) {
        (self.width, self.height) = (width, height)
        let count = width * height
        if depth.count < count {
            depth = Array(repeating: .infinity, count: count)
            material = Array(repeating: 0, count: count)
            normal = Array(repeating: .zero, count: count)
            place = Array(repeating: .zero, count: count)
        } else {
            for index in 0..<count {
                depth[index] = .infinity
                material[index] = 0
            }
        }
    }

    /// Draws a mesh as seen from `view` through `window`.
    mutating func draw(_ mesh: Mesh, from view: Viewpoint, through window: Window) {
        let (scaleX, scaleY) = (Float(width) / window.width, Float(height) / window.height)
        corners.removeAll(keepingCapacity: true)
        for vertex in mesh.vertices {
            let seen = view.project(vertex.position)
            corners.append(Vector((seen.x - window.left) * scaleX, (seen.y - window.top) * scaleY, seen.z))
        }
        for triangle in mesh.triangles { draw(triangle, of: mesh, eye: view.eye) }
    }

    private mutating func draw(_ triangle: Triangle, of mesh: Mesh, eye: Vector) {
        let (first, second, third) = (Int(triangle.a), Int(triangle.b), Int(triangle.c))
        if triangle.isSolid {
            let away = mesh.vertices[first].position - eye
            let limit = 0.15 * abs(away.x) + 0.15 * abs(away.z)
            let isHidden =
                mesh.vertices[first].normal.dot(away) > limit && mesh.vertices[second].normal.dot(away) > limit
                && mesh.vertices[third].normal.dot(away) > limit
            if isHidden { return }
        }
        let (a, b, c) = (corners[first], corners[second], corners[third])
        let (low, high) = (pointwiseMin(pointwiseMin(a, b), c), pointwiseMax(pointwiseMax(a, b), c))
        guard high.x > 0, high.y > 0, low.x < Float(width), low.y < Float(height) else { return }
        // Samples are in the middle of their cells: the first and last that can lie within.
        let (left, right) = (max(0, Int(low.x + 0.4999)), min(width - 1, Int(high.x - 0.4999)))
        let (top, bottom) = (max(0, Int(low.y + 0.4999)), min(height - 1, Int(high.y - 0.4999)))
        let area = (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x)
        guard abs(area) > 1e-9, left <= right, top <= bottom else { return }
        let inverse = 1 / area
        // Shares of b and c, which change evenly along rows and columns.
        let stepB = SIMD2((c.y - a.y) * inverse, -(c.x - a.x) * inverse)
        let stepC = SIMD2(-(b.y - a.y) * inverse, (b.x - a.x) * inverse)
        let (va, vb, vc) = (mesh.vertices[first], mesh.vertices[second], mesh.vertices[third])
        for row in top...bottom {
            let y = Float(row) + 0.5 - a.y
            let x = Float(left) + 0.5 - a.x
            var shareB = stepB.x * x + stepB.y * y
            var shareC = stepC.x * x + stepC.y * y
            for index in row * width + left...row * width + right {
                if min(shareB, shareC, 1 - shareB - shareC) >= 0 {
                    let z = a.z + (b.z - a.z) * shareB + (c.z - a.z) * shareC
                    if z < depth[index] {
                        depth[index] = z
                        material[index] = triangle.material
                        var towards = va.normal + (vb.normal - va.normal) * shareB + (vc.normal - va.normal) * shareC
                        // Both sides of open cloth are seen.
                        if towards.dot(va.position - eye) > 0 { towards = -towards }
                        let open =
                            va.openness + (vb.openness - va.openness) * shareB + (vc.openness - va.openness) * shareC
                        normal[index] = SIMD4(towards, open)
                        place[index] = va.place + (vb.place - va.place) * shareB + (vc.place - va.place) * shareC
                    }
                }
                shareB += stepB.x
                shareC += stepC.x
            }
        }
    }
}
