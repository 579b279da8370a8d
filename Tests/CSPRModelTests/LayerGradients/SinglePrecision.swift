import NeuralNetwork
import Randomness
import Tensors
import Testing

/// The library's layers compute in float32, the definition in double precision, both from the same float32 inputs.
enum SinglePrecision {
    /// How much a value or a gradient may differ, as a share of its tensor's largest value.
    ///
    /// A float32 is rounded by up to 6e-8 of itself. Sums of some hundred products that partly cancel, and batch norms
    /// over as few as six values, make it up to 2e-5. A wrong index, factor or border makes a difference of 1e-3 or
    /// more.
    static let tolerance = 1e-4

    /// Expects two tensors to agree.
    static func expect(
        _ found: Tensor, toEqual expected: [Double], _ what: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let deviation = GoldenTraining.difference(found.doubles, expected)
        #expect(deviation < tolerance, "\(what) differs by \(deviation)", sourceLocation: sourceLocation)
    }
}

extension Tensor {
    /// The elements in double precision.
    var doubles: [Double] { elements.map(Double.init) }

    /// Uniform random numbers of `range`.
    static func random(_ shape: [Int], in range: ClosedRange<Float> = -1...1, seed: UInt64) -> Tensor {
        var generator = SeededGenerator(seed: seed)
        return Tensor(
            shape: shape, elements: (0..<shape.reduce(1, *)).map { _ in .random(in: range, using: &generator) })
    }

    /// Values as after a rectifier: about a third of the elements is zero.
    static func rectified(_ shape: [Int], seed: UInt64) -> Tensor {
        var tensor = random(shape, in: -1...2, seed: seed)
        tensor.elements = tensor.elements.map { max(0, $0) }
        return tensor
    }
}

extension Variable {
    /// The same numbers in double precision.
    convenience init(_ tensor: Tensor) { self.init(tensor.shape, tensor.doubles) }
}

extension AlignedMemory {
    /// Memory that holds the elements of `tensor`.
    convenience init(_ tensor: Tensor) throws {
        try self.init(bytes: 4 * tensor.count)
        _ = unsafe floats(count: tensor.count).update(fromContentsOf: tensor.elements)
    }

    /// The first floats as a tensor.
    func tensor(_ shape: [Int]) -> Tensor {
        Tensor(shape: shape, elements: unsafe Array(floats(count: shape.reduce(1, *))))
    }
}

extension ParameterStore {
    /// A store with its own engine.
    convenience init() throws { self.init(engine: try ComputeEngine()) }

    /// Adds a batch norm of random parameters and running statistics.
    func addNorm(_ name: String, channels: Int, seed: UInt64) throws {
        let ranges: [(String, ClosedRange<Float>, Bool)] = [
            ("weight", 0.5...1.5, true), ("bias", -0.5...0.5, true), ("running_mean", -1...1, false),
            ("running_var", 0.5...1.5, false),
        ]
        for (index, (suffix, range, isLearned)) in ranges.enumerated() {
            try add(
                "\(name).\(suffix)", .random([channels], in: range, seed: 100 * seed + UInt64(index)),
                isLearned: isLearned)
        }
    }

    /// Adds an instance norm of random parameters.
    func addInstanceNorm(_ name: String, channels: Int, seed: UInt64) throws {
        try add("\(name).weight", .random([channels], in: 0.5...1.5, seed: 100 * seed), isLearned: true)
        try add("\(name).bias", .random([channels], in: -0.5...0.5, seed: 100 * seed + 1), isLearned: true)
    }

    /// Every parameter's value in double precision, by name.
    func variables() throws -> [String: Variable] {
        try Dictionary(all.map { ($0.name, Variable(try $0.tensor())) }) { $1 }
    }

    /// Expects the gradients of all learned parameters to be those of `variables`.
    func expectGradients(
        toEqual variables: [String: Variable], sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        for parameter in all where parameter.isLearned {
            try expectGradient(
                of: parameter, toEqual: variables[parameter.name]?.gradient ?? [], sourceLocation: sourceLocation)
        }
    }

    /// Expects the gradient of a parameter.
    ///
    /// A batch norm's shift before an instance norm has no effect. Its gradient is a sum that is zero, of which rounding
    /// remains; it must be small beside the sum for the scale.
    func expectGradient(
        of parameter: Parameter, toEqual expected: [Double], sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let found = try parameter.tensor(.gradient)
        let norm = parameter.name.hasSuffix(".bias") ? String(parameter.name.dropLast(5)) : ""
        guard all.contains(where: { $0.name == "\(norm).running_mean" }),
            expected.allSatisfy({ abs($0) < GoldenTraining.negligible })
        else {
            SinglePrecision.expect(
                found, toEqual: expected, "the gradient of \(parameter.name)", sourceLocation: sourceLocation)
            return
        }
        let scale = try self["\(norm).weight"].tensor(.gradient).doubles.reduce(0) { max($0, abs($1)) }
        let rest = found.doubles.reduce(0) { max($0, abs($1)) }
        #expect(
            expected.count == found.count && rest <= SinglePrecision.tolerance * scale,
            "the gradient of \(parameter.name) is \(rest) beside \(scale)", sourceLocation: sourceLocation)
    }

    /// Expects a norm's running statistics to be `old`, updated once by those of a batch, as in PyTorch.
    func expectRunning(
        _ norm: String, from old: [String: Variable], by batch: Tape.BatchStatistics,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        for (name, new) in [("running_mean", batch.mean), ("running_var", batch.unbiasedVariance)] {
            let name = "\(norm).\(name)"
            let expected = zip(old[name]?.value ?? [], new).map { 0.9 * $0 + 0.1 * $1 }
            SinglePrecision.expect(
                try self[name].tensor(), toEqual: expected, name, sourceLocation: sourceLocation)
        }
    }
}

/// Runs `body` with this number of OpenMP threads, and restores the old number.
func withThreads<Result>(_ count: Int, _ body: () throws -> Result) rethrows -> Result {
    let before = openMPThreads
    setOpenMPThreads(count)
    defer { setOpenMPThreads(before) }
    return try body()
}
