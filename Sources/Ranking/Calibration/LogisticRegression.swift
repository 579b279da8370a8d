#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Logistic regression of same person on distance, falling with the distance.
///
/// p = 1 / (1 + exp(slope · distance − intercept)) with slope ≥ 0, from Platt, "Probabilistic outputs for support vector
/// machines", 1999. His targets are not 1 and 0, but (n₊ + 1) / (n₊ + 2) and 1 / (n₋ + 2) for n₊ pairs of the same
/// person and n₋ of different people; so a best fit exists also where the two kinds do not overlap. Newton's method with a
/// step that is halved until it helps is from Lin, Lin and Weng, "A note on Platt's probabilistic outputs for support vector
/// machines", 2007.
struct LogisticRegression {
    /// Newton steps after which the fit is taken as it is; usually ten are enough.
    private static let steps = 100
    /// The share of a step's expected gain that it must have.
    private static let gain = 1e-4

    /// A weight with its standardized distance and its target.
    private struct Point {
        let place: Double
        let weight: Double
        let target: Double
    }

    private let points: [Point]
    private let weight: Double
    /// The constant c and the factor f of the log odds c + f · place.
    private(set) var constant = 0.0
    private(set) var factor = 0.0

    /// Fits a sample; O(groups) a step.
    ///
    /// - Parameters:
    ///   - sample: The pairs.
    ///   - isCancelled: Asked before each step.
    /// - Returns: A logistic curve; a constant one if the fit would rise with the distance, or if all distances are equal.
    /// - Throws: `CalibrationError.cancelled`.
    static func curve(
        _ sample: PairSample, isCancelled: () -> Bool
    ) throws(CalibrationError) -> ProbabilityCurve {
        let right = 1 - 1 / Double(sample.samePersonPairs + 2)
        let wrong = 1 / Double(sample.differentPeoplePairs + 2)
        let groups = sample.groups
        let mean = groups.reduce(0) { $0 + $1.weight / sample.weight * $1.distance }
        let variance = groups.reduce(0) { $0 + $1.weight / sample.weight * ($1.distance - mean) * ($1.distance - mean) }
        let deviation = variance.squareRoot()
        let target = { (group: PairSample.Group) in
            (group.samePerson * right + group.differentPeople * wrong) / group.weight
        }
        if deviation > 0 {
            var fit = LogisticRegression(
                groups.map { .init(place: ($0.distance - mean) / deviation, weight: $0.weight, target: target($0)) },
                weight: sample.weight)
            try fit.minimize(isCancelled: isCancelled)
            let slope = -fit.factor / deviation
            let intercept = fit.constant + slope * mean
            if slope > 0, slope.isFinite, intercept.isFinite {
                return .logistic(.init(slope: slope, intercept: intercept, lowest: wrong, highest: right))
            }
        }
        // The loss is convex: if its minimum is not allowed, then the least loss is where the slope is 0.
        let share = groups.reduce(0) { $0 + $1.weight / sample.weight * target($1) }
        return .logistic(.init(slope: 0, intercept: log(share / (1 - share)), lowest: wrong, highest: right))
    }

    private init(_ points: [Point], weight: Double) {
        self.points = points
        self.weight = weight
    }

    private mutating func minimize(isCancelled: () -> Bool) throws(CalibrationError) {
        var loss = self.loss(constant, factor)
        for _ in 0..<Self.steps {
            guard !isCancelled() else { throw .cancelled }
            var (g0, g1, h00, h01, h11) = (0.0, 0.0, 1e-12, 0.0, 1e-12)
            for point in points {
                let p = 1 / (1 + exp(-constant - factor * point.place))
                let share = point.weight / weight
                g0 += share * (p - point.target)
                g1 += share * (p - point.target) * point.place
                h00 += share * p * (1 - p)
                h01 += share * p * (1 - p) * point.place
                h11 += share * p * (1 - p) * point.place * point.place
            }
            let determinant = h00 * h11 - h01 * h01
            guard max(abs(g0), abs(g1)) > 1e-10, determinant > 0 else { return }
            let d0 = (h01 * g1 - h11 * g0) / determinant
            let d1 = (h01 * g0 - h00 * g1) / determinant
            var length = 1.0
            while true {
                let next = self.loss(constant + length * d0, factor + length * d1)
                if next < loss + Self.gain * length * (g0 * d0 + g1 * d1) {
                    constant += length * d0
                    factor += length * d1
                    loss = next
                    break
                }
                length /= 2
                guard length > 1e-10 else { return }
            }
        }
    }

    /// The mean of log(1 + eᶻ) − target · z over the points, z being the log odds.
    private func loss(_ constant: Double, _ factor: Double) -> Double {
        points.reduce(0) { sum, point in
            let z = constant + factor * point.place
            return sum + point.weight / weight * (max(z, 0) + log1p(exp(-abs(z))) - point.target * z)
        }
    }
}
