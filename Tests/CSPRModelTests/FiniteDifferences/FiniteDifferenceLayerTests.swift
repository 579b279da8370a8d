import CSPRModel
import Testing

@testable import NeuralNetwork

/// Every layer of the backbone, the heads and the attention modules by its definition, on its own.
@Suite struct FiniteDifferenceLayerTests {
    @Test(
        arguments: [(kernel: 1, padding: 0), (3, 0), (3, 1), (3, 2), (5, 2)],
        [(stride: 1, hasBias: false), (1, true), (2, false), (2, true)])
    func `a convolution changes as its gradients say`(
        shape: (kernel: Int, padding: Int), variant: (stride: Int, hasBias: Bool)
    ) {
        var inputs: [String: Variable] = [
            "x": .spread([2, 2, 5, 4], seed: 1), "weight": .spread([2, 2, shape.kernel, shape.kernel], seed: 2),
        ]
        if variant.hasBias { inputs["bias"] = .spread([2], seed: 3) }
        expectGradientsMatch(inputs) { tape, input in
            tape.convolution(
                input("x"), weight: input("weight"), bias: variant.hasBias ? input("bias") : nil,
                stride: variant.stride, padding: shape.padding)
        }
    }

    @Test(arguments: [[3, 2, 3, 2], [1, 3, 5, 3], [2, 1, 1, 3]])
    func `a batch norm changes as its gradients say`(shape: [Int]) {
        expectGradientsMatch(norm(shape)) { tape, input in
            tape.batchNorm(input("x"), weight: input("weight"), bias: input("bias")).y
        }
    }

    @Test(arguments: [[3, 2, 3, 2], [1, 3, 5, 3], [2, 1, 1, 3]])
    func `an instance norm changes as its gradients say`(shape: [Int]) {
        expectGradientsMatch(norm(shape)) { tape, input in
            tape.instanceNorm(input("x"), weight: input("weight"), bias: input("bias"))
        }
    }

    @Test func `a norm that is split changes as its gradients say`() {
        let inputs: [String: Variable] = [
            "x": .spread([3, 5, 3, 2], seed: 1), "IN.weight": .spread([2], in: 0.5...2, seed: 2),
            "IN.bias": .spread([2], seed: 3), "BN.weight": .spread([3], in: 0.5...2, seed: 4),
            "BN.bias": .spread([3], seed: 5),
        ]
        expectGradientsMatch(inputs) { tape, input in
            tape.splitNorm(
                input("x"), first: 2, instance: { input("IN.\($0)") }, batch: { input("BN.\($0)") }
            ).y
        }
    }

    /// The styles stay as they are when x moves.
    @Test func `mixed styles change as the gradient for constant styles says`() {
        let x = Variable.spread([3, 2, 3, 2], seed: 1)
        let draw = StyleMixing.Draw(partners: [2, 1, 0], shares: [0.25, 0.5, 0])
        expectGradientsMatch(["x": x]) { tape, input in
            tape.mixedStyles(input("x"), draw, constants: x.value)
        }
    }

    @Test(arguments: [[2, 3], [3, 4], [5, 2]])
    func `a batch norm over rows, as in a neck, changes as its gradients say`(shape: [Int]) {
        expectGradientsMatch(norm(shape)) { tape, input in
            tape.batchNorm(input("x"), weight: input("weight"), bias: input("bias")).y
        }
    }

    @Test func `a rectifier after a sum changes as its gradients say`() {
        expectGradientsMatch(["x": .spread([2, 3, 3, 2], seed: 1), "term": .spread([2, 3, 3, 2], seed: 2)]) {
            tape, input in
            let sum = tape.sum([(factor: 1, term: input("x")), (factor: 0.7, term: input("term"))])
            return tape.rectifier(sum, at: "here")
        }
    }

    @Test func `a sum of a term with itself changes as its gradient says`() {
        expectGradientsMatch(["x": .spread([2, 3], seed: 1)]) { tape, input in
            tape.sum([(factor: 1, term: input("x")), (factor: -0.3, term: input("x"))])
        }
    }

