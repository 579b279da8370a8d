internal import COneDNN

extension Operation {
    /// Maximum pooling over squares of `kernel` × `kernel` pixels; `padding` pixels around the input are ignored.
    ///
    /// - Parameters:
    ///   - source: The input's layout, [batch, channels, height, width].
    ///   - shape: The output's shape, [batch, channels, height, width].
    ///   - kernel: Height and width of a square.
    ///   - stride: The stride, the same in both directions.
    ///   - padding: Ignored pixels on each side of the input.
    ///   - isTraining: Whether the workspace remembers where each maximum was, for the gradient.
    ///   - engine: The processor that computes.
    /// - Returns: The compiled operation.
    /// - Throws: `OneDNNError` when oneDNN refuses the operation.
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

    /// The gradient of a training pooling's source, from the gradient of its destination and the workspace.
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
