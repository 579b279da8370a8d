/// A convolution's kernel in the layout that an operation wants, and its bias; written once, then shared by all
/// executors.
package final class PackedWeights: Sendable {
    /// The kernel's layout.
    package let layout: DataLayout
    package let kernel: MemoryRegion
    package let bias: MemoryRegion
    let outputs: Int

    /// Arranges `kernel` [outputs, inputs, height, width] in `layout`, and copies `bias` [outputs].
    package init(
        kernel: Tensor, bias: [Float], layout: DataLayout, engine: ComputeEngine
    ) throws(OneDNNError) {
        precondition(bias.count == kernel.shape[0], "\(bias.count) biases for a kernel of shape \(kernel.shape)")
        outputs = bias.count
        self.layout = layout
        let rowMajor = try DataLayout.rowMajor(kernel.shape)
        let plain = try AlignedMemory(bytes: rowMajor.bytes)
        _ = unsafe plain.floats(count: kernel.count).update(fromContentsOf: kernel.elements)
        if layout == rowMajor {
            self.kernel = MemoryRegion(plain)
        } else {
            let packed = MemoryRegion(try AlignedMemory(bytes: layout.bytes))
            try rowMajor.copy(MemoryRegion(plain), to: packed, in: layout, engine: engine)
            self.kernel = packed
        }
        let bytes = MemoryRegion(try AlignedMemory(bytes: 4 * bias.count))
        _ = unsafe bytes.memory.floats(count: bias.count).update(fromContentsOf: bias)
        self.bias = bytes
    }

    /// Bytes of kernel and bias.
    package var bytes: Int { kernel.memory.count + bias.memory.count }
}
