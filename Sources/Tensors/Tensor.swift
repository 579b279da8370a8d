/// A dense, row-major array of 32-bit floats with a shape.
public struct Tensor: Sendable, Equatable {
    /// The extent of each dimension, slowest first; empty for a scalar.
    public let shape: [Int]

    /// The values in row-major order; their number is the product of `shape`; a change must keep it.
    public var elements: [Float]

    /// Takes `elements` as a tensor of `shape`; their number must be the product of `shape`.
    public init(shape: [Int], elements: [Float]) {
        precondition(shape.allSatisfy { $0 >= 0 }, "negative extent in the shape \(shape)")
        precondition(
            elements.count == shape.reduce(1, *), "\(elements.count) elements cannot fill the shape \(shape)")
        self.shape = shape
        self.elements = elements
    }

    /// A tensor of `shape` filled with zeros.
    public init(zeros shape: [Int]) {
        self.init(shape: shape, elements: Array(repeating: 0, count: shape.reduce(1, *)))
    }

    /// The number of elements.
    public var count: Int { elements.count }
}

extension Tensor {
    /// Entry `index` along the first axis, as a tensor without that axis.
    package func item(_ index: Int) -> Tensor {
        let count = shape.dropFirst().reduce(1, *)
        return Tensor(
            shape: Array(shape.dropFirst()), elements: Array(elements[index * count..<(index + 1) * count]))
    }
}
