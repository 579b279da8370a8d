/// A curve from distance to probability, and how good it is.
public struct Calibration: Codable, Sendable, Equatable {
    /// The fewest people with labeled images from two cameras that a gallery is calibrated with.
    ///
    /// Half of them check the curve. Images of one person are alike, so the standard error of a reported match rate is that
    /// of a share among 25 people: at most 0.5 / √25 = 0.1. With 200 people it is at most 0.05.
    public static let leastPeople = 50
    /// Curves whose expected calibration errors differ by no more than this are equally well calibrated.
    static let tie = 0.001

    /// The probability that a result with a given distance shows the query's person.
    public let curve: ProbabilityCurve
    /// How good the curve is on the pairs of other people than it was fitted to.
    public let report: CalibrationReport

    /// Fits an isotonic and a logistic curve to one sample, and keeps the one that is better calibrated on the other.
    ///
    /// The better one has the smaller expected calibration error; if these are equal within 0.001, the smaller Brier score.
    /// The curve is not fitted again to both samples, so that the report is about this very curve. It is a little too good,
    /// as it chose between two. O(distinct distances).
    ///
    /// - Parameters:
    ///   - fit: What the curves are fitted to.
    ///   - check: Pairs of other people.
    ///   - isCancelled: Asked before every pass over the pairs.
    /// - Throws: `CalibrationError.cancelled`.
    public init(
        fit: PairSample, check: PairSample, isCancelled: () -> Bool = { false }
    ) throws(CalibrationError) {
        guard !isCancelled() else { throw .cancelled }
        let isotonic = ProbabilityCurve.isotonic(IsotonicRegression(smoothed: fit).curve())
        let logistic = try LogisticRegression.curve(fit, isCancelled: isCancelled)
        guard !isCancelled() else { throw .cancelled }
        let (first, second) = (CalibrationReport(of: isotonic, on: check), CalibrationReport(of: logistic, on: check))
        let difference = first.expectedCalibrationError - second.expectedCalibrationError
        let isFirst = abs(difference) > Self.tie ? difference < 0 : first.brierScore < second.brierScore
        (curve, report) = isFirst ? (isotonic, first) : (logistic, second)
    }
}
