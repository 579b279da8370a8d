internal import COneDNN

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

    /// Binds `operation` to its buffers; each of its arguments needs a region, and regions for other arguments are
    /// ignored.
    package init(
        _ operation: Operation, _ regions: [Operation.Argument: MemoryRegion], engine: ComputeEngine
    ) throws(OneDNNError) {
        var memories: [Memory] = []
        var arguments = unsafe [dnnl_exec_arg_t]()
        for (argument, layout) in operation.arguments {
            guard let region = regions[argument] else { throw .invalidArguments(operation: "\(argument)") }
            let memory = try Memory(region, layout, engine: engine)
            memories.append(memory)
            unsafe arguments.append(dnnl_exec_arg_t(arg: argument.number, memory: memory.handle.object))
        }
        self.operation = operation
        self.memories = memories
        unsafe self.arguments = arguments
    }

    /// Runs the operation on `stream`; it overwrites the destination, or adds to it if it was made that way.
    package func run(on stream: ComputeStream) throws(OneDNNError) {
        let status = unsafe arguments.withUnsafeBufferPointer { arguments in
            unsafe dnnl_primitive_execute(
                operation.object, stream.handle.object, Int32(arguments.count), arguments.baseAddress)
        }
        try OneDNNError.check(status, "execution")
    }
}

extension DataLayout {
    /// Copies an array from this layout in `source` to `other` in `destination`.
    package func copy(
        _ source: MemoryRegion, to destination: MemoryRegion, in other: DataLayout, engine: ComputeEngine
    ) throws(OneDNNError) {
        let reorder = try Operation.reorder(from: self, to: other, engine: engine)
        let scratch = MemoryRegion(try AlignedMemory(bytes: reorder.scratchBytes))
        let bound = try BoundOperation(
            reorder, [.source: source, .destination: destination, .scratch: scratch], engine: engine)
        let stream = try ComputeStream(engine: engine)
        try bound.run(on: stream)
        try stream.wait()
    }
}
