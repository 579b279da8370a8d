import Tensors
import Testing

@testable import CSPRModel
@testable import NeuralNetwork

/// Whole networks against the definition, at sizes and with settings that the golden files do not have.
///
/// As in `GoldenTrainingTests`, the definition uses the network's values, so that both make the same decisions.
@Suite struct LayerGradientNetworkTests {
    /// A network for odd maps.
    struct Case: Sendable, CustomTestStringConvertible {
        var block = ResidualBlock.basic
        var width = 5
        var stage = 2
        var attention = CSPRConfiguration.Attention.multiscale
        var letters = "SPR"
        var branches = 3
        var batch = 3
        var lastStride = 2
        var instanceNorms = InstanceNormUse.none
        var mixing: StyleMixing?
        /// Whether the classifiers are random: as long as they are zero, they send no gradient into the network.
        var hasClassifiers = false
        var pooling = CSPRConfiguration.Pooling.average
        var barycenters = CSPRConfiguration.Barycenters.mean

        var testDescription: String {
            "\(block) \(width), \(attention) on stage \(stage), \(branches) × \(letters), batch of \(batch), "
                + "instance norms \(instanceNorms), mixing \(mixing?.probability ?? 0), \(pooling), \(barycenters)"
        }

        var configuration: CSPRConfiguration {
            var configuration = CSPRConfiguration()
            (configuration.block, configuration.width, configuration.depths) = (block, width, [1, 1, 1, 1])
            (configuration.height, configuration.widthPixels, configuration.lastStride) = (72, 40, lastStride)
            (configuration.localStage, configuration.attention, configuration.descriptor) = (stage, attention, letters)
            (configuration.branches, configuration.branchDimensions) = (branches, 3)
            configuration.candidateRatios = Array([0.2, 0.4, 0.3].prefix(branches))
            (configuration.globalDimensions, configuration.identities) = (7, 3)
            configuration.instanceNorms = instanceNorms
            (configuration.pooling, configuration.barycenters) = (pooling, barycenters)
            return configuration
        }
    }

    @Test(arguments: [
        Case(), Case(width: 3, stage: 1, letters: "PR", branches: 2, batch: 2),
        Case(stage: 4, attention: .single, batch: 5, lastStride: 1),
        Case(block: .bottleneck, width: 3, stage: 3, letters: "S", branches: 1), Case(attention: .none),
        Case(instanceNorms: .a), Case(block: .bottleneck, width: 4, stage: 3, branches: 2, instanceNorms: .a),
        Case(instanceNorms: .b), Case(block: .bottleneck, width: 3, stage: 1, letters: "R", instanceNorms: .b),
        Case(mixing: StyleMixing(probability: 1, seed: 1)),
        Case(stage: 1, batch: 4, instanceNorms: .a, mixing: StyleMixing(probability: 1, seed: 2)),
        Case(hasClassifiers: true), Case(hasClassifiers: true, pooling: .gem),
        Case(letters: "P", barycenters: .normalized),
        Case(attention: .none, mixing: StyleMixing(probability: 0, seed: 3)),
    ])
    func `losses and gradients agree with the definition at the same values`(network: Case) throws {
        let configuration = network.configuration
        let trainable = try TrainableNetwork(configuration: configuration, seed: 1)
        try trainable.compile(.joint, batch: network.batch, mixesStyles: network.mixing != nil)
        let images = Tensor.random(
            [network.batch, 3, configuration.height, configuration.widthPixels], in: -2...2, seed: 2)
        let labels = Array([0, 2, 1, 1, 0].prefix(network.batch))
        if network.hasClassifiers {
            for parameter in trainable.parameters.all where parameter.name.hasPrefix("classifier") {
                try parameter.assign(.random(parameter.shape, in: -0.5...0.5, seed: 4))
            }
        }
        let definition = try PlainNetwork(trainable)
        let terms = try trainable.computeGradients(
            images.elements, labels: labels, losses: TrainingLosses(), mixing: network.mixing)
        let point = try trainable.point()
        let draws = try #require(trainable.compiled).backbone.mixers.map(\.draw)
        let expected = definition.evaluate(images.doubles, labels: labels, at: point, draws: draws)
        for (place, deviation) in point.deviations {
            #expect(deviation < SinglePrecision.tolerance, "\(place) differs by \(deviation)")
        }
        for (name, value) in terms.named {
            let reference = try #require(expected.terms[name])
            #expect(abs(value / reference - 1) < SinglePrecision.tolerance, "\(name) is \(value), not \(reference)")
        }
        #expect(terms.named.count == expected.terms.count)
        for parameter in trainable.parameters.all where parameter.isLearned {
            try trainable.parameters.expectGradient(
                of: parameter, toEqual: expected.gradients[parameter.name] ?? [])
        }
    }
}
