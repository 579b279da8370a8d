public import TensorFiles
public import Tensors

/// Why a weight file was refused, or why a network could not compute.
public enum ModelError: Error, Sendable, Equatable {
    /// The file is not a valid safetensors file.
    case file(SafetensorsError)
    /// The metadata's `format` is not "cspr-net".
    case wrongFormat(found: String?)
    /// The metadata's `version` is not "1".
    case unsupportedVersion(found: String?)
    /// The metadata has no `config`, or it is not a JSON object.
    case malformedConfiguration(reason: String)
    /// A field of the configuration is unknown or out of range.
    case invalidConfiguration(field: String, reason: String)
    /// The configuration asks for a tensor that the file lacks.
    case missingTensor(name: String, expected: [Int])
    /// The file has a tensor that the configuration does not ask for.
    case surplusTensor(name: String, found: [Int])
    /// A tensor's shape is not what the configuration asks for.
    case misshapenTensor(name: String, expected: [Int], found: [Int])
    /// A tensor's elements are not F32, F16 or BF16.
    case wrongType(name: String, shape: [Int], found: String)
    /// An element is infinite or not a number; `index` counts row-major.
    case nonFiniteTensor(name: String, shape: [Int], index: Int)
    /// A batch norm's running variance is negative.
    case negativeVariance(name: String, shape: [Int], index: Int)
    /// The exponent of generalized-mean pooling is not above 0.
    case exponentNotPositive(name: String)
    /// The file's identity could not be computed.
    case digest(reason: String)
    /// The weights with the identity `model` gave a vector that is zero or has a value that is not finite.
    case unusableVector(model: String)
    /// oneDNN could not compute.
    case compute(OneDNNError)
}

extension ModelError: CustomStringConvertible {
    /// What went wrong, in one sentence for a log or a terminal.
    public var description: String {
        switch self {
        case .file(let error): error.description
        case .wrongFormat(let found):
            "the metadata's format is \(found.map { "\"\($0)\"" } ?? "absent"), expected \"cspr-net\""
        case .unsupportedVersion(let found):
            "the metadata's version is \(found.map { "\"\($0)\"" } ?? "absent"), expected \"1\""
        case .malformedConfiguration(let reason): "the metadata's config cannot be read: \(reason)"
        case .invalidConfiguration(let field, let reason): "the configuration's \(field) is invalid: \(reason)"
        case .missingTensor(let name, let expected): "tensor \"\(name)\": expected the shape \(expected), found none"
        case .surplusTensor(let name, let found): "tensor \"\(name)\": expected none, found one of shape \(found)"
        case .misshapenTensor(let name, let expected, let found):
            "tensor \"\(name)\" has the shape \(found), expected \(expected)"
        case .wrongType(let name, let shape, let found):
            "tensor \"\(name)\" of shape \(shape) has the type \(found), expected F32, F16 or BF16"
        case .nonFiniteTensor(let name, let shape, let index):
            "tensor \"\(name)\" of shape \(shape) is not finite at element \(index)"
        case .negativeVariance(let name, let shape, let index):
            "tensor \"\(name)\" of shape \(shape) is a variance and negative at element \(index)"
        case .exponentNotPositive(let name): "tensor \"\(name)\" is an exponent and not above 0"
        case .digest(let reason): "the file's SHA-256 could not be computed: \(reason)"
        case .unusableVector(let model):
            "the weights \(model) give a vector that is zero or not finite, so nothing can be compared with it"
        case .compute(let error): "the network cannot compute: \(error)"
        }
    }
}
