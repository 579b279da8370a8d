/// A tensor of a computation in double precision, and the gradient of the computation's result with respect to it.
final class Variable {
    /// The extent of each dimension, slowest first.
    let shape: [Int]
    /// Row-major.
    let value: [Double]
    /// The gradient, of `value`'s size; complete when the tape has been differentiated.
    var gradient: [Double]
    /// For the shift of a norm: the sum of the absolute values of the terms that its gradient is the sum of.
    var absoluteTerms: [Double] = []

    init(_ shape: [Int], _ value: [Double]) {
        precondition(value.count == shape.reduce(1, *), "\(value.count) elements cannot fill the shape \(shape)")
        self.shape = shape
        self.value = value
        gradient = Array(repeating: 0, count: value.count)
    }

    /// Adds a term to the gradient.
    func addGradient(_ term: [Double]) {
        precondition(term.count == gradient.count, "\(term.count) terms for the shape \(shape)")
        for index in term.indices { gradient[index] += term[index] }
    }
}

/// The layers of CSPR-Net in training by their definitions: plain loops in double precision, written for reading.
///
/// A layer computes its value at once, and records how the gradients of its inputs follow from its own. The other files
/// in this folder add the layers, each with its backward pass.
final class Tape {
    let point: ForwardPoint
    private var backward: [() -> Void] = []

    init(at point: ForwardPoint = ForwardPoint()) {
        self.point = point
    }

    /// A layer's result; `backward` adds to the gradients of the layer's inputs, and may rely on the gradient of the
    /// result being complete.
    func record(_ shape: [Int], _ value: [Double], backward: @escaping (Variable) -> Void) -> Variable {
        let result = Variable(shape, value)
        self.backward.append { backward(result) }
        return result
    }

    /// Completes the gradients of Σ weight · result for everything that `result` was computed from; the weights are 1 unless given.
    func differentiate(_ result: Variable, weights: [Double]? = nil) {
        result.addGradient(weights ?? Array(repeating: 1, count: result.value.count))
        for step in backward.reversed() { step() }
    }
}

extension Tape {
    /// Σ factor · term, of terms of one shape.
    func sum(_ terms: [(factor: Double, term: Variable)]) -> Variable {
        var value = [Double](repeating: 0, count: terms[0].term.value.count)
        for (factor, term) in terms {
            precondition(term.shape == terms[0].term.shape, "cannot add \(term.shape) to \(terms[0].term.shape)")
            for index in value.indices { value[index] += factor * term.value[index] }
        }
        return record(terms[0].term.shape, value) { y in
            for (factor, term) in terms { term.addGradient(y.gradient.map { factor * $0 }) }
        }
    }

    /// Tensors of [B, Lᵢ, …] one after the other along the second axis.
    func concatenation(_ parts: [Variable]) -> Variable {
        let batch = parts[0].shape[0]
        let lengths = parts.map { $0.value.count / batch }
        var value: [Double] = []
        for image in 0..<batch {
            for (part, length) in zip(parts, lengths) { value += part.value[image * length..<(image + 1) * length] }
        }
        let shape = [batch, parts.reduce(0) { $0 + $1.shape[1] }] + parts[0].shape.dropFirst(2)
        return record(shape, value) { y in
            var start = 0
            for image in 0..<batch {
                for (part, length) in zip(parts, lengths) {
                    for index in 0..<length { part.gradient[image * length + index] += y.gradient[start + index] }
                    start += length
                }
            }
        }
    }
}

extension [String: Variable] {
    /// The variable with this name; it must exist.
    func named(_ name: String) -> Variable {
        guard let variable = self[name] else { preconditionFailure("there is no variable \(name)") }
        return variable
    }
}
