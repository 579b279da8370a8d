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
    private enum Forward {
        case input
        case convolution(ConvolutionNode)
        case pooling(Operation, workspace: AlignedMemory?, kernel: Int, stride: Int, padding: Int)
    }

    private struct ConvolutionNode {
        var name: String
        var geometry: ConvolutionGeometry
        var convolution: Operation
        var product: AlignedMemory
        var norm: Operation
        var normName: String
        /// Mean, variance, scale, shift, and the workspace if there is one.
        var normPlaces: [Operation.Argument: Place]
        /// Whether the norm's operation also rectifies.
        var isFused: Bool
    }

    private let batch: Int
    private let parameters: ParameterStore
    private let normNames: [String: String]
    private var forward: [(name: String, action: Pending)] = []
    private var backward: [(name: String, action: Pending)] = []
    private var halves: [Forward] = []
    private var plan = MemoryPlan()
    private var gradientBuffers: [(bytes: Int, lifetime: ClosedRange<Int>)] = []
    private(set) var values: [Value] = []
    /// The result of each convolution, by its name.
    private(set) var named: [String: TrainingExecutor.NamedValue] = [:]
    private(set) var outputs: [TrainingExecutor.Output] = []
    private(set) var norms: [NormStatistics] = []
    private(set) var memories: [AlignedMemory] = []

    private var engine: ComputeEngine { parameters.engine }

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
            }
        }
        func bindAll(_ steps: [(name: String, action: Pending)]) throws(OneDNNError) -> [TrainingStep] {
            try steps.map { step throws(OneDNNError) in TrainingStep(name: step.name, action: try bind(step.action)) }
        }
        return (try bindAll(forward), try bindAll(backward))
    }

    private mutating func allocate(_ bytes: Int) throws(OneDNNError) -> AlignedMemory {
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
        case .convolution(let source, let name, let geometry, let term, let isRectified):
            let isFused = isRectified && term == nil
            let node = try addNormed(
                name, geometry, source: values[source.index], shape: shape,
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
            let value = values[values.count - 1]
            named[name] = TrainingExecutor.NamedValue(shape: shape, layout: value.layout, memory: value.memory)
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

    /// Appends a convolution and its norm, whose result becomes the next value.
    private mutating func addNormed(
        _ name: String, _ geometry: ConvolutionGeometry, source: Value, shape: [Int], destination: DataLayout?,
        isFused: Bool
    ) throws(OneDNNError) -> ConvolutionNode {
        guard let normName = normNames[name] else { preconditionFailure("no norm follows \(name)") }
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

        let norm = try Operation.batchNormalization(
            layout: layout, epsilon: Float(BatchNorm.epsilon), isRectified: isFused, engine: engine)
        let value = Value(layout: layout, memory: try allocate(layout.bytes))
        let statistics = NormStatistics(
            channels: geometry.outputs, count: shape[0] * shape[2] * shape[3],
            mean: try allocate(4 * geometry.outputs), variance: try allocate(4 * geometry.outputs),
            runningMean: parameters["\(normName).running_mean"], runningVariance: parameters["\(normName).running_var"])
        norms.append(statistics)
        var places: [Operation.Argument: Place] = [
            .mean: .fixed(MemoryRegion(statistics.mean)), .variance: .fixed(MemoryRegion(statistics.variance)),
            .scale: .fixed(MemoryRegion(try parameters["\(normName).weight"].memory(.value))),
            .shift: .fixed(MemoryRegion(try parameters["\(normName).bias"].memory(.value))),
        ]
        if let layout = norm.optionalLayout(.workspace) {
            places[.workspace] = .fixed(MemoryRegion(try allocate(layout.bytes)))
        }
        let more: [Operation.Argument: Place] = [
            .source: .fixed(MemoryRegion(product)), .destination: .fixed(MemoryRegion(value.memory)),
        ]
        add(normName, .operation(norm, places.merging(more) { first, _ in first }))
        values.append(value)
        return ConvolutionNode(
            name: name, geometry: geometry, convolution: convolution, product: product, norm: norm, normName: normName,
            normPlaces: places, isFused: isFused)
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

    /// Takes the gradient that the caller wrote for an output of the graph.
    private mutating func receive(_ output: Int, of index: Int) throws(OneDNNError) {
        let (layout, output) = (values[index].layout, outputs[output])
        let rowMajor = try DataLayout.rowMajor(output.shape)
        guard layout != rowMajor else {
            values[index].gradients.append(.fixed(output.gradient))
            return
        }
        let target = addGradient(layout)
        addBackward(
            "output gradient",
            .operation(
                try .reorder(from: rowMajor, to: layout, engine: engine),
                [.source: .fixed(output.gradient), .destination: target]))
        values[index].gradients.append(target)
    }

    private mutating func addBackward(_ node: NetworkGraph.Node, _ index: Int) throws(OneDNNError) {
        // The loss does not depend on this value, so it has no gradient.
        guard !values[index].gradients.isEmpty else { return }
        switch (halves[index], node.operation) {
        case (.convolution(let half), .convolution(let source, _, _, let term, let isRectified)):
            let isMasked = isRectified && !half.isFused
            let gradient = combineGradients(of: index, isMasked: isMasked)
            if let term { values[term.index].gradients.append(gradient) }
            try addBackward(half, source: source.index, gradient: gradient)
        case (
            .pooling(let operation, let workspace, let kernel, let stride, let padding),
            .maximumPooling(let source, _, _, _)
        ):
            let gradient = combineGradients(of: index, isMasked: false)
            let target = addGradient(values[source.index].layout)
            var places: [Operation.Argument: Place] = [.destinationGradient: gradient, .sourceGradient: target]
            places[.workspace] = workspace.map { .fixed(MemoryRegion($0)) }
            addBackward(
                "pooling gradient",
                .operation(
                    try .maximumPoolingGradient(
                        forward: operation, kernel: kernel, stride: stride, padding: padding, engine: engine), places))
            values[source.index].gradients.append(target)
        default: break
        }
    }

    /// Sums the gradients of a value in one buffer; with `isMasked`, the sum is zero where the value is zero.
    private mutating func combineGradients(of index: Int, isMasked: Bool) -> Place {
        let value = values[index]
        guard value.gradients.count > 1 || isMasked else { return value.gradients[0] }
        let target = addGradient(value.layout)
        addBackward(
            "gradient sum",
            .sum(
                value.gradients, mask: isMasked ? MemoryRegion(value.memory) : nil, into: target, count: value.floats))
        return target
    }

    private mutating func addBackward(
        _ half: ConvolutionNode, source: Int, gradient: Place
    ) throws(OneDNNError) {
        let norm = try Operation.batchNormalizationGradient(
            forward: half.norm, epsilon: Float(BatchNorm.epsilon), isRectified: half.isFused, engine: engine)
        let product = addGradient(try half.convolution.layout(.destination))
        let places: [Operation.Argument: Place] = [
            .source: .fixed(MemoryRegion(half.product)), .destinationGradient: gradient, .sourceGradient: product,
            .scaleGradient: .fixed(MemoryRegion(try parameters["\(half.normName).weight"].memory(.gradient))),
            .shiftGradient: .fixed(MemoryRegion(try parameters["\(half.normName).bias"].memory(.gradient))),
        ]
        addBackward(
            "\(half.normName) gradient", .operation(norm, places.merging(half.normPlaces) { first, _ in first }))
        try addWeightsGradient(half, source: source, product: product)
        if case .input = halves[source] { return }

        let data = try Operation.convolutionSourceGradient(
            half.geometry, forward: half.convolution, engine: engine)
        let target = addGradient(try data.layout(.sourceGradient))
        let weights = MemoryRegion(try parameters["\(half.name).weight"].memory(.value))
        let (own, wanted) = (try half.convolution.layout(.weights), try data.layout(.weights))
        var arranged = Place.fixed(weights)
        if own != wanted {
            arranged = addGradient(wanted)
            addBackward(
                "weights reorder",
                .operation(
                    try .reorder(from: own, to: wanted, engine: engine),
                    [.source: .fixed(weights), .destination: arranged]))
        }
        addBackward(
            "\(half.name) source gradient",
            .operation(data, [.destinationGradient: product, .weights: arranged, .sourceGradient: target]))
        values[source].gradients.append(target)
    }

    private mutating func addWeightsGradient(
        _ half: ConvolutionNode, source: Int, product: Place
    ) throws(OneDNNError) {
        let operation = try Operation.convolutionWeightsGradient(
            half.geometry, forward: half.convolution, engine: engine)
        let result = Place.fixed(MemoryRegion(try parameters["\(half.name).weight"].memory(.gradient)))
        let (own, found) = (try half.convolution.layout(.weights), try operation.layout(.weightsGradient))
        let target = own == found ? result : addGradient(found)
        addBackward(
            "\(half.name) weights gradient",
            .operation(
                operation,
                [
                    .source: .fixed(MemoryRegion(values[source].memory)), .destinationGradient: product,
                    .weightsGradient: target,
                ]))
        guard own != found else { return }
        addBackward(
            "weights reorder",
            .operation(
                try .reorder(from: found, to: own, engine: engine), [.source: target, .destination: result]))
    }

    private mutating func addGradient(_ layout: DataLayout) -> Place {
        gradientBuffers.append((layout.bytes, backward.count...backward.count))
        return .gradient(gradientBuffers.count - 1)
    }

    /// Appends an operation, and records that its buffers are in use until then.
    private mutating func addBackward(_ name: String, _ step: Pending) {
        let places: [Place] =
            switch step {
            case .operation(_, let places): Array(places.values)
            case .add: []
            case .sum(let terms, _, let target, _): terms + [target]
            }
        for case .gradient(let index) in places {
            let lifetime = gradientBuffers[index].lifetime
            gradientBuffers[index].lifetime = lifetime.lowerBound...max(lifetime.upperBound, backward.count)
        }
        backward.append((name, step))
    }
}
