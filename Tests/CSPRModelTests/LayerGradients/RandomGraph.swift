import Tensors
import Testing

@testable import NeuralNetwork

/// A graph in training with random parameters, a batch, and random gradients of its outputs.
struct RandomGraph {
    let graph: NetworkGraph
    let parameters: ParameterStore
    let executor: TrainingExecutor
    /// [batch, channels, height, width].
    let images: Tensor
    /// How styles are mixed, where the graph has places for it.
    var mixing: StyleMixing?

    /// Compiles `graph` for the batch of `images`; the batch norm after a convolution has the convolution's name and ".bn".
    init(_ graph: NetworkGraph, images: Tensor) throws {
        self.graph = graph
        self.images = images
        parameters = try ParameterStore()
        var norms: [String: String] = [:]
        for (index, node) in graph.nodes.enumerated() {
            let seed = UInt64(index)
            if case .instanceNormalization(_, let name, _) = node.operation {
                try parameters.addInstanceNorm(name, channels: node.channels, seed: seed)
            }
            guard case .convolution(_, let name, let geometry, let instance, _, _) = node.operation else { continue }
            try parameters.add("\(name).weight", .random(geometry.weightShape, seed: seed), isLearned: true)
            if let instance { try parameters.addInstanceNorm(instance.name, channels: instance.count, seed: 50 + seed) }
            let rest = geometry.outputs - (instance?.count ?? 0)
            guard rest > 0 else { continue }
            try parameters.addNorm("\(name).bn", channels: rest, seed: seed)
            norms[name] = "\(name).bn"
        }
        executor = try TrainingExecutor(
            graph, batch: images.shape[0], parameters: parameters, normNames: norms)
    }

    /// Compiles `graph` for a batch of random images.
    init(_ graph: NetworkGraph, batch: Int) throws {
        try self.init(graph, images: .random([batch] + graph.shape(of: graph.input), seed: 1000))
    }

    /// Computes outputs and gradients.
    func run() throws {
        try executor.forward(images.elements, mixing: mixing)
        for output in graph.outputs.indices {
            _ = unsafe executor.outputGradient(output).update(fromContentsOf: outputGradient(output).elements)
        }
        try executor.backward()
    }

    /// The gradient that an output gets.
    private func outputGradient(_ output: Int) -> Tensor {
        .random(executor.shape(ofOutput: output), seed: 2000 + UInt64(output))
    }

    /// The gradients of the last run, by name.
    func gradients() throws -> [String: [Float]] {
        try Dictionary(
            parameters.all.filter(\.isLearned).map { ($0.name, try $0.tensor(.gradient).elements) }
        ) { $1 }
    }

    /// Runs, and expects values, gradients and running statistics to be the definition's.
    func expectAgreement(sourceLocation: SourceLocation = #_sourceLocation) throws {
        let variables = try parameters.variables()
        try run()
        var values: [String: [Double]] = [:]
        for operation in graph.nodes.map(\.operation) {
            switch operation {
            case .convolution(_, let name, _, _, _, _), .instanceNormalization(_, let name, _):
                values[name] = try executor.value(of: name).doubles
            case .input, .styleMixing, .maximumPooling: break
            }
        }
        let point = ForwardPoint(values)
        let tape = Tape(at: point)
        let results = tape.evaluate(
            graph, images: Variable(images), parameters: variables, draws: executor.mixers.map(\.draw))
        for (place, deviation) in point.deviations {
            #expect(
                deviation < SinglePrecision.tolerance, "\(place) differs by \(deviation)",
                sourceLocation: sourceLocation)
        }
        for (index, output) in results.outputs.enumerated() {
            let found = Tensor(
                shape: executor.shape(ofOutput: index), elements: unsafe Array(executor.output(index)))
            SinglePrecision.expect(found, toEqual: output.value, "output \(index)", sourceLocation: sourceLocation)
        }
        let all = tape.concatenation(results.outputs.map { tape.reshape($0, to: [1, $0.value.count]) })
        tape.differentiate(all, weights: results.outputs.indices.flatMap { outputGradient($0).doubles })
        try parameters.expectGradients(toEqual: variables, sourceLocation: sourceLocation)
        for (norm, statistics) in results.statistics {
            try parameters.expectRunning(norm, from: variables, by: statistics, sourceLocation: sourceLocation)
        }
    }
}

extension Tape {
    /// Computes a graph in training: each convolution is followed by its norms, the sum and the rectifier.
    ///
    /// The result of every convolution is compared under its name, rectified or not, so that each layer is compared on
    /// its own inputs.
    func evaluate(
        _ graph: NetworkGraph, images: Variable, parameters: [String: Variable], draws: [StyleMixing.Draw?]
    ) -> (outputs: [Variable], statistics: [String: BatchStatistics]) {
        var values: [Variable] = []
        var statistics: [String: BatchStatistics] = [:]
        var draws = draws
        for node in graph.nodes {
            switch node.operation {
            case .input: values.append(images)
            case .convolution(let source, let name, let geometry, let instance, let term, let isRectified):
                let product = convolution(
                    values[source.index], weight: parameters.named("\(name).weight"), stride: geometry.stride,
                    padding: geometry.padding)
                func batch(_ part: String) -> Variable { parameters.named("\(name).bn.\(part)") }
                func own(_ part: String) -> Variable { parameters.named("\(instance?.name ?? "").\(part)") }
                var y: Variable
                var seen: BatchStatistics?
                switch instance?.count ?? 0 {
                case 0: (y, seen) = batchNorm(product, weight: batch("weight"), bias: batch("bias"))
                case geometry.outputs: y = instanceNorm(product, weight: own("weight"), bias: own("bias"))
                case let count: (y, seen) = splitNorm(product, first: count, instance: own, batch: batch)
                }
                statistics["\(name).bn"] = seen
                if let term { y = sum([(factor: 1, term: y), (factor: 1, term: values[term.index])]) }
                values.append(isRectified ? rectifier(y, at: name) : settled(y, at: name))
            case .instanceNormalization(let source, let name, let isRectified):
                let y = instanceNorm(
                    values[source.index], weight: parameters.named("\(name).weight"),
                    bias: parameters.named("\(name).bias"))
                values.append(isRectified ? rectifier(y, at: name) : settled(y, at: name))
            case .styleMixing(let source):
                let x = values[source.index]
                values.append(mixedStyles(x, draws.removeFirst(), constants: x.value))
            case .maximumPooling(let source, let kernel, let stride, let padding):
                values.append(
                    maximumPooling(values[source.index], kernel: kernel, stride: stride, padding: padding))
            }
        }
        return (graph.outputs.map { values[$0.index] }, statistics)
    }

    /// x, at the point where the gradient is taken.
    func settled(_ x: Variable, at place: String) -> Variable {
        record(x.shape, point.settle(place, x.value)) { y in x.addGradient(y.gradient) }
    }
}
