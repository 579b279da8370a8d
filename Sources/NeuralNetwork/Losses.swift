internal import Foundation
public import Tensors

/// A loss and its gradient.
public struct LossGradient: Sendable {
    /// The loss.
    public var loss: Double
    /// Its derivative with respect to the input, of the input's shape.
    public var gradient: Tensor

    /// Joins a loss with its gradient.
    public init(loss: Double, gradient: Tensor) {
        self.loss = loss
        self.gradient = gradient
    }
}

/// The cross entropy of softmax(logits), averaged over the batch, with label smoothing.
///
/// L = −(1/B) Σ_b Σ_k q_k log softmax(x_b)_k with q = (1 − s)·onehot(label) + s/K; s = 0 is plain cross entropy (Szegedy et al.,
/// "Rethinking the Inception Architecture", CVPR 2016).
///
/// - Parameters:
///   - logits: x, [B, K].
///   - labels: B classes, each in 0..<K.
///   - smoothing: s, in 0..<1.
/// - Returns: L and ∂L/∂x.
public func crossEntropy(_ logits: Tensor, labels: [Int], smoothing: Float = 0) -> LossGradient {
    let (batch, classes) = (logits.shape[0], logits.shape[1])
    precondition(labels.count == batch && labels.allSatisfy((0..<classes).contains), "labels for \(logits.shape)")
    let rest = Double(smoothing) / Double(classes)
    var loss = 0.0
    var gradient = Tensor(zeros: logits.shape)
    for row in 0..<batch {
        let start = row * classes
        let values = logits.elements[start..<start + classes].map(Double.init)
        let largest = values.max() ?? 0
        let total = values.reduce(0) { $0 + exp($1 - largest) }
        let logTotal = largest + log(total)
        for column in 0..<classes {
            let target = rest + (column == labels[row] ? 1 - Double(smoothing) : 0)
            let logProbability = values[column] - logTotal
            if target > 0 { loss -= target * logProbability }
            gradient.elements[start + column] = Float((exp(logProbability) - target) / Double(batch))
        }
    }
    return LossGradient(loss: loss / Double(batch), gradient: gradient)
}

