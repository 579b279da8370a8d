internal import COneDNN

/// Owns one C object of oneDNN and destroys it exactly once.
@safe struct Handle: ~Copyable {
    let object: OpaquePointer
    private let destroy: (OpaquePointer?) -> dnnl_status_t

    /// Takes the object that `create` stores in its argument; `destroy` is called with it on deinit.
    init(
        _ operation: String, destroy: @escaping (OpaquePointer?) -> dnnl_status_t,
        create: (inout OpaquePointer?) -> dnnl_status_t
    ) throws(OneDNNError) {
        var object: OpaquePointer?
        try OneDNNError.check(unsafe create(&object), operation)
        guard let object = unsafe object else { throw .outOfMemory }
        unsafe self.object = object
        unsafe self.destroy = destroy
    }

    deinit {
        // Nothing can be done about a failure of a destructor.
        _ = unsafe destroy(object)
    }
}

/// oneDNN's engine for the processor; everything that computes shares it.
///
/// Unchecked Sendable: oneDNN never changes an engine after its creation, and any thread may use it.
@safe public final class ComputeEngine: @unchecked Sendable {
    let handle: Handle

    /// Creates the engine for the processor.
    public init() throws(OneDNNError) {
        handle = try unsafe Handle("engine", destroy: { unsafe dnnl_engine_destroy($0) }) { engine in
            unsafe dnnl_engine_create(&engine, dnnl_cpu, 0)
        }
    }
}

/// A queue of operations; only one thread may use it at a time.
public final class ComputeStream {
    let handle: Handle

    /// Creates a queue on `engine`.
    public init(engine: ComputeEngine) throws(OneDNNError) {
        handle = try unsafe Handle("stream", destroy: { unsafe dnnl_stream_destroy($0) }) { stream in
            unsafe dnnl_stream_create(&stream, engine.handle.object, dnnl_stream_default_flags.rawValue)
        }
    }

    /// Waits until every operation in the queue is complete.
    public func wait() throws(OneDNNError) {
        try OneDNNError.check(unsafe dnnl_stream_wait(handle.object), "wait")
    }
}
