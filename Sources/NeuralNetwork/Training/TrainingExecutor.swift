internal import Randomness
public import Tensors

/// A network compiled for training with one batch size; `backward` computes the gradients of all parameters.
///
/// `GraphExecutor` folds a batch norm into the convolution before it. Here the convolution has no bias, and the norm is
/// an operation of its own that uses the batch's statistics: y = max(0, BN(W ∗ x) + term). All activations are kept
/// from `forward` to `backward`. Only the thread that created it may use it; it computes with as many OpenMP threads as
/// that thread had.
public final class TrainingExecutor {
    /// Images per run.
    public let batch: Int
    private let forwardSteps: [TrainingStep]
    private let backwardSteps: [TrainingStep]
    private let norms: [NormStatistics]
    /// The places where styles are mixed, in the order of computation.
    let mixers: [StyleMixer]
    private let stream: ComputeStream
    private let threads: Int
    private let input: AlignedMemory
    private let inputCount: Int
    private let outputs: [Output]
    private let named: [String: NamedValue]
    private let engine: ComputeEngine
    private let memories: [AlignedMemory]

    /// A value that the caller reads and whose gradient the caller writes.
    struct Output {
        var shape: [Int]
        var value: MemoryRegion
        var gradient: MemoryRegion
    }

    /// The result of a convolution with its norm, sum and rectifier.
    struct NamedValue {
        var shape: [Int]
        var layout: DataLayout
        var memory: AlignedMemory
    }

    /// Compiles `graph` for `batch` images.
    ///
    /// - Parameters:
    ///   - graph: The network; the loss depends on each of its outputs.
    ///   - batch: Images per run, at least 1.
    ///   - parameters: Holds `NAME.weight` of each convolution; weight, bias, running_mean and running_var of its batch
    ///     norm; and weight and bias of each instance norm.
    ///   - normNames: The batch norm that follows each convolution, for the channels that are not instance normalized.
    /// - Throws: `OneDNNError` when oneDNN refuses an operation.
    public init(
        _ graph: NetworkGraph, batch: Int, parameters: ParameterStore, normNames: [String: String]
    ) throws(OneDNNError) {
        precondition(batch > 0, "a batch of \(batch) images")
        var compiler = TrainingCompiler(batch: batch, parameters: parameters, normNames: normNames)
        try compiler.compile(graph)
        self.batch = batch
        threads = openMPThreads
        engine = parameters.engine
        stream = try ComputeStream(engine: engine)
        (forwardSteps, backwardSteps) = try compiler.bind()
        norms = compiler.norms
        mixers = compiler.mixers
        outputs = compiler.outputs
        named = compiler.named
        memories = compiler.memories
        input = compiler.values[0].memory
        inputCount = batch * graph.shape(of: graph.input).reduce(1, *)
    }

    /// Computes the outputs for `images`, row-major [batch, channels, height, width], and updates the running
    /// statistics.
    ///
    /// - Parameters:
    ///   - images: The batch.
    ///   - mixing: How styles are mixed where the graph has places for it; nil: they are not.
    /// - Throws: `OneDNNError` when oneDNN cannot compute.
    public func forward(_ images: [Float], mixing: StyleMixing? = nil) throws(OneDNNError) {
        precondition(images.count == inputCount, "\(images.count) floats for an input of \(inputCount)")
        var generator = SeededGenerator(seed: mixing?.seed ?? 0)
        for mixer in mixers { mixer.draw = mixing?.draw(batch: batch, using: &generator) }
        _ = unsafe input.floats(count: inputCount).update(fromContentsOf: images)
        try run(forwardSteps)
        for norm in norms { try norm.updateRunning() }
    }

    /// Computes the gradients of all parameters into their `gradient` slots, from the gradients that the caller wrote
    /// for every output.
    public func backward() throws(OneDNNError) { try run(backwardSteps) }

    /// Called with the name and the time of every operation; nil switches the timing off, which costs a little.
    package var observer: ((String, Duration) -> Void)?

    private func run(_ steps: [TrainingStep]) throws(OneDNNError) {
        guard let observer else {
            for step in steps { try step.action.run(on: stream, threads: threads) }
            return try stream.wait()
        }
        for step in steps {
            let start = ContinuousClock.now
            try step.action.run(on: stream, threads: threads)
            try stream.wait()
            observer(step.name, ContinuousClock.now - start)
        }
    }

    /// The shape of output `index`, [batch, channels, height, width].
    public func shape(ofOutput index: Int) -> [Int] { outputs[index].shape }

