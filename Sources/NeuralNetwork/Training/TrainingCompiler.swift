internal import Tensors

/// Turns a graph into the operations of a `TrainingExecutor`: first forward, then backward through the same nodes.
struct TrainingCompiler {
    /// Where an argument of an operation is stored.
    enum Place {
        /// In memory that lives as long as the executor.
        case fixed(MemoryRegion)
        /// In a gradient buffer, which shares its bytes with buffers that are in use at other times.
        case gradient(Int)
    }

    /// An operation whose gradient buffers have no memory yet.
    enum Pending {
        case operation(Operation, [Operation.Argument: Place])
        case add(MemoryRegion, to: MemoryRegion, count: Int, isRectified: Bool)
        case sum([Place], mask: MemoryRegion?, into: Place, count: Int)
        case instanceNorm(InstanceNormTraining, MemoryRegion, into: MemoryRegion)
        case instanceNormGradient(InstanceNormTraining, source: MemoryRegion, gradient: Place, into: Place)
        case mixing(StyleMixer, MemoryRegion, into: MemoryRegion)
        case mixingGradient(StyleMixer, gradient: Place, into: Place)
    }

    /// The result of a node.
    struct Value {
        var layout: DataLayout
        var memory: AlignedMemory
        /// The gradients that the operations reading the value have given, all in the value's layout.
        var gradients: [Place] = []

        var floats: Int { layout.bytes / 4 }
    }

    /// What the backward pass of a node needs from its forward pass.
    enum Forward {
        case input
        case convolution(ConvolutionNode)
        case instanceNorm(InstanceNormTraining)
        case mixing(StyleMixer)
        case pooling(Operation, workspace: AlignedMemory?, kernel: Int, stride: Int, padding: Int)
    }

    struct ConvolutionNode {
        var name: String
        var geometry: ConvolutionGeometry
        var convolution: Operation
        var product: AlignedMemory
        /// Whether the norm also rectifies.
        var isFused: Bool
        /// The norm of the channels that the batch normalizes, if there are any.
        var batchNorm: BatchNormNode?
        /// The norm of the first channels, if their own image normalizes them.
        var instanceNorm: InstanceNormTraining?
    }

    struct BatchNormNode {
        var name: String
        var operation: Operation
        /// Mean, variance, scale, shift, and the workspace if there is one.
        var places: [Operation.Argument: Place]
        /// The first channel that the batch normalizes.
        var first: Int
    }

    private let batch: Int
    let parameters: ParameterStore
    private let normNames: [String: String]
    private var forward: [(name: String, action: Pending)] = []
    private(set) var backward: [(name: String, action: Pending)] = []
    private(set) var halves: [Forward] = []
    private var plan = MemoryPlan()
    private var gradientBuffers: [(bytes: Int, lifetime: ClosedRange<Int>)] = []
    var values: [Value] = []
    /// The result of each convolution, by its name.
    private(set) var named: [String: TrainingExecutor.NamedValue] = [:]
    private(set) var outputs: [TrainingExecutor.Output] = []
    private(set) var norms: [NormStatistics] = []
    /// The places where styles are mixed, in the order of computation.
    private(set) var mixers: [StyleMixer] = []
    private(set) var memories: [AlignedMemory] = []

    var engine: ComputeEngine { parameters.engine }

    init(batch: Int, parameters: ParameterStore, normNames: [String: String]) {
        self.batch = batch
        self.parameters = parameters
        self.normNames = normNames
    }

    mutating func compile(_ graph: NetworkGraph) throws(OneDNNError) {
        for node in graph.nodes { try addForward(node) }
        for value in graph.outputs { try addOutput(value, shape: [batch] + graph.shape(of: value)) }
        for index in graph.nodes.indices.reversed() {
            for (output, value) in graph.outputs.enumerated() where value.index == index {
                try receive(output, of: index)
            }
            try addBackward(graph.nodes[index], index)
        }
    }

    /// Binds the operations to their memory.
    mutating func bind() throws(OneDNNError) -> (forward: [TrainingStep], backward: [TrainingStep]) {
        let offsets = gradientBuffers.map { plan.place($0.bytes, lifetime: $0.lifetime) }
        let arena = try allocate(plan.bytes)
        let scratch = try allocate(
            (forward + backward).reduce(0) { most, step in
                if case .operation(let operation, _) = step.action { max(most, operation.scratchBytes) } else { most }
            })
        func region(_ place: Place) -> MemoryRegion {
            switch place {
            case .fixed(let region): region
            case .gradient(let index): MemoryRegion(arena, offset: offsets[index])
            }
        }
        func bind(_ step: Pending) throws(OneDNNError) -> TrainingAction {
            switch step {
            case .operation(let operation, let places):
                var regions = places.mapValues(region)
                regions[.scratch] = MemoryRegion(scratch)
                return .operation(try BoundOperation(operation, regions, engine: engine))
            case .add(let term, let target, let count, let isRectified):
                return .add(term, to: target, count: count, isRectified: isRectified)
            case .sum(let terms, let mask, let target, let count):
                return .sum(terms.map(region), mask: mask, into: region(target), count: count)
            case .instanceNorm(let norm, let source, let target):
                return .instanceNorm(norm, source, into: target)
            case .instanceNormGradient(let norm, let source, let gradient, let target):
                return .instanceNormGradient(norm, source: source, gradient: region(gradient), into: region(target))
            case .mixing(let mixer, let source, let target): return .mixing(mixer, source, into: target)
            case .mixingGradient(let mixer, let gradient, let target):
                return .mixingGradient(mixer, gradient: region(gradient), into: region(target))
            }
        }
        func bindAll(_ steps: [(name: String, action: Pending)]) throws(OneDNNError) -> [TrainingStep] {
            try steps.map { step throws(OneDNNError) in TrainingStep(name: step.name, action: try bind(step.action)) }
        }
        return (try bindAll(forward), try bindAll(backward))
    }

