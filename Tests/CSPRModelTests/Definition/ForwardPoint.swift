/// The values at which a gradient is taken: the definition's own values, or those of another computation.
///
/// The network is only piecewise smooth, and steep: rounding can change the sign of a rectifier's input, or which of
/// two near values is larger, and that switches whole terms of the gradient on or off. To compare two gradients, both
/// must be taken at the same point. At the places named here, the definition replaces its own value by that of the
/// other computation and continues from there. So each layer is compared on its own inputs, and all decisions that
/// follow from the values are the same: what a rectifier passes on, where a maximum or a median is, which positions are
/// candidates.
final class ForwardPoint {
    /// The values by place; nil: the definition's own values everywhere.
    private let prescribed: [String: [Double]]?
    /// How much the definition's own values differed from the prescribed ones: the largest difference as a share of the
    /// largest value.
    private(set) var deviations: [String: Double] = [:]
    /// The number of rectifiers that decided differently from the definition's own values.
    private(set) var turnedRectifiers = 0

    init(_ prescribed: [String: [Double]]? = nil) {
        self.prescribed = prescribed
    }

    /// The values of a place: the prescribed ones if there are any, else `own`.
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
