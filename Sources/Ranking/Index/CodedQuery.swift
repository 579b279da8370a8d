internal import CDistance

/// A query, or its head, as 16-bit integers, and the bound that they give of the distance to a coded row.
///
/// **What is bounded.** Let x be a row, q the query, Q = ‖q‖², n = ‖x‖², and ε as below. With b from `c_block_bounds`:
///
///     ‖q − x‖² ≥ Q·(1 − ε) − 2 b
///
/// so a row with b < (Q·(1 − ε) − T) / 2 is farther than T and needs no further look.
///
/// **Proof.** P has the rotation's directions as rows, h = P·x is the head of x and r = x − Pᵀ·h the rest; likewise h′ and
/// r′ of q. E = P·Pᵀ − I, ‖E‖ ≤ δ. From P·r = −E·h follows by multiplying out
///
///     q·x = h′·h − h′·E·h + r′·r ≤ h′·h + δ ‖h′‖ ‖h‖ + ‖r′‖ ‖r‖.
///
/// The row keeps the code c = scale · integers, e ≥ ‖h − c‖ and t ≥ ‖r‖; the query has its own code c′ with e′ ≥ ‖h′ − c′‖:
///
///     h′·h = c′·c + (h′ − c′)·c + h′·(h − c) ≤ c′·c + e′ ‖c‖ + ‖h′‖ e.
///
/// c′·c is a product of integers, which every kernel computes without rounding, times two scales. Since δ ≤ 2⁻⁷,
/// ‖h‖² ≤ (1 + δ) n, and e ≤ ‖x‖ is kept of every row (otherwise e = ∞), we have ‖c‖ ≤ ‖h‖ + e ≤ 2.01 ‖x‖. The terms that
/// are not computed for each row are therefore at most (2.01 e′/‖q‖ + 1.01 δ) ‖q‖ ‖x‖, and ‖q‖ ‖x‖ ≤ (Q + n) / 2.
///
/// *Rounding.* u = 2⁻²⁴. Computed are s·s′·I + e·‖h′‖ + t·‖r′‖ + n·g: the first term, at most ‖c′‖ ‖c‖ ≤ 4.1 ‖q‖ ‖x‖
/// (for e′ ≤ ‖q‖, which is checked), has three roundings; the next two, each at most 1.01 ‖q‖ ‖x‖, one; the last, at most
/// n / 2, three, with those of n and g; each of the three sums is at most the sum of these sizes. All together
/// less than 34u ‖q‖ ‖x‖ + 3u n ≤ 40u (Q + n) / 2, less than half of 2⁻¹⁷ (Q + n) / 2. What double precision loses before
/// values become float32 is in `RowCode.reserve`, and of a distance's own sum of at most 65,536 terms 2⁻³⁶ of its value,
/// which is at most 2 (Q + n): both are in the other half. So with
///
///     ε = 2⁻¹⁷ + 2.01 e′/‖q‖ + 1.01 δ:    q·x ≤ s·s′·I + e·‖h′‖ + t·‖r′‖ + ε (Q + n) / 2,
///
/// and g = −(1 − ε) / 2 gives b ≥ q·x − n/2 − ε Q / 2, which is the claim. Lengths between 2⁻⁴⁰ and 2⁴⁰ keep all terms far
/// from overflow and underflow; other rows, and other queries, are compared exactly.
///
/// A code of the whole row is the case P = I: h = x, r = 0, δ = 0.
///
/// **Normalized rows.** x̃ = (x − μ) / ℓ with ℓ = ‖x − μ‖, and q is a normalized query. Then q·x̃ = (q·x − q·μ) / ℓ, with
/// the bound of q·x as above. With g = ε / 2 and the camera's constant −q·μ + ε (Q + ‖μ‖²) / 2, b is at least q·x̃: there
/// are five more roundings, of the constant, the sum with it, 1 / ℓ, and the product, each at most u of
/// 6.2 ‖q‖ ‖x‖ + ‖q‖ ‖μ‖, together with the others less than 66u (Q + n + ‖μ‖²) / 2 < 2⁻¹⁷ (Q + n + ‖μ‖²) / 2. What is compared is x̃
/// rounded to float32, which differs from it by at most 2u in length, so that
///
///     distance ≥ Q + 1 − 2 b − 4u (1 + √Q) ≥ Q + 1 − 2 b − 2⁻²⁰ (1 + Q).
///
/// Unchecked Sendable: nothing changes after `init`.
@safe final class CodedQuery: @unchecked Sendable {
    let raw: c_coded_query
    /// Q.
    private let squaredLength: Double
    /// ε.
    let slack: Double
    private let isNormalized: Bool
    private let values: UnsafeMutableBufferPointer<Int16>

