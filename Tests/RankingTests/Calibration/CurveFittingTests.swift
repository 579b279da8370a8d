import Randomness
import Testing

@testable import Ranking

@Suite struct CurveFittingTests {
    static let cases = CalibrationCase.all

    func logistic(_ sample: PairSample) throws -> ProbabilityCurve.Logistic {
        guard case .logistic(let curve) = try LogisticRegression.curve(sample, isCancelled: { false }) else {
            throw CalibrationError.cancelled
        }
        return curve
    }

    @Test func `the golden cases are there`() {
        #expect(Self.cases.count == 7)
    }

    @Test(arguments: cases)
    func `isotonic regression is the min-max formula`(golden: CalibrationCase) throws {
        let sample = try golden.sample()
        let plain = values(IsotonicRegression(sample.groups), at: sample)
        let smoothed = values(IsotonicRegression(smoothed: sample), at: sample)
        #expect(largestDifference(plain, golden.isotonic) < 1e-12)
        #expect(largestDifference(smoothed, golden.smoothed) < 1e-12)
    }

    @Test(arguments: cases)
    func `knots are blocks whose probabilities are near each other`(golden: CalibrationCase) throws {
        let regression = IsotonicRegression(smoothed: try golden.sample())
        for (curve, expected) in [(regression.curve(), golden.knots), (regression.curve(knots: 5), golden.few)] {
            #expect(largestDifference(curve.knots.map(\.distance), expected.map { $0[0] }) < 1e-12)
            #expect(largestDifference(curve.knots.map(\.probability), expected.map { $0[1] }) < 1e-12)
        }
    }

    @Test(arguments: cases)
    func `the logistic fit is where bisection finds the least loss`(golden: CalibrationCase) throws {
        let curve = try logistic(golden.sample())
        // Both end at a gradient of about 1e-10.
        #expect(abs(curve.slope - golden.slope) < 1e-7)
        #expect(abs(curve.intercept - golden.intercept) < 1e-7)
        #expect(abs(curve.lowest - golden.lowest) < 1e-15)
        #expect(abs(curve.highest - golden.highest) < 1e-15)
    }

    @Test(arguments: cases)
    func `a report has the figures of the plain definitions`(golden: CalibrationCase) throws {
        let curve = ProbabilityCurve.Logistic(
            slope: golden.slope, intercept: golden.intercept, lowest: golden.lowest, highest: golden.highest)
        let report = CalibrationReport(of: .logistic(curve), on: try golden.sample())
        #expect(abs(report.expectedCalibrationError - golden.report.error) < 1e-12)
        #expect(report.bins.count == golden.report.bins)
        #expect(abs(report.bins.reduce(0) { $0 + $1.share } - 1) < 1e-12)
        #expect(abs(report.brierScore - golden.report.brier) < 1e-12)
        #expect(abs(report.areaUnderROC - golden.report.area) < 1e-12)
        #expect(report.rates.map(\.threshold) == CalibrationReport.thresholds)
        #expect(largestDifference(report.rates.map(\.falseMatchRate), golden.report.rates.map { $0[0] }) < 1e-12)
        #expect(largestDifference(report.rates.map(\.matchRate), golden.report.rates.map { $0[1] }) < 1e-12)
        #expect(report.pairs == golden.distance.count)
        #expect(report.samePersonPairs == golden.same.count { $0 })
        #expect((report.people, report.images) == (3, 4))
    }

    @Test func `a weight is as good as so many pairs`() throws {
        var generator = SeededGenerator(seed: 7)
        for seed in 0..<50 as Range<UInt64> {
            let pairs = drawnPairs(40, seed: seed, truth: Truth.logistic.callAsFunction).map {
                CalibrationPair(
                    distance: ($0.distance * 20).rounded(), isSamePerson: $0.isSamePerson,
                    weight: .random(in: 1...4, using: &generator).rounded())
            }
            let repeated = pairs.flatMap { pair in
                (0..<Int(pair.weight)).map { _ in
                    CalibrationPair(distance: pair.distance, isSamePerson: pair.isSamePerson)
                }
            }
            let weighted = try PairSample(pairs, people: 1, images: 1)
            let single = try PairSample(repeated, people: 1, images: 1)
            #expect(weighted.groups == single.groups)
            let curve = try LogisticRegression.curve(weighted) { false }
            let (first, second) = (CalibrationReport(of: curve, on: weighted), CalibrationReport(of: curve, on: single))
            #expect(first.bins == second.bins && first.roc == second.roc && first.rates == second.rates)
            #expect(first.brierScore == second.brierScore)
        }
    }

    @Test func `neither the order of pairs nor the unit of weights matters`() throws {
        var generator = SeededGenerator(seed: 8)
        let pairs = drawnPairs(500, seed: 9, truth: Truth.steps.callAsFunction).map {
            CalibrationPair(
                distance: ($0.distance * 50).rounded(), isSamePerson: $0.isSamePerson,
                weight: $0.isSamePerson ? 1 : .random(in: 2...3, using: &generator))
        }
        let sample = try PairSample(pairs, people: 1, images: 1)
        let whole = try Calibration(fit: sample, check: sample)
        for _ in 0..<5 {
            let other = try PairSample(pairs.shuffled(using: &generator), people: 1, images: 1)
            #expect(try Calibration(fit: other, check: other) == whole)
        }
        // A power of two changes no digit.
        let scaled = try PairSample(
            pairs.map { .init(distance: $0.distance, isSamePerson: $0.isSamePerson, weight: $0.weight * 1024) },
            people: 1, images: 1)
        #expect(try Calibration(fit: scaled, check: scaled) == whole)
    }

    @Test func `no step makes the fit fail, however the distances are scaled`() throws {
        let pairs = drawnPairs(300, seed: 10, truth: Truth.logistic.callAsFunction)
        let usual = try logistic(PairSample(pairs, people: 1, images: 1))
        for scale in [1e-30, 1e-6, 1e6, 1e30] {
            let scaled = pairs.map { CalibrationPair(distance: $0.distance * scale, isSamePerson: $0.isSamePerson) }
            let curve = try logistic(PairSample(scaled, people: 1, images: 1))
            #expect(abs(curve.slope * scale / usual.slope - 1) < 1e-6)
            #expect(abs(curve.intercept - usual.intercept) < 1e-6)
        }
    }
}