    mutating func allocate(_ bytes: Int) throws(OneDNNError) -> AlignedMemory {
        let memory = try AlignedMemory(bytes: bytes)
        memories.append(memory)
        return memory
    }

    private mutating func add(_ name: String, _ step: Pending) { forward.append((name, step)) }

    // MARK: Forward

    private mutating func addForward(_ node: NetworkGraph.Node) throws(OneDNNError) {
        let shape = [batch, node.channels, node.height, node.width]
        switch node.operation {
        case .input:
            let layout = try DataLayout.rowMajor(shape)
            values.append(Value(layout: layout, memory: try allocate(layout.bytes)))
            halves.append(.input)
        case .convolution(let source, let name, let geometry, let instance, let term, let isRectified):
            let isFused = isRectified && term == nil
            let node = try addNormed(
                name, geometry, instance, source: values[source.index], shape: shape,
                destination: term.map { values[$0.index].layout },
                isFused: isFused)
            if let term {
                let (result, added) = (values[values.count - 1], values[term.index])
                add(
                    "shortcut sum",
                    .add(
                        MemoryRegion(added.memory), to: MemoryRegion(result.memory), count: result.floats,
                        isRectified: isRectified))
            }
            halves.append(.convolution(node))
            remember(name, shape)
        case .instanceNormalization(let source, let name, let isRectified):
            let source = values[source.index]
            let value = Value(layout: source.layout, memory: try allocate(source.layout.bytes))
            let norm = try InstanceNormTraining(
                name, in: parameters, layout: value.layout, channels: node.channels, isRectified: isRectified)
            add(name, .instanceNorm(norm, MemoryRegion(source.memory), into: MemoryRegion(value.memory)))
            values.append(value)
            halves.append(.instanceNorm(norm))
            remember(name, shape)
        case .styleMixing(let source):
            let source = values[source.index]
            let value = Value(layout: source.layout, memory: try allocate(source.layout.bytes))
            let mixer = try StyleMixer(value.layout)
            mixers.append(mixer)
            add("style mixing", .mixing(mixer, MemoryRegion(source.memory), into: MemoryRegion(value.memory)))
            values.append(value)
            halves.append(.mixing(mixer))
        case .maximumPooling(let source, let kernel, let stride, let padding):
            let source = values[source.index]
            let operation = try Operation.maximumPooling(
                source: source.layout, shape: shape, kernel: kernel, stride: stride, padding: padding, isTraining: true,
                engine: engine)
            let layout = try operation.layout(.destination)
            let value = Value(layout: layout, memory: try allocate(layout.bytes))
            let workspace = try operation.optionalLayout(.workspace).map { layout throws(OneDNNError) in
                try allocate(layout.bytes)
            }
            var places: [Operation.Argument: Place] = [
                .source: .fixed(MemoryRegion(source.memory)), .destination: .fixed(MemoryRegion(value.memory)),
            ]
            places[.workspace] = workspace.map { .fixed(MemoryRegion($0)) }
            add("pooling", .operation(operation, places))
            values.append(value)
            halves.append(
                .pooling(operation, workspace: workspace, kernel: kernel, stride: stride, padding: padding))
        }
    }

    /// Keeps the newest value under a name, for tests.
    private mutating func remember(_ name: String, _ shape: [Int]) {
        let value = values[values.count - 1]
        named[name] = TrainingExecutor.NamedValue(shape: shape, layout: value.layout, memory: value.memory)
    }

