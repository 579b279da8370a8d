/// An element type of PyTorch; the raw value is PyTorch's name for it.
enum PyTorchType: String, Sendable, CaseIterable {
    case bool
    case uint8
    case int8
    case int16
    case int32
    case int64
    case float16
    case bfloat16
    case float32
    case float64

    /// Bytes per element.
    var width: Int {
        switch self {
        case .bool, .uint8, .int8: 1
        case .int16, .float16, .bfloat16: 2
        case .int32, .float32: 4
        case .int64, .float64: 8
        }
    }

    /// The class in Python's module `torch` for a storage of this type.
    var storageClass: String {
        switch self {
        case .bool: "BoolStorage"
        case .uint8: "ByteStorage"
        case .int8: "CharStorage"
        case .int16: "ShortStorage"
        case .int32: "IntStorage"
        case .int64: "LongStorage"
        case .float16: "HalfStorage"
        case .bfloat16: "BFloat16Storage"
        case .float32: "FloatStorage"
        case .float64: "DoubleStorage"
        }
    }
}

/// A class or function that pickled state dicts refer to; any other name is an error, and no Python code is run.
enum PyTorchGlobal: Equatable {
    case orderedDictionary
    /// `_rebuild_tensor(storage, offset, shape, strides)`, up to PyTorch 0.3.
    case rebuildTensor
    /// `_rebuild_tensor_v2(storage, offset, shape, strides, requires_grad, hooks, …)`.
    case rebuildTensorV2
    /// `_rebuild_parameter(tensor, requires_grad, hooks)`.
    case rebuildParameter
    case storage(PyTorchType)

    /// All cases by the names that a pickle uses, such as "collections.OrderedDict".
    static let byName: [String: PyTorchGlobal] = {
        var names: [String: PyTorchGlobal] = [
            "collections.OrderedDict": .orderedDictionary,
            "torch._utils._rebuild_tensor": .rebuildTensor,
            "torch._utils._rebuild_tensor_v2": .rebuildTensorV2,
            "torch._utils._rebuild_parameter": .rebuildParameter,
        ]
        for type in PyTorchType.allCases { names["torch.\(type.storageClass)"] = .storage(type) }
        return names
    }()
}