/// The batch-hard triplet loss with Euclidean distances (Hermans et al., "In Defense of the Triplet Loss", 2017).
///
/// L = (1/B) Σ_a max(0, m + max_p ‖f_a − f_p‖ − min_n ‖f_a − f_n‖), where p runs over the images of the anchor's person
/// (the anchor included) and n over the images of other people. An anchor adds 0 if the batch has no other person.
///
/// - Parameters:
///   - features: f, [B, D].
///   - labels: B people.
///   - margin: m.
/// - Returns: L and ∂L/∂f; the gradient of a distance of zero is taken as zero.
public func batchHardTriplet(_ features: Tensor, labels: [Int], margin: Float = 0.3) -> LossGradient {
    let (batch, dimensions) = (features.shape[0], features.shape[1])
    precondition(labels.count == batch, "\(labels.count) labels for \(features.shape)")
    let rows = doubleRows(of: features)
    var gradient = [Double](repeating: 0, count: features.count)
    var loss = 0.0
    for anchor in 0..<batch {
        var positive = (distance: -Double.infinity, index: anchor)
        var negative = (distance: Double.infinity, index: -1)
        for other in 0..<batch {
            let square = zip(rows[anchor], rows[other]).reduce(0.0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
            let distance = square.squareRoot()
            if labels[other] == labels[anchor] {
                if distance > positive.distance { positive = (distance, other) }
            } else if distance < negative.distance {
                negative = (distance, other)
            }
        }
        let violation = Double(margin) + positive.distance - negative.distance
        guard negative.index >= 0, violation > 0 else { continue }
        loss += violation
        for (pair, sign) in [(positive, 1.0), (negative, -1.0)] where pair.distance > 1e-12 {
            for dimension in 0..<dimensions {
                let share = sign * (rows[anchor][dimension] - rows[pair.index][dimension]) / pair.distance
                gradient[anchor * dimensions + dimension] += share
                gradient[pair.index * dimensions + dimension] -= share
            }
        }
    }
    return LossGradient(
        loss: loss / Double(batch),
        gradient: Tensor(shape: features.shape, elements: gradient.map { Float($0 / Double(batch)) }))
}

/// The supervised contrastive loss of cosine similarities (Khosla et al., "Supervised Contrastive Learning", NeurIPS 2020, L_out).
///
/// L = (1/B) Σ_a (1/|P_a|) Σ_p −log(exp(s_ap) / Σ_{i≠a} exp(s_ai)), s = cos(f_a, f_i) / t, where P_a is the other
/// images of the anchor's person. An anchor adds 0 if it is its person's only image in the batch.
///
/// - Parameters:
///   - features: f, [B, D].
///   - labels: B people.
///   - temperature: t, above 0.
/// - Returns: L and ∂L/∂f; the gradient of a feature of length zero is taken as zero.
public func supervisedContrastive(_ features: Tensor, labels: [Int], temperature: Float = 0.1) -> LossGradient {
    let (batch, dimensions) = (features.shape[0], features.shape[1])
    precondition(labels.count == batch, "\(labels.count) labels for \(features.shape)")
    let rows = UnitRows(features)
    let units = rows.units
    let scale = 1 / Double(temperature)
    var loss = 0.0
    var unitGradients = [[Double]](repeating: Array(repeating: 0, count: dimensions), count: batch)
    for anchor in 0..<batch {
        let positives = labels.indices.count { $0 != anchor && labels[$0] == labels[anchor] }
        guard positives > 0 else { continue }
        let similarities = units.map { scale * zip(units[anchor], $0).reduce(0.0) { $0 + $1.0 * $1.1 } }
        let largest = similarities.max() ?? 0
        let total = similarities.indices.reduce(0) { $1 == anchor ? $0 : $0 + exp(similarities[$1] - largest) }
        let logTotal = largest + log(total)
        for other in 0..<batch where other != anchor {
            let logProbability = similarities[other] - logTotal
            let target = labels[other] == labels[anchor] ? 1 / Double(positives) : 0
            loss -= target * logProbability / Double(batch)
            let slope = scale * (exp(logProbability) - target) / Double(batch)
            for dimension in 0..<dimensions {
                unitGradients[anchor][dimension] += slope * units[other][dimension]
                unitGradients[other][dimension] += slope * units[anchor][dimension]
            }
        }
    }
    return LossGradient(loss: loss, gradient: rows.gradient(unitGradients))
}

/// The rows of [B, D] as vectors of length 1, in double precision.
struct UnitRows {
    /// The vectors; a row of length zero stays zero.
    let units: [[Double]]
    private let lengths: [Double]

    init(_ features: Tensor) {
        let rows = doubleRows(of: features)
        let lengths = rows.map { max($0.reduce(0) { $0 + $1 * $1 }.squareRoot(), 1e-12) }
        units = zip(rows, lengths).map { row, length in row.map { $0 / length } }
        self.lengths = lengths
    }

    /// The gradient of the rows from the gradients of the unit vectors.
    func gradient(_ unitGradients: [[Double]]) -> Tensor {
        let dimensions = units.first?.count ?? 0
        var gradient = Tensor(zeros: [units.count, dimensions])
        for (row, unit) in units.enumerated() {
            // The part of the gradient along the vector is removed: it cannot change a unit vector.
            let along = zip(unitGradients[row], unit).reduce(0.0) { $0 + $1.0 * $1.1 }
            for dimension in 0..<dimensions {
                let across = unitGradients[row][dimension] - along * unit[dimension]
                gradient.elements[row * dimensions + dimension] = Float(across / lengths[row])
            }
        }
        return gradient
    }
}

/// The rows of [B, D] in double precision.
private func doubleRows(of features: Tensor) -> [[Double]] {
    let (batch, dimensions) = (features.shape[0], features.shape[1])
    return (0..<batch).map { features.elements[$0 * dimensions..<($0 + 1) * dimensions].map(Double.init) }
}
