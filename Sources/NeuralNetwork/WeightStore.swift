internal import Synchronization
internal import Tensors

/// A network's weights: of convolutions in the layouts that its executors need, each made once and then shared; of
/// instance norms as they are.
public final class WeightStore: Sendable {
    private let packed = Mutex<[String: [PackedWeights]]>([:])
    private let load: @Sendable (String) throws -> FoldedConvolution
    private let loadNorm: @Sendable (String) throws -> InstanceNorm

    /// Creates a store that calls `load` with a convolution's name when an executor needs its weights in a new layout,
    /// and `loadNorm` with an instance norm's name when an executor is compiled.
    public init(
        load: @escaping @Sendable (String) throws -> FoldedConvolution,
        loadNorm: @escaping @Sendable (String) throws -> InstanceNorm
    ) {
        self.load = load
        self.loadNorm = loadNorm
    }

    /// Scale and shift of an instance norm.
    func instanceNorm(_ name: String) throws -> InstanceNorm { try loadNorm(name) }

    /// The bytes of all weights in all layouts.
    public var bytes: Int { packed.withLock { $0.values.joined().reduce(0) { $0 + $1.bytes } } }

    /// The weights of `name` in `layout`.
    func weights(_ name: String, layout: DataLayout, engine: ComputeEngine) throws -> PackedWeights {
        try packed.withLock { packed in
            if let weights = packed[name]?.first(where: { $0.layout == layout }) { return weights }
            let plain = try load(name)
            let weights = try PackedWeights(kernel: plain.kernel, bias: plain.bias, layout: layout, engine: engine)
            packed[name, default: []].append(weights)
            return weights
        }
    }
}
