import Foundation

extension Tape {
    /// max(0, x); the gradient passes where the value is positive.
    func rectifier(_ x: Variable, at place: String) -> Variable {
        let value = point.settle(place, x.value.map { max(0, $0) }, isRectified: true)
        return record(x.shape, value) { y in
            for index in value.indices where value[index] > 0 { x.gradient[index] += y.gradient[index] }
        }
    }

    /// σ(x) = 1 / (1 + e^−x), whose derivative is σ · (1 − σ).
    func sigmoid(_ x: Variable, at place: String) -> Variable {
        record(x.shape, point.settle(place, x.value.map { 1 / (1 + exp(-$0)) })) { y in
            x.addGradient(zip(y.value, y.gradient).map { $0 * (1 - $0) * $1 })
        }
    }

    /// The statistics of a batch norm: the mean of each channel, and the variance for the running statistics, divided
    /// by n − 1.
    struct BatchStatistics {
        var mean: [Double] = []
        var unbiasedVariance: [Double] = []
    }

    /// γ · x̂ + β with x̂ = (x − mean) / √(variance + 1e-5), mean and (population) variance over all but the second axis.
    ///
    /// With dx̂ = γ · dy: dγ = Σ dy · x̂, dβ = Σ dy, dx = (dx̂ − mean(dx̂) − x̂ · mean(dx̂ · x̂)) / √(variance + 1e-5).
    func batchNorm(
        _ x: Variable, weight: Variable, bias: Variable
    ) -> (y: Variable, statistics: BatchStatistics) {
        let channels = x.shape[1]
        let area = x.shape.dropFirst(2).reduce(1, *)
        let count = Double(x.value.count / channels)
        /// The indices of each channel's elements.
        let indices = (0..<channels).map { channel -> [Int] in
            (0..<x.shape[0]).flatMap { image -> Range<Int> in
                let start = (image * channels + channel) * area
                return start..<start + area
            }
        }
        var statistics = BatchStatistics()
        var (normal, value) = (x.value, x.value)
        var deviations: [Double] = []
        for channel in 0..<channels {
            var (sum, squares) = (0.0, 0.0)
            for index in indices[channel] { sum += x.value[index] }
            let mean = sum / count
            for index in indices[channel] { squares += (x.value[index] - mean) * (x.value[index] - mean) }
            let deviation = (squares / count + 1e-5).squareRoot()
            for index in indices[channel] {
                normal[index] = (x.value[index] - mean) / deviation
                value[index] = weight.value[channel] * normal[index] + bias.value[channel]
            }
            deviations.append(deviation)
            statistics.mean.append(mean)
            statistics.unbiasedVariance.append(squares / max(1, count - 1))
        }
        let normalized = normal
        if bias.absoluteTerms.isEmpty { bias.absoluteTerms = Array(repeating: 0, count: channels) }
        let y = record(x.shape, value) { [deviations] y in
            for channel in 0..<channels {
                var (sum, product) = (0.0, 0.0)
                for index in indices[channel] {
                    bias.absoluteTerms[channel] += abs(y.gradient[index])
                    sum += y.gradient[index]
                    product += y.gradient[index] * normalized[index]
                }
                weight.gradient[channel] += product
                bias.gradient[channel] += sum
                let factor = weight.value[channel] / deviations[channel]
                for index in indices[channel] {
                    x.gradient[index] +=
                        factor * (y.gradient[index] - sum / count - normalized[index] * product / count)
                }
            }
        }
        return (y, statistics)
    }

    /// The maximum over squares; of equal values, the first.
    func maximumPooling(_ x: Variable, kernel: Int, stride: Int, padding: Int) -> Variable {
        let (height, width) = (x.shape[2], x.shape[3])
        func extent(_ extent: Int) -> Int { (extent + 2 * padding - kernel) / stride + 1 }
        let (rows, columns) = (extent(height), extent(width))
        let shape = [x.shape[0], x.shape[1], rows, columns]
        let sources = (0..<shape.reduce(1, *)).map { index -> Int in
            let (plane, top, left) = (
                index / (rows * columns), index / columns % rows * stride - padding, index % columns * stride - padding
            )
            var best: Int?
            for row in max(0, top)..<min(height, top + kernel) {
                for column in max(0, left)..<min(width, left + kernel) {
                    let here = (plane * height + row) * width + column
                    if let found = best, x.value[found] >= x.value[here] { continue }
                    best = here
                }
            }
            return best ?? 0
        }
        return selection(x, shape, sources)
    }

    /// The elements of `x` at `indices`, whose gradients go back to where they come from.
    func selection(_ x: Variable, _ shape: [Int], _ indices: [Int]) -> Variable {
        record(shape, indices.map { x.value[$0] }) { y in
            for (entry, index) in indices.enumerated() { x.gradient[index] += y.gradient[entry] }
        }
    }

    /// The mean over the positions: [B, C, H, W] → [B, C].
    func globalAveragePooling(_ x: Variable) -> Variable {
        weightedMean(x) { _ in 1 }
    }

    /// (mean max(x, 1e-6)^p)^(1/p) over the positions: [B, C, H, W] → [B, C]; p is [1].
    func generalizedMean(_ x: Variable, exponent: Variable) -> Variable {
        let area = x.shape[2] * x.shape[3]
        let p = exponent.value[0]
        let clamped = x.value.map { max($0, 1e-6) }
        var (powers, products) = ([Double](repeating: 0, count: x.value.count / area), [Double]())
        products = powers
        for (index, value) in clamped.enumerated() {
            powers[index / area] += pow(value, p) / Double(area)
            products[index / area] += pow(value, p) * log(value) / Double(area)
        }
        let (sums, weighted) = (powers, products)
        return record([x.shape[0], x.shape[1]], powers.map { pow($0, 1 / p) }) { y in
            for (index, value) in clamped.enumerated() where x.value[index] >= 1e-6 {
                let plane = index / area
                x.gradient[index] +=
                    y.gradient[plane] * pow(sums[plane], 1 / p - 1) * pow(value, p - 1) / Double(area)
            }
            for (plane, sum) in sums.enumerated() {
                // y = e^(ln s / p), and s depends on p too.
                let slope = weighted[plane] / sum / p - log(sum) / (p * p)
                exponent.gradient[0] += y.gradient[plane] * y.value[plane] * slope
            }
        }
    }

    /// The mean over the positions of weight · x: [B, C, H, W] → [B, C]; `weight` takes a position, row-major.
    func weightedMean(_ x: Variable, weight: (Int) -> Double) -> Variable {
        let area = x.shape[2] * x.shape[3]
        let weights = (0..<area).map { weight($0) / Double(area) }
        var value = [Double](repeating: 0, count: x.value.count / area)
        for index in x.value.indices { value[index / area] += weights[index % area] * x.value[index] }
        return record([x.shape[0], x.shape[1]], value) { y in
            for index in x.value.indices { x.gradient[index] += weights[index % area] * y.gradient[index / area] }
        }
    }
}
