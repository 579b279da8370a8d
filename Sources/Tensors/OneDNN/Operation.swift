internal import COneDNN

/// The geometry of a square two-dimensional convolution.
public struct ConvolutionGeometry: Sendable, Hashable {
    /// Channels in.
    public var inputs: Int
    /// Channels out.
    public var outputs: Int
    /// Side of the kernel.
    public var kernel: Int
    /// Step, down and across.
    public var stride: Int
    /// Zeros around the image.
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
    /// By the definition.
    case direct
    /// Winograd's transform where the library expects it to win, else by the definition.
    case automatic
}

/// One operation for fixed shapes, compiled by oneDNN; it holds no data and may be used with any buffers.
package final class Operation {
    private let descriptor: Handle
    private let primitive: Handle
    /// The layout of the input.
    package let source: DataLayout
    /// The layout of the output.
    package let destination: DataLayout
    /// The layout of a convolution's kernel.
    package let weights: DataLayout?
    /// The layout of the working memory, nil where none is needed.
    package let scratch: DataLayout?

    private init(_ name: String, descriptor: consuming Handle, hasWeights: Bool) throws(OneDNNError) {
        let pointer = unsafe descriptor.object
        primitive = try unsafe Handle(name, destroy: { unsafe dnnl_primitive_destroy($0) }) { primitive in
            unsafe dnnl_primitive_create(&primitive, pointer)
        }
        source = try unsafe Self.layout(of: pointer, dnnl_query_src_md, name)
        destination = try unsafe Self.layout(of: pointer, dnnl_query_dst_md, name)
        weights = hasWeights ? try unsafe Self.layout(of: pointer, dnnl_query_weights_md, name) : nil
        let scratch = try unsafe Self.layout(of: pointer, dnnl_query_scratchpad_md, name)
        self.scratch = scratch.bytes > 0 ? scratch : nil
        self.descriptor = descriptor
    }

    private static func layout(
        of descriptor: OpaquePointer, _ query: dnnl_query_t, _ name: String
    ) throws(OneDNNError) -> DataLayout {
        guard let layout = unsafe dnnl_primitive_desc_query_md(descriptor, query, 0) else {
            throw .invalidArguments(operation: name)
        }
        return DataLayout(unsafe layout.pointee)
    }

    /// A convolution with a bias per output channel, for `batch` images.
    ///
    /// - Parameters:
    ///   - geometry: The convolution's shape.
    ///   - source: The input's layout, [batch, inputs, height, width].
    ///   - shape: The output's shape, [batch, outputs, height, width].
    ///   - isAdded: The result is added to what the destination holds.
    ///   - isRectified: Negative sums become zero.
    ///   - algorithm: How it is computed.
    ///   - engine: The processor.
    /// - Returns: The compiled operation.
    /// - Throws: What oneDNN refuses.
    package static func convolution(
        _ geometry: ConvolutionGeometry, source: DataLayout, shape: [Int], isAdded: Bool, isRectified: Bool,
        algorithm: ConvolutionAlgorithm, engine: ComputeEngine
    ) throws(OneDNNError) -> Operation {
        let name = "convolution"
        let weights = try DataLayout.any(geometry.weightShape)
        let bias = try DataLayout.rowMajor([geometry.outputs])
        let destination = try DataLayout.any(shape)
        let strides = [dnnl_dim_t](repeating: dnnl_dim_t(geometry.stride), count: 2)
        let padding = [dnnl_dim_t](repeating: dnnl_dim_t(geometry.padding), count: 2)
        // Below 64 channels Winograd's transforms cost more time and digits than its products save.
        let mayTransform = algorithm == .automatic && min(geometry.inputs, geometry.outputs) >= 64
        var description = dnnl_convolution_desc_t()
        var (sourceLayout, weightLayout) = (source.descriptor, weights.descriptor)
        var (biasLayout, destinationLayout) = (bias.descriptor, destination.descriptor)
        try OneDNNError.check(
            unsafe dnnl_convolution_forward_desc_init(
                &description, dnnl_forward_inference,
                mayTransform ? dnnl_convolution_auto : dnnl_convolution_direct, &sourceLayout, &weightLayout,
                &biasLayout, &destinationLayout, strides, padding, padding), name)
        let attributes = try attributes(isAdded: isAdded, isRectified: isRectified)
        return try Operation(
            name, descriptor: try create(name, &description, attributes: attributes, engine: engine), hasWeights: true)
    }

    /// The maximum over squares of side `kernel`, with `padding` ignored pixels around the image.
    ///
    /// - Parameters:
    ///   - source: The input's layout, [batch, channels, height, width].
    ///   - shape: The output's shape, [batch, channels, height, width].
    ///   - kernel: Side of a square.
    ///   - stride: Step, down and across.
    ///   - padding: Ignored pixels around the image.
    ///   - engine: The processor.
    /// - Returns: The compiled operation.
    /// - Throws: What oneDNN refuses.
    package static func maximumPooling(
        source: DataLayout, shape: [Int], kernel: Int, stride: Int, padding: Int, engine: ComputeEngine
    ) throws(OneDNNError) -> Operation {
        let name = "maximum pooling"
        let destination = try DataLayout.any(shape)
        let strides = [dnnl_dim_t](repeating: dnnl_dim_t(stride), count: 2)
        let kernels = [dnnl_dim_t](repeating: dnnl_dim_t(kernel), count: 2)
        let padding = [dnnl_dim_t](repeating: dnnl_dim_t(padding), count: 2)
        var description = dnnl_pooling_desc_t()
        var (sourceLayout, destinationLayout) = (source.descriptor, destination.descriptor)
        try OneDNNError.check(
            unsafe dnnl_pooling_forward_desc_init(
                &description, dnnl_forward_inference, dnnl_pooling_max, &sourceLayout, &destinationLayout, strides,
                kernels, padding, padding), name)
        let attributes = try attributes(isAdded: false, isRectified: false)
        return try Operation(
            name, descriptor: try create(name, &description, attributes: attributes, engine: engine), hasWeights: false)
    }

    /// A copy from one layout to another of the same shape.
    package static func reorder(
        from source: DataLayout, to destination: DataLayout, engine: ComputeEngine
    ) throws(OneDNNError) -> Operation {
        let attributes = try attributes(isAdded: false, isRectified: false)
        let descriptor = try unsafe Handle("reorder", destroy: { unsafe dnnl_primitive_desc_destroy($0) }) { object in
            unsafe source.withPointer { source in
                unsafe destination.withPointer { destination in
                    unsafe dnnl_reorder_primitive_desc_create(
                        &object, source, engine.handle.object, destination, engine.handle.object, attributes.object)
                }
            }
        }
        return try Operation("reorder", descriptor: descriptor, hasWeights: false)
    }

    /// What is done beside the operation itself; the working memory is always the caller's.
    private static func attributes(isAdded: Bool, isRectified: Bool) throws(OneDNNError) -> Handle {
        let attributes = try unsafe Handle("attributes", destroy: { unsafe dnnl_primitive_attr_destroy($0) }) {
            object in
            unsafe dnnl_primitive_attr_create(&object)
        }
        try OneDNNError.check(
            unsafe dnnl_primitive_attr_set_scratchpad_mode(attributes.object, dnnl_scratchpad_mode_user), "attributes")
        let operations = try unsafe Handle("post-operations", destroy: { unsafe dnnl_post_ops_destroy($0) }) { object in
            unsafe dnnl_post_ops_create(&object)
        }
        if isAdded { try OneDNNError.check(unsafe dnnl_post_ops_append_sum(operations.object, 1), "sum") }
        if isRectified {
            try OneDNNError.check(
                unsafe dnnl_post_ops_append_eltwise(operations.object, 1, dnnl_eltwise_relu, 0, 0), "rectifier")
        }
        try OneDNNError.check(
            unsafe dnnl_primitive_attr_set_post_ops(attributes.object, operations.object), "attributes")
        return attributes
    }

    /// Version 2's way from an operation's description to an implementation; version 3 has one call for both steps.
    private static func create<Description>(
        _ name: String, _ description: inout Description, attributes: borrowing Handle, engine: ComputeEngine
    ) throws(OneDNNError) -> Handle {
        var object: OpaquePointer?
        try unsafe withUnsafePointer(to: &description) { description throws(OneDNNError) in
            try OneDNNError.check(
                unsafe dnnl_primitive_desc_create(&object, description, attributes.object, engine.handle.object, nil),
                name)
        }
        let created = unsafe object
        return try unsafe Handle(name, destroy: { unsafe dnnl_primitive_desc_destroy($0) }) { object in
            unsafe object = created
            return dnnl_success
        }
    }

    fileprivate var object: OpaquePointer { unsafe primitive.object }
}

