extension ModelProfile {
    /// What is added to the variances, as a share of their mean: it keeps directions in which images hardly differ from
    /// deciding.
    static let ridge = 0.001

    /// The fewest images to make a profile from, those that set the limit included.
    public static func leastImages(dimensions: Int) -> Int { 4 * dimensions }

    /// Fits the distribution to some images of people, and sets the limit by others.
    ///
    /// Costs O(images · dimensions² + dimensions³).
    ///
    /// - Parameters:
    ///   - model: The identity of the model.
    ///   - fit: Unit vectors of images of people.
    ///   - check: Those of images of other people.
    /// - Throws: `ProfileError.tooFewImages` for fewer than `leastImages` together, or none of one kind.
    public init(model: String, fit: [[Float]], check: [[Float]]) throws(ProfileError) {
        let dimensions = fit.first?.count ?? 0
        let (found, needed) = (fit.count + check.count, Self.leastImages(dimensions: dimensions))
        guard found >= max(needed, 1), !fit.isEmpty, !check.isEmpty else {
            throw .tooFewImages(found: found, needed: max(needed, 2))
        }
        var center = [Double](repeating: 0, count: dimensions)
        for vector in fit {
            for (place, value) in vector.enumerated() { center[place] += Double(value) / Double(fit.count) }
        }
        let factor = Self.cholesky(Self.covariance(of: fit, around: center), count: dimensions)
        let unlimited = ModelProfile(
            model: model, images: found, limit: .infinity, center: center.map(Float.init),
            whitening: Self.inverse(ofLower: factor, count: dimensions))
        let scores = check.map(unlimited.score).sorted()
        let last = min(Int(Double(scores.count) * (1 - Self.share)), scores.count - 1)
        self.init(
            model: model, images: found, limit: scores[last], center: unlimited.center,
            whitening: unlimited.whitening)
    }

    /// The lower triangle of the covariance with `ridge` added to its diagonal, in a full matrix.
    private static func covariance(of vectors: [[Float]], around center: [Double]) -> [Double] {
        let count = center.count
        var sums = [Double](repeating: 0, count: count * count)
        for vector in vectors {
            let difference = zip(vector, center).map { Double($0) - $1 }
            for row in 0..<count {
                for column in 0...row { sums[row * count + column] += difference[row] * difference[column] }
            }
        }
        var trace = 0.0
        for place in sums.indices { sums[place] /= Double(vectors.count) }
        for row in 0..<count { trace += sums[row * count + row] }
        let added = max(ridge * trace / Double(count), .leastNormalMagnitude)
        for row in 0..<count { sums[row * count + row] += added }
        return sums
    }

    /// L with L·Lᵀ = the positive definite matrix whose lower triangle is given.
    private static func cholesky(_ matrix: [Double], count: Int) -> [Double] {
        var lower = [Double](repeating: 0, count: count * count)
        for column in 0..<count {
            for row in column..<count {
                var value = matrix[row * count + column]
                for place in 0..<column { value -= lower[row * count + place] * lower[column * count + place] }
                lower[row * count + column] =
                    row == column ? value.squareRoot() : value / lower[column * count + column]
            }
        }
        return lower
    }

    /// The lower triangle of L⁻¹, row by row.
    private static func inverse(ofLower lower: [Double], count: Int) -> [Float] {
        var inverse = [Double](repeating: 0, count: count * count)
        for column in 0..<count {
            inverse[column * count + column] = 1 / lower[column * count + column]
            for row in column + 1..<max(count, column + 1) {
                var value = 0.0
                for place in column..<row { value -= lower[row * count + place] * inverse[place * count + column] }
                inverse[row * count + column] = value / lower[row * count + row]
            }
        }
        return (0..<count).flatMap { row in (0...row).map { Float(inverse[row * count + $0]) } }
    }
}
