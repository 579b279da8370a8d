public import Tensors

/// The parameters and running statistics of a batch normalization, y = weight · (x − mean) / √(variance + ε) + bias per channel.
///
/// From Ioffe and Szegedy, "Batch Normalization", ICML 2015.
public struct BatchNorm: Sendable, Equatable {
    /// ε.
    public static let epsilon = 1e-5
    /// The share of a training batch in a running statistic: running ← 0.9 · running + 0.1 · batch, as in PyTorch.
    public static let momentum: Float = 0.1

    /// The scale per channel.
    public var weight: [Float]
    /// The shift per channel.
    public var bias: [Float]
    /// The running mean per channel.
    public var mean: [Float]
    /// The running variance per channel, at least 0.
    public var variance: [Float]

    /// Takes one value per channel for each of the four.
    public init(weight: [Float], bias: [Float], mean: [Float], variance: [Float]) {
        precondition(
            bias.count == weight.count && mean.count == weight.count && variance.count == weight.count,
            "a batch norm of \([weight.count, bias.count, mean.count, variance.count]) channels")
        self.weight = weight
        self.bias = bias
        self.mean = mean
        self.variance = variance
    }

    /// The batch norm of a channel as one affine map, y = scale · x + shift, in double precision.
    public func affine(_ channel: Int) -> (scale: Double, shift: Double) {
        let scale = Double(weight[channel]) / (Double(variance[channel]) + Self.epsilon).squareRoot()
        return (scale, Double(bias[channel]) - scale * Double(mean[channel]))
    }
}

/// The parameters of an instance normalization: y = weight · (x − mean) / √(variance + ε) + bias per channel, with mean
/// and variance of the channel in one image, and the ε of `BatchNorm`.
///
/// From Ulyanov et al., "Instance Normalization", 2016.
public struct InstanceNorm: Sendable, Equatable {
    /// The scale per channel.
    public var weight: [Float]
    /// The shift per channel.
    public var bias: [Float]

    /// Takes one value per channel for each of the two.
    public init(weight: [Float], bias: [Float]) {
        precondition(bias.count == weight.count, "an instance norm of \([weight.count, bias.count]) channels")
        self.weight = weight
        self.bias = bias
    }
}

/// A convolution with bias, into which a batch norm may have been folded; what inference uses.
public struct FoldedConvolution: Sendable, Equatable {
    /// [outputs, inputs, kernel, kernel].
    public var kernel: Tensor
    /// [outputs].
    public var bias: [Float]

    /// Takes a kernel and a bias as they are.
    public init(kernel: Tensor, bias: [Float]) {
        precondition(bias.count == kernel.shape[0], "\(bias.count) biases for a kernel of shape \(kernel.shape)")
        self.kernel = kernel
        self.bias = bias
    }

    /// Folds `norm` into the convolution before it: one convolution with bias that computes both.
    ///
    /// If `norm` has fewer channels than the convolution has outputs, it belongs to the last ones; the first ones stay as
    /// they are, without a bias.
    public init(kernel: Tensor, folding norm: BatchNorm) {
        let outputs = kernel.shape[0]
        let first = outputs - norm.weight.count
        precondition(first >= 0, "a batch norm of \(norm.weight.count) for kernel \(kernel.shape)")
        let length = kernel.count / max(1, outputs)
        var elements = kernel.elements
        var bias = [Float](repeating: 0, count: outputs)
        for output in first..<outputs {
            let (scale, shift) = norm.affine(output - first)
            let factor = Float(scale)
            for index in output * length..<(output + 1) * length { elements[index] *= factor }
            bias[output] = Float(shift)
        }
        self.kernel = Tensor(shape: kernel.shape, elements: elements)
        self.bias = bias
    }
}

/// An affine map, y = x·Wᵀ + b.
///
/// x is [batch, inputs], W [outputs, inputs], b [outputs], y [batch, outputs].
public struct Linear: Sendable, Equatable {
    /// W.
    public var weight: Tensor
    /// b.
    public var bias: [Float]

    /// Takes W [outputs, inputs] and b [outputs].
    public init(weight: Tensor, bias: [Float]) {
        precondition(
            weight.shape.count == 2 && weight.shape[0] == bias.count,
            "\(bias.count) biases for a weight of shape \(weight.shape)")
        self.weight = weight
        self.bias = bias
    }

    /// Length of y.
    public var outputs: Int { weight.shape[0] }
    /// Length of x.
    public var inputs: Int { weight.shape[1] }

    /// y for every row of x.
    public func forward(_ x: Tensor) throws(OneDNNError) -> Tensor {
        precondition(x.shape.count == 2 && x.shape[1] == inputs, "\(x.shape) for a weight of shape \(weight.shape)")
        var y = try multiply(
            x.elements, weight.elements, m: x.shape[0], n: outputs, k: inputs, isTransposed: true)
        for row in 0..<x.shape[0] {
            for output in 0..<outputs { y[row * outputs + output] += bias[output] }
        }
        return Tensor(shape: [x.shape[0], outputs], elements: y)
    }

    /// y for rows that lie `rowStride` floats apart in `x`, into rows that lie `resultStride` apart in `result`.
    package func forward(
        _ x: UnsafePointer<Float>, rowStride: Int, rows: Int, into result: UnsafeMutablePointer<Float>,
        resultStride: Int
    ) throws(OneDNNError) {
        let (outputs, inputs) = (outputs, inputs)
        let failure = unsafe weight.elements.withUnsafeBufferPointer { weight -> OneDNNError? in
            guard let weight = weight.baseAddress else { return nil }
            do throws(OneDNNError) {
                try unsafe multiply(
                    x, rowStride: rowStride, weight, rowStride: inputs, into: result, rowStride: resultStride, m: rows,
                    n: outputs, k: inputs, isTransposed: true)
                return nil
            } catch {
                return error
            }
        }
        if let failure { throw failure }
        for row in 0..<rows {
            for output in 0..<outputs { unsafe result[row * resultStride + output] += bias[output] }
        }
    }
}

/// The mean over height and width: [batch, channels, height, width] → [batch, channels].
public func globalAveragePooling(_ x: Tensor) -> Tensor {
    precondition(x.shape.count == 4, "global average pooling of the shape \(x.shape)")
    let area = x.shape[2] * x.shape[3]
    let means = (0..<x.shape[0] * x.shape[1]).map { index -> Float in
        var sum: Float = 0
        for position in index * area..<(index + 1) * area { sum += x.elements[position] }
        return sum / Float(area)
    }
    return Tensor(shape: [x.shape[0], x.shape[1]], elements: means)
}

/// Each row divided by its Euclidean length, or by 1e-12 if the length is smaller than that.
public func normalizeRows(_ x: Tensor) -> Tensor {
    precondition(x.shape.count == 2, "rows of the shape \(x.shape)")
    var result = x
    let length = x.shape[1]
    for row in 0..<x.shape[0] {
        let range = row * length..<(row + 1) * length
        let norm = x.elements[range].reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        let scale = 1 / max(norm, 1e-12)
        for index in range { result.elements[index] = Float(Double(x.elements[index]) * scale) }
    }
    return result
}
