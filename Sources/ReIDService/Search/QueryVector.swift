/// Combines the embeddings of several images of one person.
enum QueryVector {
    /// The mean of unit vectors, scaled to length 1: (Σ vᵢ) / |Σ vᵢ|.
    ///
    /// - Parameter vectors: 1 or more vectors with the same number of values.
    /// - Returns: a unit vector.
    /// - Throws: `ServiceError.noDirection` if their sum is zero.
    static func fused(_ vectors: [[Float]]) throws(ServiceError) -> [Float] {
        guard let first = vectors.first else { preconditionFailure("no vectors to fuse") }
        if vectors.count == 1 { return first }
        var sum = [Double](repeating: 0, count: first.count)
        for vector in vectors {
            for (index, value) in vector.enumerated() { sum[index] += Double(value) }
        }
        let length = sum.reduce(0) { $0 + $1 * $1 }.squareRoot()
        guard length > 1e-6 * Double(vectors.count) else { throw .noDirection }
        return sum.map { Float($0 / length) }
    }
}
