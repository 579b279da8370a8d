internal import Foundation
public import Tensors

/// The circle loss of cosine similarities (Sun et al., "Circle Loss: A Unified Perspective of Pair Similarity Optimization",
/// CVPR 2020).
///
/// L = (1/B) Σ_a log(1 + Σ_n e^(γ α_n (s_n − m)) · Σ_p e^(−γ α_p (s_p − 1 + m))), where p runs over the other images of the
/// anchor's person and n over the images of other people, α_p = max(0, 1 + m − s_p), α_n = max(0, s_n + m). As in the
/// paper, the weights α are constants for the gradient. An anchor adds 0 if it lacks positives or negatives.
///
/// - Parameters:
///   - features: [B, D].
///   - labels: B people.
///   - margin: m.
///   - scale: γ.
/// - Returns: L and its gradient; the gradient of a feature of length zero is taken as zero.
public func circleLoss(_ features: Tensor, labels: [Int], margin: Float = 0.25, scale: Float = 64) -> LossGradient {
    let (batch, dimensions) = (features.shape[0], features.shape[1])
    precondition(labels.count == batch, "\(labels.count) labels for \(features.shape)")
    let rows = UnitRows(features)
    let (m, gamma) = (Double(margin), Double(scale))
    var loss = 0.0
    var unitGradients = [[Double]](repeating: Array(repeating: 0, count: dimensions), count: batch)
    for anchor in 0..<batch {
        // Each pair with its exponent, and the slope of the exponent.
        var (positives, negatives): ([Pair], [Pair]) = ([], [])
        for other in 0..<batch where other != anchor {
            let similarity = zip(rows.units[anchor], rows.units[other]).reduce(0.0) { $0 + $1.0 * $1.1 }
            if labels[other] == labels[anchor] {
                let slope = -gamma * max(0, 1 + m - similarity)
                positives.append(Pair(other: other, exponent: slope * (similarity - 1 + m), slope: slope))
            } else {
                let slope = gamma * max(0, similarity + m)
                negatives.append(Pair(other: other, exponent: slope * (similarity - m), slope: slope))
            }
        }
        guard !positives.isEmpty, !negatives.isEmpty else { continue }
        let sums = (logarithmicSum(positives), logarithmicSum(negatives))
        let total = sums.0 + sums.1
        // log(1 + e^total), and its slope.
        loss += max(0, total) + log1p(exp(-abs(total)))
        let slope = 1 / (1 + exp(-total))
        for (pairs, sum) in [(positives, sums.0), (negatives, sums.1)] {
            for pair in pairs {
                let share = slope * exp(pair.exponent - sum) * pair.slope / Double(batch)
                for dimension in 0..<dimensions {
                    unitGradients[anchor][dimension] += share * rows.units[pair.other][dimension]
                    unitGradients[pair.other][dimension] += share * rows.units[anchor][dimension]
                }
            }
        }
    }
    return LossGradient(loss: loss / Double(batch), gradient: rows.gradient(unitGradients))
}

/// An anchor and another image.
private struct Pair {
    var other: Int
    var exponent: Double
    /// The slope of the exponent with respect to the similarity.
    var slope: Double
}

/// log Σ e^exponent.
private func logarithmicSum(_ pairs: [Pair]) -> Double {
    let largest = pairs.reduce(-Double.infinity) { max($0, $1.exponent) }
    return largest + log(pairs.reduce(0) { $0 + exp($1.exponent - largest) })
}
