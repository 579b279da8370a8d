/// The values at which a gradient is taken: the definition's own, or those of another computation in their place.
///
/// The network is only piecewise smooth, and steep: rounding turns the sign of a rectifier's input or the largest of two near values, and
/// thereby whole terms of the gradient on or off. To compare two gradients they must be taken at one point. At the places named here the
/// definition takes the other computation's value for its own and goes on from there, so that each layer is compared on its own
/// inputs, and every decision that follows from the values (what a rectifier lets pass, where a maximum or a median lies, which positions
/// are candidates) is the same one.
final class ForwardPoint {
    /// Values by place; nil: the definition's own everywhere.
    private let prescribed: [String: [Double]]?
    /// How far the definition's own values were from the prescribed ones: the largest difference as a share of the largest value.
    private(set) var deviations: [String: Double] = [:]
    /// Places where rectifiers let pass what the definition's own would not, or not what it would.
    private(set) var turnedRectifiers = 0

    init(_ prescribed: [String: [Double]]? = nil) {
        self.prescribed = prescribed
    }

    /// The values of a place: the prescribed ones, else `own`.
    func settle(_ place: String, _ own: [Double], isRectified: Bool = false) -> [Double] {
        guard let prescribed else { return own }
        guard let given = prescribed[place], given.count == own.count else {
            deviations[place] = .infinity
            return own
        }
        let largest = own.reduce(.leastNormalMagnitude) { max($0, abs($1)) }
        deviations[place] = zip(own, given).reduce(0) { max($0, abs($1.0 - $1.1)) } / largest
        if isRectified { turnedRectifiers += zip(own, given).count { ($0 > 0) != ($1 > 0) } }
        return given
    }
}
