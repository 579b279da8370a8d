import NeuralNetwork
import Tensors
import Testing

@testable import CSPRModel

/// Attention, part representation and the losses on maps in training against the definition, at awkward sizes.
@Suite struct LayerGradientBranchTests {
    /// The size of a batch of X, and the number of branches.
    struct Size: Sendable, CustomTestStringConvertible {
        var batch: Int
        var channels: Int
        var height: Int
        var width: Int
        var branches = 3

        var shape: [Int] { [batch, channels, height, width] }
        var maps: [Int] { [batch, branches, height, width] }
        var testDescription: String { "\(batch) × \(channels)×\(height)×\(width), \(branches) branches" }
    }

    /// With a single channel, a 1×1 kernel is a factor before a batch norm: its gradient is only rounding.
    @Test(
        arguments: [CSPRConfiguration.Attention.multiscale, .single],
        [
            Size(batch: 2, channels: 5, height: 7, width: 3), Size(batch: 1, channels: 17, height: 6, width: 5),
            Size(batch: 3, channels: 3, height: 2, width: 1), Size(batch: 5, channels: 2, height: 1, width: 4),
            Size(batch: 3, channels: 20, height: 3, width: 6, branches: 1),
        ])
    func `attention modules agree with the definition, and move the running statistics`(
        kind: CSPRConfiguration.Attention, size: Size
    ) throws {
        let configuration = configuration(size, attention: kind)
        let parameters = try attentionParameters(configuration)
        let variables = try parameters.variables()
        let modules = try AttentionTraining(
            configuration, parameters: parameters, shape: Array(size.shape.dropFirst()), batch: size.batch)
        let (x, weights) = (Tensor.rectified(size.shape, seed: 1), Tensor.random(size.maps, seed: 2))
        let earlier = Tensor.random(size.shape, in: -0.1...0.1, seed: 3)
        let (features, gradient) = (try AlignedMemory(x), try AlignedMemory(earlier))
        let mapGradients = try AlignedMemory(weights)
        try unsafe modules.forward(features.pointer())
        let maps = unsafe Tensor(
            shape: size.maps,
            elements: Array(UnsafeBufferPointer(start: modules.output, count: size.maps.reduce(1, *))))
        try unsafe modules.backward(features.pointer(), maps: mapGradients.pointer(), features: gradient.pointer())

        let (tape, input) = (Tape(), Variable(x))
        let pooled = kind == .multiscale ? tape.pooledChannels(input) : nil
        let results = (0..<size.branches).map { branch in
            tape.attention(input, pooled: pooled, at: "attention.\(branch)") {
                variables.named("attention.\(branch).\($0)")
            }
        }
        let expected = tape.concatenation(results.map(\.map))
        tape.differentiate(expected, weights: weights.doubles)
        input.addGradient(earlier.doubles)
        SinglePrecision.expect(maps, toEqual: expected.value, "M")
        SinglePrecision.expect(gradient.tensor(size.shape), toEqual: input.gradient, "the gradient of X")
        try parameters.expectGradients(toEqual: variables)
        for (branch, result) in results.enumerated() {
            try parameters.expectRunning("attention.\(branch).bn", from: variables, by: result.statistics)
        }
    }

    static let letters = ["SPR", "SP", "SR", "PR", "S", "P", "R", ""]

    /// 65 channels are one block of the library and one more channel.
    @Test(
        arguments: letters,
        [
            Size(batch: 1, channels: 5, height: 7, width: 5), Size(batch: 3, channels: 17, height: 3, width: 2),
            Size(batch: 2, channels: 65, height: 5, width: 3, branches: 2),
            Size(batch: 2, channels: 3, height: 1, width: 1),
        ])
    func `descriptors and their gradients agree with the definition`(letters: String, size: Size) throws {
        try expectParts(letters, size, x: .rectified(size.shape, seed: 1))
        if letters.contains("P") {
            try expectParts(letters, size, x: .rectified(size.shape, seed: 1), barycenters: .normalized)
        }
    }

