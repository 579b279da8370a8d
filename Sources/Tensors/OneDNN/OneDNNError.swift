internal import COneDNN

/// Why an operation of oneDNN could not be made or run.
public enum OneDNNError: Error, Sendable, Equatable {
    /// No memory for an object or a buffer.
    case outOfMemory
    /// The arguments contradict each other; this is a bug in this package.
    case invalidArguments(operation: String)
    /// This version of oneDNN has no implementation for this processor.
    case unimplemented(operation: String)
    /// Any other failure, with oneDNN's status code.
    case failed(operation: String, status: UInt32)

    /// Turns a status of oneDNN into an error; every call goes through here.
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
