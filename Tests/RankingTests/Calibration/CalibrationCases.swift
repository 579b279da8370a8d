import Foundation
import Randomness
import Testing

@testable import Ranking

/// A golden case: pairs, and what plain definitions in float64 make of them (see `make_fixtures.py` beside the file).
struct CalibrationCase: Decodable, CustomTestStringConvertible {
    struct Report: Decodable {
        let error: Double
        let bins: Int
        let brier: Double
        let area: Double
        /// False-match rate and match rate at each threshold.
        let rates: [[Double]]
    }

    static let all: [CalibrationCase] = {
        let url = Bundle.module.bundleURL.appendingPathComponent("Fixtures/calibration/calibration.json")
        let data = (try? Data(contentsOf: url)) ?? Data()
        return (try? JSONDecoder().decode([CalibrationCase].self, from: data)) ?? []
    }()

    let name: String
    let distance: [Double]
    let same: [Bool]
    let weight: [Double]
    /// The isotonic regression at each distinct distance, as it is and smoothed.
    let isotonic: [Double]
    let smoothed: [Double]
    /// Distance and probability of the knots, of at most 64 and of at most 5.
    let knots: [[Double]]
    let few: [[Double]]
    let slope: Double
    let intercept: Double
    let lowest: Double
    let highest: Double
    /// Of the logistic curve on the same pairs.
    let report: Report

    var testDescription: String { name }

    var pairs: [CalibrationPair] {
        distance.indices.map { .init(distance: distance[$0], isSamePerson: same[$0], weight: weight[$0]) }
    }

    func sample() throws -> PairSample { try PairSample(pairs, people: 3, images: 4) }
}

/// The value of a regression at each of its groups.
func values(_ regression: IsotonicRegression, at sample: PairSample) -> [Double] {
    sample.groups.map { group in
        regression.blocks.first { $0.highest >= group.distance }?.probability ?? .nan
    }
}

/// `count` pairs whose distances are even in 0...2, with the chance of the same person that `truth` gives.
func drawnPairs(_ count: Int, seed: UInt64, truth: (Double) -> Double) -> [CalibrationPair] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in
        let distance = Double.random(in: 0...2, using: &generator)
        return .init(distance: distance, isSamePerson: Double.random(in: 0..<1, using: &generator) < truth(distance))
    }
}

/// Truths of two kinds: one that a logistic curve can say, and one with steps.
enum Truth: String, CaseIterable {
    case logistic, steps

    func callAsFunction(_ distance: Double) -> Double {
        switch self {
        case .logistic: 1 / (1 + exp(5 * distance - 4))
        case .steps: distance < 0.5 ? 0.95 : distance < 1.2 ? 0.4 : 0.02
        }
    }
}
