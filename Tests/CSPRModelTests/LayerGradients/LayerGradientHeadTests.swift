import NeuralNetwork
import Tensors
import Testing

@testable import CSPRModel

/// What follows the backbone's last stage, the layers of the heads and their losses, against the definition at awkward sizes.
@Suite struct LayerGradientHeadTests {
    static let sizes = [
        (rows: 1, inputs: 17, outputs: 3), (2, 5, 20), (3, 33, 17), (5, 1, 1), (5, 64, 5),
    ]

    @Test(arguments: [[1, 17, 7, 5], [3, 5, 1, 1]])
    func `global average pooling agrees with the definition`(shape: [Int]) {
        let x = Tensor.random(shape, seed: 1)
        let expected = Tape().globalAveragePooling(Variable(x))
        SinglePrecision.expect(globalAveragePooling(x), toEqual: expected.value, "the mean")
    }

    @Test(arguments: [[1, 17, 7, 5], [3, 5, 1, 1]], [Float(1), 3, 6.5])
    func `generalized-mean pooling agrees with the definition`(shape: [Int], exponent: Float) {
        let (x, dy) = (Tensor.rectified(shape, seed: 1), Tensor.random([shape[0], shape[1]], seed: 2))
        let pooling = GeneralizedMean(exponent: exponent)
        let (tape, input) = (Tape(), Variable(x))
        let p = Variable([1], [Double(exponent)])
        let expected = tape.generalizedMean(input, exponent: p)
        tape.differentiate(expected, weights: dy.doubles)
        SinglePrecision.expect(pooling.forward(x), toEqual: expected.value, "the generalized mean")
        let (dx, dp) = pooling.backward(dy, x: x)
        SinglePrecision.expect(dx, toEqual: input.gradient, "the gradient of x")
        SinglePrecision.expect(Tensor(shape: [1], elements: [dp]), toEqual: p.gradient, "the gradient of p")
    }

    @Test func `a generalized mean lies between mean and maximum, and near them at its ends`() {
        let x = Tensor(shape: [1, 1, 2, 2], elements: [1, 2, 3, 6])
        func pooled(_ exponent: Float) -> Float { GeneralizedMean(exponent: exponent).forward(x).elements[0] }
        #expect(abs(pooled(1) - 3) < 1e-5)
        #expect(abs(pooled(2) - Float(12.5).squareRoot()) < 1e-5 && pooled(100) > 5.9 && pooled(100) < 6)
    }

    @Test(arguments: sizes)
    func `a linear layer agrees with the definition`(size: (rows: Int, inputs: Int, outputs: Int)) throws {
        let parameters = try linear("layer", inputs: size.inputs, outputs: size.outputs)
        let variables = try parameters.variables()
        let layer = TrainableLinear("layer", in: parameters)
        let x = Tensor.random([size.rows, size.inputs], seed: 3)
        let dy = Tensor.random([size.rows, size.outputs], seed: 4)
        let y = try layer.forward(x)
        let dx = try layer.backward(dy, x: x)

        let (tape, input) = (Tape(), Variable(x))
        let expected = tape.linear(input, "layer", variables)
        tape.differentiate(expected, weights: dy.doubles)
        SinglePrecision.expect(y, toEqual: expected.value, "y")
        SinglePrecision.expect(dx, toEqual: input.gradient, "the gradient of x")
        try parameters.expectGradients(toEqual: variables)
    }

    /// As a branch's layer uses it: its rows are parts of longer rows, whose other elements must not change.
    @Test(arguments: sizes)
    func `a linear layer on parts of rows agrees, and leaves the rest alone`(
        size: (rows: Int, inputs: Int, outputs: Int)
    ) throws {
        let parameters = try linear("layer", inputs: size.inputs, outputs: size.outputs)
        let layer = TrainableLinear("layer", in: parameters)
        let (stride, resultStride) = (size.inputs + 3, size.outputs + 2)
        let (x, dy) = (Tensor.random([size.rows, stride], seed: 3), Tensor.random([size.rows, resultStride], seed: 4))
        let (inputs, slopes) = (try AlignedMemory(x), try AlignedMemory(dy))
        let (y, dx) = (Tensor.random(dy.shape, seed: 5), Tensor.random(x.shape, seed: 6))
        let (values, result) = (try AlignedMemory(y), try AlignedMemory(dx))
        try unsafe layer.forward(
            inputs.pointer(at: 1), stride: stride, rows: size.rows, into: values.pointer(at: 1),
            resultStride: resultStride)
        try unsafe layer.backward(
            slopes.pointer(at: 1), resultStride: resultStride, x: inputs.pointer(at: 1), stride: stride,
            rows: size.rows, into: result.pointer(at: 1))

        /// `count` elements from the second one of each row.
        func part(_ tensor: Tensor, _ count: Int) -> Tensor {
            let length = tensor.shape[1]
            let elements = (0..<size.rows).flatMap { tensor.elements[$0 * length + 1..<$0 * length + 1 + count] }
            return Tensor(shape: [size.rows, count], elements: elements)
        }
        /// `tensor` with its parts replaced.
        func replacing(_ tensor: Tensor, _ part: Tensor) -> [Float] {
            var elements = tensor.elements
            for (index, element) in part.elements.enumerated() {
                elements[index / part.shape[1] * tensor.shape[1] + 1 + index % part.shape[1]] = element
            }
            return elements
        }
        let expected = try layer.forward(part(x, size.inputs))
        let gradients = try parameters.all.map { try $0.tensor(.gradient) }
        let expectedGradient = try layer.backward(part(dy, size.outputs), x: part(x, size.inputs))
        SinglePrecision.expect(
            values.tensor(dy.shape), toEqual: replacing(y, expected).map(Double.init), "y and what is beside it")
        SinglePrecision.expect(
            result.tensor(x.shape), toEqual: replacing(dx, expectedGradient).map(Double.init), "dx and what is beside")
        for (parameter, gradient) in zip(parameters.all, gradients) {
            SinglePrecision.expect(gradient, toEqual: try parameter.tensor(.gradient).doubles, parameter.name)
        }
    }

