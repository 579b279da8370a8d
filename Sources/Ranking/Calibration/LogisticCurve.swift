#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

extension ProbabilityCurve {
    /// p = 1 / (1 + exp(slope · distance − intercept)), but within lowest...highest.
    public struct Logistic: Codable, Sendable, Equatable {
        /// How fast the log odds fall with the distance, 0 or more.
        public let slope: Double
        /// The log odds at distance 0.
        public let intercept: Double
        /// The least probability, above 0: what the number of pairs is evidence for.
        public let lowest: Double
        /// The largest probability, below 1.
        public let highest: Double
    }
}

extension ProbabilityCurve.Logistic {
    func probability(ofDistance distance: Double) -> Double {
        guard distance.isFinite else { return distance < 0 ? highest : lowest }
        return min(max(1 / (1 + exp(slope * distance - intercept)), lowest), highest)
    }
}

extension ProbabilityCurve.Logistic {
    private enum CodingKeys: String, CodingKey {
        case slope, intercept, lowest, highest
    }

    /// Reads the numbers of the function.
    ///
    /// - Throws: `DecodingError` also if it rises with the distance, or reaches 0 or 1.
    public init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: CodingKeys.self)
        slope = try members.decode(Double.self, forKey: .slope)
        intercept = try members.decode(Double.self, forKey: .intercept)
        lowest = try members.decode(Double.self, forKey: .lowest)
        highest = try members.decode(Double.self, forKey: .highest)
        guard slope >= 0, slope.isFinite, intercept.isFinite, lowest > 0, lowest <= highest, highest < 1 else {
            throw DecodingError.dataCorruptedError(
                forKey: .slope, in: members, debugDescription: "the numbers make no falling logistic function")
        }
    }
}
