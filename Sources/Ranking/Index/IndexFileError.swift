/// Why memory or a file for an index cannot be used; the index can be made anew from what it was made of.
public enum IndexFileError: Error, Sendable, Equatable {
    /// The system refuses memory, or a file's opening, growth or writing; `path` is nil for memory without a file.
    case unusable(path: String?, reason: String)
    /// The file is not one of this kind, or was made for other rows.
    case doesNotFit(path: String)
}

extension IndexFileError: CustomStringConvertible {
    /// What went wrong, in one sentence for a log.
    public var description: String {
        switch self {
        case .unusable(nil, let reason): "no memory for an index: \(reason)"
        case .unusable(let path?, let reason): "the index file \(path) cannot be used: \(reason)"
        case .doesNotFit(let path): "the index file \(path) was made for other rows"
        }
    }
}
