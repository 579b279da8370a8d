internal import Tensors

/// An instance norm in training: its parameters, and the statistics that the backward pass needs.
final class InstanceNormTraining {
    /// The name of its parameters.
    let name: String
    private let normalization: InstanceNormalization
    private let weight: Parameter
    private let bias: Parameter
    /// Means, 1/√(variance + ε), and the shares of dγ and dβ, each [batch, channels].
    private let statistics: AlignedMemory

    /// - Parameters:
    ///   - name: Names the parameters `name`.weight and `name`.bias, both [channels].
    ///   - parameters: Holds them.
    ///   - layout: The layout of the maps, [batch, at least `channels`, height, width].
    ///   - channels: How many channels are normalized, from the first on.
    ///   - isRectified: Whether negative results become zero.
    /// - Throws: `OneDNNError` if the layout is not known, or memory is short.
    init(
        _ name: String, in parameters: ParameterStore, layout: DataLayout, channels: Int, isRectified: Bool
    ) throws(OneDNNError) {
        self.name = name
        normalization = InstanceNormalization(
            try ChannelStrides(layout), channels: channels, isRectified: isRectified, rest: .kept,
            threads: openMPThreads)
        weight = parameters["\(name).weight"]
        bias = parameters["\(name).bias"]
        statistics = try AlignedMemory(bytes: 4 * 4 * normalization.batch * channels)
    }

    /// The floats of one kind of statistics.
    private var size: Int { normalization.batch * normalization.channels }

    private func kept() -> InstanceNormalization.Statistics {
        unsafe InstanceNormalization.Statistics(means: statistics.pointer(), inverses: statistics.pointer(at: size))
    }

    /// Normalizes the first channels of `source` into `target`; other channels of `target` stay as they are.
    func forward(_ source: MemoryRegion, into target: MemoryRegion) throws(OneDNNError) {
        guard let scale = unsafe try weight.floats().baseAddress, let shift = unsafe try bias.floats().baseAddress
        else { return }
        unsafe normalization.forward(
            source.floats, into: target.floats, InstanceNormalization.Affine(scale: scale, shift: shift),
            keeping: kept())
    }

    /// Writes the gradient of the first channels of `source` into `target`, and the gradients of scale and shift.
    func backward(
        _ source: MemoryRegion, gradient: MemoryRegion, into target: MemoryRegion
    ) throws(OneDNNError) {
        guard let scale = unsafe try weight.floats().baseAddress, let shift = unsafe try bias.floats().baseAddress
        else { return }
        let (scales, shifts) = unsafe (statistics.pointer(at: 2 * size), statistics.pointer(at: 3 * size))
        unsafe normalization.backward(
            source.floats, gradient: gradient.floats, into: target.floats,
            InstanceNormalization.Affine(scale: scale, shift: shift), kept(), scales: scales, shifts: shifts)
        unsafe try add(scales, to: weight)
        unsafe try add(shifts, to: bias)
    }

    /// Writes the sum of the images' shares to the gradient of a parameter.
    private func add(_ shares: UnsafePointer<Float>, to parameter: Parameter) throws(OneDNNError) {
        let gradients = unsafe try parameter.floats(.gradient)
        for channel in 0..<normalization.channels {
            var sum = 0.0
            for image in 0..<normalization.batch {
                unsafe sum += Double(shares[image * normalization.channels + channel])
            }
            unsafe gradients[channel] = Float(sum)
        }
    }
}
