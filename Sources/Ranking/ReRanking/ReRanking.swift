/// The options of k-reciprocal re-ranking: k₁, k₂ and λ.
///
/// From Zhong et al., "Re-ranking Person Re-identification with k-reciprocal Encoding", CVPR 2017.
public struct ReRanking: Codable, Sendable, Equatable {
    /// The range of `k1` and `k2`.
    ///
    /// An encoding holds up to k₁²/2 images and k₂ of them are averaged, so large values cost far more than they can gain:
    /// hardly anybody has more than a hundred images in a gallery.
    public static let neighborhoods = 1...100
    /// How many of a query's nearest images the service may re-rank.
    public static let candidates = 1...4_000
    /// How many of them it re-ranks unless it is told otherwise.
    public static let usualCandidates = 500

    /// The neighbors within which two images must have each other, in 1...100; the paper's k₁.
    public let k1: Int
    /// The neighbors whose encodings are averaged, including the image itself, in 1...100; the paper's k₂; 1 means no
    /// averaging.
    public let k2: Int
    /// The share of the original distance in the final one, in 0...1; the paper's λ.
    public let lambda: Double

    /// The paper's values: k₁ = 20, k₂ = 6, λ = 0.3.
    public static let standard = ReRanking(uncheckedK1: 20, k2: 6, lambda: 0.3)

    /// Values for galleries in which a person may have only one or two images: k₁ = 6, k₂ = 2, λ = 0.7.
    ///
    /// The paper's values suppose many images of everybody. If there are few, most of the 20 nearest images show other
    /// people. These have each other as neighbors, and the right answer sinks in the ranking. The article Evaluation
    /// has figures.
    public static let cautious = ReRanking(uncheckedK1: 6, k2: 2, lambda: 0.7)

    /// Creates options, and checks their ranges.
    ///
    /// - Throws: `RankingError.optionOutOfRange` for the first option that is out of range.
    public init(k1: Int = 20, k2: Int = 6, lambda: Double = 0.3) throws(RankingError) {
        let neighborhoods = Double(Self.neighborhoods.lowerBound)...Double(Self.neighborhoods.upperBound)
        try Self.check("k1", Double(k1), in: neighborhoods)
        try Self.check("k2", Double(k2), in: neighborhoods)
        try Self.check("lambda", lambda, in: 0...1)
        self.init(uncheckedK1: k1, k2: k2, lambda: lambda)
    }

    /// Decodes options; a missing one takes its value from `cautious`.
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

    /// k₁ / 2, rounded half to even: the size of the neighborhoods that may join a reciprocal set.
    var half: Int { Int((Double(k1) / 2).rounded(.toNearestOrEven)) }

    /// The entries of a neighbor list that re-ranking needs, including the image itself.
    var depth: Int { max(k1, k2 - 1) + 1 }

    /// The final distance d* = (1 − λ)·J + λ·d / m.
    ///
    /// - Parameters:
    ///   - jaccard: J, in 0...1.
    ///   - original: d / m, the distance divided by the query's largest distance, in 0...1.
    /// - Returns: d*, in 0...1; smaller is more similar.
    func finalDistance(jaccard: Double, original: Double) -> Double {
        (1 - lambda) * jaccard + lambda * original
    }
}
