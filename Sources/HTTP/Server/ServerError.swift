/// Why a server could not start.
public enum ServerError: Error, Sendable, Equatable {
    /// The text is not an `address:port`.
    case badAddress(String)
    /// Another process listens on this address.
    case addressInUse(String)
    /// The process is not allowed to listen on this address.
    case notPermitted(String)
    /// The spool folder is missing or not writable.
    case spoolFolder(String)
    /// A configured value is out of range.
    case configuration(reason: String)
    /// The server was started before.
    case alreadyStarted
    /// A system call failed, with its error number.
    case system(call: String, code: Int32)
}
