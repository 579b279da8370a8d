/// The products that a convolution adds up: y[result] = Σ w[weight] · x[source].
///
/// x is [B, I, H, W], w [O, I, k, k], y [B, O, H′, W′]; x is zero outside. The value and both gradients use the same
/// products.
struct ConvolutionProducts {
    let source: [Int]
    let weight: [Int]
    let stride: Int
    let padding: Int

    /// [B, O, H′, W′].
    var result: [Int] {
        func extent(_ extent: Int) -> Int { (extent + 2 * padding - weight[2]) / stride + 1 }
        return [source[0], weight[0], extent(source[2]), extent(source[3])]
    }

    /// Calls `body` with the indices of every product.
    func forEach(_ body: (_ source: Int, _ weight: Int, _ result: Int) -> Void) {
        let (inputs, height, width, side) = (source[1], source[2], source[3], weight[2])
        let (outputs, rows, columns) = (result[1], result[2], result[3])
        for index in 0..<result.reduce(1, *) {
            let (column, row) = (index % columns, index / columns % rows)
            let (output, image) = (index / (columns * rows) % outputs, index / (columns * rows * outputs))
            for tap in 0..<side * side {
                let (y, x) = (row * stride + tap / side - padding, column * stride + tap % side - padding)
                guard y >= 0, y < height, x >= 0, x < width else { continue }
                for input in 0..<inputs {
                    body(
                        ((image * inputs + input) * height + y) * width + x,
                        (output * inputs + input) * side * side + tap, index)
                }
            }
        }
    }
}

extension Tape {
    /// A convolution, with a bias per output if one is given.
    ///
    /// Only this loop is long enough to need pointers, because a debug build checks every access of an array.
    func convolution(
        _ x: Variable, weight: Variable, bias: Variable? = nil, stride: Int = 1, padding: Int = 0
    ) -> Variable {
        let products = ConvolutionProducts(source: x.shape, weight: weight.shape, stride: stride, padding: padding)
        let shape = products.result
        let area = shape[2] * shape[3]
        var value = (0..<shape.reduce(1, *)).map { bias?.value[$0 / area % shape[1]] ?? 0 }
        unsafe withPointers(x.value, weight.value, &value) { x, w, y in
            products.forEach { unsafe y[$2] += w[$1] * x[$0] }
        }
        return record(shape, value) { y in
            unsafe withPointers(y.gradient, weight.value, &x.gradient) { dy, w, dx in
                products.forEach { unsafe dx[$0] += w[$1] * dy[$2] }
            }
            unsafe withPointers(y.gradient, x.value, &weight.gradient) { dy, x, dw in
                products.forEach { unsafe dw[$1] += x[$0] * dy[$2] }
            }
            guard let bias else { return }
            for (index, gradient) in y.gradient.enumerated() { bias.gradient[index / area % shape[1]] += gradient }
        }
    }

    /// y = x·Wᵀ + b, with x [B, I], W [O, I], b [O].
    func linear(_ x: Variable, weight: Variable, bias: Variable) -> Variable {
        let pixels = reshape(x, to: x.shape + [1, 1])
        let kernel = reshape(weight, to: weight.shape + [1, 1])
        let y = convolution(pixels, weight: kernel, bias: bias)
        return reshape(y, to: [x.shape[0], weight.shape[0]])
    }

    /// The same elements under another shape.
    func reshape(_ x: Variable, to shape: [Int]) -> Variable {
        record(shape, x.value) { y in x.addGradient(y.gradient) }
    }
}

/// Calls `body` with pointers to two arrays to read and one to add to.
private func withPointers(
    _ first: [Double], _ second: [Double], _ target: inout [Double],
    _ body: (UnsafeBufferPointer<Double>, UnsafeBufferPointer<Double>, UnsafeMutableBufferPointer<Double>) -> Void
) {
    unsafe first.withUnsafeBufferPointer { first in
        unsafe second.withUnsafeBufferPointer { second in
            unsafe target.withUnsafeMutableBufferPointer { target in unsafe body(first, second, target) }
        }
    }
}