    /// Codes a query; nil if it is too short, too long or of too many values for the proof.
    ///
    /// - Parameters:
    ///   - head: h′, or q for codes of whole rows.
    ///   - squaredLength: Q.
    ///   - tail: ‖r′‖ or more; 0 for codes of whole rows.
    ///   - defect: δ; 0 for codes of whole rows.
    ///   - isNormalized: Whether bounds are those of normalized rows.
    ///   - share: The share of the errors that is counted: 1. Less than that breaks the proof, which tests do to show that
    ///     they notice.
    init?(
        head: [Double], squaredLength: Double, tail: Double, defect: Double, isNormalized: Bool, share: Double
    ) {
        let stride = RowCode.stride(head.count)
        // So that the sum of products with integers up to 127 stays in Int32.
        let limit = Double(min(Int(Int16.max), Int(Int32.max) / (127 * stride)))
        let largest = head.reduce(0) { max($0, abs($1)) }
        guard RowCode.squaredLengths ~= squaredLength else { return nil }
        // A head of nearly nothing gets the code zero.
        let scale = largest * largest * 0x1p40 > squaredLength ? Float(largest / limit) : 0
        let integers = head.map { scale > 0 ? max(-limit, min(limit, ($0 / Double(scale)).rounded())) : 0 }
        let squaredError = zip(head, integers).reduce(0.0) { sum, pair in
            let difference = pair.0 - Double(scale) * pair.1
            return sum + difference * difference
        }
        let length = squaredLength.squareRoot()
        let error = squaredError.squareRoot() + RowCode.reserve * length
        guard error <= length else { return nil }
        self.squaredLength = squaredLength
        self.isNormalized = isNormalized
        slack = 0x1p-17 + 2.01 * error / length + 1.01 * defect
        unsafe values = .allocate(capacity: stride)
        unsafe values.initialize(repeating: 0)
        for (index, value) in integers.enumerated() { unsafe values[index] = Int16(value) }
        let squaredHead = head.reduce(0) { $0 + $1 * $1 }
        let headLength = squaredHead.squareRoot() + RowCode.reserve * length
        unsafe raw = c_coded_query(
            values: values.baseAddress, scale: scale, error_factor: RowCode.roundedUp(headLength * share),
            tail_factor: RowCode.roundedUp(tail * share),
            length_factor: RowCode.roundedUp(isNormalized ? slack / 2 : -(1 - slack) / 2))
    }

    deinit { unsafe values.deallocate() }

    /// The smallest b with which a row may have a distance of at most `distance`.
    func leastBound(_ distance: Double) -> Float {
        let (own, row) =
            isNormalized ? (squaredLength - 0x1p-20 * (1 + squaredLength), 1.0) : (squaredLength * (1 - slack), 0)
        return RowCode.roundedDown((own + row - distance) / 2)
    }

    /// The constant of a camera: −q·μ + ε (Q + ‖μ‖²) / 2.
    func constant(product: Double, squaredMean: Double) -> Float {
        RowCode.roundedUp(-product + slack * (squaredLength + squaredMean) / 2)
    }
}
