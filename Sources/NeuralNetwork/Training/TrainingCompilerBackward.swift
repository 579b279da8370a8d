internal import Tensors

/// The backward pass: the operations of each node, from the last to the first.
extension TrainingCompiler {
    /// Takes the gradient that the caller wrote for an output of the graph.
    mutating func receive(_ output: Int, of index: Int) throws(OneDNNError) {
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

    /// Appends the backward pass of a node, if the loss depends on its value.
    mutating func addBackward(_ node: NetworkGraph.Node, _ index: Int) throws(OneDNNError) {
        // The loss does not depend on this value, so it has no gradient.
        guard !values[index].gradients.isEmpty else { return }
        switch (halves[index], node.operation) {
        case (.convolution(let half), .convolution(let source, _, _, _, let term, let isRectified)):
            let isMasked = isRectified && !half.isFused
            let gradient = combineGradients(of: index, isMasked: isMasked)
            if let term { values[term.index].gradients.append(gradient) }
            try addBackward(half, source: source.index, gradient: gradient)
        case (.instanceNorm(let norm), .instanceNormalization(let source, let name, _)):
            let gradient = combineGradients(of: index, isMasked: false)
            let target = addGradient(values[source.index].layout)
            let region = MemoryRegion(values[source.index].memory)
            addBackward(
                "\(name) gradient", .instanceNormGradient(norm, source: region, gradient: gradient, into: target))
            values[source.index].gradients.append(target)
        case (.mixing(let mixer), .styleMixing(let source)):
            let gradient = combineGradients(of: index, isMasked: false)
            let target = addGradient(values[source.index].layout)
            addBackward("style mixing gradient", .mixingGradient(mixer, gradient: gradient, into: target))
            values[source.index].gradients.append(target)
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
        let product = addGradient(try half.convolution.layout(.destination))
        if let norm = half.batchNorm { try addBackward(norm, half, gradient: gradient, into: product) }
        if let norm = half.instanceNorm {
            // Comes second: the batch norm also writes the first channels.
            addBackward(
                "\(norm.name) gradient",
                .instanceNormGradient(norm, source: MemoryRegion(half.product), gradient: gradient, into: product))
        }
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

    private mutating func addBackward(
        _ norm: BatchNormNode, _ half: ConvolutionNode, gradient: Place, into product: Place
    ) throws(OneDNNError) {
        let operation = try Operation.batchNormalizationGradient(
            forward: norm.operation, epsilon: Float(BatchNorm.epsilon), isRectified: half.isFused, engine: engine)
        var places = norm.places
        places[.source] = .fixed(MemoryRegion(half.product))
        places[.destinationGradient] = gradient
        places[.sourceGradient] = product
        var copies: [(from: MemoryRegion, to: MemoryRegion)] = []
        for (argument, suffix) in [(Operation.Argument.scaleGradient, "weight"), (.shiftGradient, "bias")] {
            let own = MemoryRegion(try parameters["\(norm.name).\(suffix)"].memory(.gradient))
            guard norm.first > 0 else {
                places[argument] = .fixed(own)
                continue
            }
            let all = try allocate(4 * half.geometry.outputs)
            places[argument] = .fixed(MemoryRegion(all))
            copies.append((MemoryRegion(all, offset: 4 * norm.first), own))
        }
        addBackward("\(norm.name) gradient", .operation(operation, places))
        for copy in copies {
            addBackward(
                "\(norm.name) gradient",
                .sum(
                    [.fixed(copy.from)], mask: nil, into: .fixed(copy.to),
                    count: half.geometry.outputs - norm.first))
        }
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
}
