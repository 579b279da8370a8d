import Distances

extension EmbeddingMatrix {
    /// |row|² of every row.
    func squaredLengths() -> [Double] {
        var result: [Double] = []
        result.reserveCapacity(count)
        forEachDistance(from: Array(repeating: 0, count: dimensions)) { result.append($1) }
        return result
    }

    /// γ: the float32 inner product of two rows differs from the true one by at most γ·|a|·|b|; nil if rows have too
    /// many values.
    ///
    /// A sum of n products in any order, fused or not, has γ = n·u / (1 − n·u) with u = 2⁻²⁴ (Higham, "Accuracy and
    /// Stability of Numerical Algorithms", 3.1); two terms are added for rounding in the computations in double that
    /// follow.
    private var relativeProductError: Double? {
        let terms = Double(dimensions + 2)
        return terms < 0x1p23 ? terms * 0x1p-24 / (1 - terms * 0x1p-24) : nil
    }

    /// How far |a|² + |b|² − 2 a·b, all in float32, can be from the squared distance of two rows.
    ///
    /// - Parameter scale: At least |a|² + |b|².
    /// - Returns: The error; nil if the products could overflow.
    func productDistanceError(scale: Double) -> Double? {
        guard let relative = relativeProductError, scale < 0x1p121 else { return nil }
        // Products: relative · 2 |a| |b|. Four float32 roundings of |a|² + |b|² − 2 a·b: each 2⁻²⁴ of at most twice that.
        // The last two terms cover rounding in double, and products so small that their relative error is larger.
        return (relative + 0x1p-21) * scale + Double(dimensions + 2) * 0x1p-120
    }

    /// The float32 inner products of the rows of two blocks, [rows of `left`, rows of `right`].
    func products(ofBlock left: Int, withBlock right: Int) -> [Float] {
        innerProducts(blocks[left], blocks[right], dimensions: dimensions)
    }
}