    /// Output `index` of the last forward run, row-major.
    package func output(_ index: Int) -> UnsafeMutableBufferPointer<Float> {
        let output = outputs[index]
        return unsafe output.value.memory.floats(at: output.value.offset, count: output.shape.reduce(1, *))
    }

    /// Where the caller writes the gradient of output `index`, row-major; undefined before that.
    package func outputGradient(_ index: Int) -> UnsafeMutableBufferPointer<Float> {
        let output = outputs[index]
        return unsafe output.gradient.memory.floats(at: output.gradient.offset, count: output.shape.reduce(1, *))
    }

    /// The result of a convolution with its norm, sum and rectifier, or of an instance norm after a sum, in the last
    /// forward run, row-major.
    ///
    /// Training does not need it; tests use it to see which rectifiers passed a value on.
    package func value(of name: String) throws(OneDNNError) -> Tensor {
        guard let value = named[name] else { preconditionFailure("there is no value \(name)") }
        let rowMajor = try DataLayout.rowMajor(value.shape)
        let copy = try AlignedMemory(bytes: rowMajor.bytes)
        try value.layout.copy(MemoryRegion(value.memory), to: MemoryRegion(copy), in: rowMajor, engine: engine)
        return Tensor(shape: value.shape, elements: unsafe Array(copy.floats(count: value.shape.reduce(1, *))))
    }
}

/// One operation of a run, with its name.
struct TrainingStep {
    var name: String
    var action: TrainingAction
}

/// What an operation of a run does.
enum TrainingAction {
    case operation(BoundOperation)
    /// target = max(0, target + term), or target + term without rectification.
    case add(MemoryRegion, to: MemoryRegion, count: Int, isRectified: Bool)
    /// target = Σ terms where the mask is positive, else 0.
    case sum([MemoryRegion], mask: MemoryRegion?, into: MemoryRegion, count: Int)
    case instanceNorm(InstanceNormTraining, MemoryRegion, into: MemoryRegion)
    case instanceNormGradient(
        InstanceNormTraining, source: MemoryRegion, gradient: MemoryRegion, into: MemoryRegion)
    case mixing(StyleMixer, MemoryRegion, into: MemoryRegion)
    case mixingGradient(StyleMixer, gradient: MemoryRegion, into: MemoryRegion)

    func run(on stream: ComputeStream, threads: Int) throws(OneDNNError) {
        func floats(_ region: MemoryRegion, _ count: Int) -> UnsafeMutableBufferPointer<Float> {
            unsafe region.memory.floats(at: region.offset, count: count)
        }
        switch self {
        case .operation(let operation):
            try operation.run(on: stream)
        case .add(let term, let target, let count, let isRectified):
            unsafe Elementwise.add(
                floats(term, count), to: floats(target, count), isRectified: isRectified, threads: threads)
        case .sum(let terms, let mask, let target, let count):
            unsafe Elementwise.sum(
                terms.map { unsafe floats($0, count) }, where: mask.map { unsafe floats($0, count) },
                into: floats(target, count), threads: threads)
        case .instanceNorm(let norm, let source, let target):
            try norm.forward(source, into: target)
        case .instanceNormGradient(let norm, let source, let gradient, let target):
            try norm.backward(source, gradient: gradient, into: target)
        case .mixing(let mixer, let source, let target):
            unsafe mixer.forward(source.floats, into: target.floats)
        case .mixingGradient(let mixer, let gradient, let target):
            unsafe mixer.backward(gradient.floats, into: target.floats)
        }
    }
}

/// A batch norm's statistics: those of the last batch, and the running ones that inference uses.
struct NormStatistics {
    /// The first channel that the batch normalizes.
    let first: Int
    /// How many channels it normalizes.
    let channels: Int
    /// Values per channel in a batch.
    let count: Int
    let mean: AlignedMemory
    let variance: AlignedMemory
    let runningMean: Parameter
    let runningVariance: Parameter

    /// running ← 0.9 · running + 0.1 · batch, with the unbiased variance of the batch.
    func updateRunning() throws(OneDNNError) {
        let unbiased = Float(count) / Float(max(1, count - 1))
        for (batch, running, factor) in [(mean, runningMean, 1), (variance, runningVariance, unbiased)] {
            let new = unsafe batch.floats(at: 4 * first, count: channels)
            let old = unsafe try running.floats()
            for channel in 0..<channels {
                unsafe old[channel] += BatchNorm.momentum * (factor * new[channel] - old[channel])
            }
        }
    }
}

extension MemoryRegion {
    /// The first float.
    var floats: UnsafeMutablePointer<Float> { unsafe memory.pointer(at: offset / 4) }
}
