public import Tensors

/// A network compiled for inference with one batch size; all operations and buffers are made in `init`, so a run
/// allocates nothing.
///
/// Only one thread may use it at a time. It computes with as many OpenMP threads as the thread that created it had.
public final class GraphExecutor {
    /// Images per run.
    public let batch: Int
    private let steps: [InferenceStep]
    private let stream: ComputeStream
    private let arena: AlignedMemory
    private let scratch: AlignedMemory
    private let inputRegion: MemoryRegion
    private let inputCount: Int
    private let outputRegions: [MemoryRegion]
    private let outputShapes: [[Int]]

    /// Compiles `graph` for `batch` images.
    ///
    /// - Parameters:
    ///   - graph: The network.
    ///   - batch: Images per run, at least 1.
    ///   - weights: The convolutions' weights.
    ///   - algorithm: How the convolutions are computed.
    ///   - engine: The processor that computes.
    ///   - other: An executor of the same thread. If its memory is large enough, the new executor uses it too; a run
    ///     of one then overwrites the outputs of the other.
    /// - Throws: `OneDNNError`, or the error of loading the weights.
    public init(
        _ graph: NetworkGraph, batch: Int, weights: WeightStore, algorithm: ConvolutionAlgorithm, engine: ComputeEngine,
        sharingMemoryOf other: GraphExecutor? = nil
    ) throws {
        precondition(batch > 0, "a batch of \(batch) images")
        let compiled = try CompiledGraph(graph, batch: batch, algorithm: algorithm, engine: engine)
        let arena = try Self.memory(bytes: compiled.plan.bytes, sharing: other?.arena)
        let scratch = try Self.memory(bytes: compiled.scratchBytes, sharing: other?.scratch)
        self.batch = batch
        self.arena = arena
        self.scratch = scratch
        stream = try ComputeStream(engine: engine)
        steps = try compiled.steps.map { step in
            let source = MemoryRegion(arena, offset: compiled.offsets[step.source])
            switch step.action {
            case .operation(let operation, let name):
                let packed = try name.map { name in
                    try weights.weights(name, layout: operation.layout(.weights), engine: engine)
                }
                var regions: [Operation.Argument: MemoryRegion] = [
                    .source: source, .destination: MemoryRegion(arena, offset: compiled.offsets[step.destination]),
                    .scratch: MemoryRegion(scratch),
                ]
                regions[.weights] = packed?.kernel
                regions[.bias] = packed?.bias
                return .operation(try BoundOperation(operation, regions, engine: engine))
            case .instanceNorm(let normalization, let name):
                return .instanceNorm(normalization, try weights.instanceNorm(name), in: source)
            }
        }
        inputRegion = MemoryRegion(arena, offset: compiled.offsets[0])
        inputCount = batch * graph.shape(of: graph.input).reduce(1, *)
        outputRegions = compiled.outputs.map { MemoryRegion(arena, offset: compiled.offsets[$0]) }
        outputShapes = graph.outputs.map { [batch] + graph.shape(of: $0) }
    }

    /// `other` if it is large enough, else new memory.
    private static func memory(bytes: Int, sharing other: AlignedMemory?) throws(OneDNNError) -> AlignedMemory {
        if let other, other.count >= bytes { return other }
        return try AlignedMemory(bytes: bytes)
    }

    /// Computes the outputs for `images`, row-major [count, channels, height, width], `count` at most `batch`.
    public func run(_ images: [Float], count: Int) throws(OneDNNError) {
        precondition(
            count > 0 && count <= batch && images.count == inputCount / batch * count,
            "\(images.count) floats for \(count) of at most \(batch) images of \(inputCount / batch)")
        let input = unsafe inputRegion.memory.floats(at: inputRegion.offset, count: inputCount)
        let end = unsafe input.update(fromContentsOf: images)
        unsafe input[end...].update(repeating: 0)
        for step in steps { try step.run(on: stream) }
        try stream.wait()
    }

    /// The shape of output `index`, [batch, channels, height, width].
    public func shape(ofOutput index: Int) -> [Int] { outputShapes[index] }

    /// Output `index` of the last run, row-major; valid only for the `count` images of that run.
    package func output(_ index: Int) -> UnsafeMutableBufferPointer<Float> {
        let region = outputRegions[index]
        return unsafe region.memory.floats(at: region.offset, count: outputShapes[index].reduce(1, *))
    }
}

/// One step of a run.
private enum InferenceStep {
    case operation(BoundOperation)
    /// A normalization in place.
    case instanceNorm(InstanceNormalization, InstanceNorm, in: MemoryRegion)

    func run(on stream: ComputeStream) throws(OneDNNError) {
        switch self {
        case .operation(let operation): try operation.run(on: stream)
        case .instanceNorm(let normalization, let norm, let region):
            let values = unsafe region.memory.pointer(at: region.offset / 4)
            unsafe norm.weight.withUnsafeBufferPointer { scale in
                unsafe norm.bias.withUnsafeBufferPointer { shift in
                    guard let scale = scale.baseAddress, let shift = shift.baseAddress else { return }
                    unsafe normalization.forward(
                        values, into: values, InstanceNormalization.Affine(scale: scale, shift: shift))
                }
            }
        }
    }
}

/// The operations of a graph, with their buffers' places in memory.
private struct CompiledGraph {
    enum Action {
        /// An operation, with the name of its weights if it has any.
        case operation(Operation, weights: String?)
        /// A normalization in place, with the name of its scale and shift.
        case instanceNorm(InstanceNormalization, name: String)
    }

