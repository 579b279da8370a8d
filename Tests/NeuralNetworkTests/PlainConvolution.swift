import NeuralNetwork
import Randomness
import Tensors

/// A convolution by its definition: x [batch, inputs, height, width], kernel [outputs, inputs, k, k].
func plainConvolution(_ x: Tensor, kernel: Tensor, bias: [Float], stride: Int, padding: Int) -> Tensor {
    let (batch, inputs, height, width) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3])
    let (outputs, side) = (kernel.shape[0], kernel.shape[2])
    let (rows, columns) = ((height + 2 * padding - side) / stride + 1, (width + 2 * padding - side) / stride + 1)
    var y = Tensor(zeros: [batch, outputs, rows, columns])
    for index in 0..<y.count {
        let (image, output) = (index / (outputs * rows * columns), index / (rows * columns) % outputs)
        let (top, left) = (index / columns % rows * stride - padding, index % columns * stride - padding)
        var sum = Double(bias[output])
        for input in 0..<inputs {
            for tap in 0..<side * side {
                let (row, column) = (top + tap / side, left + tap % side)
                guard (0..<height).contains(row), (0..<width).contains(column) else { continue }
                sum +=
                    Double(x.elements[((image * inputs + input) * height + row) * width + column])
                    * Double(kernel.elements[(output * inputs + input) * side * side + tap])
            }
        }
        y.elements[index] = Float(sum)
    }
    return y
}

/// Random numbers in -1...1 from a seed.
func randomTensor(_ shape: [Int], seed: UInt64) -> Tensor {
    var generator = SeededGenerator(seed: seed)
    return Tensor(shape: shape, elements: (0..<shape.reduce(1, *)).map { _ in .random(in: -1...1, using: &generator) })
}

/// The largest absolute difference; infinite if the shapes differ.
func maximumDifference(_ a: Tensor, _ b: Tensor) -> Float {
    guard a.shape == b.shape else { return .infinity }
    return zip(a.elements, b.elements).reduce(0) { max($0, abs($1.0 - $1.1)) }
}
