import Foundation
import Randomness
import Tensors
import Testing

@testable import NeuralNetwork

/// What MixStyle draws, and what it does to maps.
@Suite struct StyleMixingTests {
    @Test func `a place mixes as often as the probability says, and everything depends on the seed`() {
        var generator = SeededGenerator(seed: 1)
        func count(_ probability: Float) -> Int {
            let mixing = StyleMixing(probability: probability, seed: 0)
            return (0..<1000).count { _ in mixing.draw(batch: 2, using: &generator) != nil }
        }
        #expect(count(0) == 0 && count(1) == 1000)
        // 500 ± 5 standard deviations.
        #expect((420...580).contains(count(0.5)))
        var (first, second) = (SeededGenerator(seed: 7), SeededGenerator(seed: 7))
        let mixing = StyleMixing(probability: 0.5, seed: 0)
        for _ in 0..<20 {
            #expect(mixing.draw(batch: 8, using: &first) == mixing.draw(batch: 8, using: &second))
        }
    }

    /// Beta(0.1, 0.1) has the mean 1/2 and the variance 1/4.8.
    @Test func `partners are a permutation, and shares lie mostly near zero and one`() throws {
        var generator = SeededGenerator(seed: 2)
        let mixing = StyleMixing(probability: 1, seed: 0)
        var shares: [Double] = []
        for _ in 0..<100 {
            let draw = try #require(mixing.draw(batch: 32, using: &generator))
            #expect(draw.partners.sorted() == Array(0..<32))
            shares += draw.shares.map(Double.init)
        }
        #expect(shares.allSatisfy { $0 >= 0 && $0 <= 1 })
        let mean = shares.reduce(0, +) / 3200
        let variance = shares.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 3200
        #expect(abs(mean - 0.5) < 0.05 && abs(variance - 1 / 4.8) < 0.01)
        let low = Double(shares.count { $0 < 0.05 }) / 3200
        #expect(abs(low - Self.lowShare) < 0.05)
    }

    /// The integral of x^(−0.9) (1 − x)^(−0.9) below 0.05 over that below 1/2, halved; by the series of (1 − x)^(−0.9).
    private static var lowShare: Double {
        func integral(_ end: Double) -> Double {
            var (coefficient, sum, term) = (1.0, 0.0, pow(end, 0.1))
            for index in 0..<200 {
                sum += coefficient * term / (Double(index) + 0.1)
                coefficient *= (0.9 + Double(index)) / Double(index + 1)
                term *= end
            }
            return sum
        }
        return integral(0.05) / integral(0.5) / 2
    }

    @Test(arguments: [1, 2], [5, 32])
    func `values and gradients agree with the definition, mixed or not, rectified or not`(
        threads: Int, channels: Int
    ) throws {
        try withThreads(threads) {
            let geometry = ConvolutionGeometry(inputs: channels, outputs: channels, kernel: 3, padding: 1)
            for (probability, isRectified) in [(Float(1), true), (1, false), (0, true)] {
                var graph = NetworkGraph(channels: 3, height: 7, width: 5)
                let x = graph.convolution(
                    graph.input, name: "before",
                    ConvolutionGeometry(inputs: 3, outputs: channels, kernel: 3, padding: 1), isRectified: isRectified)
                graph.export(x)
                let mixed = graph.styleMixing(x)
                graph.export(mixed)
                graph.export(
                    graph.styleMixing(graph.convolution(mixed, name: "after", geometry, isRectified: isRectified)))
                var network = try RandomGraph(graph, batch: 4)
                network.mixing = StyleMixing(probability: probability, seed: 3)
                try network.expectAgreement()
                #expect(network.executor.mixers.allSatisfy { ($0.draw != nil) == (probability == 1) })
            }
        }
    }

    @Test func `inference passes a place on as it is`() throws {
        let geometry = ConvolutionGeometry(inputs: 3, outputs: 4, kernel: 1)
        func output(isMixed: Bool) throws -> [Float] {
            var graph = NetworkGraph(channels: 3, height: 4, width: 3)
            let x = graph.convolution(graph.input, name: "a", geometry, isRectified: true)
            let mixed = isMixed ? graph.styleMixing(x) : x
            let after = ConvolutionGeometry(inputs: 4, outputs: 4, kernel: 1)
            graph.export(graph.convolution(mixed, name: "b", after, adding: x, isRectified: true))
            let kernels = ["a": [4, 3, 1, 1], "b": [4, 4, 1, 1]].mapValues {
                FoldedConvolution(kernel: .random($0, seed: 1), bias: [0, 1, 2, 3])
            }
            let weights = WeightStore(
                load: { try #require(kernels[$0]) },
                loadNorm: { _ in InstanceNorm(weight: [], bias: []) })
            let executor = try GraphExecutor(
                graph, batch: 2, weights: weights, algorithm: .direct, engine: ComputeEngine())
            try executor.run(Tensor.random([2, 3, 4, 3], seed: 5).elements, count: 2)
            return unsafe Array(executor.output(0))
        }
        #expect(try output(isMixed: true) == output(isMixed: false))
    }
}
