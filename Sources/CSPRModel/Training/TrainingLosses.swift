/// The weights of the loss that training minimizes: the paper's equation 16, and terms beyond the paper.
///
/// L = L_cls,global + L_cls,local + λ·L_r + η·L_d.
public struct TrainingLosses: Codable, Sendable, Equatable {
    /// λ, the weight of the ratio loss L_r; at least 0.
    public var lambda: Float = 0.1
    /// η, the weight of the distribution loss L_d; at least 0.
    public var eta: Float = 1.0
    /// The share of a label's probability that is spread evenly over all classes, in 0..<1; not in the paper.
    public var labelSmoothing: Float = 0
    /// The weight of a batch-hard triplet loss on each of the two embeddings; at least 0, not in the paper.
    public var tripletWeight: Float = 0
    /// The margin of the triplet loss: how much nearer the person's own images must be, as a distance of embeddings;
    /// above 0.
    public var tripletMargin: Float = 0.3
    /// The weight of a supervised contrastive loss on the input of each classifier; at least 0, not in the paper.
    public var contrastiveWeight: Float = 0
    /// The temperature of the supervised contrastive loss; above 0.
    public var contrastiveTemperature: Float = 0.1
    /// The weight of a circle loss on the input of each classifier; above 0, nil: none; not in the paper.
    public var circleWeight: Float?

    /// The paper's losses.
    public init() {}
}

/// The loss of a batch, term by term; terms that the phase does not have are nil.
public struct LossTerms: Codable, Sendable, Equatable {
    /// The weighted sum of all terms, which training minimizes.
    public var total = 0.0
    /// Cross entropy of the global branch's classifier.
    public var globalClassification = 0.0
    /// Cross entropy of the local branch's classifier.
    public var localClassification: Double?
    /// L_r, in 0...1.
    public var ratio: Double?
    /// L_d, at least 0.
    public var distribution: Double?
    /// The triplet loss of the global embedding.
    public var globalTriplet: Double?
    /// The triplet loss of the local embedding.
    public var localTriplet: Double?
    /// The supervised contrastive loss of the global embedding.
    public var globalContrastive: Double?
    /// The supervised contrastive loss of the local embedding.
    public var localContrastive: Double?
    /// The circle loss of the global embedding.
    public var globalCircle: Double?
    /// The circle loss of the local embedding.
    public var localCircle: Double?
    /// The share of the batch for which the global classifier's first choice is right.
    public var globalAccuracy = 0.0
    /// The share of the batch for which the local classifier's first choice is right.
    public var localAccuracy: Double?

    /// All terms zero.
    public init() {}

    /// The terms of the total, by name.
    public var named: [(name: String, value: Double)] {
        let terms: [(String, Double?)] = [
            ("cls_global", globalClassification), ("cls_local", localClassification), ("ratio", ratio),
            ("distribution", distribution), ("triplet_global", globalTriplet), ("triplet_local", localTriplet),
            ("contrastive_global", globalContrastive), ("contrastive_local", localContrastive),
            ("circle_global", globalCircle), ("circle_local", localCircle), ("total", total),
        ]
        return terms.compactMap { term in term.1.map { (term.0, $0) } }
    }
}
