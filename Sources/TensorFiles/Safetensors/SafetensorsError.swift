/// Why a safetensors file could not be read or written.
public enum SafetensorsError: Error, Sendable, Equatable {
    /// The operating system refuses to read or write the file.
    case file(FileError)
    /// The first eight bytes are not a possible length of a header, and no `{` follows: this is a file of another kind.
    case notSafetensors
    /// The file is too short for the header that its first eight bytes announce.
    case truncatedHeader(expectedBytes: Int, foundBytes: Int)
    /// The header is larger than `SafetensorsFile.maximumHeaderBytes`.
    case headerTooLarge(bytes: UInt64, limit: Int)
    /// The header is not the JSON that the format prescribes; `offset` counts the header's bytes.
    case malformedHeader(reason: String, offset: Int)
    /// A name occurs twice in the header.
    case duplicateName(String)
    /// A name is empty, too long, or has control characters.
    case invalidName(String)
    /// The format does not define this element type.
    case unknownType(name: String, type: String)
    /// The tensor exists, but its element type is not one the caller can use.
    case unsupportedType(name: String, type: String)
    /// A tensor's data offsets do not span as many bytes as its shape needs.
    case wrongSize(name: String, shape: [Int], expectedBytes: Int, foundBytes: Int)
    /// A tensor's data overlaps other data, leaves a hole before it, or ends before it begins.
    case misplaced(name: String, begin: Int, expectedBegin: Int)
    /// The file ends inside the tensor's data; only `availableBytes` of `expectedBytes` are there.
    case truncated(name: String, shape: [Int], expectedBytes: Int, availableBytes: Int)
    /// Bytes follow the last tensor.
    case trailingBytes(count: Int)
    /// There is no tensor of this name.
    case noSuchTensor(name: String)
    /// The value cannot be stored in the chosen precision without becoming infinite.
    case notRepresentable(name: String, index: Int)
}

extension SafetensorsError: CustomStringConvertible {
    /// What went wrong, in one sentence for a log or a terminal.
    public var description: String {
        switch self {
        case .file(let error): error.description
        case .notSafetensors: "this is not a safetensors file"
        case .truncatedHeader(let expected, let found):
            "the file ends inside its header: \(found) bytes, at least \(expected) expected"
        case .headerTooLarge(let bytes, let limit):
            "not a safetensors file: its header would have \(bytes) bytes, and at most \(limit) are read"
        case .malformedHeader(let reason, let offset): "malformed header at byte \(offset): \(reason)"
        case .duplicateName(let name): "the name \"\(name)\" occurs twice"
        case .invalidName(let name): "invalid tensor name \"\(name)\""
        case .unknownType(let name, let type): "tensor \"\(name)\" has the unknown type \"\(type)\""
        case .unsupportedType(let name, let type): "tensor \"\(name)\" has the type \(type), which cannot be used here"
        case .wrongSize(let name, let shape, let expected, let found):
            "tensor \"\(name)\" of shape \(shape) needs \(expected) bytes, its offsets span \(found)"
        case .misplaced(let name, let begin, let expected):
            "tensor \"\(name)\" begins at byte \(begin), expected \(expected)"
        case .truncated(let name, let shape, let expected, let available):
            "tensor \"\(name)\" of shape \(shape) is truncated: \(available) of \(expected) bytes"
        case .trailingBytes(let count): "\(count) bytes follow the last tensor"
        case .noSuchTensor(let name): "there is no tensor \"\(name)\""
        case .notRepresentable(let name, let index):
            "element \(index) of tensor \"\(name)\" does not fit the chosen precision"
        }
    }
}
