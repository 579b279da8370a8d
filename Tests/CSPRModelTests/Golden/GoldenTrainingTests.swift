import NeuralNetwork
import Tensors
import Testing

@testable import CSPRModel

/// Losses, gradients and two updates of the network in training against the reference.
///
/// The reference computes in float64, the network in float32, and on these small networks float32 alone moves some
/// gradients by more than 1e-3, in PyTorch as much as here. Batch norms over as few as nine values magnify the rounding
/// of sixty layers. A rectifier whose input is so near to zero, or a maximum or median of two values that are so near,
/// switches a whole term of the gradient on or off. After an update along such a gradient, the two networks cannot be
/// compared any more.
///
/// So the network is compared with the definition, which equals the reference in double precision
/// (`GoldenDefinitionTests`):
/// - every value of the network must be what the definition computes from the layer's own inputs (`ForwardPoint`);
/// - all losses, gradients and updated parameters, in both updates, must be the definition's at these values, where the
///   decisions are the same;
/// - the loss terms must be the reference's directly, and so must every gradient and parameter on which the definition, at these
///   values, is itself the reference's: there rounding decided nothing.
@Suite struct GoldenTrainingTests {
    /// How much a value of one layer may differ, as a share of the layer's largest value: the tolerance of the
    /// network's outputs in inference.
    static let layerTolerance = Double(GoldenNetworkTests.tolerance)

    @Test(arguments: GoldenFixtures.available)
    func `every loss term agrees with the reference`(name: String) throws {
        let golden = try GoldenTraining(name)
        let terms = try golden.trainable().computeGradients(
            golden.image.elements, labels: golden.labels, losses: TrainingLosses())
        golden.expect(terms.byName, toEqual: try golden.terms(), "loss terms")
    }

    @Test func `gradients and two steps of gradient descent agree with the definition at the same values`() throws {
        var (gradients, moved) = (0, 0)
        for name in GoldenFixtures.available {
            let compared = try compareUpdates(of: name)
            gradients += compared.gradients
            moved += compared.moved
        }
        // How many depends on the processor, whose rounding may decide every tensor of one case, but not of all six.
        #expect(
            gradients > 0 && moved > 0, "\(gradients) and \(moved) tensors were compared with the reference directly")
    }

    /// Compares one case; returns how many tensors were compared with the reference directly.
    private func compareUpdates(of name: String) throws -> (gradients: Int, moved: Int) {
        var direct = (gradients: 0, moved: 0)
        let golden = try GoldenTraining(name)
        let images = golden.image.elements.map(Double.init)
        let network = try golden.trainable()
        var definition = try golden.definition()
        var sgd = PlainSGD()
        for step in 0..<2 {
            let terms = try network.computeGradients(
                golden.image.elements, labels: golden.labels, losses: TrainingLosses())
            let gradients = try network.learned(.gradient)
            let point = try network.point()
            let expected = definition.evaluate(images, labels: golden.labels, at: point)
            for (place, deviation) in point.deviations {
                #expect(deviation < Self.layerTolerance, "\(name), step \(step): \(place) differs by \(deviation)")
            }
            golden.expect(terms.byName, toEqual: expected.terms.mapValues { [$0] }, "loss terms")
            golden.expect(
                gradients, toEqual: expected.gradients, "gradients", absoluteTerms: expected.absoluteTerms)
            if step == 0 {
                direct.gradients = expectDirectly(
                    golden, gradients, golden: try golden.gradients(), expected.gradients, "gradients")
            }
            sgd.step(&definition, gradients: expected.gradients, learningRate: 0.01)
            try SGD().step(network.parameters.all, learningRate: 0.01)
        }
        let (moved, expected) = (try network.learned(.value), definition.parameters.mapValues(\.value))
        golden.expect(moved, toEqual: expected, "moved parameters")
        direct.moved = expectDirectly(
            golden, moved, golden: try golden.steppedParameters(), expected, "moved parameters")
        return direct
    }

    /// Expects the reference's tensors wherever the definition, at the network's values, is well within the tolerance
    /// of them; returns how many they are.
    private func expectDirectly(
        _ golden: GoldenTraining, _ found: [String: [Double]], golden reference: [String: [Double]],
        _ definition: [String: [Double]], _ what: String
    ) -> Int {
        let comparable = reference.filter { key, values in
            GoldenTraining.difference(definition[key] ?? [], values) < GoldenTraining.tolerance / 2
        }
        if !comparable.isEmpty { golden.expect(found, toEqual: comparable, "\(what) (directly)") }
        return comparable.count
    }
}

extension LossTerms {
    /// The terms as tensors of one element.
    fileprivate var byName: [String: [Double]] { Dictionary(named.map { ($0.name, [$0.value]) }) { $1 } }
}

extension TrainableNetwork {
    /// Every learned parameter, or its gradient, by name.
    fileprivate func learned(_ slot: Parameter.Slot) throws -> [String: [Double]] {
        try Dictionary(
            parameters.all.filter(\.isLearned).map { ($0.name, try $0.tensor(slot).elements.map(Double.init)) }
        ) { $1 }
    }
}
