/// A place on a canvas, in pixels from its top left corner; the first pixel's centre is (0.5, 0.5).
public struct Point: Sendable, Equatable {
    /// To the right.
    public var x: Float
    /// Downwards.
    public var y: Float

    /// A place `x` to the right and `y` down.
    public init(_ x: Float, _ y: Float) {
        self.x = x
        self.y = y
    }

    static func - (a: Point, b: Point) -> Point { Point(a.x - b.x, a.y - b.y) }

    func dot(_ other: Point) -> Float { x * other.x + y * other.y }

    var length: Float { dot(self).squareRoot() }
}

/// Something that can be filled, given by its distance to any point: negative within, in pixels.
public enum Shape: Sendable, Equatable {
    /// The rectangle between two corners, its corners rounded by `radius`.
    case rectangle(Point, Point, radius: Float = 0)
    /// The ellipse around `centre` with half-axes `across` and `down`; distances are approximate away from the edge.
    case ellipse(centre: Point, across: Float, down: Float)
    /// A rounded limb: a line with a round pen whose radius goes from one value to another.
    case limb(from: Point, to: Point, radius: Float, endRadius: Float)
    /// The polygon through `corners`, at least three, grown by `radius` with round corners.
    case polygon([Point], radius: Float = 0)

    /// The signed distance of `point` to the edge.
    func distance(to point: Point) -> Float {
        switch self {
        case .rectangle(let a, let b, let radius):
            let x = max(a.x - point.x, point.x - b.x) + radius
            let y = max(a.y - point.y, point.y - b.y) + radius
            return Point(max(x, 0), max(y, 0)).length + min(max(x, y), 0) - radius
        case .ellipse(let centre, let across, let down):
            let offset = point - centre
            let once = Point(offset.x / across, offset.y / down)
            let twice = Point(once.x / across, once.y / down)
            return twice == Point(0, 0) ? -min(across, down) : once.length * (once.length - 1) / twice.length
        case .limb(let from, let to, let radius, let endRadius):
            let (offset, axis) = (point - from, to - from)
            let along = axis == Point(0, 0) ? 0 : min(max(offset.dot(axis) / axis.dot(axis), 0), 1)
            let nearest = Point(offset.x - axis.x * along, offset.y - axis.y * along)
            return nearest.length - (radius + (endRadius - radius) * along)
        case .polygon(let corners, let radius):
            return Self.distance(to: point, corners: corners) - radius
        }
    }

    /// The distance that shading goes by: a limb's is that of a cylinder without ends, so that joined limbs show no seam.
    func roundness(at point: Point) -> Float {
        guard case .limb(let from, let to, let radius, let endRadius) = self, from != to else {
            return distance(to: point)
        }
        let (offset, axis) = (point - from, to - from)
        let along = offset.dot(axis) / axis.dot(axis)
        let nearest = Point(offset.x - axis.x * along, offset.y - axis.y * along)
        return nearest.length - (radius + (endRadius - radius) * min(max(along, 0), 1))
    }

    /// The distance to the nearest edge; its sign from how often a ray to the right crosses edges.
    private static func distance(to point: Point, corners: [Point]) -> Float {
        guard var previous = corners.last else { return .infinity }
        var (nearest, isWithin) = (Float.infinity, false)
        for corner in corners {
            let (edge, offset) = (previous - corner, point - corner)
            let along = edge == Point(0, 0) ? 0 : min(max(offset.dot(edge) / edge.dot(edge), 0), 1)
            nearest = min(nearest, Point(offset.x - edge.x * along, offset.y - edge.y * along).length)
            if (corner.y > point.y) != (previous.y > point.y) {
                let crossing = corner.x + (point.y - corner.y) * edge.x / edge.y
                if point.x < crossing { isWithin.toggle() }
            }
            previous = corner
        }
        return isWithin ? -nearest : nearest
    }

    /// Two corners that the whole shape lies between.
    var bounds: (Point, Point) {
        switch self {
        case .rectangle(let a, let b, _): (a, b)
        case .ellipse(let centre, let across, let down):
            (Point(centre.x - across, centre.y - down), Point(centre.x + across, centre.y + down))
        case .limb(let from, let to, let radius, let endRadius):
            Self.bounds(of: [from, to], grownBy: max(radius, endRadius))
        case .polygon(let corners, let radius): Self.bounds(of: corners, grownBy: radius)
        }
    }

    private static func bounds(of points: [Point], grownBy radius: Float) -> (Point, Point) {
        var (least, most) = (Point(.infinity, .infinity), Point(-.infinity, -.infinity))
        for point in points {
            least = Point(min(least.x, point.x - radius), min(least.y, point.y - radius))
            most = Point(max(most.x, point.x + radius), max(most.y, point.y + radius))
        }
        return (least, most)
    }
}