    /// Appends a convolution and its norms, whose result becomes the next value.
    private mutating func addNormed(
        _ name: String, _ geometry: ConvolutionGeometry, _ instance: InstanceChannels?, source: Value, shape: [Int],
        destination: DataLayout?, isFused: Bool
    ) throws(OneDNNError) -> ConvolutionNode {
        let convolution = try Operation.trainingConvolution(
            geometry, source: source.layout, shape: shape, destination: destination, engine: engine)
        let weights = parameters["\(name).weight"]
        try weights.adopt(try convolution.layout(.weights))
        let layout = try convolution.layout(.destination)
        let product = try allocate(layout.bytes)
        add(
            name,
            .operation(
                convolution,
                [
                    .source: .fixed(MemoryRegion(source.memory)), .destination: .fixed(MemoryRegion(product)),
                    .weights: .fixed(MemoryRegion(try weights.memory(.value))),
                ]))
        let value = Value(layout: layout, memory: try allocate(layout.bytes))
        var node = ConvolutionNode(
            name: name, geometry: geometry, convolution: convolution, product: product, isFused: isFused)
        let first = instance?.count ?? 0
        if first < geometry.outputs {
            guard let normName = normNames[name] else { preconditionFailure("no norm follows \(name)") }
            node.batchNorm = try addBatchNorm(normName, from: first, product: product, value, shape, isFused: isFused)
        }
        if let instance {
            // Comes second: the batch norm also writes the first channels.
            let norm = try InstanceNormTraining(
                instance.name, in: parameters, layout: layout, channels: instance.count, isRectified: isFused)
            add(instance.name, .instanceNorm(norm, MemoryRegion(product), into: MemoryRegion(value.memory)))
            node.instanceNorm = norm
        }
        values.append(value)
        return node
    }

    /// Appends a batch norm of the channels from `first` on; it writes the channels before them too, which means nothing.
    private mutating func addBatchNorm(
        _ name: String, from first: Int, product: AlignedMemory, _ value: Value, _ shape: [Int], isFused: Bool
    ) throws(OneDNNError) -> BatchNormNode {
        let channels = shape[1]
        let norm = try Operation.batchNormalization(
            layout: value.layout, epsilon: Float(BatchNorm.epsilon), isRectified: isFused, engine: engine)
        let statistics = NormStatistics(
            first: first, channels: channels - first, count: shape[0] * shape[2] * shape[3],
            mean: try allocate(4 * channels), variance: try allocate(4 * channels),
            runningMean: parameters["\(name).running_mean"], runningVariance: parameters["\(name).running_var"])
        norms.append(statistics)
        var places: [Operation.Argument: Place] = [
            .mean: .fixed(MemoryRegion(statistics.mean)), .variance: .fixed(MemoryRegion(statistics.variance)),
        ]
        for (argument, suffix) in [(Operation.Argument.scale, "weight"), (.shift, "bias")] {
            let own = MemoryRegion(try parameters["\(name).\(suffix)"].memory(.value))
            guard first > 0 else {
                places[argument] = .fixed(own)
                continue
            }
            let all = try allocate(4 * channels)
            places[argument] = .fixed(MemoryRegion(all))
            add(
                name,
                .sum(
                    [.fixed(own)], mask: nil, into: .fixed(MemoryRegion(all, offset: 4 * first)),
                    count: channels - first))
        }
        if let layout = norm.optionalLayout(.workspace) {
            places[.workspace] = .fixed(MemoryRegion(try allocate(layout.bytes)))
        }
        let more: [Operation.Argument: Place] = [
            .source: .fixed(MemoryRegion(product)), .destination: .fixed(MemoryRegion(value.memory)),
        ]
        add(name, .operation(norm, places.merging(more) { first, _ in first }))
        return BatchNormNode(name: name, operation: norm, places: places, first: first)
    }

    /// Makes a value an output: the caller reads it, and writes its gradient, in row-major order.
    private mutating func addOutput(_ value: NetworkGraph.Value, shape: [Int]) throws(OneDNNError) {
        let rowMajor = try DataLayout.rowMajor(shape)
        let source = values[value.index]
        var result = source.memory
        if source.layout != rowMajor {
            result = try allocate(rowMajor.bytes)
            add(
                "output",
                .operation(
                    try .reorder(from: source.layout, to: rowMajor, engine: engine),
                    [.source: .fixed(MemoryRegion(source.memory)), .destination: .fixed(MemoryRegion(result))]))
        }
        outputs.append(
            TrainingExecutor.Output(
                shape: shape, value: MemoryRegion(result), gradient: MemoryRegion(try allocate(rowMajor.bytes))))
    }

    // MARK: Backward

    /// A new gradient buffer, in use from the next operation on.
    mutating func addGradient(_ layout: DataLayout) -> Place {
        gradientBuffers.append((layout.bytes, backward.count...backward.count))
        return .gradient(gradientBuffers.count - 1)
    }

    /// Appends an operation, and records that its buffers are in use until then.
    mutating func addBackward(_ name: String, _ step: Pending) {
        let places: [Place] =
            switch step {
            case .operation(_, let places): Array(places.values)
            case .add, .instanceNorm, .mixing: []
            case .sum(let terms, _, let target, _): terms + [target]
            case .instanceNormGradient(_, _, let gradient, let target), .mixingGradient(_, let gradient, let target):
                [gradient, target]
            }
        for case .gradient(let index) in places {
            let lifetime = gradientBuffers[index].lifetime
            gradientBuffers[index].lifetime = lifetime.lowerBound...max(lifetime.upperBound, backward.count)
        }
        backward.append((name, step))
    }
}
