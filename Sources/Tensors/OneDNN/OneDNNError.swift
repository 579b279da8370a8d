internal import COneDNN

/// Why oneDNN refused.
public enum OneDNNError: Error, Sendable, Equatable {
    /// No memory for an object or a buffer.
    case outOfMemory
    /// The arguments contradict each other: a bug here.
    case invalidArguments(operation: String)
    /// This version of the library, on this processor, has no implementation.
    case unimplemented(operation: String)
    /// Any other failure, with the library's status code.
    case failed(operation: String, status: UInt32)

    /// Turns a status of the library into an error; every call goes through here.
    static func check(_ status: dnnl_status_t, _ operation: String) throws(OneDNNError) {
        switch status {
        case dnnl_success: return
        case dnnl_out_of_memory: throw .outOfMemory
        case dnnl_invalid_arguments: throw .invalidArguments(operation: operation)
        case dnnl_unimplemented: throw .unimplemented(operation: operation)
        default: throw .failed(operation: operation, status: status.rawValue)
        }
    }
}
