public import TensorFiles

/// Why a folder could not be read as a data set, or a file as a manifest.
public enum DatasetError: Error, Sendable, Equatable {
    /// There is no such folder; `purpose` says what it should hold.
    case noFolder(path: String, purpose: String)
    /// There is no such file; `purpose` says what it should hold.
    case noFile(path: String, purpose: String)
    /// A folder or file cannot be read.
    case unreadable(path: String, reason: String)
    /// There is no image in the folder; `expected` shows which names are read.
    case noImages(folder: String, expected: String)
    /// An image's name does not have the expected form; `expected` shows one that has.
    case unreadableName(folder: String, name: String, expected: String)
    /// A line of a list or manifest is malformed.
    case malformedLine(path: String, line: Int, reason: String)
    /// An image that a list names does not exist.
    case missingImage(path: String, list: String)
    /// A `.mat` file cannot be read.
    case protocolFile(path: String, error: MATLABError)
    /// A `.mat` file lacks a variable, or has it in another form.
    case protocolVariable(path: String, name: String, expected: String)
    /// Every image was to be a query, but the folder says itself which ones are.
    case hasQueries(folder: String)
    /// Too few people were seen by both cameras to make a split.
    case tooFewPeople(folder: String, found: Int)
}

extension DatasetError: CustomStringConvertible {
    /// What went wrong, in one sentence.
    public var description: String {
        switch self {
        case .noFolder(let path, let purpose): "\(path): expected a folder of \(purpose), and there is none"
        case .noFile(let path, let purpose): "\(path): expected a file with \(purpose), and there is none"
        case .unreadable(let path, let reason): "\(path) cannot be read: \(reason)"
        case .noImages(let folder, let expected):
            "\(folder): expected images such as \(expected), and there are none"
        case .unreadableName(let folder, let name, let expected):
            "\(folder)/\(name): expected a name such as \(expected)"
        case .malformedLine(let path, let line, let reason): "\(path), line \(line): \(reason)"
        case .missingImage(let path, let list): "\(path): expected this image, which \(list) names"
        case .protocolFile(let path, let error): "\(path): \(error)"
        case .protocolVariable(let path, let name, let expected): "\(path): expected `\(name)` to be \(expected)"
        case .hasQueries(let folder):
            "\(folder): every image cannot be a query, because the folders query and gallery say which ones are"
        case .tooFewPeople(let folder, let found):
            "\(folder): expected at least two people seen by both cameras, and there are \(found)"
        }
    }
}
