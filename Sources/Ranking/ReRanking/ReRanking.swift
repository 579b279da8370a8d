/// How k-reciprocal re-ranking weighs the neighborhood of query and gallery images.
///
/// From Zhong et al., "Re-ranking Person Re-identification with k-reciprocal Encoding", CVPR 2017.
public struct ReRanking: Codable, Sendable, Equatable {
    /// The range of `k1` and `k2`: deeper lists cost memory and mean nothing for people.
    public static let neighborhoods = 1...1000

    /// Neighbors considered for reciprocity, in 1...1000; the paper's k₁.
    public let k1: Int
    /// Neighbors whose encodings are averaged, the image itself included, in 1...1000; the paper's k₂, 1 for no averaging.
    public let k2: Int
    /// The share of the original distance in the final one, in 0...1; the paper's λ.
    public let lambda: Double

    /// The paper's values: k₁ = 20, k₂ = 6, λ = 0.3.
    public static let standard = ReRanking(uncheckedK1: 20, k2: 6, lambda: 0.3)

    /// For galleries in which a person may have but an image or two: k₁ = 6, k₂ = 2, λ = 0.7.
    ///
    /// The paper's values suppose many images of everybody. Where there are few, most of the 20 nearest are other people, who then
    /// vouch for each other, and the right answer sinks (README, "Re-ranking").
    public static let cautious = ReRanking(uncheckedK1: 6, k2: 2, lambda: 0.7)

    /// Options within their ranges.
    ///
    /// - Throws: `RankingError.optionOutOfRange` naming the option that is not.
    public init(k1: Int = 20, k2: Int = 6, lambda: Double = 0.3) throws(RankingError) {
        let neighborhoods = Double(Self.neighborhoods.lowerBound)...Double(Self.neighborhoods.upperBound)
        try Self.check("k1", Double(k1), in: neighborhoods)
        try Self.check("k2", Double(k2), in: neighborhoods)
        try Self.check("lambda", lambda, in: 0...1)
        self.init(uncheckedK1: k1, k2: k2, lambda: lambda)
    }

    /// Decodes options; a missing one has its value in `cautious`.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        try self.init(
            k1: container.decodeIfPresent(Int.self, forKey: .k1) ?? Self.cautious.k1,
            k2: container.decodeIfPresent(Int.self, forKey: .k2) ?? Self.cautious.k2,
            lambda: container.decodeIfPresent(Double.self, forKey: .lambda) ?? Self.cautious.lambda)
    }

    private init(uncheckedK1 k1: Int, k2: Int, lambda: Double) {
        self.k1 = k1
        self.k2 = k2
        self.lambda = lambda
    }

    private static func check(
        _ name: String, _ value: Double, in range: ClosedRange<Double>
    ) throws(RankingError) {
        guard range ~= value else {
            throw .optionOutOfRange(
                name: name, value: value, minimum: range.lowerBound, maximum: range.upperBound)
        }
    }

    /// k₁ / 2 rounded half to even, the neighborhood that may join a reciprocal set.
    var half: Int { Int((Double(k1) / 2).rounded(.toNearestOrEven)) }

    /// Entries of a neighbor list, the image itself included, that re-ranking ever looks at.
    public var depth: Int { max(k1, k2 - 1) + 1 }

    /// The final distance d* = (1 − λ)·J + λ·d / m.
    ///
    /// - Parameters:
    ///   - jaccard: J, in 0...1.
    ///   - original: d / m, the distance over the query's largest one, in 0...1.
    /// - Returns: d*, in 0...1; smaller is more alike.
    func finalDistance(jaccard: Double, original: Double) -> Double {
        (1 - lambda) * jaccard + lambda * original
    }
}
