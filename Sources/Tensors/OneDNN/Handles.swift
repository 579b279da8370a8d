internal import COneDNN

/// The one owner of a C object: destroys it exactly once.
@safe struct Handle: ~Copyable {
    let object: OpaquePointer
    private let destroy: (OpaquePointer?) -> dnnl_status_t

    /// Takes what `create` stores in its argument; `destroy` frees it.
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
        // A destructor's status says nothing that could be acted upon.
        _ = unsafe destroy(object)
    }
}

/// The processor, as oneDNN sees it; shared by everything that computes.
///
/// Sendable unchecked: the library's engine is never changed after its creation and may be used by any thread.
@safe public final class ComputeEngine: @unchecked Sendable {
    let handle: Handle

    /// Opens the processor.
    public init() throws(OneDNNError) {
        handle = try unsafe Handle("engine", destroy: { unsafe dnnl_engine_destroy($0) }) { engine in
            unsafe dnnl_engine_create(&engine, dnnl_cpu, 0)
        }
    }
}

/// A queue of operations; used by one thread at a time.
public final class ComputeStream {
    let handle: Handle

    /// Opens a queue on `engine`.
    public init(engine: ComputeEngine) throws(OneDNNError) {
        handle = try unsafe Handle("stream", destroy: { unsafe dnnl_stream_destroy($0) }) { stream in
            unsafe dnnl_stream_create(&stream, engine.handle.object, dnnl_stream_default_flags.rawValue)
        }
    }

    /// Waits until every operation of the queue is done.
    public func wait() throws(OneDNNError) {
        try OneDNNError.check(unsafe dnnl_stream_wait(handle.object), "wait")
    }
}
