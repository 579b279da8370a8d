/// The geometry of a square two-dimensional convolution.
public struct ConvolutionGeometry: Sendable, Hashable {
    /// Channels in.
    public var inputs: Int
    /// Channels out.
    public var outputs: Int
    /// The kernel's height and width.
    public var kernel: Int
    /// The stride, the same in both directions.
    public var stride: Int
    /// Zeros on each side of the input.
    public var padding: Int

    /// A kernel of side `kernel` from `inputs` to `outputs` channels.
    public init(inputs: Int, outputs: Int, kernel: Int, stride: Int = 1, padding: Int = 0) {
        self.inputs = inputs
        self.outputs = outputs
        self.kernel = kernel
        self.stride = stride
        self.padding = padding
    }

    /// The side of the output for an input of side `extent`.
    public func output(_ extent: Int) -> Int { (extent + 2 * padding - kernel) / stride + 1 }

    /// The kernel's shape, [outputs, inputs, kernel, kernel].
    public var weightShape: [Int] { [outputs, inputs, kernel, kernel] }
}

/// How a convolution is computed.
public enum ConvolutionAlgorithm: Sendable, CaseIterable {
    /// Directly, by the definition of a convolution.
    case direct
    /// With Winograd's transform if oneDNN expects that to be faster, else directly.
    case automatic
}
