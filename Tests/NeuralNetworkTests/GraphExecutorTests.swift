import Randomness
import Tensors
import Testing

@testable import NeuralNetwork

@Suite struct GraphExecutorTests {
    /// Sums of a few hundred float32 products below 1.
    static let tolerance: Float = 1e-4

    struct Case: Sendable, CustomTestStringConvertible {
        var inputs: Int
        var outputs: Int
        var kernel: Int
        var stride: Int
        var padding: Int
        var testDescription: String { "\(inputs)→\(outputs) \(kernel)×\(kernel) /\(stride) +\(padding)" }
    }

    private func weights(
        _ kernels: [String: FoldedConvolution], norms: [String: InstanceNorm] = [:]
    ) -> WeightStore {
        WeightStore(load: { name in try #require(kernels[name]) }, loadNorm: { name in try #require(norms[name]) })
    }

    private func run(
        _ graph: NetworkGraph, _ x: Tensor, batch: Int, kernels: [String: FoldedConvolution],
        norms: [String: InstanceNorm] = [:], algorithm: ConvolutionAlgorithm = .direct
    ) throws -> [Tensor] {
        let executor = try GraphExecutor(
            graph, batch: batch, weights: weights(kernels, norms: norms), algorithm: algorithm, engine: ComputeEngine())
        try executor.run(x.elements, count: x.shape[0])
        return graph.outputs.indices.map { index in
            let shape = [x.shape[0]] + executor.shape(ofOutput: index).dropFirst()
            return Tensor(shape: shape, elements: unsafe Array(executor.output(index).prefix(shape.reduce(1, *))))
        }
    }

    @Test(
        arguments: [
            Case(inputs: 3, outputs: 5, kernel: 1, stride: 1, padding: 0),
            Case(inputs: 3, outputs: 16, kernel: 7, stride: 2, padding: 3),
            Case(inputs: 17, outputs: 9, kernel: 3, stride: 2, padding: 1),
            Case(inputs: 32, outputs: 32, kernel: 3, stride: 1, padding: 1),
            Case(inputs: 4, outputs: 8, kernel: 5, stride: 1, padding: 2),
            Case(inputs: 64, outputs: 64, kernel: 3, stride: 1, padding: 1),
            Case(inputs: 16, outputs: 48, kernel: 1, stride: 2, padding: 0),
        ], ConvolutionAlgorithm.allCases)
    func `a convolution agrees with its definition`(shape: Case, algorithm: ConvolutionAlgorithm) throws {
        let geometry = ConvolutionGeometry(
            inputs: shape.inputs, outputs: shape.outputs, kernel: shape.kernel, stride: shape.stride,
            padding: shape.padding)
        let folded = FoldedConvolution(
            kernel: randomTensor(geometry.weightShape, seed: 1), bias: randomTensor([shape.outputs], seed: 2).elements)
        let x = randomTensor([2, shape.inputs, 13, 9], seed: 3)
        var graph = NetworkGraph(channels: shape.inputs, height: 13, width: 9)
        graph.export(graph.convolution(graph.input, name: "c", geometry, isRectified: false))
        let expected = plainConvolution(
            x, kernel: folded.kernel, bias: folded.bias, stride: shape.stride, padding: shape.padding)
        for batch in [2, 8] {
            let found = try run(graph, x, batch: batch, kernels: ["c": folded], algorithm: algorithm)
            #expect(maximumDifference(found[0], expected) < Self.tolerance)
        }
    }

    @Test(arguments: [false, true])
    func `a residual sum leaves a term that is read later as it was`(isReadLater: Bool) throws {
        let geometry = ConvolutionGeometry(inputs: 4, outputs: 4, kernel: 3, padding: 1)
        let names = ["a", "b", "c"]
        let kernels = Dictionary(
            uniqueKeysWithValues: names.enumerated().map { index, name in
                (
                    name,
                    FoldedConvolution(
                        kernel: randomTensor(geometry.weightShape, seed: UInt64(index)), bias: [0, 0.1, 0.2, 0.3])
                )
            })
        func plain(_ x: Tensor, _ name: String) throws -> Tensor {
            let folded = try #require(kernels[name])
            return plainConvolution(x, kernel: folded.kernel, bias: folded.bias, stride: 1, padding: 1)
        }
        var graph = NetworkGraph(channels: 4, height: 6, width: 5)
        let first = graph.convolution(graph.input, name: "a", geometry, isRectified: true)
        let sum = graph.convolution(first, name: "b", geometry, adding: first, isRectified: true)
        graph.export(sum)
        if isReadLater {
            graph.export(first)
            graph.export(graph.convolution(first, name: "c", geometry, isRectified: false))
        }
        let x = randomTensor([2, 4, 6, 5], seed: 9)
        let found = try run(graph, x, batch: 2, kernels: kernels)
        var expectedFirst = try plain(x, "a")
        expectedFirst.elements = expectedFirst.elements.map { max(0, $0) }
        var expectedSum = try plain(expectedFirst, "b")
        expectedSum.elements = zip(expectedSum.elements, expectedFirst.elements).map { max(0, $0 + $1) }
        #expect(maximumDifference(found[0], expectedSum) < Self.tolerance)
        if isReadLater {
            #expect(maximumDifference(found[1], expectedFirst) < Self.tolerance)
            #expect(maximumDifference(found[2], try plain(expectedFirst, "c")) < Self.tolerance)
        }
    }

    /// 3 of 5 channels, half of 32, and all of 20; the image's own statistics in double precision.
    @Test(arguments: [(outputs: 5, count: 3), (32, 16), (20, 20)], [false, true])
    func `first channels are normalized by their image, and all are rectified`(
        channels: (outputs: Int, count: Int), isRectified: Bool
    ) throws {
        let (outputs, count) = channels
        let geometry = ConvolutionGeometry(inputs: 3, outputs: outputs, kernel: 3, padding: 1)
        let folded = FoldedConvolution(
            kernel: randomTensor(geometry.weightShape, seed: 1), bias: randomTensor([outputs], seed: 2).elements)
        let norm = InstanceNorm(
            weight: randomTensor([count], seed: 3).elements, bias: randomTensor([count], seed: 4).elements)
        var graph = NetworkGraph(channels: 3, height: 7, width: 5)
        graph.export(
            graph.convolution(
                graph.input, name: "c", geometry, instance: InstanceChannels(name: "c.IN", count: count),
                isRectified: isRectified))
        let x = randomTensor([2, 3, 7, 5], seed: 5)
        var expected = plainConvolution(x, kernel: folded.kernel, bias: folded.bias, stride: 1, padding: 1)
        normalize(&expected, norm)
        if isRectified { expected.elements = expected.elements.map { max(0, $0) } }
        for batch in [2, 4] {
            let found = try run(graph, x, batch: batch, kernels: ["c": folded], norms: ["c.IN": norm])
            #expect(maximumDifference(found[0], expected) < Self.tolerance)
        }
    }

    @Test(arguments: [false, true])
    func `a sum is normalized by its image, and stays as it was if it is read later`(isReadLater: Bool) throws {
        let geometry = ConvolutionGeometry(inputs: 4, outputs: 4, kernel: 3, padding: 1)
        let folded = FoldedConvolution(kernel: randomTensor(geometry.weightShape, seed: 1), bias: [0, 0.1, 0.2, 0.3])
        let norm = InstanceNorm(weight: [1, -1, 0.5, 2], bias: [0.1, 0, -0.2, 0.3])
        var graph = NetworkGraph(channels: 4, height: 6, width: 5)
        let sum = graph.convolution(graph.input, name: "a", geometry, adding: graph.input, isRectified: false)
        graph.export(graph.instanceNormalization(sum, name: "IN", isRectified: true))
        if isReadLater { graph.export(sum) }
        let x = randomTensor([2, 4, 6, 5], seed: 9)
        let found = try run(graph, x, batch: 2, kernels: ["a": folded], norms: ["IN": norm])
        var expected = plainConvolution(x, kernel: folded.kernel, bias: folded.bias, stride: 1, padding: 1)
        expected.elements = zip(expected.elements, x.elements).map { $0 + $1 }
        if isReadLater { #expect(maximumDifference(found[1], expected) < Self.tolerance) }
        normalize(&expected, norm)
        expected.elements = expected.elements.map { max(0, $0) }
        #expect(maximumDifference(found[0], expected) < Self.tolerance)
    }

    /// Normalizes the first channels of every image by their own mean and variance.
    private func normalize(_ x: inout Tensor, _ norm: InstanceNorm) {
        let (channels, area) = (x.shape[1], x.shape[2] * x.shape[3])
        for image in 0..<x.shape[0] {
            for channel in norm.weight.indices {
                let range = (image * channels + channel) * area..<(image * channels + channel + 1) * area
                let values = x.elements[range].map(Double.init)
                let mean = values.reduce(0, +) / Double(area)
                let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(area)
                for (index, value) in zip(range, values) {
                    let normal = (value - mean) / (variance + 1e-5).squareRoot()
                    x.elements[index] = Float(Double(norm.weight[channel]) * normal + Double(norm.bias[channel]))
                }
            }
        }
    }

    @Test func `maximum pooling ignores what is outside the image`() throws {
        var graph = NetworkGraph(channels: 1, height: 4, width: 4)
        graph.export(graph.maximumPooling(graph.input, kernel: 3, stride: 2, padding: 1))
        let x = Tensor(shape: [1, 1, 4, 4], elements: (1...16).map { -Float($0) })
        #expect(try run(graph, x, batch: 1, kernels: [:])[0].elements == [-1, -2, -5, -6])
    }

    @Test func `executors share weights of one layout`() throws {
        let geometry = ConvolutionGeometry(inputs: 4, outputs: 4, kernel: 1)
        var graph = NetworkGraph(channels: 4, height: 6, width: 5)
        graph.export(graph.convolution(graph.input, name: "a", geometry, isRectified: true))
        let store = weights([
            "a": FoldedConvolution(kernel: randomTensor(geometry.weightShape, seed: 1), bias: [0, 0, 0, 0])
        ])
        let engine = try ComputeEngine()
        _ = try GraphExecutor(graph, batch: 1, weights: store, algorithm: .direct, engine: engine)
        let bytes = store.bytes
        _ = try GraphExecutor(graph, batch: 2, weights: store, algorithm: .direct, engine: engine)
        #expect(bytes > 0 && store.bytes == bytes)
    }

    @Test func `buffers that live at the same time never overlap`() {
        var generator = SeededGenerator(seed: 5)
        var plan = MemoryPlan()
        var placed: [(Range<Int>, ClosedRange<Int>)] = []
        for step in 0..<200 {
            let size = Int.random(in: 1...1000, using: &generator)
            let lifetime = step...step + Int.random(in: 0...6, using: &generator)
            let offset = plan.place(size, lifetime: lifetime)
            #expect(offset % 64 == 0 && offset + size <= plan.bytes)
            for other in placed where other.1.overlaps(lifetime) {
                #expect(!other.0.overlaps(offset..<offset + size))
            }
            placed.append((offset..<offset + size, lifetime))
        }
        #expect(plan.bytes < 16 * 1024)
    }
}
