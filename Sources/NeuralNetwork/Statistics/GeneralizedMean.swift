internal import Foundation
public import Tensors

/// Generalized-mean pooling over height and width: y = (mean max(x, ε)^p)^(1/p) with ε = 1e-6, [batch, channels, height,
/// width] → [batch, channels].
///
/// From Radenović et al., "Fine-tuning CNN Image Retrieval with No Human Annotation", TPAMI 2019. p = 1 is the mean of what
/// is above ε, and a large p nearly the maximum. Powers are computed in double precision.
public struct GeneralizedMean: Sendable {
    /// ε.
    static let epsilon: Float = 1e-6

    /// p, above 0.
    public var exponent: Float

    /// Pools with the exponent p.
    public init(exponent: Float) {
        self.exponent = exponent
    }

    /// y.
    public func forward(_ x: Tensor) -> Tensor {
        var y = Tensor(zeros: [x.shape[0], x.shape[1]])
        let area = x.shape[2] * x.shape[3]
        let (count, threads) = (y.count, openMPThreads)
        unsafe y.elements.withUnsafeMutableBufferPointer { y in
            guard let y = y.baseAddress else { return }
            parallelFor(count, threads: threads) { plane, _ in
                let values = x.elements[plane * area..<(plane + 1) * area]
                unsafe y[plane] = Self.root(Self.mean(values, exponent).power, exponent)
            }
        }
        return y
    }

    /// The gradient of x, of x's shape, and that of p.
    ///
    /// With s = mean max(x, ε)^p: dx = dy · y / s · x^(p − 1) / n where x ≥ ε, else 0; dp = Σ dy · y · (mean(x^p · ln x) / (p · s)
    /// − ln s / p²).
    package func backward(_ dy: Tensor, x: Tensor) -> (x: Tensor, exponent: Float) {
        let area = x.shape[2] * x.shape[3]
        var dx = x
        var shares = [Double](repeating: 0, count: dy.count)
        let exponent = exponent
        let threads = openMPThreads
        unsafe dx.elements.withUnsafeMutableBufferPointer { dx in
            unsafe shares.withUnsafeMutableBufferPointer { shares in
                guard let dx = dx.baseAddress, let shares = shares.baseAddress else { return }
                parallelFor(dy.count, threads: threads) { plane, _ in
                    let values = x.elements[plane * area..<(plane + 1) * area]
                    let p = Double(exponent)
                    let (power, logarithm) = Self.mean(values, exponent)
                    let slope = Double(dy.elements[plane]) * Double(Self.root(power, exponent))
                    unsafe shares[plane] = slope * (logarithm / (p * power) - log(power) / (p * p))
                    for (index, value) in zip(values.indices, values) {
                        let factor = slope / power / Double(area)
                        unsafe dx[index] = value < Self.epsilon ? 0 : Float(factor * pow(Double(value), p - 1))
                    }
                }
            }
        }
        return (dx, Float(shares.reduce(0, +)))
    }

    /// The means of max(x, ε)^p and of max(x, ε)^p · ln max(x, ε).
    private static func mean(_ values: ArraySlice<Float>, _ exponent: Float) -> (power: Double, logarithm: Double) {
        var (powers, products) = (0.0, 0.0)
        for value in values {
            let logarithm = log(Double(max(value, epsilon)))
            let power = exp(Double(exponent) * logarithm)
            powers += power
            products += power * logarithm
        }
        return (powers / Double(values.count), products / Double(values.count))
    }

    private static func root(_ power: Double, _ exponent: Float) -> Float { Float(pow(power, 1 / Double(exponent))) }
}
