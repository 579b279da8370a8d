package import Tensors

/// An affine map in training, y = x·Wᵀ + b: like `Linear`, with its parameters in a store and a backward pass.
package struct TrainableLinear {
    private let weight: Parameter
    private let bias: Parameter

    /// Takes the parameters `name`.weight [outputs, inputs] and `name`.bias [outputs] from the store.
    package init(_ name: String, in parameters: ParameterStore) {
        weight = parameters["\(name).weight"]
        bias = parameters["\(name).bias"]
    }

    /// Length of y.
    package var outputs: Int { weight.shape[0] }
    /// Length of x.
    package var inputs: Int { weight.shape[1] }

    /// y for every row of x.
    package func forward(_ x: Tensor) throws -> Tensor {
        let rows = x.shape[0]
        var y = Tensor(zeros: [rows, outputs])
        try unsafe x.elements.withUnsafeBufferPointer { x in
            try unsafe y.elements.withUnsafeMutableBufferPointer { y in
                guard let x = x.baseAddress, let y = y.baseAddress else { return }
                try unsafe forward(x, stride: inputs, rows: rows, into: y, resultStride: outputs)
            }
        }
        return y
    }

    /// Returns dx = dy·W; writes dW = dyᵀ·x and db = Σ dy into the gradients of the parameters.
    package func backward(_ dy: Tensor, x: Tensor) throws -> Tensor {
        let rows = x.shape[0]
        var dx = Tensor(zeros: x.shape)
        try unsafe dx.elements.withUnsafeMutableBufferPointer { dx in
            try unsafe x.elements.withUnsafeBufferPointer { x in
                try unsafe dy.elements.withUnsafeBufferPointer { dy in
                    guard let x = x.baseAddress, let dy = dy.baseAddress else { return }
                    try unsafe backward(
                        dy, resultStride: outputs, x: x, stride: inputs, rows: rows, into: dx.baseAddress)
                }
            }
        }
        return dx
    }

    /// Writes y for `rows` rows of x; the strides say how far apart the rows are.
    package func forward(
        _ x: UnsafePointer<Float>, stride: Int, rows: Int, into y: UnsafeMutablePointer<Float>, resultStride: Int
    ) throws(OneDNNError) {
        let (weights, biases) = unsafe (try weight.floats(), try bias.floats())
        guard let weights = weights.baseAddress else { return }
        try unsafe multiply(
            x, rowStride: stride, weights, rowStride: inputs, into: y, rowStride: resultStride, m: rows, n: outputs,
            k: inputs, isTransposed: true)
        for row in 0..<rows {
            for output in 0..<outputs { unsafe y[row * resultStride + output] += biases[output] }
        }
    }

    /// Writes dW = dyᵀ·x and db = Σ dy into the gradients of the parameters, and dx = dy·W into `dx` if it is given.
    package func backward(
        _ dy: UnsafePointer<Float>, resultStride: Int, x: UnsafePointer<Float>, stride: Int, rows: Int,
        into dx: UnsafeMutablePointer<Float>?
    ) throws(OneDNNError) {
        let weights = unsafe try weight.floats()
        let (weightGradients, biasGradients) = unsafe (try weight.floats(.gradient), try bias.floats(.gradient))
        guard let weights = weights.baseAddress, let weightGradients = weightGradients.baseAddress else { return }
        try unsafe multiply(
            dy, rowStride: resultStride, x, rowStride: stride, into: weightGradients, rowStride: inputs, m: outputs,
            n: inputs, k: rows, isFirstTransposed: true, isTransposed: false)
        for output in 0..<outputs {
            var sum: Float = 0
            for row in 0..<rows { unsafe sum += dy[row * resultStride + output] }
            unsafe biasGradients[output] = sum
        }
        guard let dx = unsafe dx else { return }
        try unsafe multiply(
            dy, rowStride: resultStride, weights, rowStride: inputs, into: dx, rowStride: stride, m: rows, n: inputs,
            k: outputs, isTransposed: false)
    }
}

/// A batch norm over rows in training, between an embedding and its classifier: y = γ·(x − mean)/√(variance + ε) + β per column.
package struct TrainableNeck {
    private let scale: Parameter
    private let shift: Parameter
    private let runningMean: Parameter
    private let runningVariance: Parameter
    /// (x − mean)/√(variance + ε) of the last forward run, and 1/√(variance + ε).
    private var normalized: [Float] = []
    private var inverseDeviations: [Double] = []

    /// Takes the parameters `name`.weight, bias, running_mean and running_var, all [columns], from the store.
    package init(_ name: String, in parameters: ParameterStore) {
        scale = parameters["\(name).weight"]
        shift = parameters["\(name).bias"]
        runningMean = parameters["\(name).running_mean"]
        runningVariance = parameters["\(name).running_var"]
    }

    /// Returns y for x, [rows, columns], and updates the running statistics.
    package mutating func forward(_ x: Tensor) throws -> Tensor {
        let (rows, columns) = (x.shape[0], x.shape[1])
        let (scales, shifts) = (try scale.tensor().elements, try shift.tensor().elements)
        var (means, variances) = (try runningMean.tensor(), try runningVariance.tensor())
        var y = x
        normalized = x.elements
        inverseDeviations = Array(repeating: 0, count: columns)
        for column in 0..<columns {
            let values = (0..<rows).map { Double(x.elements[$0 * columns + column]) }
            let mean = values.reduce(0, +) / Double(rows)
            let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
            let inverse = 1 / (squares / Double(rows) + BatchNorm.epsilon).squareRoot()
            inverseDeviations[column] = inverse
            for row in 0..<rows {
                let value = Float((values[row] - mean) * inverse)
                normalized[row * columns + column] = value
                y.elements[row * columns + column] = scales[column] * value + shifts[column]
            }
            let unbiased = Float(squares / Double(max(1, rows - 1)))
            means.elements[column] += BatchNorm.momentum * (Float(mean) - means.elements[column])
            variances.elements[column] += BatchNorm.momentum * (unbiased - variances.elements[column])
        }
        try runningMean.assign(means)
        try runningVariance.assign(variances)
        return y
    }

    /// Returns the gradient of x from the gradient of y, and writes the gradients of γ and β.
    package func backward(_ dy: Tensor) throws -> Tensor {
        let (rows, columns) = (dy.shape[0], dy.shape[1])
        let scales = try scale.tensor().elements
        var (scaleGradient, shiftGradient) = (Tensor(zeros: [columns]), Tensor(zeros: [columns]))
        var dx = dy
        for column in 0..<columns {
            var (sum, product) = (0.0, 0.0)
            for index in stride(from: column, to: rows * columns, by: columns) {
                sum += Double(dy.elements[index])
                product += Double(dy.elements[index]) * Double(normalized[index])
            }
            scaleGradient.elements[column] = Float(product)
            shiftGradient.elements[column] = Float(sum)
            let factor = Double(scales[column]) * inverseDeviations[column]
            for index in stride(from: column, to: rows * columns, by: columns) {
                let centerd = Double(dy.elements[index]) - sum / Double(rows)
                dx.elements[index] = Float(factor * (centerd - Double(normalized[index]) * product / Double(rows)))
            }
        }
        try scale.assign(scaleGradient, to: .gradient)
        try shift.assign(shiftGradient, to: .gradient)
        return dx
    }
}