    @Test(arguments: [(rows: 2, columns: 17), (3, 5), (5, 20), (33, 3)])
    func `a neck agrees with the definition, and moves the running statistics`(
        size: (rows: Int, columns: Int)
    ) throws {
        let parameters = try ParameterStore()
        try parameters.addNorm("neck", channels: size.columns, seed: 1)
        let variables = try parameters.variables()
        var neck = TrainableNeck("neck", in: parameters)
        let shape = [size.rows, size.columns]
        let (x, dy) = (Tensor.random(shape, in: -3...5, seed: 2), Tensor.random(shape, seed: 3))
        let y = try neck.forward(x)
        let dx = try neck.backward(dy)

        let (tape, input) = (Tape(), Variable(x))
        let (expected, statistics) = tape.batchNorm(input, "neck", variables)
        tape.differentiate(expected, weights: dy.doubles)
        SinglePrecision.expect(y, toEqual: expected.value, "y")
        SinglePrecision.expect(dx, toEqual: input.gradient, "the gradient of x")
        try parameters.expectGradients(toEqual: variables)
        try parameters.expectRunning("neck", from: variables, by: statistics)
    }

    @Test(arguments: [0, 0.1], [(batch: 1, classes: 1), (2, 17), (5, 3)])
    func `cross entropy agrees with the definition`(smoothing: Double, size: (batch: Int, classes: Int)) {
        let logits = Tensor.random([size.batch, size.classes], in: -8...8, seed: 1)
        let labels = (0..<size.batch).map { ($0 * 7 + 2) % size.classes }
        let found = crossEntropy(logits, labels: labels, smoothing: Float(smoothing))
        expect(found, of: logits) { $0.crossEntropy($1, labels: labels, smoothing: smoothing) }
    }

    @Test(
        arguments: [[0], [0, 0, 1], [0, 0, 1, 1, 2], [2, 1, 2, 2, 1, 0, 0], [4, 4, 4]],
        [(dimensions: 1, margin: 0.3), (17, 0.05), (5, 3)])
    func `the batch-hard triplet loss agrees with the definition`(
        labels: [Int], size: (dimensions: Int, margin: Double)
    ) {
        let features = Tensor.random([labels.count, size.dimensions], seed: 2)
        let found = batchHardTriplet(features, labels: labels, margin: Float(size.margin))
        expect(found, of: features) { $0.batchHardTriplet($1, labels: labels, margin: size.margin) }
    }

    @Test(
        arguments: [[0], [0, 0, 1], [0, 0, 1, 1, 2], [2, 1, 2, 2, 1, 0, 0], [4, 4, 4], [0, 1, 2]],
        [(dimensions: 2, temperature: 0.1), (17, 0.1), (5, 1)])
    func `the supervised contrastive loss agrees with the definition`(
        labels: [Int], size: (dimensions: Int, temperature: Double)
    ) {
        let features = Tensor.random([labels.count, size.dimensions], seed: 2)
        let found = supervisedContrastive(features, labels: labels, temperature: Float(size.temperature))
        expect(found, of: features) {
            $0.supervisedContrastive($1, labels: labels, temperature: size.temperature)
        }
    }

    @Test(
        arguments: [[0], [0, 0, 1], [0, 0, 1, 1, 2], [2, 1, 2, 2, 1, 0, 0], [4, 4, 4], [0, 1, 2]],
        [(dimensions: 2, scale: 64.0), (17, 64), (5, 1)])
    func `the circle loss agrees with the definition`(labels: [Int], size: (dimensions: Int, scale: Double)) {
        let features = Tensor.random([labels.count, size.dimensions], seed: 2)
        let found = circleLoss(features, labels: labels, scale: Float(size.scale))
        expect(found, of: features) {
            $0.circleLoss($1, labels: labels, margin: 0.25, scale: size.scale, constants: $1.value)
        }
    }

