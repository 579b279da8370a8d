internal import COneDNN

extension Operation {
    /// A convolution with a bias per output channel, for `batch` images.
    ///
    /// - Parameters:
    ///   - geometry: Channels, kernel, stride and padding.
    ///   - source: The input's layout, [batch, inputs, height, width].
    ///   - shape: The output's shape, [batch, outputs, height, width].
    ///   - isAdded: Whether the result is added to the destination instead of replacing it.
    ///   - isRectified: Whether negative sums become zero.
    ///   - algorithm: How the convolution is computed.
    ///   - engine: The processor that computes.
    /// - Returns: The compiled operation.
    /// - Throws: `OneDNNError` when oneDNN refuses the operation.
    package static func convolution(
        _ geometry: ConvolutionGeometry, source: DataLayout, shape: [Int], isAdded: Bool, isRectified: Bool,
        algorithm: ConvolutionAlgorithm, engine: ComputeEngine
    ) throws(OneDNNError) -> Operation {
        // Below 64 channels, Winograd's transforms cost more time and precision than its cheaper products save.
        let mayTransform = algorithm == .automatic && min(geometry.inputs, geometry.outputs) >= 64
        return try forward(
            geometry, dnnl_forward_inference, mayTransform ? dnnl_convolution_auto : dnnl_convolution_direct,
            source: source, destination: try .any(shape), hasBias: true,
            attributes: try attributes(isAdded: isAdded, isRectified: isRectified), engine: engine)
    }

    /// A convolution without bias, computed directly; `convolutionSourceGradient` and `convolutionWeightsGradient` are
    /// its backward pass.
    ///
    /// - Parameters:
    ///   - geometry: Channels, kernel, stride and padding.
    ///   - source: The input's layout, [batch, inputs, height, width].
    ///   - shape: The output's shape, [batch, outputs, height, width].
    ///   - destination: The output's layout; nil lets oneDNN choose.
    ///   - engine: The processor that computes.
    /// - Returns: The compiled operation.
    /// - Throws: `OneDNNError` when oneDNN refuses the operation.
    package static func trainingConvolution(
        _ geometry: ConvolutionGeometry, source: DataLayout, shape: [Int], destination: DataLayout? = nil,
        engine: ComputeEngine
    ) throws(OneDNNError) -> Operation {
        let anywhere = try DataLayout.any(shape)
        return try forward(
            geometry, dnnl_forward_training, dnnl_convolution_direct, source: source,
            destination: destination ?? anywhere, hasBias: false, attributes: try attributes(), engine: engine)
    }

    private static func forward(
        _ geometry: ConvolutionGeometry, _ kind: dnnl_prop_kind_t, _ algorithm: dnnl_alg_kind_t, source: DataLayout,
        destination: DataLayout, hasBias: Bool, attributes: borrowing Handle, engine: ComputeEngine
    ) throws(OneDNNError) -> Operation {
        let name = "convolution"
        let (strides, padding) = (geometry.strides, geometry.paddings)
        var description = dnnl_convolution_desc_t()
        var (sourceLayout, weightLayout) = (source.descriptor, try DataLayout.any(geometry.weightShape).descriptor)
        var destinationLayout = destination.descriptor
        // A description without dimensions stands for "no bias".
        var biasLayout =
            hasBias ? try DataLayout.rowMajor([geometry.outputs]).descriptor : dnnl_memory_desc_t()
        try OneDNNError.check(
            unsafe dnnl_convolution_forward_desc_init(
                &description, kind, algorithm, &sourceLayout, &weightLayout, &biasLayout, &destinationLayout, strides,
                padding, padding), name)
        return try make(name, &description, attributes: attributes, engine: engine)
    }

    /// The gradient of a training convolution's source, from the gradient of its destination and the weights.
    ///
    /// The gradients of source and destination have the layouts of source and destination; the layout of the weights
    /// may differ from that of `forward`.
    package static func convolutionSourceGradient(
        _ geometry: ConvolutionGeometry, forward: Operation, engine: ComputeEngine
    ) throws(OneDNNError) -> Operation {
        let name = "convolution, gradient of the source"
        let (strides, padding) = (geometry.strides, geometry.paddings)
        var description = dnnl_convolution_desc_t()
        var sourceLayout = try forward.layout(.source).descriptor
        var weightLayout = try DataLayout.any(geometry.weightShape).descriptor
        var destinationLayout = try forward.layout(.destination).descriptor
        try OneDNNError.check(
            unsafe dnnl_convolution_backward_data_desc_init(
                &description, dnnl_convolution_direct, &sourceLayout, &weightLayout, &destinationLayout, strides,
                padding, padding), name)
        return try make(name, &description, attributes: try attributes(), forward: forward, engine: engine)
    }

    /// The gradient of a training convolution's weights, from its source and the gradient of its destination.
    ///
    /// The layout of the weights' gradient may differ from the layout of the weights in `forward`.
    package static func convolutionWeightsGradient(
        _ geometry: ConvolutionGeometry, forward: Operation, engine: ComputeEngine
    ) throws(OneDNNError) -> Operation {
        let name = "convolution, gradient of the weights"
        let (strides, padding) = (geometry.strides, geometry.paddings)
        var description = dnnl_convolution_desc_t()
        var sourceLayout = try forward.layout(.source).descriptor
        var weightLayout = try DataLayout.any(geometry.weightShape).descriptor
        var destinationLayout = try forward.layout(.destination).descriptor
        var noBias = dnnl_memory_desc_t()
        try OneDNNError.check(
            unsafe dnnl_convolution_backward_weights_desc_init(
                &description, dnnl_convolution_direct, &sourceLayout, &weightLayout, &noBias, &destinationLayout,
                strides, padding, padding), name)
        return try make(name, &description, attributes: try attributes(), forward: forward, engine: engine)
    }
}

extension ConvolutionGeometry {
    /// The stride as oneDNN wants it, one number per direction.
    fileprivate var strides: [dnnl_dim_t] { Array(repeating: dnnl_dim_t(stride), count: 2) }
    /// The padding as oneDNN wants it, one number per direction.
    fileprivate var paddings: [dnnl_dim_t] { Array(repeating: dnnl_dim_t(padding), count: 2) }
}