    @Test func `a sigmoid changes as its gradient says`() {
        expectGradientsMatch(["x": .spread([2, 1, 4, 3], in: -5...5, seed: 1)]) { tape, input in
            tape.sigmoid(input("x"), at: "here")
        }
    }

    @Test(arguments: [(kernel: 3, stride: 2, padding: 1), (2, 2, 0), (3, 1, 1), (3, 3, 0)])
    func `maximum pooling changes as its gradient says`(shape: (kernel: Int, stride: Int, padding: Int)) {
        expectGradientsMatch(["x": .spread([2, 2, 7, 5], seed: 1)]) { tape, input in
            tape.maximumPooling(input("x"), kernel: shape.kernel, stride: shape.stride, padding: shape.padding)
        }
    }

    @Test func `global average pooling changes as its gradient says`() {
        expectGradientsMatch(["x": .spread([2, 3, 5, 3], seed: 1)]) { tape, input in
            tape.globalAveragePooling(input("x"))
        }
    }

    /// Some values are below 1e-6 and have no slope.
    @Test(arguments: [1, 2.5, 3])
    func `a generalized mean changes as the gradients of values and exponent say`(exponent: Double) {
        expectGradientsMatch(["x": .spread([2, 3, 5, 3], seed: 1), "p": Variable([1], [exponent])]) { tape, input in
            tape.generalizedMean(input("x"), exponent: input("p"))
        }
    }

    @Test func `a weighted mean changes as its gradient says`() {
        expectGradientsMatch(["x": .spread([2, 3, 5, 3], seed: 1)]) { tape, input in
            tape.weightedMean(input("x")) { Double($0 * $0) - 7 }
        }
    }

    @Test func `a linear layer changes as its gradients say`() {
        expectGradientsMatch([
            "x": .spread([3, 5], seed: 1), "weight": .spread([4, 5], seed: 2), "bias": .spread([4], seed: 3),
        ]) { tape, input in
            tape.linear(input("x"), weight: input("weight"), bias: input("bias"))
        }
    }

    @Test func `a concatenation of tensors of different lengths changes as its gradients say`() {
        expectGradientsMatch(["x": .spread([2, 3, 2], seed: 1), "y": .spread([2, 1, 2], seed: 2)]) { tape, input in
            tape.concatenation([input("x"), input("y"), input("x")])
        }
    }

    @Test func `maximum and mean over the channels change as their gradient says`() {
        expectGradientsMatch(["x": .spread([2, 3, 4, 3], seed: 1)]) { tape, input in tape.pooledChannels(input("x")) }
    }

    @Test(arguments: [CSPRConfiguration.Attention.multiscale, .single], [[2, 3, 5, 3], [3, 2, 2, 1]])
    func `an attention module changes as the gradients of X and all of its parameters say`(
        kind: CSPRConfiguration.Attention, shape: [Int]
    ) {
        let sides = kind == .multiscale ? [1, 3, 5] : [1]
        var inputs = norm(shape)
        inputs["bn.weight"] = .spread([1], in: 0.7...2, seed: 4)
        inputs["bn.bias"] = .spread([1], seed: 5)
        (inputs["weight"], inputs["bias"]) = (nil, nil)
        for side in sides {
            inputs["conv\(side)x\(side).weight"] = .spread([1, shape[1], side, side], seed: 5 + UInt64(side))
            inputs["conv\(side)x\(side).bias"] = .spread([1], seed: 1)
        }
        if kind == .multiscale {
            inputs["reduce.weight"] = .spread([1, 5, 1, 1], seed: 11)
            inputs["reduce.bias"] = .spread([1], seed: 12)
        }
        expectGradientsMatch(inputs) { tape, input in
            let pooled = kind == .multiscale ? tape.pooledChannels(input("x")) : nil
            return tape.attention(input("x"), pooled: pooled, at: "here", input).map
        }
    }

    /// The inputs of a batch norm.
    private func norm(_ shape: [Int]) -> [String: Variable] {
        [
            "x": .spread(shape, seed: 1), "weight": .spread([shape[1]], in: 0.5...2, seed: 2),
            "bias": .spread([shape[1]], seed: 3),
        ]
    }
}
