internal import COneDNN

/// The shape of an array of floats and how oneDNN arranges it in memory.
public struct DataLayout: Sendable {
    /// oneDNN's description of the layout; a plain struct in version 2, a handle in version 3.
    var descriptor: dnnl_memory_desc_t

    init(_ descriptor: dnnl_memory_desc_t) {
        self.descriptor = descriptor
    }

    /// The row-major layout of `shape`, such as [batch, channels, height, width], [length], or a kernel's [outputs,
    /// inputs, height, width].
    public static func rowMajor(_ shape: [Int]) throws(OneDNNError) -> DataLayout {
        let tags = [1: dnnl_a, 2: dnnl_ab, 3: dnnl_abc, 4: dnnl_abcd]
        guard let tag = tags[shape.count] else { throw .invalidArguments(operation: "row-major layout") }
        return try make(shape, tag)
    }

    /// A layout of `shape` that the operation chooses.
    static func any(_ shape: [Int]) throws(OneDNNError) -> DataLayout {
        try make(shape, dnnl_format_tag_any)
    }

    private static func make(_ shape: [Int], _ tag: dnnl_format_tag_t) throws(OneDNNError) -> DataLayout {
        var descriptor = dnnl_memory_desc_t()
        let extents = shape.map(dnnl_dim_t.init)
        try OneDNNError.check(
            unsafe dnnl_memory_desc_init_by_tag(&descriptor, Int32(shape.count), extents, dnnl_f32, tag), "layout")
        return DataLayout(descriptor)
    }

    /// Bytes that an array of this layout occupies, padding included.
    public var bytes: Int {
        unsafe withPointer { unsafe dnnl_memory_desc_get_size($0) }
    }

    /// Calls `body` with a pointer to oneDNN's description; the pointer is valid only inside `body`.
    func withPointer<Result>(_ body: (UnsafePointer<dnnl_memory_desc_t>) -> Result) -> Result {
        unsafe withUnsafePointer(to: descriptor) { unsafe body($0) }
    }
}

extension DataLayout: Equatable {
    /// Whether both layouts read the same bytes as the same array.
    public static func == (left: DataLayout, right: DataLayout) -> Bool {
        unsafe left.withPointer { left in
            unsafe right.withPointer { right in unsafe dnnl_memory_desc_equal(left, right) != 0 }
        }
    }
}