    /// A channel that is zero has the barycenter 0 and no gradient.
    @Test func `normalized barycenters are coordinates, and 0 where there is nothing`() throws {
        let size = Size(batch: 2, channels: 5, height: 4, width: 3)
        var x = Tensor.rectified(size.shape, seed: 1)
        for index in x.elements.indices where index / 12 % 5 == 3 { x.elements[index] = 0 }
        try expectParts("SPR", size, x: x, barycenters: .normalized)
    }

    /// Products of a few exact numbers, many of them equal and positive.
    @Test func `of equal maxima, minima and medians the first gets the gradient`() throws {
        let size = Size(batch: 3, channels: 17, height: 5, width: 3)
        var (x, maps) = (Tensor.random(size.shape, in: 1...4, seed: 1), Tensor.random(size.maps, in: 1...3, seed: 2))
        x.elements = x.elements.map { $0.rounded() }
        maps.elements = maps.elements.map { $0.rounded() / 4 }
        try expectParts("SPR", size, x: x, maps: maps)
    }

    @Test func `the descriptors of a single branch agree with the definition`() throws {
        let size = Size(batch: 3, channels: 5, height: 5, width: 3, branches: 1)
        try expectParts("SP", size, x: .rectified(size.shape, seed: 1))
    }

    /// Here the constant under the root of the cosine distance decides, and a channel of zeros has no direction.
    @Test(arguments: [Float(0), 1e-3])
    func `descriptors of one channel that is zero, or of all that almost are, agree with the definition`(
        scale: Float
    ) throws {
        let size = Size(batch: 2, channels: 5, height: 4, width: 3)
        var x = Tensor.rectified(size.shape, seed: 1)
        for index in x.elements.indices where scale > 0 || index / 12 % 5 == 3 { x.elements[index] *= scale }
        try expectParts("R", size, x: x)
    }

    @Test(arguments: [(ratio: Float(0.1), distribution: Float(1)), (1, 0), (0, 1)], [1, 2])
    func `the losses on maps agree with the definition, and add to a gradient`(
        weights: (ratio: Float, distribution: Float), threads: Int
    ) throws {
        let size = Size(batch: 3, channels: 1, height: 7, width: 5, branches: 4)
        // One candidate, a share, a share that is rounded up, and all positions.
        let ratios = [0, 0.2, 0.33, 1]
        let maps = Tensor.random(size.maps, in: 0.05...0.95, seed: 4)
        let earlier = Tensor.random(size.maps, in: -0.01...0.01, seed: 5)
        let (values, gradient) = (try AlignedMemory(maps), try AlignedMemory(earlier))
        let losses = ConcentrationLosses(
            ratios: ratios, height: size.height, width: size.width, ratioWeight: weights.ratio,
            distributionWeight: weights.distribution)
        let found = unsafe losses.compute(
            values.pointer(), count: size.batch, threads: threads, addingTo: gradient.pointer())

        let (tape, input) = (Tape(), Variable(maps))
        let candidates = tape.candidates(input, ratios: ratios)
        let ratio = tape.ratioLoss(input, candidates: candidates)
        let distribution = tape.distributionLoss(input, candidates: candidates, constants: input.value)
        tape.differentiate(
            tape.sum([
                (factor: Double(weights.ratio), term: ratio),
                (factor: Double(weights.distribution), term: distribution),
            ]))
        input.addGradient(earlier.doubles)
        #expect(abs(found.ratio / ratio.value[0] - 1) < SinglePrecision.tolerance)
        #expect(abs(found.distribution / distribution.value[0] - 1) < SinglePrecision.tolerance)
        SinglePrecision.expect(gradient.tensor(size.maps), toEqual: input.gradient, "the gradient of M")
    }

