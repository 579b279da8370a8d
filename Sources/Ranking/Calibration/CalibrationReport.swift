/// How good a curve is on pairs that it was not fitted to.
///
/// What is said of results is said of those that rankings show; see `CalibrationSearch`. Shares are of weights. Images of
/// one person are alike, so the rates are as sure as the number of people allows: the standard error of a match rate is up to
/// 0.5 / √people.
public struct CalibrationReport: Codable, Sendable, Equatable {
    /// The probabilities at which rates are reported.
    public static let thresholds = [0.5, 0.9, 0.95, 0.99]

    /// The mean over the bins of |mean probability − share of the same person|, by weight; 0...1, 0 is best.
    ///
    /// From Naeini, Cooper and Hauskrecht, "Obtaining well calibrated probabilities using Bayesian binning", AAAI 2015, with
    /// bins of equal mass. Chance alone gives a perfect curve up to 0.4 · √(bins / pairs) if pairs are independent, and more
    /// where one person has many.
    public let expectedCalibrationError: Double
    /// The mean of (probability − truth)², the truth being 1 or 0; 0...1, 0 is best.
    ///
    /// From Brier, "Verification of forecasts expressed in terms of probability", 1950.
    public let brierScore: Double
    /// The chance that a pair of the same person has a smaller distance than one of different people, 0...1.
    ///
    /// Equal distances count half.
    public let areaUnderROC: Double
    /// The curve of match rate over false-match rate, from (0, 0) to (1, 1).
    public let roc: [ROCPoint]
    /// The bins of the expected calibration error, from the largest probability down.
    public let bins: [ReliabilityBin]
    /// What happens where only results at or above a probability are believed; one for each of `thresholds`.
    public let rates: [ThresholdRates]
    /// The number of pairs.
    public let pairs: Int
    /// The number of pairs that show the same person.
    public let samePersonPairs: Int
    /// The number of people whom the queries show and who have a right answer.
    public let people: Int
    /// The number of query images.
    public let images: Int

    /// Measures a curve on a sample; O(distinct distances).
    public init(of curve: ProbabilityCurve, on sample: PairSample) {
        let probabilities = sample.groups.map { curve.probability(ofDistance: $0.distance) }
        bins = ReliabilityBin.bins(probabilities, sample)
        expectedCalibrationError = bins.reduce(0) { $0 + $1.share * abs($1.meanProbability - $1.samePersonShare) }
        brierScore = zip(probabilities, sample.groups).reduce(0) { sum, pair in
            let (p, group) = pair
            let error = group.samePerson * (1 - p) * (1 - p) + group.differentPeople * p * p
            return sum + error / sample.weight
        }
        let points = ROCPoint.points(sample)
        roc = points.few
        areaUnderROC = points.area
        rates = Self.thresholds.map { ThresholdRates(at: $0, probabilities, sample) }
        pairs = sample.pairs
        samePersonPairs = sample.samePersonPairs
        people = sample.people
        images = sample.images
    }
}

/// Results of about one probability: what was said of them, and what was true.
public struct ReliabilityBin: Codable, Sendable, Equatable {
    /// The number of bins, of which some may be empty and are left out.
    public static let count = 15

    /// The bin's share of all results, above 0.
    public let share: Double
    /// The mean probability of its results.
    public let meanProbability: Double
    /// The share of its results that show the same person.
    public let samePersonShare: Double

    /// Cuts a sample into `count` bins of equal weight, as far as pairs with one probability can stay together.
    ///
    /// They go where the middle of their weight lies. So a bin does not depend on the order of pairs.
    static func bins(_ probabilities: [Double], _ sample: PairSample) -> [ReliabilityBin] {
        var sums: [(bin: Int, weight: Double, probability: Double, samePerson: Double)] = []
        var (start, before) = (0, 0.0)
        while start < probabilities.count {
            let end = probabilities[start...].firstIndex { $0 != probabilities[start] } ?? probabilities.count
            let weight = sample.groups[start..<end].reduce(0) { $0 + $1.weight }
            let samePerson = sample.groups[start..<end].reduce(0) { $0 + $1.samePerson }
            let bin = min(Int((before + weight / 2) / sample.weight * Double(count)), count - 1)
            if sums.last?.bin != bin { sums.append((bin, 0, 0, 0)) }
            sums[sums.count - 1].weight += weight
            sums[sums.count - 1].probability += weight * probabilities[start]
            sums[sums.count - 1].samePerson += samePerson
            (start, before) = (end, before + weight)
        }
        return sums.map {
            .init(
                share: $0.weight / sample.weight, meanProbability: $0.probability / $0.weight,
                samePersonShare: $0.samePerson / $0.weight)
        }
    }
}
