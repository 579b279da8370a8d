internal import COneDNN

/// One operation for fixed shapes, compiled by oneDNN; it holds no data and may be used with any buffers.
package final class Operation {
    /// What an operation reads or writes.
    package enum Argument: CaseIterable, Sendable {
        case source, destination, weights, bias, mean, variance, scale, shift, workspace, scratch
        /// The gradient of the loss with respect to the argument that the case names.
        case sourceGradient, destinationGradient, weightsGradient, scaleGradient, shiftGradient

        /// oneDNN's number for the argument.
        var number: Int32 {
            switch self {
            case .source: DNNL_ARG_SRC_0
            case .destination: DNNL_ARG_DST_0
            case .weights: DNNL_ARG_WEIGHTS_0
            case .bias: DNNL_ARG_BIAS
            case .mean: DNNL_ARG_MEAN
            case .variance: DNNL_ARG_VARIANCE
            case .scale: DNNL_ARG_SCALE
            case .shift: DNNL_ARG_SHIFT
            case .workspace: DNNL_ARG_WORKSPACE
            case .scratch: DNNL_ARG_SCRATCHPAD
            case .sourceGradient: DNNL_ARG_DIFF_SRC_0
            case .destinationGradient: DNNL_ARG_DIFF_DST_0
            case .weightsGradient: DNNL_ARG_DIFF_WEIGHTS_0
            case .scaleGradient: DNNL_ARG_DIFF_SCALE
            case .shiftGradient: DNNL_ARG_DIFF_SHIFT
            }
        }
    }

    /// oneDNN's description of the compiled operation; its backward operation needs it as a hint.
    let descriptor: Handle
    private let primitive: Handle
    private let layouts: [Argument: DataLayout]
    private let name: String

    /// Compiles `descriptor`; arguments in `ignored` do not belong to it, although oneDNN lists them.
    init(_ name: String, descriptor: consuming Handle, ignoring ignored: Set<Argument> = []) throws(OneDNNError) {
        let pointer = unsafe descriptor.object
        primitive = try unsafe Handle(name, destroy: { unsafe dnnl_primitive_destroy($0) }) { primitive in
            unsafe dnnl_primitive_create(&primitive, pointer)
        }
        var layouts: [Argument: DataLayout] = [:]
        for argument in Argument.allCases where !ignored.contains(argument) {
            let layout = unsafe dnnl_primitive_desc_query_md(pointer, dnnl_query_exec_arg_md, argument.number)
            guard let layout = unsafe layout else { continue }
            let found = DataLayout(unsafe layout.pointee)
            if found.bytes > 0 { layouts[argument] = found }
        }
        self.layouts = layouts
        self.name = name
        self.descriptor = descriptor
    }

    /// The layout of an argument; nil if the operation has no such argument.
    package func optionalLayout(_ argument: Argument) -> DataLayout? { layouts[argument] }

    /// The layout of an argument that the operation must have.
    package func layout(_ argument: Argument) throws(OneDNNError) -> DataLayout {
        guard let layout = layouts[argument] else { throw .invalidArguments(operation: "\(name): \(argument)") }
        return layout
    }

    /// Every argument with its layout, in a fixed order.
    var arguments: [(Argument, DataLayout)] {
        Argument.allCases.compactMap { argument in layouts[argument].map { (argument, $0) } }
    }

    /// Bytes of working memory.
    package var scratchBytes: Int { layouts[.scratch]?.bytes ?? 0 }

    var object: OpaquePointer { unsafe primitive.object }

    /// A copy from one layout to another of the same shape.
    package static func reorder(
        from source: DataLayout, to destination: DataLayout, engine: ComputeEngine
    ) throws(OneDNNError) -> Operation {
        let attributes = try attributes()
        let descriptor = try unsafe Handle("reorder", destroy: { unsafe dnnl_primitive_desc_destroy($0) }) { object in
            unsafe source.withPointer { source in
                unsafe destination.withPointer { destination in
                    unsafe dnnl_reorder_primitive_desc_create(
                        &object, source, engine.handle.object, destination, engine.handle.object, attributes.object)
                }
            }
        }
        return try Operation("reorder", descriptor: descriptor)
    }

    /// The attributes of an operation: what is done with its result, and that the caller provides the working memory.
    static func attributes(isAdded: Bool = false, isRectified: Bool = false) throws(OneDNNError) -> Handle {
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

    /// Chooses oneDNN's implementation for a description and compiles it; version 3 of oneDNN has one call for both.
    ///
    /// - Parameters:
    ///   - name: For errors.
    ///   - description: oneDNN's description of what is computed.
    ///   - attributes: What is done with the result.
    ///   - forward: The forward operation, if this is its backward operation.
    ///   - ignored: Arguments that do not belong to the operation, although oneDNN lists them.
    ///   - engine: The processor that computes.
    /// - Returns: The compiled operation.
    /// - Throws: `OneDNNError` when oneDNN refuses the operation.
    static func make<Description>(
        _ name: String, _ description: inout Description, attributes: borrowing Handle, forward: Operation? = nil,
        ignoring ignored: Set<Argument> = [], engine: ComputeEngine
    ) throws(OneDNNError) -> Operation {
        var object: OpaquePointer?
        let hint = unsafe forward?.descriptor.object
        try unsafe withUnsafePointer(to: &description) { description throws(OneDNNError) in
            try OneDNNError.check(
                unsafe dnnl_primitive_desc_create(&object, description, attributes.object, engine.handle.object, hint),
                name)
        }
        let created = unsafe object
        let descriptor = try unsafe Handle(name, destroy: { unsafe dnnl_primitive_desc_destroy($0) }) { object in
            unsafe object = created
            return dnnl_success
        }
        return try Operation(name, descriptor: descriptor, ignoring: ignored)
    }
}
