/// Why a MATLAB file could not be read.
///
/// Every `offset` counts bytes of the file, or, for a fault inside a compressed element, of the decompressed element.
public enum MATLABError: Error, Sendable, Equatable {
    /// The operating system refuses to read or write the file.
    case file(FileError)
    /// The file does not begin with the header of a MATLAB 5 file.
    case notMATLAB
    /// The file has version 7.3, which is HDF5 and is not read; save it with `-v7`.
    case version73
    /// The file is cut off, damaged, or breaks a rule of its format.
    case malformed(reason: String, offset: Int)
    /// A compressed element does not decompress to the size that it announces.
    case damagedCompression(offset: Int)
    /// A number is larger than this reader's limit.
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
