import Tensors
import Testing

@testable import NeuralNetwork

/// Instance norms in training against the definition: alone in every layout, and after convolutions and sums.
@Suite struct LayerGradientInstanceTests {
    /// Maps of which the first channels are normalized, and how they lie in memory.
    struct Case: Sendable, CustomTestStringConvertible {
        var batch: Int
        var channels: Int
        var height: Int
        var width: Int
        /// How many channels are normalized.
        var count: Int
        /// Channels beside each other; 0: all.
        var lanes: Int

        var shape: [Int] { [batch, channels, height, width] }
        var strides: ChannelStrides {
            ChannelStrides(
                batch: batch, channels: channels, positions: height * width, lanes: lanes == 0 ? channels : lanes)
        }
        var testDescription: String {
            "\(count) of \(batch) × \(channels)×\(height)×\(width), \(strides.lanes) beside each other"
        }
    }

    static let cases = [1, 4, 8, 16, 0].flatMap { lanes in
        [
            Case(batch: 2, channels: 5, height: 7, width: 3, count: 2, lanes: lanes),
            Case(batch: 3, channels: 20, height: 11, width: 7, count: 20, lanes: lanes),
            Case(batch: 1, channels: 32, height: 9, width: 8, count: 16, lanes: lanes),
            Case(batch: 2, channels: 40, height: 2, width: 2, count: 13, lanes: lanes),
        ]
    }

    @Test(arguments: cases, [false, true])
    func `an instance norm agrees with the definition in every layout`(size: Case, isRectified: Bool) throws {
        for threads in [1, 2] {
            try expectAgreement(size, isRectified: isRectified, threads: threads)
        }
    }

    /// Large means beside small deviations: sums of squares that are subtracted would lose all digits.
    @Test func `maps far from zero keep their digits`() throws {
        let size = Case(batch: 2, channels: 8, height: 48, width: 32, count: 8, lanes: 8)
        var x = Tensor.random(size.shape, seed: 1)
        for index in x.elements.indices { x.elements[index] += 1000 }
        try expectAgreement(size, x: x, isRectified: false, threads: 1)
    }

    @Test(
        arguments: [(inputs: 3, outputs: 5), (16, 32), (5, 20)], [(batch: 1, height: 7, width: 5), (3, 6, 4)])
    func `halves after a convolution agree with the definition`(
        channels: (inputs: Int, outputs: Int), size: (batch: Int, height: Int, width: Int)
    ) throws {
        for (count, isRectified) in [
            (channels.outputs / 2, false), (channels.outputs / 2, true), (channels.outputs, true),
        ] {
            var graph = NetworkGraph(channels: 3, height: size.height, width: size.width)
            let x = graph.convolution(
                graph.input, name: "before",
                ConvolutionGeometry(inputs: 3, outputs: channels.inputs, kernel: 3, padding: 1), isRectified: true)
            let geometry = ConvolutionGeometry(
                inputs: channels.inputs, outputs: channels.outputs, kernel: 3, stride: 1, padding: 1)
            graph.export(
                graph.convolution(
                    x, name: "layer", geometry, instance: InstanceChannels(name: "layer.IN", count: count),
                    isRectified: isRectified))
            try RandomGraph(graph, batch: size.batch).expectAgreement()
        }
    }

    @Test(arguments: [1, 2], [false, true])
    func `a norm after a sum agrees with the definition, whoever else reads the sum`(
        threads: Int, isReadTwice: Bool
    ) throws {
        try withThreads(threads) {
            let geometry = ConvolutionGeometry(inputs: 20, outputs: 20, kernel: 3, padding: 1)
            var graph = NetworkGraph(channels: 3, height: 7, width: 5)
            let x = graph.convolution(
                graph.input, name: "before", ConvolutionGeometry(inputs: 3, outputs: 20, kernel: 3, padding: 1),
                isRectified: true)
            let sum = graph.convolution(x, name: "layer", geometry, adding: x, isRectified: false)
            let normal = graph.instanceNormalization(sum, name: "IN", isRectified: true)
            graph.export(graph.convolution(normal, name: "after", geometry, isRectified: true))
            graph.export(normal)
            if isReadTwice { graph.export(sum) }
            try RandomGraph(graph, batch: 3).expectAgreement()
        }
    }

