/// Why the operating system refused to read or write a file; `reason` is its message.
public enum FileError: Error, Sendable, Equatable {
    /// The file cannot be opened, examined or mapped, or is not a regular file.
    case cannotRead(path: String, reason: String)
    /// The file cannot be created, written, synchronized to disk or renamed.
    case cannotWrite(path: String, reason: String)
}

extension FileError {
    /// The system's message, without the path.
    public var reason: String {
        switch self {
        case .cannotRead(_, let reason), .cannotWrite(_, let reason): reason
        }
    }
}

extension FileError: CustomStringConvertible {
    /// What went wrong, in one sentence for a log or a terminal.
    public var description: String {
        switch self {
        case .cannotRead(let path, let reason): "cannot read \(path): \(reason)"
        case .cannotWrite(let path, let reason): "cannot write \(path): \(reason)"
        }
    }
}
