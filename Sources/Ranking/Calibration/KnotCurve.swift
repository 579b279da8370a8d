extension ProbabilityCurve {
    /// A point of a curve.
    public struct Knot: Codable, Sendable, Equatable {
        /// The distance.
        public let distance: Double
        /// The probability there, above 0 and below 1.
        public let probability: Double
    }

    /// Points with lines between them; beyond the first and the last the probability stays as it is there.
    public struct Knots: Sendable, Equatable {
        /// At least one; distances rise, and probabilities never do.
        public let knots: [Knot]

        /// Takes knots; nil if they do not make such a curve.
        public init?(_ knots: [Knot]) {
            let isCurve = zip(knots, knots.dropFirst()).allSatisfy {
                $0.distance < $1.distance && $0.probability >= $1.probability
            }
            guard isCurve, let first = knots.first, let last = knots.last, first.probability < 1, last.probability > 0,
                CalibrationPair.distances ~= first.distance, CalibrationPair.distances ~= last.distance
            else { return nil }
            self.knots = knots
        }

        /// Takes distances that rise and probabilities that never do; these are kept away from 0 and 1.
        init(falling points: [(distance: Double, probability: Double)]) {
            let range = ProbabilityCurve.uncertainty...(1 - ProbabilityCurve.uncertainty)
            knots = points.map {
                .init(
                    distance: $0.distance,
                    probability: min(max($0.probability, range.lowerBound), range.upperBound))
            }
        }
    }
}

extension ProbabilityCurve.Knots {
    func probability(ofDistance distance: Double) -> Double {
        // The first knot that is not nearer than the distance.
        let place = knots.indices.bisected { !(knots[$0].distance >= distance) }
        guard place < knots.count else { return knots[knots.count - 1].probability }
        let right = knots[place]
        guard place > 0, distance < right.distance else { return right.probability }
        let left = knots[place - 1]
        let part = (distance - left.distance) / (right.distance - left.distance)
        let probability = left.probability + (right.probability - left.probability) * part
        return min(max(probability, right.probability), left.probability)
    }
}

extension ProbabilityCurve.Knots: Codable {
    /// Reads an array of knots.
    ///
    /// - Throws: `DecodingError` also if they make no curve that falls from below 1 to above 0.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let curve = Self(try container.decode([ProbabilityCurve.Knot].self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "the knots make no falling curve")
        }
        self = curve
    }

    /// Writes an array of knots.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(knots)
    }
}
