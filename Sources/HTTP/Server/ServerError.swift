/// Why a server could not start.
public enum ServerError: Error, Sendable, Equatable {
    /// The text is no `address:port`.
    case badAddress(String)
    /// Something else listens there.
    case addressInUse(String)
    /// The process may not listen there.
    case notPermitted(String)
    /// The spool folder is missing or not writable.
    case spoolFolder(String)
    /// A configured value makes no sense.
    case configuration(field: String, reason: String)
    /// It was started before.
    case alreadyStarted
    /// A system call failed, with its error number.
    case system(call: String, code: Int32)
}