    /// Similarities of 1 within and −1 between people leave nothing to do; the other way round the loss is finite too.
    @Test func `the circle loss is near zero for people that are apart, and finite for those that are mixed up`() {
        let apart = Tensor(shape: [4, 2], elements: [1, 0, 1, 0, -1, 0, -1, 0])
        #expect(circleLoss(apart, labels: [0, 0, 1, 1]).loss < 0.1)
        let mixed = circleLoss(apart, labels: [0, 1, 0, 1], scale: 1000)
        #expect(mixed.loss > 1000 && mixed.loss.isFinite && mixed.gradient.elements.allSatisfy(\.isFinite))
    }

    @Test func `a feature of length zero has no direction to follow`() {
        let found = supervisedContrastive(
            Tensor(shape: [3, 2], elements: [0, 0, 1, 2, 2, 1]), labels: [0, 0, 1])
        #expect(found.loss.isFinite)
        #expect(found.gradient.elements.allSatisfy { $0.isFinite })
    }

    @Test func `features that are equal have no distance to follow`() {
        let features = Tensor(shape: [4, 2], elements: [1, 2, 1, 2, 1, 2, 5, 5])
        let found = batchHardTriplet(features, labels: [0, 0, 1, 1])
        expect(found, of: features) { $0.batchHardTriplet($1, labels: [0, 0, 1, 1], margin: 0.3) }
    }

    @Test(arguments: [false, true], [(triplet: 0, contrastive: 0), (0.7, 0), (0.7, 0.4)])
    func `a head with neck, smoothing, triplets and contrasts passes the gradient of the weighted sum on`(
        hasNeck: Bool, weights: (triplet: Float, contrastive: Float)
    ) throws {
        let parameters = try linear("classifier", inputs: 17, outputs: 3)
        if hasNeck { try parameters.addNorm("neck", channels: 17, seed: 9) }
        let variables = try parameters.variables()
        var losses = TrainingLosses()
        (losses.labelSmoothing, losses.tripletWeight, losses.contrastiveWeight) = (
            0.1, weights.triplet, weights.contrastive
        )
        let (features, labels) = (Tensor.random([5, 17], seed: 3), [0, 2, 2, 0, 1])
        let head = EmbeddingHead(classifier: "classifier", neck: hasNeck ? "neck" : nil, in: parameters)
        let found = try head.run(features, labels: labels, losses: losses)

        let (tape, input) = (Tape(), Variable(features))
        let embedding = hasNeck ? tape.batchNorm(input, "neck", variables).y : input
        let classification = tape.crossEntropy(
            tape.linear(embedding, "classifier", variables), labels: labels,
            smoothing: Double(losses.labelSmoothing))
        let triplet = tape.batchHardTriplet(input, labels: labels, margin: Double(losses.tripletMargin))
        let contrastive = tape.supervisedContrastive(
            embedding, labels: labels, temperature: Double(losses.contrastiveTemperature))
        let total = tape.sum([
            (factor: 1, term: classification), (factor: Double(weights.triplet), term: triplet),
            (factor: Double(weights.contrastive), term: contrastive),
        ])
        tape.differentiate(total)
        #expect(abs(found.total(losses) / total.value[0] - 1) < SinglePrecision.tolerance)
        #expect(abs(found.classification / classification.value[0] - 1) < SinglePrecision.tolerance)
        #expect((found.triplet != nil) == (weights.triplet > 0))
        #expect((found.contrastive != nil) == (weights.contrastive > 0))
        SinglePrecision.expect(found.gradient, toEqual: input.gradient, "the gradient of the embedding")
        try parameters.expectGradients(toEqual: variables)
    }

    /// Expects a loss of `x` and its gradient to be the definition's.
    private func expect(
        _ found: LossGradient, of x: Tensor, sourceLocation: SourceLocation = #_sourceLocation,
        definition: (Tape, Variable) -> Variable
    ) {
        let (tape, input) = (Tape(), Variable(x))
        let loss = definition(tape, input)
        tape.differentiate(loss)
        #expect(
            abs(found.loss - loss.value[0]) <= SinglePrecision.tolerance * abs(loss.value[0]),
            sourceLocation: sourceLocation)
        SinglePrecision.expect(
            found.gradient, toEqual: input.gradient, "the gradient", sourceLocation: sourceLocation)
    }

    private func linear(_ name: String, inputs: Int, outputs: Int) throws -> ParameterStore {
        let parameters = try ParameterStore()
        try parameters.add("\(name).weight", .random([outputs, inputs], seed: 1), isLearned: true)
        try parameters.add("\(name).bias", .random([outputs], seed: 2), isLearned: true)
        return parameters
    }
}

extension Tape {
    /// The linear layer with this name.
    fileprivate func linear(_ x: Variable, _ name: String, _ parameters: [String: Variable]) -> Variable {
        linear(x, weight: parameters.named("\(name).weight"), bias: parameters.named("\(name).bias"))
    }

    /// The batch norm with this name.
    fileprivate func batchNorm(
        _ x: Variable, _ name: String, _ parameters: [String: Variable]
    ) -> (y: Variable, statistics: BatchStatistics) {
        batchNorm(x, weight: parameters.named("\(name).weight"), bias: parameters.named("\(name).bias"))
    }
}
