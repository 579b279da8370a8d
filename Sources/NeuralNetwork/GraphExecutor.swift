public import Tensors

/// A network compiled for inference with one batch size; all operations and buffers are made in `init`, so a run
/// allocates nothing.
///
/// Only one thread may use it at a time. It computes with as many OpenMP threads as the thread that created it had.
public final class GraphExecutor {
    /// Images per run.
    public let batch: Int
    private let steps: [BoundOperation]
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
            let packed = try step.weights.map { name in
                try weights.weights(name, layout: step.operation.layout(.weights), engine: engine)
            }
            var regions: [Operation.Argument: MemoryRegion] = [
                .source: MemoryRegion(arena, offset: compiled.offsets[step.source]),
                .destination: MemoryRegion(arena, offset: compiled.offsets[step.destination]),
                .scratch: MemoryRegion(scratch),
            ]
            regions[.weights] = packed?.kernel
            regions[.bias] = packed?.bias
            return try BoundOperation(step.operation, regions, engine: engine)
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

/// The operations of a graph, with their buffers' places in memory.
private struct CompiledGraph {
    struct Step {
        var operation: Operation
        var weights: String?
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
            case .convolution(let source, let name, let geometry, let term, let isRectified):
                let operation = try Operation.convolution(
                    geometry, source: buffers[home[source.index]].layout, shape: shape, isAdded: term != nil,
                    isRectified: isRectified, algorithm: algorithm, engine: engine)
                let layout = try operation.layout(.destination)
                var destination: Int?
                if let term {
                    // The sum is formed in the term's own buffer if no later operation reads the term.
                    destination = try buffer(
                        home[term.index], in: layout, mayReuse: lastUse[term.index] == index)
                }
                let result = destination ?? addBuffer(layout)
                addStep(operation, weights: name, from: home[source.index], to: result)
                home.append(result)
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
        steps.append(Step(operation: operation, weights: weights, source: source, destination: destination))
    }

    /// Returns `buffer` if its layout is right and it may be reused, else a copy of it in `layout`.
    private mutating func buffer(_ buffer: Int, in layout: DataLayout, mayReuse: Bool) throws(OneDNNError) -> Int {
        guard buffers[buffer].layout != layout || !mayReuse else { return buffer }
        let copy = addBuffer(layout)
        addStep(try .reorder(from: buffers[buffer].layout, to: layout, engine: engine), from: buffer, to: copy)
        return copy
    }
}
