import TensorFiles
import Tensors
import Testing

@testable import CSPRModel
@testable import NeuralNetwork

/// The state that a network in training keeps between runs, and the effect of the number of threads.
@Suite struct TrainingStateTests {
    private static let labels = [0, 2, 1]

    /// Awkward on purpose: 5 channels, odd maps, three images.
    private func makeNetwork(seed: UInt64) throws -> TrainableNetwork {
        var configuration = CSPRConfiguration()
        (configuration.block, configuration.width, configuration.depths) = (.basic, 5, [1, 1, 1, 1])
        (configuration.height, configuration.widthPixels) = (72, 40)
        (configuration.branches, configuration.candidateRatios) = (2, [0.2, 0.4])
        (configuration.branchDimensions, configuration.globalDimensions, configuration.identities) = (3, 7, 3)
        return try TrainableNetwork(configuration: configuration, seed: seed, hasNeck: true)
    }

    /// The batch number `number` of `count` images.
    private func images(_ network: TrainableNetwork, count: Int, number: UInt64 = 1) -> [Float] {
        Tensor.random(
            [count, 3, network.configuration.height, network.configuration.widthPixels], in: -2...2, seed: number
        ).elements
    }

    /// A slot of every parameter, by name.
    private func tensors(_ network: TrainableNetwork, _ slot: Parameter.Slot) throws -> [String: [Float]] {
        try Dictionary(network.parameters.all.map { ($0.name, try $0.tensor(slot).elements) }) { $1 }
    }

    @Test(arguments: [1, 2])
    func `gradients that are computed twice with as many threads are equal bit for bit`(threads: Int) throws {
        try withThreads(threads) {
            let network = try makeNetwork(seed: 1)
            try network.compile(.joint, batch: 3)
            let images = images(network, count: 3)
            let runs = try (0..<2).map { _ in
                let terms = try network.computeGradients(images, labels: Self.labels, losses: TrainingLosses())
                return (terms, try tensors(network, .gradient))
            }
            #expect(runs[0].0 == runs[1].0)
            #expect(runs[0].1 == runs[1].1)
            #expect(runs[0].1.values.joined().contains { $0 != 0 })
        }
    }

    /// Threads add sums in another order, so only the last digits may differ.
    @Test func `gradients with one and with two threads differ by rounding alone`() throws {
        func gradients(threads: Int) throws -> [String: [Float]] {
            try withThreads(threads) {
                var graph = NetworkGraph(channels: 3, height: 33, width: 17)
                let x = graph.convolution(
                    graph.input, name: "a",
                    ConvolutionGeometry(inputs: 3, outputs: 10, kernel: 7, stride: 2, padding: 3), isRectified: true)
                let y = graph.convolution(
                    x, name: "b", ConvolutionGeometry(inputs: 10, outputs: 10, kernel: 3, padding: 1), adding: x,
                    isRectified: true)
                graph.export(graph.maximumPooling(y, kernel: 3, stride: 2, padding: 1))
                let network = try RandomGraph(graph, batch: 5)
                try network.run()
                return try network.gradients()
            }
        }
        let (one, two) = (try gradients(threads: 1), try gradients(threads: 2))
        for (name, gradient) in one {
            let deviation = GoldenTraining.difference(two[name]?.map(Double.init) ?? [], gradient.map(Double.init))
            #expect(deviation < SinglePrecision.tolerance, "the gradient of \(name) differs by \(deviation)")
        }
    }

    @Test(arguments: TrainableNetwork.Step.allCases)
    func `whatever is kept of a parameter survives the new layout that a compiled step gives it`(
        step: TrainableNetwork.Step
    ) throws {
        let network = try makeNetwork(seed: 1)
        for (index, parameter) in network.parameters.all.enumerated() {
            for (number, slot) in Parameter.Slot.allCases.enumerated() {
                try parameter.assign(.random(parameter.shape, seed: UInt64(10 * index + number)), to: slot)
            }
        }
        let before = try Parameter.Slot.allCases.map { try tensors(network, $0) }
        try network.compile(step, batch: 3)
        #expect(try Parameter.Slot.allCases.map { try tensors(network, $0) } == before)
    }

    @Test func `values, momenta and averages are kept when the joint step is compiled after the global one`() throws {
        let network = try makeNetwork(seed: 1)
        try network.compile(.global, batch: 2)
        for number in 1...2 {
            _ = try network.computeGradients(
                images(network, count: 2, number: UInt64(number)), labels: [0, 1], losses: TrainingLosses())
            try SGD().step(network.parameters(trainedIn: .global), learningRate: 0.01)
            try network.parameters.updateAverages(decay: 0.5)
        }
        let kept: [Parameter.Slot] = [.value, .velocity, .average]
        let before = try kept.map { try tensors(network, $0) }
        #expect(before[1].contains { $0.key.hasPrefix("backbone.") && $0.value.contains { $0 != 0 } })
        try network.compile(.joint, batch: 3)
        #expect(try kept.map { try tensors(network, $0) } == before)

        // The phase that is compiled now uses these values, like a network that never ran another phase.
        let fresh = try makeNetwork(seed: 2)
        for parameter in network.parameters.all { try fresh.parameters[parameter.name].assign(parameter.tensor()) }
        try fresh.compile(.joint, batch: 3)
        let images = images(network, count: 3, number: 3)
        let terms = try network.computeGradients(images, labels: Self.labels, losses: TrainingLosses())
        #expect(try fresh.computeGradients(images, labels: Self.labels, losses: TrainingLosses()) == terms)
        #expect(try tensors(fresh, .gradient) == tensors(network, .gradient))

        // Updates continue with the momenta from before.
        for (parameter, other) in zip(network.parameters.all, fresh.parameters.all) {
            try other.assign(parameter.tensor(.velocity), to: .velocity)
        }
        try SGD().step(network.parameters.all, learningRate: 0.01)
        try SGD().step(fresh.parameters.all, learningRate: 0.01)
        #expect(try tensors(fresh, .value) == tensors(network, .value))
    }

    @Test func `running statistics follow one batch after the other as PyTorch's do`() throws {
        var graph = NetworkGraph(channels: 3, height: 3, width: 2)
        graph.export(
            graph.convolution(
                graph.input, name: "layer", ConvolutionGeometry(inputs: 3, outputs: 5, kernel: 1), isRectified: false))
        let network = try RandomGraph(graph, batch: 2)
        let parameters = network.parameters
        var expected = try ["running_mean", "running_var"].map { try parameters["layer.bn.\($0)"].tensor().doubles }
        let weight = try parameters["layer.weight"].tensor().doubles
        for number in 0..<3 {
            let images = Tensor.random([2, 3, 3, 2], in: -1...3, seed: UInt64(number))
            try network.executor.forward(images.elements)
            for channel in 0..<5 {
                // A 1×1 convolution by hand: 2 images of 6 positions.
                let values = (0..<12).map { entry in
                    (0..<3).reduce(0.0) { sum, input in
                        let x = images.elements[(entry / 6 * 3 + input) * 6 + entry % 6]
                        return sum + weight[channel * 3 + input] * Double(x)
                    }
                }
                let mean = values.reduce(0, +) / 12
                let unbiased = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 11
                expected[0][channel] = 0.9 * expected[0][channel] + 0.1 * mean
                expected[1][channel] = 0.9 * expected[1][channel] + 0.1 * unbiased
            }
        }
        SinglePrecision.expect(try parameters["layer.bn.running_mean"].tensor(), toEqual: expected[0], "the mean")
        SinglePrecision.expect(try parameters["layer.bn.running_var"].tensor(), toEqual: expected[1], "the variance")
    }
}
