import Synchronization
import Testing

@testable import Ranking

@Suite struct CalibrationTests {
    /// How far bins of a perfect curve are from the truth by chance: three standard errors of each.
    func chance(_ report: CalibrationReport) -> Double {
        report.bins.reduce(0) { sum, bin in
            let count = bin.share * Double(report.pairs)
            let error = (bin.meanProbability * (1 - bin.meanProbability) / count).squareRoot()
            return sum + bin.share * 3 * error
        }
    }

    @Test(arguments: Truth.allCases)
    func `a truth is found, and the curve is calibrated on other pairs of it`(truth: Truth) throws {
        let fit = try PairSample(drawnPairs(8_000, seed: 1, truth: truth.callAsFunction), people: 1, images: 1)
        let check = try PairSample(drawnPairs(8_000, seed: 2, truth: truth.callAsFunction), people: 1, images: 1)
        let whole = try Calibration(fit: fit, check: check)
        switch whole.curve {
        case .isotonic: #expect(truth == .steps)
        case .logistic: #expect(truth == .logistic)
        }
        // The curve and the shares of the bins are estimated from as many pairs each.
        #expect(whole.report.expectedCalibrationError < 2 * chance(whole.report))
        // Far from steps, isotonic regression errs by about the cube root of 1 / pairs, 0.05, at one distance.
        for distance in [0.1, 0.25, 0.75, 0.9, 1.5, 1.9] {
            #expect(abs(whole.curve.probability(ofDistance: distance) - truth(distance)) < 0.08)
        }
        let best = (fit.groups + check.groups).map { truth($0.distance) * (1 - truth($0.distance)) }
        #expect(abs(whole.report.brierScore - best.reduce(0, +) / Double(best.count)) < 0.01)
    }

    @Test func `a curve that is wrong is reported as wrong`() throws {
        let fit = try PairSample(drawnPairs(4_000, seed: 3, truth: Truth.logistic.callAsFunction), people: 1, images: 1)
        let other = drawnPairs(4_000, seed: 4) { Truth.logistic($0) / 2 }
        let report = try Calibration(fit: fit, check: PairSample(other, people: 1, images: 1)).report
        // It says about twice what is true, and the mean of the truth is about 0.2.
        #expect(report.expectedCalibrationError > 0.15)
        #expect(report.expectedCalibrationError > 2 * chance(report))
    }

    @Test func `some of the wrong pairs with weights give the curves of all`() throws {
        let pairs = drawnPairs(16_000, seed: 5, truth: Truth.logistic.callAsFunction)
        let some = pairs.enumerated().compactMap { place, pair -> CalibrationPair? in
            guard !pair.isSamePerson else { return pair }
            return place.isMultiple(of: 4) ? .init(distance: pair.distance, isSamePerson: false, weight: 4) : nil
        }
        let samples = try [pairs, some].map { try PairSample($0, people: 1, images: 1) }
        #expect(abs(samples[1].weight / samples[0].weight - 1) < 0.02)
        let logistic = try samples.map { try LogisticRegression.curve($0) { false } }
        let isotonic = samples.map { ProbabilityCurve.isotonic(IsotonicRegression(smoothed: $0).curve()) }
        for distance in stride(from: 0.1, to: 2, by: 0.1) {
            let (all, few) = (
                logistic[0].probability(ofDistance: distance), logistic[1].probability(ofDistance: distance)
            )
            #expect(abs(all - few) < 0.02)
            #expect(
                abs(isotonic[0].probability(ofDistance: distance) - isotonic[1].probability(ofDistance: distance))
                    < 0.08)
        }
    }

    @Test func `many nearest pairs of the same person are no certainty`() throws {
        let pairs =
            (0..<99).map { CalibrationPair(distance: Double($0), isSamePerson: true) }
            + (0..<199).map { CalibrationPair(distance: 1_000 + Double($0), isSamePerson: false) }
        let sample = try PairSample(pairs, people: 1, images: 1)
        let curve = IsotonicRegression(smoothed: sample).curve()
        #expect(curve.knots.map(\.probability) == [0.99, 0.005])
    }

    @Test func `distances that are all equal have the share of right pairs`() throws {
        let pairs = (0..<10).map { CalibrationPair(distance: 1, isSamePerson: $0 < 3) }
        let sample = try PairSample(pairs, people: 1, images: 1)
        let whole = try Calibration(fit: sample, check: sample)
        // Laplace's rule, or Platt's.
        let probability = whole.curve.probability(ofDistance: 1)
        #expect(abs(probability - 4.0 / 12) < 0.05)
        #expect(whole.curve.probability(ofDistance: 0) == probability)
        #expect(whole.report.areaUnderROC == 0.5)
    }

    @Test(arguments: [Double.nan, .infinity, -.infinity, 1e39])
    func `a pair that is no pair is refused`(number: Double) {
        let good = [CalibrationPair(distance: 1, isSamePerson: true), .init(distance: 2, isSamePerson: false)]
        for bad in [
            CalibrationPair(distance: number, isSamePerson: true),
            .init(distance: 1, isSamePerson: true, weight: number), .init(distance: 1, isSamePerson: true, weight: 0),
        ] {
            #expect(throws: CalibrationError.invalidPair(place: 2)) {
                try PairSample(good + [bad], people: 1, images: 1)
            }
        }
    }

    @Test func `pairs of one kind are refused`() {
        #expect(throws: CalibrationError.oneKind(samePerson: 0, differentPeople: 0)) {
            try PairSample([], people: 0, images: 0)
        }
        for isSame in [true, false] {
            let pairs = [1.0, 2].map { CalibrationPair(distance: $0, isSamePerson: isSame) }
            #expect(throws: CalibrationError.oneKind(samePerson: isSame ? 2 : 0, differentPeople: isSame ? 0 : 2)) {
                try PairSample(pairs, people: 1, images: 1)
            }
        }
    }

    @Test func `a calibration that is canceled stops at its next question`() throws {
        let sample = try PairSample(drawnPairs(100, seed: 6, truth: Truth.steps.callAsFunction), people: 1, images: 1)
        var whole = 0
        _ = try Calibration(fit: sample, check: sample) {
            whole += 1
            return false
        }
        #expect(whole > 3)
        for limit in 1...whole {
            var asked = 0
            #expect(throws: CalibrationError.cancelled) {
                try Calibration(fit: sample, check: sample) {
                    asked += 1
                    return asked == limit
                }
            }
            #expect(asked == limit)
        }
    }

    @Test func `each error says in one sentence what is missing`() {
        let errors: [CalibrationError] = [
            .tooFewLabels(people: 1, needed: 49), .oneCamera, .invalidPair(place: 7),
            .oneKind(samePerson: 3, differentPeople: 0), .cancelled,
        ]
        #expect(
            errors.map(\.description) == [
                "people with labeled images from two cameras: 1; 49 more are needed",
                "all labeled images come from one camera, two are needed",
                "pair 7 has a distance or a weight that is out of range",
                "pairs that show the same person: 3, different people: 0; both kinds are needed",
                "the calibration was canceled",
            ])
    }
}
