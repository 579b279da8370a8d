/// A colour as shares of red, green and blue, 0...1 as displayed (not linear light).
public struct Colour: Sendable, Equatable {
    /// Red, green, blue and one unused lane; values beyond 0...1 are allowed until the picture is made.
    var lanes: SIMD4<Float>

    /// A colour of the given shares, 0...1 each.
    public init(_ red: Float, _ green: Float, _ blue: Float) {
        lanes = [red, green, blue, 0]
    }

    init(lanes: SIMD4<Float>) {
        self.lanes = lanes
    }

    /// The share of red.
    public var red: Float { lanes.x }
    /// The share of green.
    public var green: Float { lanes.y }
    /// The share of blue.
    public var blue: Float { lanes.z }

    /// Every share multiplied by `factor`: darker below 1, lighter above.
    public func scaled(by factor: Float) -> Colour {
        Colour(lanes: lanes * factor)
    }

    /// Every share multiplied by that of `filter`, as light through coloured glass.
    public func filtered(by filter: Colour) -> Colour {
        Colour(lanes: lanes * filter.lanes)
    }

    /// The colour on the way to `other`: this one at 0, that one at 1.
    public func mixed(with other: Colour, _ share: Float) -> Colour {
        Colour(lanes: lanes + (other.lanes - lanes) * share)
    }
}