    struct Step {
        var action: Action
        /// The buffers that the operation uses, as indices of `offsets`.
        var source: Int
        var destination: Int
    }

    private struct Buffer {
        var layout: DataLayout
        var lifetime: ClosedRange<Int>
    }

    private(set) var steps: [Step] = []
    private(set) var offsets: [Int] = []
    /// The buffer of each output.
    private(set) var outputs: [Int] = []
    private(set) var plan = MemoryPlan()
    private(set) var scratchBytes = 0
    private var buffers: [Buffer] = []
    private let engine: ComputeEngine

    init(_ graph: NetworkGraph, batch: Int, algorithm: ConvolutionAlgorithm, engine: ComputeEngine) throws(OneDNNError)
    {
        self.engine = engine
        var lastUse = [Int](repeating: 0, count: graph.nodes.count)
        for (index, node) in graph.nodes.enumerated() {
            for source in node.operation.sources { lastUse[source.index] = index }
        }
        for output in graph.outputs { lastUse[output.index] = Int.max }
        /// The buffer that holds each value.
        var home: [Int] = []
        for (index, node) in graph.nodes.enumerated() {
            let shape = [batch, node.channels, node.height, node.width]
            switch node.operation {
            case .input:
                home.append(addBuffer(try .rowMajor(shape)))
            case .convolution(let source, let name, let geometry, let instance, let term, let isRectified):
                let operation = try Operation.convolution(
                    geometry, source: buffers[home[source.index]].layout, shape: shape, isAdded: term != nil,
                    isRectified: isRectified && instance == nil, algorithm: algorithm, engine: engine)
                let layout = try operation.layout(.destination)
                var destination: Int?
                if let term {
                    // The sum is formed in the term's own buffer if no later operation reads the term.
                    destination = try buffer(
                        home[term.index], in: layout, mayReuse: lastUse[term.index] == index)
                }
                let result = destination ?? addBuffer(layout)
                addStep(operation, weights: name, from: home[source.index], to: result)
                if let instance {
                    try addNorm(instance.name, channels: instance.count, isRectified: isRectified, in: result)
                }
                home.append(result)
            case .instanceNormalization(let source, let name, let isRectified):
                let values = home[source.index]
                let result = try buffer(
                    values, in: buffers[values].layout, mayReuse: lastUse[source.index] == index)
                try addNorm(name, channels: node.channels, isRectified: isRectified, in: result)
                home.append(result)
            case .styleMixing(let source):
                home.append(home[source.index])
                // Both values are in one buffer, so it is in use as long as either.
                let last = max(lastUse[source.index], lastUse[index])
                (lastUse[source.index], lastUse[index]) = (last, last)
            case .maximumPooling(let source, let kernel, let stride, let padding):
                let operation = try Operation.maximumPooling(
                    source: buffers[home[source.index]].layout, shape: shape, kernel: kernel, stride: stride,
                    padding: padding, engine: engine)
                let result = addBuffer(try operation.layout(.destination))
                addStep(operation, from: home[source.index], to: result)
                home.append(result)
            }
        }
        for output in graph.outputs {
            let shape = [batch] + graph.shape(of: output)
            outputs.append(try buffer(home[output.index], in: try .rowMajor(shape), mayReuse: true))
        }
        for output in outputs { touch(output, at: Int.max) }
        offsets = buffers.map { plan.place($0.layout.bytes, lifetime: $0.lifetime) }
    }

    private mutating func addBuffer(_ layout: DataLayout) -> Int {
        buffers.append(Buffer(layout: layout, lifetime: steps.count...steps.count))
        return buffers.count - 1
    }

    /// Records that a buffer is in use at step `step`.
    private mutating func touch(_ buffer: Int, at step: Int) {
        let lifetime = buffers[buffer].lifetime
        buffers[buffer].lifetime = min(lifetime.lowerBound, step)...max(lifetime.upperBound, step)
    }

    private mutating func addStep(_ operation: Operation, weights: String? = nil, from source: Int, to destination: Int)
    {
        touch(source, at: steps.count)
        touch(destination, at: steps.count)
        scratchBytes = max(scratchBytes, operation.scratchBytes)
        steps.append(
            Step(action: .operation(operation, weights: weights), source: source, destination: destination))
    }

    /// Appends the normalization of a buffer's first channels; if it rectifies, it rectifies all channels.
    private mutating func addNorm(
        _ name: String, channels: Int, isRectified: Bool, in buffer: Int
    ) throws(OneDNNError) {
        let normalization = InstanceNormalization(
            try ChannelStrides(buffers[buffer].layout), channels: channels, isRectified: isRectified,
            rest: isRectified ? .rectified : .kept, threads: openMPThreads)
        touch(buffer, at: steps.count)
        steps.append(Step(action: .instanceNorm(normalization, name: name), source: buffer, destination: buffer))
    }

    /// Returns `buffer` if its layout is right and it may be reused, else a copy of it in `layout`.
    private mutating func buffer(_ buffer: Int, in layout: DataLayout, mayReuse: Bool) throws(OneDNNError) -> Int {
        guard buffers[buffer].layout != layout || !mayReuse else { return buffer }
        let copy = addBuffer(layout)
        addStep(try .reorder(from: buffers[buffer].layout, to: layout, engine: engine), from: buffer, to: copy)
        return copy
    }
}
