import Tensors
import Testing

@testable import NeuralNetwork

/// Gradient descent, averages and sums of gradients against their formulas, in double precision.
///
/// The parameters are those of a compiled network: its kernels lie in the layouts of their operations, padding
/// included, and the threads share the largest one in several pieces.
@Suite struct OptimizerTests {
    /// Several operations in float32, each rounded by 6e-8.
    static let tolerance = 1e-6

    /// Convolutions with 3, 20, 17 and 130 channels, the last kernel of 19 890 floats.
    private func makeParameters() throws -> ParameterStore {
        var graph = NetworkGraph(channels: 3, height: 5, width: 5)
        var x = graph.input
        for (index, (inputs, outputs)) in [(3, 20), (20, 17), (17, 130)].enumerated() {
            x = graph.convolution(
                x, name: "layer\(index)",
                ConvolutionGeometry(inputs: inputs, outputs: outputs, kernel: 3, padding: 1), isRectified: true)
        }
        graph.export(x)
        return try RandomGraph(graph, batch: 1).parameters
    }

    /// Gives every learned parameter a random gradient.
    private func assignGradients(_ parameters: ParameterStore, seed: UInt64) throws {
        for (index, parameter) in parameters.all.filter(\.isLearned).enumerated() {
            try parameter.assign(.random(parameter.shape, seed: 1000 * seed + UInt64(index)), to: .gradient)
        }
    }

