public import NeuralNetwork

/// The architecture of a CSPR-Net; stored as JSON in the weight file's metadata.
///
/// A field that is absent from the JSON takes its default; an unknown field is an error.
public struct CSPRConfiguration: Codable, Sendable, Equatable {
    /// How the local branch computes its attention.
    public enum Attention: String, Codable, Sendable, CaseIterable {
        /// Maximum, mean, and 1×1, 3×3, 5×5 convolutions, combined (Eqs. 1-2).
        case multiscale
        /// One 1×1 convolution.
        case single
        /// No local branch.
        case none
    }

    /// How the global branch pools the maps of the last stage.
    public enum Pooling: String, Codable, Sendable, CaseIterable {
        /// The mean over the positions, as in the paper.
        case average
        /// The generalized mean, whose exponent is learned.
        case gem
    }

    /// What the barycenters of equation 13 are.
    public enum Barycenters: String, Codable, Sendable, CaseIterable {
        /// The means of Z times a coordinate: they grow with Z.
        case mean
        /// These, divided by the mean of Z: coordinates, whatever the size of Z.
        case normalized
    }

    /// The kind of residual block.
    public var block = ResidualBlock.bottleneck
    /// Blocks in each of the four stages.
    public var depths = [3, 4, 6, 3]
    /// Channels of the stem, from which the channels of every stage follow.
    public var width = 64
    /// Stride of the fourth stage, 1 or 2.
    public var lastStride = 2
    /// Where the backbone normalizes by the statistics of each image alone; not in the paper.
    public var instanceNorms = InstanceNormUse.none
    /// The stage, 1…4, whose output is X, the middle-level feature maps.
    public var localStage = 2
    /// N, the number of attention modules.
    public var branches = 8
    /// Length of one branch's local feature.
    public var branchDimensions = 64
    /// Length of the global feature.
    public var globalDimensions = 512
    /// How the local branch computes its attention.
    public var attention = Attention.multiscale
    /// The parts of the descriptor, as letters: S (statistical), P (positional), R (relational); without S, the mean
    /// takes its place.
    public var descriptor = "SPR"
    /// How the global branch pools; not in the paper.
    public var pooling = Pooling.average
    /// What the positional part of the descriptor is.
    public var barycenters = Barycenters.mean
    /// The share of positions that each branch shall concentrate on, in 0...1; only training uses it.
    public var candidateRatios = [0.2, 0.2, 0.3, 0.3, 0.3, 0.3, 0.4, 0.4]
    /// The height of the input in pixels.
    public var height = 384
    /// The width of the input in pixels.
    public var widthPixels = 128
    /// The number of people that the classifiers of training distinguish; 0: no classifiers.
    public var identities = 0

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case block, depths, width
        case lastStride = "last_stride"
        case instanceNorms = "ibn"
        case localStage = "local_stage"
        case branches
        case branchDimensions = "branch_dim"
        case globalDimensions = "global_dim"
        case attention, descriptor, pooling, barycenters
        case candidateRatios = "candidate_ratios"
        case height
        case widthPixels = "width_px"
        case identities
    }

    /// The defaults: ResNet-50, 384×128, 8 × 64 + 512.
    public init() {}

    /// Decodes and validates; throws `DecodingError`, or `ModelError.invalidConfiguration`.
    public init(from decoder: any Decoder) throws {
        let names = try decoder.container(keyedBy: AnyName.self).allKeys.map(\.stringValue)
        let known = Set(CodingKeys.allCases.map(\.rawValue))
        if let unknown = names.sorted().first(where: { !known.contains($0) }) {
            throw ModelError.invalidConfiguration(field: unknown, reason: "there is no such field")
        }
        let container = try decoder.container(keyedBy: CodingKeys.self)
        func decode<Value: Decodable>(_ key: CodingKeys, into value: inout Value) throws {
            guard container.contains(key) else { return }
            do { value = try container.decode(Value.self, forKey: key) } catch let error as DecodingError {
                throw ModelError.invalidConfiguration(field: key.rawValue, reason: error.reason)
            }
        }
        try decode(.block, into: &block)
        try decode(.depths, into: &depths)
        try decode(.width, into: &width)
        try decode(.lastStride, into: &lastStride)
        try decode(.instanceNorms, into: &instanceNorms)
        try decode(.localStage, into: &localStage)
        try decode(.branches, into: &branches)
        try decode(.branchDimensions, into: &branchDimensions)
        try decode(.globalDimensions, into: &globalDimensions)
        try decode(.attention, into: &attention)
        try decode(.descriptor, into: &descriptor)
        try decode(.pooling, into: &pooling)
        try decode(.barycenters, into: &barycenters)
        try decode(.candidateRatios, into: &candidateRatios)
        try decode(.height, into: &height)
        try decode(.widthPixels, into: &widthPixels)
        try decode(.identities, into: &identities)
        try validate()
    }

    /// Encodes every field, except that `ibn`, `pooling` and `barycenters` are left out at their defaults.
    ///
    /// So a network of the paper has the same JSON as before these fields existed, and its files the same bytes.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(block, forKey: .block)
        try container.encode(depths, forKey: .depths)
        try container.encode(width, forKey: .width)
        try container.encode(lastStride, forKey: .lastStride)
        if instanceNorms != .none { try container.encode(instanceNorms, forKey: .instanceNorms) }
        try container.encode(localStage, forKey: .localStage)
        try container.encode(branches, forKey: .branches)
        try container.encode(branchDimensions, forKey: .branchDimensions)
        try container.encode(globalDimensions, forKey: .globalDimensions)
        try container.encode(attention, forKey: .attention)
        try container.encode(descriptor, forKey: .descriptor)
        if pooling != .average { try container.encode(pooling, forKey: .pooling) }
        if barycenters != .mean { try container.encode(barycenters, forKey: .barycenters) }
        try container.encode(candidateRatios, forKey: .candidateRatios)
        try container.encode(height, forKey: .height)
        try container.encode(widthPixels, forKey: .widthPixels)
        try container.encode(identities, forKey: .identities)
    }

    /// Checks every field; throws `ModelError.invalidConfiguration` with the first one that is out of range.
    public func validate() throws(ModelError) {
        func check(_ isValid: Bool, _ field: CodingKeys, _ expected: String) throws(ModelError) {
            guard !isValid else { return }
            throw .invalidConfiguration(field: field.rawValue, reason: "expected \(expected)")
        }
        try check(depths.count == 4 && depths.allSatisfy((1...200).contains), .depths, "four numbers in 1...200")
        try check((1...1024).contains(width), .width, "a number in 1...1024")
        try check(
            instanceNorms != .a || width >= 2, .instanceNorms, "\"none\" or \"b\" with a width of 1")
        try check((1...2).contains(lastStride), .lastStride, "1 or 2")
        try check((1...4).contains(localStage), .localStage, "a stage in 1...4")
        try check((1...64).contains(branches), .branches, "a number in 1...64")
        try check((1...8192).contains(branchDimensions), .branchDimensions, "a number in 1...8192")
        try check((1...8192).contains(globalDimensions), .globalDimensions, "a number in 1...8192")
        let letters = Set(descriptor)
        try check(
            letters.isSubset(of: "SPR") && letters.count == descriptor.count, .descriptor, "distinct letters of SPR")
        try check(
            candidateRatios.allSatisfy { $0 >= 0 && $0 <= 1 }, .candidateRatios, "numbers in 0...1")
        try check((8...4096).contains(height), .height, "a number in 8...4096")
        try check((8...4096).contains(widthPixels), .widthPixels, "a number in 8...4096")
        try check((0...10_000_000).contains(identities), .identities, "a number in 0...10000000")
    }

    /// The backbone's shape.
    var backbone: ResNet {
        ResNet(block: block, depths: depths, width: width, lastStride: lastStride, instanceNorms: instanceNorms)
    }

    /// The batch norm that follows each of the backbone's convolutions, by their names in a weight file; convolutions that
    /// an instance norm alone follows are absent.
    var normNames: [String: String] {
        let pairs = backbone.convolutions.compactMap { convolution in
            convolution.batchNorm.map { ("backbone.\(convolution.name)", "backbone.\($0)") }
        }
        return Dictionary(pairs) { $1 }
    }

    /// Whether there is a local branch.
    public var hasLocalBranch: Bool { attention != .none }

    /// Whether the descriptor has the statistical, positional and relational parts.
    var parts: (statistical: Bool, positional: Bool, relational: Bool) {
        (descriptor.contains("S"), descriptor.contains("P"), descriptor.contains("R"))
    }

    /// Length of one branch's raw descriptor, for X of `channels` channels.
    func rawLength(channels: Int) -> Int {
        let parts = parts
        let statistics = parts.statistical ? 5 : 1
        let relations = parts.relational ? branches - 1 : 0
        return channels * (statistics + (parts.positional ? 2 : 0) + relations)
    }

    /// The length of the embedding.
    public var dimensions: Int { globalDimensions + (hasLocalBranch ? branches * branchDimensions : 0) }
}

/// A key with any name.
private struct AnyName: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

extension DecodingError {
    /// What was wrong, without the coding path.
    fileprivate var reason: String {
        switch self {
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .keyNotFound(_, let context),
            .dataCorrupted(let context):
            context.debugDescription
        @unknown default: "\(self)"
        }
    }
}
