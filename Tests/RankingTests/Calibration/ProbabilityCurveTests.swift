import Foundation
import Randomness
import Testing

@testable import Ranking

@Suite struct ProbabilityCurveTests {
    /// Both curves of some samples, of many kinds.
    static func curves() throws -> [ProbabilityCurve] {
        var samples = try CalibrationCase.all.map { try $0.sample() }
        for seed in 0..<20 as Range<UInt64> {
            let truth = Truth.allCases[Int(seed) % 2]
            let pairs = drawnPairs(400, seed: seed, truth: truth.callAsFunction).map {
                CalibrationPair(
                    distance: seed < 10 ? $0.distance : ($0.distance * 9).rounded(), isSamePerson: $0.isSamePerson,
                    weight: $0.isSamePerson ? 1e-12 : seed < 5 ? 1e-12 : 1e12)
            }
            samples.append(try PairSample(pairs, people: 1, images: 1))
        }
        return try samples.flatMap { sample -> [ProbabilityCurve] in
            [
                .isotonic(IsotonicRegression(smoothed: sample).curve()),
                try LogisticRegression.curve(sample) { false },
            ]
        }
    }

    @Test func `a probability is above 0 and below 1, and never rises with the distance`() throws {
        var generator = SeededGenerator(seed: 11)
        let ends = [
            -Double.infinity, -.greatestFiniteMagnitude, -1, -0.0, 0, 1e-300, 4, .greatestFiniteMagnitude, .infinity,
        ]
        for curve in try Self.curves() {
            var distances = ends + (0..<500).map { _ in .random(in: -0.5...10, using: &generator) }
            if case .isotonic(let knots) = curve {
                #expect(knots.knots.count <= ProbabilityCurve.maximumKnots)
                for knot in knots.knots {
                    #expect(curve.probability(ofDistance: knot.distance) == knot.probability)
                    distances += [knot.distance.nextDown, knot.distance, knot.distance.nextUp]
                }
            }
            let probabilities = distances.sorted().map(curve.probability)
            #expect(probabilities.allSatisfy { $0 > 0 && $0 < 1 })
            #expect(zip(probabilities, probabilities.dropFirst()).allSatisfy { $0 >= $1 })
            #expect(curve.probability(ofDistance: .nan) == probabilities.last)
        }
    }

    @Test func `between knots a probability lies on a line`() throws {
        let knots = try #require(
            ProbabilityCurve.Knots([
                .init(distance: 1, probability: 0.75), .init(distance: 2, probability: 0.25),
                .init(distance: 4, probability: 0.25), .init(distance: 5, probability: 0.125),
            ]))
        let curve = ProbabilityCurve.isotonic(knots)
        let expected = [
            (-9, 0.75), (1, 0.75), (1.25, 0.625), (1.5, 0.5), (2, 0.25), (3, 0.25), (4.5, 0.1875), (6, 0.125),
        ]
        for (distance, probability) in expected { #expect(curve.probability(ofDistance: distance) == probability) }
    }

    @Test func `a calibration is read back as it was written`() throws {
        for golden in CalibrationCase.all {
            let whole = try Calibration(fit: golden.sample(), check: golden.sample())
            #expect(try JSONDecoder().decode(Calibration.self, from: JSONEncoder().encode(whole)) == whole)
        }
        for curve in try Self.curves() {
            #expect(try JSONDecoder().decode(ProbabilityCurve.self, from: JSONEncoder().encode(curve)) == curve)
        }
    }

    @Test(arguments: [
        #"{"isotonic": []}"#,
        #"{"isotonic": [{"distance": 1, "probability": 1}]}"#,
        #"{"isotonic": [{"distance": 1, "probability": 0}]}"#,
        #"{"isotonic": [{"distance": 1e300, "probability": 0.5}]}"#,
        #"{"isotonic": [{"distance": 1, "probability": 0.5}, {"distance": 2, "probability": 0.6}]}"#,
        #"{"isotonic": [{"distance": 1, "probability": 0.5}, {"distance": 1, "probability": 0.4}]}"#,
        #"{"logistic": {"slope": -1, "intercept": 0, "lowest": 0.1, "highest": 0.9}}"#,
        #"{"logistic": {"slope": 1, "intercept": 0, "lowest": 0, "highest": 0.9}}"#,
        #"{"logistic": {"slope": 1, "intercept": 0, "lowest": 0.1, "highest": 1}}"#,
        #"{"logistic": {"slope": 1, "intercept": 0, "lowest": 0.9, "highest": 0.1}}"#,
        #"{"logistic": {"slope": 1}}"#,
        #"{"other": 1}"#,
    ])
    func `what is no falling curve is refused`(json: String) {
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode(ProbabilityCurve.self, from: Data(json.utf8))
        }
    }

    @Test func `the points of a ROC rise from corner to corner, and are few`() throws {
        let pairs = drawnPairs(2_000, seed: 12, truth: Truth.logistic.callAsFunction)
        let sample = try PairSample(pairs, people: 1, images: 1)
        let (points, area) = ROCPoint.points(sample)
        #expect(points.count <= ROCPoint.steps + 2 && points.count > 50)
        #expect(points.first == ROCPoint(distance: nil, falseMatchRate: 0, matchRate: 0))
        #expect(points.last?.falseMatchRate == 1 && points.last?.matchRate == 1)
        var trapezoids = 0.0
        for (left, right) in zip(points, points.dropFirst()) {
            #expect(left.falseMatchRate <= right.falseMatchRate && left.matchRate <= right.matchRate)
            trapezoids += (right.falseMatchRate - left.falseMatchRate) * (left.matchRate + right.matchRate) / 2
            let distance = try #require(right.distance)
            let (found, wrong) = (pairs.filter { $0.distance <= distance }, sample.differentPeoplePairs)
            #expect(
                abs(right.matchRate * Double(sample.samePersonPairs) - Double(found.count { $0.isSamePerson })) < 1e-6)
            #expect(abs(right.falseMatchRate * Double(wrong) - Double(found.count { !$0.isSamePerson })) < 1e-6)
        }
        // Between two points the curve leaves the line by at most a triangle with sides of 2 / steps.
        #expect(abs(trapezoids - area) < 2 / Double(ROCPoint.steps))
    }
}
