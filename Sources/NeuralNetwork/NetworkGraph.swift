public import Tensors

/// The first channels of a convolution's result, if they are normalized by the statistics of their own image.
public struct InstanceChannels: Sendable, Hashable {
    /// The name of scale and shift.
    public var name: String
    /// How many channels, at least 1.
    public var count: Int

    /// Names the first `count` channels' normalization.
    public init(name: String, count: Int) {
        self.name = name
        self.count = count
    }
}

/// A network as a list of operations, in the order in which they are computed; it holds no weights.
public struct NetworkGraph: Sendable {
    /// The result of an operation.
    public struct Value: Sendable, Hashable {
        let index: Int
    }

    /// One operation; every shape is [channels, height, width].
    struct Node: Sendable {
        var operation: Operation
        var channels: Int
        var height: Int
        var width: Int
    }

    enum Operation: Sendable {
        /// The image that the caller passes in.
        case input
        /// A convolution with bias, its first channels normalized if there are `instance` ones, plus `adding`, rectified
        /// if `isRectified`.
        case convolution(
            Value, name: String, ConvolutionGeometry, instance: InstanceChannels?, adding: Value?, isRectified: Bool)
        /// All channels normalized by the image's own statistics, rectified if `isRectified`.
        case instanceNormalization(Value, name: String, isRectified: Bool)
        /// The styles of a batch's images mixed in training; in inference, the value itself.
        case styleMixing(Value)
        /// Maximum pooling over squares.
        case maximumPooling(Value, kernel: Int, stride: Int, padding: Int)
    }

    private(set) var nodes: [Node] = []
    private(set) var outputs: [Value] = []

    /// A graph whose input is an image of `channels` × `height` × `width`.
    public init(channels: Int, height: Int, width: Int) {
        nodes.append(Node(operation: .input, channels: channels, height: height, width: width))
    }

    /// The image.
    public var input: Value { Value(index: 0) }

    /// The shape of a value, [channels, height, width].
    public func shape(of value: Value) -> [Int] {
        let node = nodes[value.index]
        return [node.channels, node.height, node.width]
    }

    /// Appends a convolution with bias; an executor asks for its weights by `name`.
    ///
    /// - Parameters:
    ///   - source: The input of the convolution.
    ///   - name: The name of the weights.
    ///   - geometry: Channels, kernel, stride and padding.
    ///   - instance: The first channels of the result that are normalized by the image's own statistics; nil: none.
    ///     They have no other norm, and no term.
    ///   - term: A value that is added before rectification; nil: none.
    ///   - isRectified: Whether negative results become zero.
    /// - Returns: The result.
    public mutating func convolution(
        _ source: Value, name: String, _ geometry: ConvolutionGeometry, instance: InstanceChannels? = nil,
        adding term: Value? = nil, isRectified: Bool
    ) -> Value {
        let input = nodes[source.index]
        precondition(
            input.channels == geometry.inputs, "\(name) takes \(geometry.inputs) channels, not \(input.channels)")
        let shape = [geometry.outputs, geometry.output(input.height), geometry.output(input.width)]
        if let term {
            precondition(self.shape(of: term) == shape, "cannot add \(self.shape(of: term)) to \(shape)")
        }
        if let instance {
            precondition((1...shape[0]).contains(instance.count) && term == nil, "\(instance) after \(name)")
        }
        return append(
            .convolution(
                source, name: name, geometry, instance: instance, adding: term, isRectified: isRectified), shape)
    }

    /// Appends a normalization of all channels by each image's own statistics.
    ///
    /// An executor asks for its scale and shift by `name`. Negative results become zero if `isRectified`.
    public mutating func instanceNormalization(_ source: Value, name: String, isRectified: Bool) -> Value {
        append(.instanceNormalization(source, name: name, isRectified: isRectified), shape(of: source))
    }

    /// Appends a place where training mixes the styles of a batch's images (`StyleMixing`); returns its result.
    public mutating func styleMixing(_ source: Value) -> Value {
        append(.styleMixing(source), shape(of: source))
    }

    /// Appends a maximum pooling over squares of `kernel` × `kernel`; returns its result.
    public mutating func maximumPooling(_ source: Value, kernel: Int, stride: Int, padding: Int) -> Value {
        let input = nodes[source.index]
        func extent(_ extent: Int) -> Int { (extent + 2 * padding - kernel) / stride + 1 }
        return append(
            .maximumPooling(source, kernel: kernel, stride: stride, padding: padding),
            [input.channels, extent(input.height), extent(input.width)])
    }

    /// Makes a value an output, which can be read after a run in row-major order; outputs are numbered from 0 in the
    /// order of these calls.
    @discardableResult
    public mutating func export(_ value: Value) -> Int {
        outputs.append(value)
        return outputs.count - 1
    }

    private mutating func append(_ operation: Operation, _ shape: [Int]) -> Value {
        precondition(shape.allSatisfy { $0 > 0 }, "the image is too small for \(operation)")
        nodes.append(Node(operation: operation, channels: shape[0], height: shape[1], width: shape[2]))
        return Value(index: nodes.count - 1)
    }
}

extension NetworkGraph.Operation {
    /// The values that the operation reads.
    var sources: [NetworkGraph.Value] {
        switch self {
        case .input: []
        case .convolution(let source, _, _, _, let term, _): [source] + (term.map { [$0] } ?? [])
        case .instanceNormalization(let source, _, _), .styleMixing(let source), .maximumPooling(let source, _, _, _):
            [source]
        }
    }
}
