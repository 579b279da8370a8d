/// Why a MATLAB file could not be read.
///
/// Every `offset` counts the bytes of the file, or of the compressed element that has the fault once it is expanded.
public enum MATLABError: Error, Sendable, Equatable {
    /// The operating system does not let the file be read or written.
    case file(FileError)
    /// The file has no header of a MATLAB 5 file.
    case notMATLAB
    /// The file is of version 7.3, which is HDF5: save it with `-v7`.
    case version73
    /// The file is cut, damaged or not what its format prescribes.
    case malformed(reason: String, offset: Int)
    /// A compressed element does not expand to what it announces.
    case damagedCompression(offset: Int)
    /// More than this reader takes.
    case tooLarge(what: String, count: Int, limit: Int)
}

extension MATLABError: CustomStringConvertible {
    /// What went wrong, in one sentence for a log or a terminal.
    public var description: String {
        switch self {
        case .file(let error): error.description
        case .notMATLAB: "this is not a MATLAB 5 file"
        case .version73: "a MATLAB file of version 7.3 is not read; save it with -v7"
        case .malformed(let reason, let offset): "malformed MATLAB file at byte \(offset): \(reason)"
        case .damagedCompression(let offset): "the compressed element at byte \(offset) is damaged"
        case .tooLarge(let what, let count, let limit): "\(what) of \(count), more than \(limit)"
        }
    }
}
