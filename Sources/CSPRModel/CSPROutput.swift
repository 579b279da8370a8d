public import Tensors

/// Which outputs a run of the network returns in addition to the feature.
public struct CSPROutputs: OptionSet, Sendable {
    /// One bit per output.
    public let rawValue: Int

    /// The outputs whose bits are set.
    public init(rawValue: Int) { self.rawValue = rawValue }

    /// The embedding, with its global and its local part; always returned.
    public static let feature = CSPROutputs([])
    /// The attention maps.
    public static let attention = CSPROutputs(rawValue: 1)
    /// The branches' raw descriptors.
    public static let raw = CSPROutputs(rawValue: 2)
    /// X, the middle-level feature maps.
    public static let middle = CSPROutputs(rawValue: 4)
    /// Everything but `middle`.
    public static let all: CSPROutputs = [.attention, .raw]
}

/// The network's outputs for b images.
public struct CSPROutput: Sendable, Equatable {
    /// M, [b, N, h, w], in 0...1; nil if there is no local branch or it was not asked for.
    public var attention: Tensor?
    /// Each branch's descriptor before its linear layer, [b, N, r]; nil if there is no local branch or it was not asked
    /// for.
    public var raw: Tensor?
    /// The global embedding, [b, G].
    public var global: Tensor
    /// The branches' embeddings one after the other, [b, N·D]; nil if there is no local branch.
    public var local: Tensor?
    /// Global and local embedding, together of length 1: [b, G + N·D].
    public var feature: Tensor
    /// X, [b, C, h, w]; nil if it was not asked for.
    public var middle: Tensor?
}
