/// A value on a pickle's stack.
///
/// Containers are referred to by number. So values that contain each other, or themselves, are never copied, walked
/// through or freed recursively.
enum PickleValue: Equatable {
    case none
    case boolean(Bool)
    case integer(Int)
    /// An integer of more than 64 bits: two's complement, lowest byte first.
    case wideInteger([UInt8])
    /// A floating-point number; its value is dropped, because no state dict needs it.
    case float
    case string(String)
    case global(PyTorchGlobal)
    /// An index into `PickledObjects.containers`.
    case container(Int)
    /// An index into `PickledObjects.storages`.
    case storage(Int)
    /// An index into `PickledObjects.tensors`.
    case tensor(Int)

    /// The integer, if it is one of at most 64 bits.
    var integer: Int? {
        guard case .integer(let value) = self else { return nil }
        return value
    }

    /// The string, if it is one.
    var string: String? {
        guard case .string(let value) = self else { return nil }
        return value
    }

    /// What kind of value this is, for an error message.
    var kind: String {
        switch self {
        case .none: "None"
        case .boolean: "a truth value"
        case .integer, .wideInteger: "an integer"
        case .float: "a floating-point number"
        case .string: "a string"
        case .global: "a class"
        case .container: "a list, tuple or dictionary"
        case .storage: "a storage"
        case .tensor: "a tensor"
        }
    }
}

/// A tuple, list or dictionary; for a dictionary, `items` holds keys and values alternately.
struct PickleContainer: Equatable {
    enum Kind {
        case tuple
        case list
        case dictionary
    }

    let kind: Kind
    var items: [PickleValue] = []
}

/// What a pickle says about a storage.
struct PickledStorage: Equatable {
    let key: String
    let type: PyTorchType
    /// The number of elements, at least 0.
    let count: Int
}

/// What a pickle says about a tensor; not yet checked against its storage.
struct PickledTensor: Equatable {
    let storage: PickledStorage
    /// Elements of the storage before the tensor's first element.
    let offset: Int
    let shape: [Int]
    /// Elements of the storage from one entry to the next, for each axis.
    let strides: [Int]
}

/// Everything that was in a pickle.
struct PickledObjects {
    /// The pickled value.
    var root = PickleValue.none
    var containers: [PickleContainer] = []
    var storages: [PickledStorage] = []
    var tensors: [PickledTensor] = []

    /// The items of `value`, if it is a container of kind `kind`.
    func items(_ value: PickleValue, _ kind: PickleContainer.Kind) -> [PickleValue]? {
        guard case .container(let index) = value, containers[index].kind == kind else { return nil }
        return containers[index].items
    }

    /// The value under a string key of a dictionary; if the key occurs several times, the last one counts, as in
    /// Python.
    func value(_ key: String, in dictionary: PickleValue) -> PickleValue? {
        guard let items = items(dictionary, .dictionary) else { return nil }
        return stride(from: items.count - 2, through: 0, by: -2).first { items[$0] == .string(key) }
            .map { items[$0 + 1] }
    }

    /// The integers of a tuple or list that holds only integers, at most as many as a tensor may have axes.
    func integers(_ value: PickleValue) -> [Int]? {
        guard let items = items(value, .tuple) ?? items(value, .list), items.count <= PyTorchFile.maximumAxes else {
            return nil
        }
        let numbers = items.compactMap(\.integer)
        return numbers.count == items.count ? numbers : nil
    }
}
