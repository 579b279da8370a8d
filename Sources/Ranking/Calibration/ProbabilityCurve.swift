/// The probability that a result shows the query's person, as a function of its distance.
///
/// It never rises with the distance, and is never 0 or 1. As JSON it is an object with one member, `isotonic` or `logistic`;
/// reading one checks all of this again.
public enum ProbabilityCurve: Sendable, Equatable {
    /// Lines between knots.
    case isotonic(Knots)
    /// A logistic function.
    case logistic(Logistic)

    /// The most knots of a curve that is fitted here.
    public static let maximumKnots = 64
    /// Weights of any size lead knots no nearer to 0 or 1 than this.
    static let uncertainty = 1e-9

    /// The probability at a distance, above 0 and below 1; O(log knots).
    ///
    /// Every finite distance has one. One that is not a number has the least probability of the curve.
    public func probability(ofDistance distance: Double) -> Double {
        switch self {
        case .isotonic(let curve): curve.probability(ofDistance: distance)
        case .logistic(let curve): curve.probability(ofDistance: distance)
        }
    }
}

extension ProbabilityCurve: Codable {
    private enum CodingKeys: String, CodingKey {
        case isotonic, logistic
    }

    /// Reads a curve, and checks that it is one.
    ///
    /// - Throws: `DecodingError` also for numbers that are no such curve.
    public init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: CodingKeys.self)
        if let curve = try members.decodeIfPresent(Knots.self, forKey: .isotonic) {
            self = .isotonic(curve)
        } else {
            self = .logistic(try members.decode(Logistic.self, forKey: .logistic))
        }
    }

    /// Writes an object with one member, named after the kind of the curve.
    public func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .isotonic(let curve): try members.encode(curve, forKey: .isotonic)
        case .logistic(let curve): try members.encode(curve, forKey: .logistic)
        }
    }
}
