internal import Synchronization
internal import Tensors

/// A network's convolution weights in the layouts that its executors need; each layout is made once and then shared.
public final class WeightStore: Sendable {
    private let packed = Mutex<[String: [PackedWeights]]>([:])
    private let load: @Sendable (String) throws -> FoldedConvolution

    /// Creates a store that calls `load` with a convolution's name when an executor needs its weights in a new layout.
    public init(load: @escaping @Sendable (String) throws -> FoldedConvolution) {
        self.load = load
    }

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