    /// Expects the descriptors of X and of `maps`, or random ones, and their gradients, to be the definition's.
    ///
    /// Where X is zero, its rectifier stops the gradient, so the library need not compute one.
    private func expectParts(
        _ letters: String, _ size: Size, x: Tensor, maps: Tensor? = nil,
        barycenters: CSPRConfiguration.Barycenters = .mean
    ) throws {
        var configuration = configuration(size, attention: .multiscale)
        (configuration.descriptor, configuration.barycenters) = (letters, barycenters)
        let threads = openMPThreads
        let parts = try PartRepresentation(
            configuration, channels: size.channels, height: size.height, width: size.width, batch: size.batch,
            threads: threads)
        let maps = maps ?? .random(size.maps, in: 0.05...0.95, seed: 2)
        let shape = [size.batch, size.branches * parts.length]
        let weights = Tensor.random(shape, seed: 3)
        let (features, masks, slopes) = (try AlignedMemory(x), try AlignedMemory(maps), try AlignedMemory(weights))
        let (descriptors, featureGradients) = (try AlignedMemory(Tensor(zeros: shape)), try AlignedMemory(x))
        let mapGradients = try AlignedMemory(maps)
        try unsafe parts.compute(
            features: features.pointer(), maps: masks.pointer(), count: size.batch, into: descriptors.pointer())
        let inputs = unsafe PartGradient.Inputs(
            features: features.pointer(), descriptors: descriptors.pointer(), gradient: slopes.pointer())
        try unsafe PartGradient(parts, threads: threads).compute(
            inputs, count: size.batch, features: featureGradients.pointer(), maps: mapGradients.pointer())

        let area = size.height * size.width
        func map(_ branch: Int) -> [Float] {
            (0..<size.batch).flatMap { image -> ArraySlice<Float> in
                let start = (image * size.branches + branch) * area
                return maps.elements[start..<start + area]
            }
        }
        // Z as the library sees it, so that both find a maximum or a median at the same position.
        let products = (0..<size.branches).map { branch -> (String, [Double]) in
            let map = map(branch)
            let elements = x.elements.enumerated().map { index, element in
                Double(element * map[index / (size.channels * area) * area + index % area])
            }
            return ("parts.\(branch)", elements)
        }
        let tape = Tape(at: ForwardPoint(Dictionary(products) { $1 }))
        let input = Variable(x)
        let masked = (0..<size.branches).map {
            Variable([size.batch, 1, size.height, size.width], map($0).map(Double.init))
        }
        let z = masked.enumerated().map { tape.product($1, input, at: "parts.\($0)") }
        let expected = tape.concatenation(
            z.indices.map { tape.descriptor(z, $0, letters: letters, isNormalized: barycenters == .normalized) })
        tape.differentiate(expected, weights: weights.doubles)

        SinglePrecision.expect(descriptors.tensor(shape), toEqual: expected.value, "the descriptors")
        let isPassing = x.elements.map { $0 > 0 }
        var found = featureGradients.tensor(size.shape)
        for index in isPassing.indices where !isPassing[index] { found.elements[index] = 0 }
        SinglePrecision.expect(
            found, toEqual: zip(input.gradient, isPassing).map { $1 ? $0 : 0 }, "the gradient of X")
        let mapGradient = tape.concatenation(masked.map { Variable($0.shape, $0.gradient) })
        SinglePrecision.expect(
            mapGradients.tensor(size.maps), toEqual: mapGradient.value, "the gradient of M")
    }

    /// A network whose X has the size's channels.
    private func configuration(_ size: Size, attention: CSPRConfiguration.Attention) -> CSPRConfiguration {
        var configuration = CSPRConfiguration()
        (configuration.block, configuration.width, configuration.localStage) = (.basic, size.channels, 1)
        (configuration.branches, configuration.attention) = (size.branches, attention)
        return configuration
    }

    /// Random parameters of all attention modules.
    private func attentionParameters(_ configuration: CSPRConfiguration) throws -> ParameterStore {
        let parameters = try ParameterStore()
        for branch in 0..<configuration.branches {
            try parameters.addNorm("attention.\(branch).bn", channels: 1, seed: UInt64(50 + branch))
        }
        let layers = configuration.parameterList.filter {
            $0.name.hasPrefix("attention.") && !$0.name.contains(".bn.")
        }
        for (index, layer) in layers.enumerated() {
            try parameters.add(layer.name, .random(layer.shape, seed: UInt64(10 + index)), isLearned: true)
        }
        return parameters
    }
}
