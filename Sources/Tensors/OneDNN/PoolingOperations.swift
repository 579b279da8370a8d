internal import COneDNN

extension Operation {
    /// The maximum over squares of side `kernel`, with `padding` ignored pixels around the image.
    ///
    /// - Parameters:
    ///   - source: The input's layout, [batch, channels, height, width].
    ///   - shape: The output's shape, [batch, channels, height, width].
    ///   - kernel: Side of a square.
    ///   - stride: Step, down and across.
    ///   - padding: Ignored pixels around the image.
    ///   - isTraining: Where each maximum lay is kept in the workspace, for the gradient.
    ///   - engine: The processor.
    /// - Returns: The compiled operation.
    /// - Throws: What oneDNN refuses.
    package static func maximumPooling(
        source: DataLayout, shape: [Int], kernel: Int, stride: Int, padding: Int, isTraining: Bool = false,
        engine: ComputeEngine
    ) throws(OneDNNError) -> Operation {
        let name = "maximum pooling"
        let strides = [dnnl_dim_t](repeating: dnnl_dim_t(stride), count: 2)
        let kernels = [dnnl_dim_t](repeating: dnnl_dim_t(kernel), count: 2)
        let padding = [dnnl_dim_t](repeating: dnnl_dim_t(padding), count: 2)
        var description = dnnl_pooling_desc_t()
        var (sourceLayout, destinationLayout) = (source.descriptor, try DataLayout.any(shape).descriptor)
        try OneDNNError.check(
            unsafe dnnl_pooling_forward_desc_init(
                &description, isTraining ? dnnl_forward_training : dnnl_forward_inference, dnnl_pooling_max,
                &sourceLayout, &destinationLayout, strides, kernels, padding, padding), name)
        return try make(name, &description, attributes: try attributes(), engine: engine)
    }

    /// The gradient of the source of a training pooling, from that of its destination and the workspace.
    package static func maximumPoolingGradient(
        forward: Operation, kernel: Int, stride: Int, padding: Int, engine: ComputeEngine
    ) throws(OneDNNError) -> Operation {
        let name = "maximum pooling, gradient"
        let strides = [dnnl_dim_t](repeating: dnnl_dim_t(stride), count: 2)
        let kernels = [dnnl_dim_t](repeating: dnnl_dim_t(kernel), count: 2)
        let padding = [dnnl_dim_t](repeating: dnnl_dim_t(padding), count: 2)
        var description = dnnl_pooling_desc_t()
        var sourceLayout = try forward.layout(.source).descriptor
        var destinationLayout = try forward.layout(.destination).descriptor
        try OneDNNError.check(
            unsafe dnnl_pooling_backward_desc_init(
                &description, dnnl_pooling_max, &sourceLayout, &destinationLayout, strides, kernels, padding, padding),
            name)
        return try make(name, &description, attributes: try attributes(), forward: forward, engine: engine)
    }
}
