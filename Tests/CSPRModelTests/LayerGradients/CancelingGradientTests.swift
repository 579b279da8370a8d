import NeuralNetwork
import Tensors
import Testing

@testable import CSPRModel

/// Gradients that are sums which almost cancel: they are as exact as their terms.
@Suite struct CancelingGradientTests {
    /// Networks in which Σ |term| of the stem's shift is 118 and 72 times the largest sum.
    @Test(arguments: [UInt64(1), 10])
    func `the gradients of all shifts are as exact as the terms that they are sums of`(seed: UInt64) throws {
        var configuration = CSPRConfiguration()
        (configuration.width, configuration.depths) = (8, [1, 2, 1, 1])
        (configuration.height, configuration.widthPixels, configuration.identities) = (96, 32, 5)
        (configuration.branches, configuration.candidateRatios) = (3, [0.2, 0.3, 0.4])
        (configuration.branchDimensions, configuration.globalDimensions) = (4, 7)
        let network = try TrainableNetwork(configuration: configuration, seed: seed)
        for (index, parameter) in network.parameters.all.enumerated() {
            let isShift = parameter.name.hasSuffix("bias")
            var range: ClosedRange<Float>?
            if parameter.name.hasPrefix("classifier") { range = -0.3...0.3 }
            if parameter.name.contains("bn"), parameter.isLearned { range = isShift ? -0.3...0.3 : 0.5...1.5 }
            guard let range else { continue }
            try parameter.assign(.random(parameter.shape, in: range, seed: 1000 * seed + UInt64(index)))
        }
        try network.compile(.joint, batch: 3)
        let images = Tensor.random([3, 3, 96, 32], in: -2...2, seed: seed)
        let definition = try PlainNetwork(network)
        _ = try network.computeGradients(images.elements, labels: [0, 1, 2], losses: TrainingLosses())
        let expected = definition.evaluate(images.doubles, labels: [0, 1, 2], at: try network.point())
        #expect(expected.absoluteTerms.count > 15)
        for (name, terms) in expected.absoluteTerms {
            let found = try network.parameters[name].tensor(.gradient).doubles
            #expect(
                GoldenTraining.isWithinTerms(found, try #require(expected.gradients[name]), terms),
                "the gradient of \(name)")
        }
        let stem = try #require(expected.gradients["backbone.bn1.bias"]).map(abs).max() ?? 0
        let terms = try #require(expected.absoluteTerms["backbone.bn1.bias"]).max() ?? 0
        #expect(terms > 30 * stem, "the stem's shift no longer shows that sums cancel")
    }

    @Test func `a sum that is off by more than a hundred thousandth of its terms is wrong`() {
        #expect(GoldenTraining.isWithinTerms([1e-3], [1e-3 + 9e-6], [1]))
        #expect(!GoldenTraining.isWithinTerms([1e-3], [1e-3 + 1.1e-5], [1]))
        #expect(!GoldenTraining.isWithinTerms([], [1e-3], [1]))
    }
}