    private func expectAgreement(_ size: Case, x: Tensor? = nil, isRectified: Bool, threads: Int) throws {
        let strides = size.strides
        let x = x ?? .random(size.shape, seed: 1)
        let (dy, before) = (Tensor.random(size.shape, seed: 2), Tensor.random(size.shape, seed: 3))
        let scale = Tensor.random([size.count], in: 0.5...1.5, seed: 4)
        let shift = Tensor.random([size.count], in: -0.5...0.5, seed: 5)
        let (source, slopes) = (try strides.memory(x), try strides.memory(dy))
        // Nothing else may change, and padding must become zero.
        let (y, dx) = (try strides.memory(before, padding: 7), try strides.memory(before, padding: 7))
        let norm = InstanceNormalization(
            strides, channels: size.count, isRectified: isRectified, rest: .kept, threads: threads)
        let (scales, shifts) = (try AlignedMemory(scale), try AlignedMemory(shift))
        let entries = size.batch * size.count
        let kept = try AlignedMemory(bytes: 16 * entries)
        let affine = unsafe InstanceNormalization.Affine(scale: scales.pointer(), shift: shifts.pointer())
        let statistics = unsafe InstanceNormalization.Statistics(
            means: kept.pointer(), inverses: kept.pointer(at: entries))
        unsafe norm.forward(source.pointer(), into: y.pointer(), affine, keeping: statistics)
        unsafe norm.backward(
            source.pointer(), gradient: slopes.pointer(), into: dx.pointer(), affine, statistics,
            scales: kept.pointer(at: 2 * entries), shifts: kept.pointer(at: 3 * entries))

        let values = strides.tensor(y, size.shape)
        let tape = Tape(at: isRectified ? ForwardPoint(["y": first(values, size)]) : ForwardPoint())
        let (input, weight, bias) = (Variable(x), Variable(scale), Variable(shift))
        var normal = tape.instanceNorm(tape.channels(input, 0..<size.count), weight: weight, bias: bias)
        if isRectified { normal = tape.rectifier(normal, at: "y") }
        tape.differentiate(normal, weights: first(dy, size))
        let part = [size.batch, size.count, size.height, size.width]
        SinglePrecision.expect(
            Tensor(shape: part, elements: first(values, size).map { Float($0) }), toEqual: normal.value, "y")
        let gradient = strides.tensor(dx, size.shape)
        SinglePrecision.expect(
            Tensor(shape: part, elements: first(gradient, size).map { Float($0) }),
            toEqual: first(Variable(size.shape, input.gradient), size), "the gradient of x")
        let shares = Tensor(shape: [4 * entries], elements: unsafe Array(kept.floats(count: 4 * entries)))
        for (number, parameter) in [(2, weight), (3, bias)] {
            let sums = (0..<size.count).map { channel in
                (0..<size.batch).reduce(Float(0)) {
                    $0 + shares.elements[number * entries + $1 * size.count + channel]
                }
            }
            SinglePrecision.expect(
                Tensor(shape: [size.count], elements: sums), toEqual: parameter.gradient,
                number == 2 ? "the gradient of the scale" : "the gradient of the shift")
        }
        for (memory, tensor) in [(y, values), (dx, gradient)] {
            #expect(rest(tensor, size) == rest(before, size))
            if size.count == size.channels { #expect(strides.padding(memory, size.shape).allSatisfy { $0 == 0 }) }
        }
    }

    /// The normalized channels.
    private func first(_ tensor: Tensor, _ size: Case) -> [Double] { first(Variable(tensor), size) }

    private func first(_ x: Variable, _ size: Case) -> [Double] { Tape().channels(x, 0..<size.count).value }

    /// The other channels.
    private func rest(_ tensor: Tensor, _ size: Case) -> [Double] {
        Tape().channels(Variable(tensor), size.count..<size.channels).value
    }
}

extension ChannelStrides {
    /// The number of an element of [batch, channels, height, width].
    private func place(_ index: Int, _ shape: [Int]) -> Int {
        let area = shape[2] * shape[3]
        return start(image: index / (area * shape[1]), channel: index / area % shape[1]) + index % area * position
    }

    /// Memory that holds the elements of `tensor` in this layout.
    fileprivate func memory(_ tensor: Tensor, padding: Float = 0) throws -> AlignedMemory {
        let memory = try AlignedMemory(bytes: 4 * batch * image)
        unsafe memory.floats(count: batch * image).update(repeating: padding)
        for (index, element) in tensor.elements.enumerated() {
            unsafe memory.pointer()[place(index, tensor.shape)] = element
        }
        return memory
    }

    /// The elements of memory in this layout.
    fileprivate func tensor(_ memory: AlignedMemory, _ shape: [Int]) -> Tensor {
        let indices = 0..<shape.reduce(1, *)
        return Tensor(shape: shape, elements: indices.map { index in unsafe memory.pointer()[place(index, shape)] })
    }

    /// What the memory holds beside the elements.
    fileprivate func padding(_ memory: AlignedMemory, _ shape: [Int]) -> [Float] {
        let places = Set((0..<shape.reduce(1, *)).map { place($0, shape) })
        return (0..<batch * image).filter { !places.contains($0) }.map { unsafe memory.pointer()[$0] }
    }
}
