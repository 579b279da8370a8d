/// Why a PyTorch checkpoint could not be read.
///
/// Every `offset` is a byte of the file.
public enum PyTorchError: Error, Sendable, Equatable {
    /// The operating system refuses to read or write the file.
    case file(FileError)
    /// The file does not begin like one of the two formats that `torch.save` writes.
    case unknownFormat(firstBytes: [UInt8])
    /// The zip archive is cut off, damaged, or breaks a rule of its format.
    case malformedArchive(reason: String, offset: Int)
    /// The archive has an entry that `torch.save` would not write, such as a compressed one.
    case unsupportedEntry(name: String, reason: String)
    /// The archive lacks an entry.
    case missingEntry(name: String)
    /// An entry's bytes do not have the CRC-32 that the archive states.
    case damagedEntry(name: String)
    /// The values are stored with the highest byte first.
    case bigEndian
    /// A number is larger than this reader's limit.
    case tooLarge(what: String, count: Int, limit: Int)
    /// The pickled data is cut off, or uses an opcode with values of the wrong kind.
    case malformedPickle(reason: String, offset: Int)
    /// An opcode that no state dict needs.
    case unknownOpcode(UInt8, offset: Int)
    /// A class or function that no state dict needs, such as "os.system"; it was neither looked up nor run.
    case forbiddenGlobal(String, offset: Int)
    /// The pickled value is not a dictionary of tensors, and has none under `PyTorchFile.nestedKeys`.
    case noStateDict(found: String)
    /// A tensor's storage is not in the file.
    case missingStorage(tensor: String, key: String)
    /// A storage does not have as many bytes as its type and number of elements need.
    case wrongStorageSize(key: String, expectedBytes: Int, foundBytes: Int)
    /// A tensor reaches beyond its storage, or has more elements than the storage.
    case outOfRange(tensor: String, shape: [Int], strides: [Int], offset: Int, storageElements: Int)
    /// There is no tensor of this name.
    case noSuchTensor(name: String)
    /// The tensor exists, but its element type is not one the caller can use.
    case unsupportedType(name: String, type: String)
    /// The float64 value at `index` of the tensor is finite, but too large for float32.
    case notRepresentable(name: String, index: Int)
}

extension PyTorchError: CustomStringConvertible {
    /// What went wrong, in one sentence for a log or a terminal.
    public var description: String {
        switch self {
        case .file(let error): error.description
        case .unknownFormat(let bytes):
            "the file is not a PyTorch checkpoint: it begins with the bytes \(bytes.map(hexadecimal).joined(separator: " "))"
        case .malformedArchive(let reason, let offset): "malformed zip archive at byte \(offset): \(reason)"
        case .unsupportedEntry(let name, let reason): "the archive's entry \"\(name)\" cannot be read: \(reason)"
        case .missingEntry(let name): "the archive has no entry \"\(name)\""
        case .damagedEntry(let name): "the archive's entry \"\(name)\" is damaged: its CRC-32 differs"
        case .bigEndian: "the values are big-endian, which is not read"
        case .tooLarge(let what, let count, let limit): "\(what): \(count), at most \(limit) are read"
        case .malformedPickle(let reason, let offset): "malformed pickle at byte \(offset): \(reason)"
        case .unknownOpcode(let code, let offset):
            "the pickle opcode \(hexadecimal(code)) at byte \(offset) is refused: no state dict needs it"
        case .forbiddenGlobal(let name, let offset):
            "the pickled global \"\(name)\" at byte \(offset) is refused: no state dict needs it"
        case .noStateDict(let found): "the file has \(found) instead of a state dict"
        case .missingStorage(let tensor, let key): "tensor \"\(tensor)\": its storage \"\(key)\" is not in the file"
        case .wrongStorageSize(let key, let expected, let found):
            "storage \"\(key)\" needs \(expected) bytes, the file has \(found)"
        case .outOfRange(let tensor, let shape, let strides, let offset, let elements):
            "tensor \"\(tensor)\" of shape \(shape), strides \(strides) and offset \(offset) does not fit its storage of "
                + "\(elements) elements"
        case .noSuchTensor(let name): "there is no tensor \"\(name)\""
        case .unsupportedType(let name, let type): "tensor \"\(name)\" has the type \(type), which cannot be used here"
        case .notRepresentable(let name, let index): "element \(index) of tensor \"\(name)\" does not fit float32"
        }
    }
}

private func hexadecimal(_ byte: UInt8) -> String {
    (byte < 16 ? "0x0" : "0x") + String(byte, radix: 16)
}
