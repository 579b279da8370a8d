import Tensors
import Testing

/// The definition against the reference: two programs for the same network, both in double precision.
///
/// They agree to about 5e-8 of a tensor's maximum, which is the rounding of the golden files; the tests ask for 1e-3.
@Suite struct GoldenDefinitionTests {
    @Test func `there are golden cases to hold the network against`() {
        #expect(!GoldenFixtures.available.isEmpty)
    }

    @Test(arguments: GoldenFixtures.available)
    func `losses, gradients and two steps of gradient descent agree with the reference`(name: String) throws {
        let golden = try GoldenTraining(name)
        let images = golden.image.elements.map(Double.init)
        var network = try golden.definition()
        var sgd = PlainSGD()
        for (step, loss) in try golden.stepLosses().enumerated() {
            let evaluation = network.evaluate(images, labels: golden.labels)
            if step == 0 {
                golden.expect(evaluation.terms.mapValues { [$0] }, toEqual: try golden.terms(), "loss terms")
                golden.expect(evaluation.gradients, toEqual: try golden.gradients(), "gradients")
                #expect(Set(evaluation.gradients.keys) == Set(try golden.gradients().keys))
            }
            golden.expect(["total": [evaluation.terms["total"] ?? .nan]], toEqual: ["total": [loss]], "loss terms")
            sgd.step(&network, gradients: evaluation.gradients, learningRate: 0.01)
        }
        golden.expect(
            network.parameters.mapValues(\.value), toEqual: try golden.steppedParameters(), "stepped parameters")
    }
}