/// An operation together with the buffers it works on; running it allocates nothing.
@safe package final class BoundOperation {
    private let operation: Operation
    private let memories: [Memory]
    private var arguments: [dnnl_exec_arg_t]

    /// A view of a region under a layout; keeps the region alive.
    private final class Memory {
        let handle: Handle
        let region: MemoryRegion

        init(_ region: MemoryRegion, _ layout: DataLayout, engine: ComputeEngine) throws(OneDNNError) {
            precondition(region.offset + layout.bytes <= region.memory.count, "a layout exceeds its memory")
            self.region = region
            handle = try unsafe Handle("memory", destroy: { unsafe dnnl_memory_destroy($0) }) { object in
                unsafe layout.withPointer {
                    unsafe dnnl_memory_create(&object, $0, engine.handle.object, region.start)
                }
            }
        }
    }

    /// Binds `operation` to its buffers; `weights`, `bias` and `scratch` where the operation has them.
    package init(
        _ operation: Operation, source: MemoryRegion, destination: MemoryRegion, weights: PackedWeights? = nil,
        scratch: MemoryRegion? = nil, engine: ComputeEngine
    ) throws(OneDNNError) {
        var memories: [Memory] = []
        var arguments = unsafe [dnnl_exec_arg_t]()
        func add(_ argument: Int32, _ region: MemoryRegion, _ layout: DataLayout) throws(OneDNNError) {
            let memory = try Memory(region, layout, engine: engine)
            memories.append(memory)
            unsafe arguments.append(dnnl_exec_arg_t(arg: argument, memory: memory.handle.object))
        }
        try add(DNNL_ARG_SRC_0, source, operation.source)
        try add(DNNL_ARG_DST_0, destination, operation.destination)
        if let layout = operation.weights {
            guard let weights, weights.layout == layout else { throw .invalidArguments(operation: "weights") }
            try add(DNNL_ARG_WEIGHTS_0, weights.kernel, layout)
            try add(DNNL_ARG_BIAS, weights.bias, try .rowMajor([weights.outputs]))
        }
        if let layout = operation.scratch {
            guard let scratch else { throw .invalidArguments(operation: "scratch") }
            try add(DNNL_ARG_SCRATCHPAD, scratch, layout)
        }
        self.operation = operation
        self.memories = memories
        unsafe self.arguments = arguments
    }

    /// Computes; what the destination held before is overwritten, or added to where the operation says so.
    package func run(on stream: ComputeStream) throws(OneDNNError) {
        let status = unsafe arguments.withUnsafeBufferPointer { arguments in
            unsafe dnnl_primitive_execute(
                operation.object, stream.handle.object, Int32(arguments.count), arguments.baseAddress)
        }
        try OneDNNError.check(status, "execution")
    }
}
