import CSPRModel
import NeuralNetwork
import TensorFiles
import Tensors
import Testing

/// A golden case of training: a network, a batch, and the results of the reference.
struct GoldenTraining {
    /// The tolerance, as a share of a tensor's largest absolute value.
    static let tolerance = 1e-3
    /// A tensor whose values are all below this is only rounding.
    ///
    /// A bias before a batch norm has no effect, and its gradient, a sum that is zero, is computed as about 1e-17. Such
    /// tensors have no digits to compare, and are only expected to be as small.
    static let negligible = 1e-9

    let name: String
    let configuration: CSPRConfiguration
    let image: Tensor
    let labels: [Int]
    private let weights: SafetensorsFile
    private let golden: SafetensorsFile

    init(_ name: String) throws {
        self.name = name
        let path = try GoldenFixtures.path("\(name).weights.safetensors")
        configuration = try CSPRModel(contentsOf: path).configuration
        weights = try SafetensorsFile(contentsOf: path)
        golden = try SafetensorsFile(contentsOf: GoldenFixtures.path("\(name).golden.safetensors"))
        image = try golden.floats("image")
        labels = try golden.integers("labels").elements.map(Int.init)
    }

    /// The network by its definition.
    func definition() throws -> PlainNetwork { try PlainNetwork(configuration, weights: weights) }

    /// The network as it is trained, compiled for the case's batch.
    func trainable() throws -> TrainableNetwork {
        let network = try TrainableNetwork(configuration: configuration, seed: 1)
        for parameter in network.parameters.all { try parameter.assign(weights.floats(parameter.name)) }
        try network.compile(.joint, batch: labels.count)
        return network
    }

    /// The reference's loss terms.
    func terms() throws -> [String: [Double]] { try tensors("train.") }

    /// The reference's gradients by parameter.
    func gradients() throws -> [String: [Double]] { try tensors("grad.") }

    /// The reference's parameters after two updates, as far as the file has them.
    func steppedParameters() throws -> [String: [Double]] {
        try tensors("sgd.").filter { $0.key != "loss" }
    }

    /// The reference's total loss before each of the two updates.
    func stepLosses() throws -> [Double] { try golden.floats("sgd.loss").elements.map(Double.init) }

    private func tensors(_ prefix: String) throws -> [String: [Double]] {
        let names = golden.names.filter { $0.hasPrefix(prefix) }
        return try Dictionary(
            names.map { (String($0.dropFirst(prefix.count)), try golden.floats($0).elements.map(Double.init)) }
        ) { $1 }
    }

    /// How much a sum of terms may be off, as a share of Σ |term|: the precision of the terms.
    ///
    /// A constant that is added to a channel is almost removed by the norms that follow, wherever no rectifier or border
    /// sees it. So the gradient of a norm's shift, above all of the stem's, is a sum that cancels: Σ |term| was up to 614
    /// times the largest sum in 40 small networks. The terms are gradients, which sixty layers in float32 leave off by up to
    /// 6e-6; after the cancellation that can be more than 1e-3 of what is left. The addition is not to blame: alone it is off
    /// by up to 6e-8 of Σ |term|, one rounding, so that adding in double precision would not save the sum.
    static let termTolerance = 1e-5

    /// Whether each value is off by no more than the precision of the terms that it is the sum of allows.
    static func isWithinTerms(_ found: [Double], _ expected: [Double], _ absoluteTerms: [Double]) -> Bool {
        guard found.count == expected.count, absoluteTerms.count == expected.count else { return false }
        return expected.indices.allSatisfy { abs(found[$0] - expected[$0]) <= termTolerance * absoluteTerms[$0] }
    }

    /// Expects every tensor of `expected` among those found, within the tolerance, or within what the terms of
    /// sums allow whose `absoluteTerms` are given.
    func expect(
        _ found: [String: [Double]], toEqual expected: [String: [Double]], _ what: String,
        absoluteTerms: [String: [Double]] = [:], sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(!expected.isEmpty, "\(name): nothing to compare \(what) with", sourceLocation: sourceLocation)
        for (key, values) in expected.sorted(by: { $0.key < $1.key }) {
            let difference = Self.difference(found[key] ?? [], values)
            if difference >= Self.tolerance, let terms = absoluteTerms[key],
                Self.isWithinTerms(found[key] ?? [], values, terms)
            {
                continue
            }
            #expect(
                difference < Self.tolerance, "\(name): \(what) of \(key) differ by \(difference)",
                sourceLocation: sourceLocation)
        }
    }

    /// The largest difference as a share of the largest expected value; for negligible tensors 0 if both are
    /// negligible.
    static func difference(_ found: [Double], _ expected: [Double]) -> Double {
        guard found.count == expected.count else { return .infinity }
        let largest = expected.reduce(0) { max($0, abs($1)) }
        if largest < negligible { return found.allSatisfy { abs($0) < negligible } ? 0 : .infinity }
        let difference = zip(found, expected).reduce(0) { worst, pair in
            let difference = abs(pair.0 - pair.1)
            return difference.isNaN ? .infinity : max(worst, difference)
        }
        return difference / largest
    }
}
