/// A point of the curve that shows which matches are found at the cost of which false ones.
public struct ROCPoint: Codable, Sendable, Equatable {
    /// The most steps of a curve; it has up to one point more.
    public static let steps = 100

    /// The distance up to which results are taken for the same person; nil for none of them.
    public let distance: Double?
    /// The share of the results of different people that are taken for the same person, 0...1.
    public let falseMatchRate: Double
    /// The share of the results of the same person that are, 0...1.
    public let matchRate: Double

    /// The area under the curve of all distances, and as many of its points as `steps` allows.
    ///
    /// The sum of the two rates rises by at least 2 / steps from point to point, except to the last.
    static func points(_ sample: PairSample) -> (few: [ROCPoint], area: Double) {
        var few = [ROCPoint(distance: nil, falseMatchRate: 0, matchRate: 0)]
        var (right, wrong, area) = (0.0, 0.0, 0.0)
        for (place, group) in sample.groups.enumerated() {
            area += group.differentPeople * (right + group.samePerson / 2)
            right += group.samePerson
            wrong += group.differentPeople
            let point = ROCPoint(
                distance: group.distance, falseMatchRate: wrong / sample.differentPeopleWeight,
                matchRate: right / sample.samePersonWeight)
            let before = few[few.count - 1]
            let rise = point.falseMatchRate - before.falseMatchRate + point.matchRate - before.matchRate
            if rise >= 2 / Double(steps) || place == sample.groups.count - 1 { few.append(point) }
        }
        return (few, min(area / (sample.samePersonWeight * sample.differentPeopleWeight), 1))
    }
}

/// What happens where only results at or above a probability are believed.
public struct ThresholdRates: Codable, Sendable, Equatable {
    /// The probability.
    public let threshold: Double
    /// The share of the results of different people that are believed, 0...1.
    public let falseMatchRate: Double
    /// The share of the results of the same person that are believed, 0...1.
    public let matchRate: Double

    init(at threshold: Double, _ probabilities: [Double], _ sample: PairSample) {
        // Probabilities never rise with the distance, so these are the first ones.
        let believed = zip(probabilities, sample.groups).prefix { $0.0 >= threshold }
        let right = believed.reduce(0) { $0 + $1.1.samePerson }
        let wrong = believed.reduce(0) { $0 + $1.1.differentPeople }
        self.threshold = threshold
        falseMatchRate = wrong / sample.differentPeopleWeight
        matchRate = right / sample.samePersonWeight
    }
}
