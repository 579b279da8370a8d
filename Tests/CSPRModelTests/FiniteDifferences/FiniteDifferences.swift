import NeuralNetwork
import Randomness
import Testing

/// The one check of a gradient for every layer of the definition: central differences, in double precision.
enum FiniteDifferences {
    /// How much a gradient may differ, as a share of the input's largest gradient entry.
    ///
    /// A central difference is off by h²/6 of the third derivative and by the rounding of the sum, about 1e-16 / h.
    /// With h = 1e-5 and numbers near 1 that is 1e-10 together. A batch norm over two rows, which passes almost no
    /// gradient on, makes it 2e-7.
    static let tolerance = 1e-6
}

/// Expects the gradients of all `inputs` through `layer` to be (L(x + h) − L(x − h)) / 2h, entry by entry.
///
/// L = Σ weight · output with random weights, so that exchanged outputs are noticed.
///
/// - Parameters:
///   - inputs: The layer's inputs, including parameters; the layer must be smooth within `step` of them.
///   - step: h.
///   - sourceLocation: The place where a difference is reported.
///   - layer: Computes the output from the inputs, which it finds by name.
func expectGradientsMatch(
    _ inputs: [String: Variable], step: Double = 1e-5, sourceLocation: SourceLocation = #_sourceLocation,
    layer: (Tape, Tape.Parameters) -> Variable
) {
    let copies = inputs.mapValues { Variable($0.shape, $0.value) }
    let tape = Tape()
    let result = layer(tape, copies.named)
    let weights = Variable.spread(result.shape, seed: 99).value
    tape.differentiate(result, weights: weights)

    for (name, input) in inputs.sorted(by: { $0.key < $1.key }) {
        func sum(_ index: Int, moved distance: Double) -> Double {
            var (values, inputs) = (input.value, inputs)
            values[index] += distance
            inputs[name] = Variable(input.shape, values)
            return zip(weights, layer(Tape(), inputs.named).value).reduce(0) { $0 + $1.0 * $1.1 }
        }
        let differences = input.value.indices.map { index in
            (sum(index, moved: step) - sum(index, moved: -step)) / (2 * step)
        }
        let deviation = GoldenTraining.difference(differences, copies[name]?.gradient ?? [])
        #expect(
            deviation < FiniteDifferences.tolerance, "the gradient of \(name) differs by \(deviation)",
            sourceLocation: sourceLocation)
    }
}

extension Variable {
    /// Evenly spaced values of `range` in a random order, so that no two are near each other.
    ///
    /// Between −1 and 0.8 none of up to a thousand is nearer to zero than 1e-4 either.
    static func spread(_ shape: [Int], in range: ClosedRange<Double> = -1...0.8, seed: UInt64) -> Variable {
        let count = shape.reduce(1, *)
        let distance = (range.upperBound - range.lowerBound) / Double(count)
        var generator = SeededGenerator(seed: seed)
        let values = (0..<count).map { range.lowerBound + (Double($0) + 0.5) * distance }
        return Variable(shape, values.shuffled(using: &generator))
    }
}

@Suite struct FiniteDifferenceCheckTests {
    @Test func `the check notices a gradient that is a thousandth off`() {
        withKnownIssue {
            expectGradientsMatch(["x": .spread([4, 3], seed: 1)]) { tape, input in
                let x = input("x")
                return tape.record(x.shape, x.value.map { $0 * $0 }) { y in
                    x.addGradient(zip(x.value, y.gradient).map { 2.002 * $0 * $1 })
                }
            }
        }
    }

    @Test func `the check notices gradients that change places`() {
        withKnownIssue {
            expectGradientsMatch(["x": .spread([4, 3], seed: 1)]) { tape, input in
                let x = input("x")
                return tape.record(x.shape, x.value) { y in x.addGradient(y.gradient.reversed()) }
            }
        }
    }
}
