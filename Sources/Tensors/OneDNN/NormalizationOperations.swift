internal import COneDNN

extension Operation {
    /// Batch normalization with the batch's own statistics, which it also writes to the arguments `mean` and
    /// (population) `variance`.
    ///
    /// - Parameters:
    ///   - layout: The layout of source and destination, [batch, channels, height, width].
    ///   - epsilon: Added to the variance.
    ///   - isRectified: Whether negative results become zero; the workspace remembers which ones did.
    ///   - engine: The processor that computes.
    /// - Returns: The compiled operation.
    /// - Throws: `OneDNNError` when oneDNN refuses the operation.
    package static func batchNormalization(
        layout: DataLayout, epsilon: Float, isRectified: Bool, engine: ComputeEngine
    ) throws(OneDNNError) -> Operation {
        let name = "batch normalization"
        var description = dnnl_batch_normalization_desc_t()
        var data = layout.descriptor
        try OneDNNError.check(
            unsafe dnnl_batch_normalization_forward_desc_init(
                &description, dnnl_forward_training, &data, epsilon, flags(isRectified)), name)
        return try make(name, &description, attributes: try attributes(), ignoring: jointParameters, engine: engine)
    }

    /// The gradients of the source, scale and shift of a batch normalization; `sourceGradient` and
    /// `destinationGradient` may be the same memory.
    package static func batchNormalizationGradient(
        forward: Operation, epsilon: Float, isRectified: Bool, engine: ComputeEngine
    ) throws(OneDNNError) -> Operation {
        let name = "batch normalization, gradient"
        var description = dnnl_batch_normalization_desc_t()
        var data = try forward.layout(.source).descriptor
        var gradient = data
        try OneDNNError.check(
            unsafe dnnl_batch_normalization_backward_desc_init(
                &description, dnnl_backward, &gradient, &data, epsilon, flags(isRectified)), name)
        return try make(
            name, &description, attributes: try attributes(), forward: forward, ignoring: jointParameters,
            engine: engine)
    }

    /// Arguments for scale and shift in one array, which is the other way to pass them: version 2 lists them even if
    /// they are not used.
    private static var jointParameters: Set<Argument> { [.weights, .bias, .weightsGradient] }

    private static func flags(_ isRectified: Bool) -> UInt32 {
        dnnl_use_scale.rawValue | dnnl_use_shift.rawValue | (isRectified ? dnnl_fuse_norm_relu.rawValue : 0)
    }
}
