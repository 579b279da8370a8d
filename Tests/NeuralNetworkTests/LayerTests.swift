import NeuralNetwork
import Randomness
import Tensors
import Testing

@Suite struct LayerTests {
    @Test func `folding a batch norm gives the same map`() {
        let kernel = randomTensor([3, 2, 3, 3], seed: 1)
        let norm = BatchNorm(weight: [1, -0.5, 2], bias: [0, 1, -1], mean: [0.3, 0, -2], variance: [1, 0.25, 0])
        let x = randomTensor([2, 2, 5, 4], seed: 2)
        var expected = plainConvolution(x, kernel: kernel, bias: [0, 0, 0], stride: 1, padding: 1)
        for index in 0..<expected.count {
            let channel = index / 20 % 3
            let scaled =
                (Double(expected.elements[index]) - Double(norm.mean[channel]))
                / (Double(norm.variance[channel]) + 1e-5).squareRoot()
            expected.elements[index] = Float(Double(norm.weight[channel]) * scaled + Double(norm.bias[channel]))
        }
        let folded = FoldedConvolution(kernel: kernel, folding: norm)
        let found = plainConvolution(x, kernel: folded.kernel, bias: folded.bias, stride: 1, padding: 1)
        // The third channel is scaled by 632, whose products float32 keeps to about 1e-4.
        #expect(maximumDifference(found, expected) < 1e-3)
    }

    @Test func `a linear layer is affine`() throws {
        let layer = Linear(weight: Tensor(shape: [2, 3], elements: [1, 2, 3, 4, 5, 6]), bias: [10, 20])
        let y = try layer.forward(Tensor(shape: [2, 3], elements: [1, 0, 0, 0, 1, -1]))
        #expect(y == Tensor(shape: [2, 2], elements: [11, 24, 9, 19]))
    }

    @Test func `pooling takes the mean over the image`() {
        let x = Tensor(shape: [1, 2, 1, 2], elements: [1, 3, -1, -2])
        #expect(globalAveragePooling(x) == Tensor(shape: [1, 2], elements: [2, -1.5]))
    }

    @Test func `rows get length one, and a row of zeros stays`() {
        let x = Tensor(shape: [3, 2], elements: [3, 4, 0, 0, -1e-3, 0])
        #expect(normalizeRows(x).elements == [0.6, 0.8, 0, 0, -1, 0])
    }

    @Test func `initial weights have the spread that a rectifier needs`() {
        var generator = SeededGenerator(seed: 3)
        let tensor = Tensor.heInitialized([64, 16, 3, 3], using: &generator)
        let mean = tensor.elements.reduce(0, +) / Float(tensor.count)
        let variance = tensor.elements.reduce(0) { $0 + $1 * $1 } / Float(tensor.count)
        let expected: Float = 2 / 144
        // 9,216 draws: the mean is off by 0.1% of the spread and the variance by about 1%.
        #expect(abs(mean) < 5e-3 && abs(variance / expected - 1) < 0.05)
        #expect(tensor.elements.allSatisfy { abs($0) <= (Float(6) / 144).squareRoot() })
        var again = SeededGenerator(seed: 3)
        #expect(Tensor.heInitialized([64, 16, 3, 3], using: &again) == tensor)
    }

    @Test func `ResNet-50 has the published size`() {
        let network = ResNet(block: .bottleneck, depths: [3, 4, 6, 3], width: 64, lastStride: 2)
        let convolutions = network.convolutions
        #expect(convolutions.count == 53)
        // torchvision's resnet50 without its classifier: 23,508,032 parameters.
        let parameters = convolutions.reduce(0) {
            $0 + $1.geometry.weightShape.reduce(1, *) + 2 * $1.geometry.outputs
        }
        #expect(parameters == 23_508_032)
        #expect((1...4).map(network.channels) == [256, 512, 1024, 2048])
    }

    @Test func `a basic block needs no shortcut where shapes agree`() {
        let network = ResNet(block: .basic, depths: [2, 1, 1, 1], width: 8, lastStride: 1)
        #expect(network.stages[0].map { $0.shortcut == nil } == [true, true])
        #expect(network.stages[1][0].shortcut?.name == "layer2.0.downsample.0")
        #expect(network.stages[3][0].shortcut?.geometry.stride == 1)
        #expect((1...4).map(network.channels) == [8, 16, 32, 64])
    }
}
