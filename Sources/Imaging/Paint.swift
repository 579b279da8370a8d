/// What a shape is filled with: a colour for each place.
public enum Paint: Sendable, Equatable {
    /// One colour everywhere.
    case plain(Colour)
    /// From one colour at one place straight to another at another, and constant beyond both.
    case gradient(Colour, Point, Colour, Point)
    /// Bands of two colours, each `width` pixels across, that follow one another in the direction of `step`, a unit vector.
    case stripes(Colour, Colour, width: Float, step: Point)
    /// Squares of two colours, `width` pixels wide, with their mean where bands of both cross.
    case checks(Colour, Colour, width: Float)

    /// The colour at `point`.
    func colour(at point: Point) -> Colour {
        switch self {
        case .plain(let colour): return colour
        case .gradient(let first, let start, let second, let end):
            let way = end - start
            return first.mixed(with: second, min(max((point - start).dot(way) / way.dot(way), 0), 1))
        case .stripes(let first, let second, let width, let step):
            return first.mixed(with: second, Self.band(point.dot(step), width))
        case .checks(let first, let second, let width):
            return first.mixed(with: second, (Self.band(point.x, width) + Self.band(point.y, width)) / 2)
        }
    }

    /// 0 within even bands and 1 within odd ones, with an edge one pixel wide.
    private static func band(_ position: Float, _ width: Float) -> Float {
        let phase = position / (2 * width)
        let inBand = (phase - phase.rounded(.down)) * 2 * width  // 0 ..< 2 · width
        let distance = inBand < width ? min(inBand, width - inBand) : -min(inBand - width, 2 * width - inBand)
        return min(max(0.5 - distance, 0), 1)
    }
}

/// Makes flat shapes look round: lit from one side, darker towards their edges.
public struct Shading: Sendable, Equatable {
    /// How far from the edge, in pixels, the surface has turned towards the viewer.
    public var depth: Float
    /// Where light comes from: right and down are positive, at most 1 in length; what is missing to 1 comes from the viewer.
    public var light: Point
    /// The share of the colour that stays where no light falls, 0...1.
    public var ambient: Float

    /// Shading of a surface that curves within `depth` pixels of its edge, lit from `light`.
    public init(depth: Float, light: Point, ambient: Float = 0.45) {
        self.depth = depth
        self.light = light
        self.ambient = ambient
    }

    /// The brightness at `point` of `shape`.
    ///
    /// The surface is a quarter circle over the last `depth` pixels: at distance d from the edge (negative within) its normal
    /// leans outwards by 1 + d / depth.
    func brightness(_ shape: Shape, at point: Point) -> Float {
        let frontal = max(0, 1 - light.dot(light)).squareRoot()
        let lean = min(max(1 + shape.roundness(at: point) / depth, 0), 1)
        guard lean > 0 else { return ambient + (1 - ambient) * frontal / max(frontal, 0.25) }
        func slope(_ x: Float, _ y: Float) -> Float {
            shape.roundness(at: Point(point.x + x, point.y + y)) - shape.roundness(at: Point(point.x - x, point.y - y))
        }
        let outwards = Point(slope(0.5, 0), slope(0, 0.5))
        let sideways = outwards.dot(light) / max(outwards.length, 1e-6)
        let lit = lean * sideways + (1 - lean * lean).squareRoot() * frontal
        return ambient + (1 - ambient) * max(0, lit) / max(frontal, 0.25)
    }
}