    private func expect(
        _ parameter: Parameter, _ slot: Parameter.Slot, _ expected: [Double],
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let deviation = GoldenTraining.difference(try parameter.tensor(slot).doubles, expected)
        #expect(
            deviation < Self.tolerance, "\(slot) of \(parameter.name) differs by \(deviation)",
            sourceLocation: sourceLocation)
    }

    /// The results of the formulas for one parameter.
    private struct Expected {
        var value: [Double]
        var velocity: [Double]

        init(_ parameter: Parameter) throws {
            value = try parameter.tensor().doubles
            velocity = Array(repeating: 0, count: value.count)
        }

        /// g ← s·∂L/∂w + d·w,  v ← μ·v + g,  w ← w − η·v.
        mutating func step(_ gradient: [Double], _ sgd: SGD, rate: Double, scale: Double) {
            for index in value.indices {
                let slope = scale * gradient[index] + Double(sgd.weightDecay) * value[index]
                velocity[index] = Double(sgd.momentum) * velocity[index] + slope
                value[index] -= rate * velocity[index]
            }
        }
    }

    @Test(arguments: [(momentum: Float(0.9), decay: Float(5e-4)), (0, 0.1), (0.5, 0)], [1, 2])
    func `steps of gradient descent follow the formula`(
        setting: (momentum: Float, decay: Float), threads: Int
    ) throws {
        try withThreads(threads) {
            let parameters = try makeParameters()
            var sgd = SGD()
            (sgd.momentum, sgd.weightDecay) = setting
            let running = try parameters.all.filter { !$0.isLearned }.map { try $0.tensor() }
            let learned = parameters.all.filter(\.isLearned)
            var expected = try learned.map { try Expected($0) }
            for step in 0..<4 {
                try assignGradients(parameters, seed: UInt64(step + 1))
                let (rate, scale) = (0.1 / Double(step + 1), step == 2 ? 0.25 : 1)
                for (index, parameter) in learned.enumerated() {
                    expected[index].step(try parameter.tensor(.gradient).doubles, sgd, rate: rate, scale: scale)
                }
                try sgd.step(parameters.all, learningRate: Float(rate), gradientScale: Float(scale))
            }
            for (parameter, expected) in zip(learned, expected) {
                try expect(parameter, .value, expected.value)
                try expect(parameter, .velocity, expected.velocity)
            }
            #expect(try parameters.all.filter { !$0.isLearned }.map { try $0.tensor() } == running)
        }
    }

    @Test func `parameters that are not given do not move`() throws {
        let parameters = try makeParameters()
        try assignGradients(parameters, seed: 1)
        let before = try parameters.all.map { try $0.tensor() }
        try SGD().step([parameters["layer1.weight"]], learningRate: 0.1)
        for (parameter, before) in zip(parameters.all, before) {
            #expect((try parameter.tensor() == before) == (parameter.name != "layer1.weight"))
        }
    }

    @Test(arguments: [Float(0.9), 0.5, 0])
    func `an average starts at the value and follows it`(decay: Float) throws {
        let parameters = try makeParameters()
        var expected = try parameters.all.map { try $0.tensor().doubles }
        for step in 0..<4 {
            for (index, parameter) in parameters.all.enumerated() {
                let value = Tensor.random(parameter.shape, seed: UInt64(1000 * step + index))
                try parameter.assign(value)
                expected[index] =
                    step == 0
                    ? value.doubles
                    : zip(expected[index], value.doubles).map { Double(decay) * $0 + (1 - Double(decay)) * $1 }
            }
            try parameters.updateAverages(decay: decay)
            for (parameter, expected) in zip(parameters.all, expected) { try expect(parameter, .average, expected) }
        }
    }

    @Test(arguments: [2, 3])
    func `gradients of parts add up, and the next batch starts from nothing`(parts: Int) throws {
        let parameters = try makeParameters()
        for batch in 0..<2 {
            var sums: [String: [Float]] = [:]
            for part in 0..<parts {
                try assignGradients(parameters, seed: UInt64(10 * batch + part))
                for parameter in parameters.all where parameter.isLearned {
                    let gradient = try parameter.tensor(.gradient).elements
                    sums[parameter.name] = sums[parameter.name].map { zip($0, gradient).map(+) } ?? gradient
                }
                try parameters.accumulateGradients(finish: part == parts - 1)
            }
            for (name, sum) in sums { #expect(try parameters[name].tensor(.gradient).elements == sum) }
        }
    }

    @Test func `a step along accumulated gradients is one along their mean`() throws {
        let (parameters, other) = (try makeParameters(), try makeParameters())
        try assignGradients(parameters, seed: 1)
        let first = try parameters.all.map { try $0.tensor(.gradient).doubles }
        try parameters.accumulateGradients(finish: false)
        try assignGradients(parameters, seed: 2)
        for (index, parameter) in parameters.all.enumerated() where parameter.isLearned {
            let second = try parameter.tensor(.gradient).doubles
            let mean = zip(first[index], second).map { Float(($0 + $1) / 2) }
            try other.all[index].assign(Tensor(shape: parameter.shape, elements: mean), to: .gradient)
        }
        try parameters.accumulateGradients(finish: true)
        try SGD().step(parameters.all, learningRate: 0.1, gradientScale: 0.5)
        try SGD().step(other.all, learningRate: 0.1)
        for (parameter, other) in zip(parameters.all, other.all) {
            try expect(parameter, .value, try other.tensor().doubles)
        }
    }

    @Test func `the length of the gradient counts every learned entry once`() throws {
        let parameters = try makeParameters()
        try assignGradients(parameters, seed: 1)
        let square = try parameters.all.filter(\.isLearned).reduce(0.0) { sum, parameter in
            try parameter.tensor(.gradient).doubles.reduce(sum) { $0 + $1 * $1 }
        }
        #expect(abs(try parameters.gradientNorm() / square.squareRoot() - 1) < Self.tolerance)
    }

    /// Three pieces, the last one short.
    @Test(arguments: [1, 2], [false, true])
    func `sums over several pieces are the sums of their elements`(threads: Int, isMasked: Bool) throws {
        let shape = [40_001]
        let terms = (0..<3).map { Tensor.random(shape, seed: $0) }
        let mask = Tensor.random(shape, seed: 9)
        let memories = try terms.map { try AlignedMemory($0) }
        let masks = try AlignedMemory(mask)
        func floats(_ memory: AlignedMemory) -> UnsafeMutableBufferPointer<Float> {
            unsafe memory.floats(count: shape[0])
        }
        // The target is the first term, as when a gradient is masked in place.
        unsafe Elementwise.sum(
            memories.map(floats), where: isMasked ? floats(masks) : nil, into: floats(memories[0]), threads: threads)
        let expected = (0..<shape[0]).map { index in
            isMasked && mask.elements[index] <= 0
                ? 0 : terms[0].elements[index] + terms[1].elements[index] + terms[2].elements[index]
        }
        #expect(memories[0].tensor(shape).elements == expected)

        unsafe Elementwise.add(
            floats(masks), to: floats(memories[1]), isRectified: isMasked, threads: threads)
        let sums = zip(terms[1].elements, mask.elements).map { isMasked ? max(0, $0 + $1) : $0 + $1 }
        #expect(memories[1].tensor(shape).elements == sums)
    }
}
