import Tensors
import Testing

@testable import NeuralNetwork

/// Convolutions, norms, sums, rectifiers and pooling in training against the definition, at awkward sizes.
///
/// The gradient of a layer's input is checked by the gradients of the convolution before it.
@Suite struct LayerGradientConvolutionTests {
    /// A convolution, and what it is applied to.
    struct Case: Sendable, CustomTestStringConvertible {
        var batch: Int
        var geometry: ConvolutionGeometry
        var height: Int
        var width: Int

        init(_ batch: Int, _ inputs: Int, _ outputs: Int, _ kernel: Int, _ stride: Int, _ padding: Int, on size: [Int])
        {
            self.batch = batch
            geometry = ConvolutionGeometry(
                inputs: inputs, outputs: outputs, kernel: kernel, stride: stride, padding: padding)
            (height, width) = (size[0], size[1])
        }

        var testDescription: String {
            let shape = "\(geometry.kernel)×\(geometry.kernel) /\(geometry.stride) +\(geometry.padding)"
            return "\(batch) × \(geometry.inputs)→\(geometry.outputs) \(shape) on \(height)×\(width)"
        }
    }

    /// What follows a convolution and its norm.
    enum Ending: CaseIterable {
        case nothing, rectifier, sum, rectifiedSum

        var isRectified: Bool { self == .rectifier || self == .rectifiedSum }
        var hasSum: Bool { self == .sum || self == .rectifiedSum }
    }

    static let cases = [
        Case(2, 3, 5, 1, 1, 0, on: [7, 5]), Case(3, 17, 20, 3, 2, 1, on: [9, 7]), Case(1, 5, 17, 7, 2, 3, on: [13, 9]),
        Case(5, 20, 3, 3, 1, 1, on: [5, 3]), Case(2, 16, 32, 3, 1, 1, on: [6, 4]),
        Case(3, 20, 17, 1, 2, 0, on: [7, 5]), Case(1, 3, 3, 3, 1, 0, on: [6, 5]), Case(5, 17, 5, 3, 2, 1, on: [2, 3]),
    ]

    @Test(arguments: cases, Ending.allCases)
    func `values, gradients and running statistics agree with the definition`(layer: Case, ending: Ending) throws {
        try graph(layer, ending).expectAgreement()
    }

    @Test(arguments: [1, 2])
    func `any number of threads agrees with the definition`(threads: Int) throws {
        try withThreads(threads) { try graph(Self.cases[1], .rectifiedSum).expectAgreement() }
    }

    @Test(
        arguments: [(kernel: 3, stride: 2, padding: 1), (2, 2, 0), (3, 1, 1)],
        [(batch: 1, channels: 17, height: 7, width: 5), (3, 5, 6, 9), (2, 20, 3, 2)])
    func `maximum pooling agrees with the definition, whether or not its input is rectified`(
        shape: (kernel: Int, stride: Int, padding: Int), size: (batch: Int, channels: Int, height: Int, width: Int)
    ) throws {
        for isRectified in [false, true] {
            var graph = NetworkGraph(channels: 3, height: size.height, width: size.width)
            let x = graph.convolution(
                graph.input, name: "before",
                ConvolutionGeometry(inputs: 3, outputs: size.channels, kernel: 3, padding: 1), isRectified: isRectified)
            graph.export(
                graph.maximumPooling(x, kernel: shape.kernel, stride: shape.stride, padding: shape.padding))
            try RandomGraph(graph, batch: size.batch).expectAgreement()
        }
    }

    /// Equal values come from different pixels, so the kernel's gradient shows which one was chosen.
    @Test func `of equal values in a square the first gets the gradient`() throws {
        var graph = NetworkGraph(channels: 2, height: 7, width: 5)
        let x = graph.convolution(
            graph.input, name: "layer", ConvolutionGeometry(inputs: 2, outputs: 17, kernel: 1), isRectified: true)
        graph.export(graph.maximumPooling(x, kernel: 3, stride: 2, padding: 1))
        // The first channel has a few values, from which the result is made; the second does not change the result, but
        // the gradient depends on it.
        var images = Tensor.random([3, 2, 7, 5], seed: 1)
        for index in images.elements.indices where index / 35 % 2 == 0 {
            images.elements[index] = images.elements[index].rounded()
        }
        let network = try RandomGraph(graph, images: images)
        var weight = try network.parameters["layer.weight"].tensor()
        for index in weight.elements.indices where index % 2 == 1 { weight.elements[index] = 0 }
        try network.parameters["layer.weight"].assign(weight)
        try network.expectAgreement()
    }

    @Test func `a value that is exported, read and added gets the gradients of all three`() throws {
        let geometry = ConvolutionGeometry(inputs: 5, outputs: 5, kernel: 3, padding: 1)
        var graph = NetworkGraph(channels: 3, height: 7, width: 5)
        let x = graph.convolution(
            graph.input, name: "before", ConvolutionGeometry(inputs: 3, outputs: 5, kernel: 3, padding: 1),
            isRectified: true)
        let middle = graph.convolution(x, name: "middle", geometry, adding: x, isRectified: true)
        graph.export(middle)
        graph.export(graph.convolution(middle, name: "last", geometry, adding: middle, isRectified: true))
        graph.export(x)
        try RandomGraph(graph, batch: 3).expectAgreement()
    }

    @Test(arguments: ResidualBlock.allCases)
    func `a small network agrees with the definition from the first layer to the last`(block: ResidualBlock) throws {
        var graph = NetworkGraph(channels: 3, height: 35, width: 21)
        let network = ResNet(block: block, depths: [1, 1, 1, 1], width: 3, lastStride: 1)
        let stages = graph.append(network, to: graph.input, prefix: "")
        graph.export(stages[3])
        graph.export(stages[1])
        try RandomGraph(graph, batch: 3).expectAgreement()
    }

    /// A rectified 3×3 convolution, then the one to check; the term of a sum comes from another convolution.
    private func graph(_ layer: Case, _ ending: Ending) throws -> RandomGraph {
        var graph = NetworkGraph(channels: 3, height: layer.height, width: layer.width)
        let inputs = layer.geometry.inputs
        let x = graph.convolution(
            graph.input, name: "before", ConvolutionGeometry(inputs: 3, outputs: inputs, kernel: 3, padding: 1),
            isRectified: true)
        let term = ending.hasSum ? graph.convolution(x, name: "term", layer.geometry, isRectified: false) : nil
        graph.export(
            graph.convolution(x, name: "layer", layer.geometry, adding: term, isRectified: ending.isRectified))
        return try RandomGraph(graph, batch: layer.batch)
    }
}
