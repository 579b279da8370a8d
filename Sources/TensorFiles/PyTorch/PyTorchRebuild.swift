extension PickleReader {
    /// The class or function of this name; throws if no state dict needs it.
    func global(module: String, name: String) throws(PyTorchError) -> PickleValue {
        guard let global = PyTorchGlobal.byName["\(module).\(name)"] else {
            throw .forbiddenGlobal(String("\(module).\(name)".prefix(200)), offset: base + opcodePosition)
        }
        return .global(global)
    }

    /// Replaces a call of one of PyTorch's functions by its result.
    mutating func call(_ callee: PickleValue, with arguments: PickleValue) throws(PyTorchError) -> PickleValue {
        guard case .global(let global) = callee, let arguments = objects.items(arguments, .tuple) else {
            throw malformed("\(callee.kind) is called with \(arguments.kind)")
        }
        switch global {
        case .orderedDictionary: return try orderedDictionary(arguments)
        case .rebuildTensor where arguments.count == 4, .rebuildTensorV2 where 6...7 ~= arguments.count:
            return try tensor(arguments)
        case .rebuildParameter where arguments.count == 3:
            guard case .tensor = arguments[0] else { throw malformed("a parameter of \(arguments[0].kind)") }
            return arguments[0]
        case .rebuildTensor, .rebuildTensorV2, .rebuildParameter:
            throw malformed("a tensor of \(arguments.count) arguments")
        case .storage: throw malformed("a storage class is called")
        }
    }

    /// `OrderedDict()`, or `OrderedDict([[key, value], …])` as Python 2 pickled it.
    private mutating func orderedDictionary(_ arguments: [PickleValue]) throws(PyTorchError) -> PickleValue {
        var items: [PickleValue] = []
        if let list = arguments.first {
            guard arguments.count == 1, let pairs = objects.items(list, .list) else {
                throw malformed("an OrderedDict of \(list.kind)")
            }
            try charge(pairs.count)
            for pair in pairs {
                guard let pair = objects.items(pair, .list) ?? objects.items(pair, .tuple), pair.count == 2 else {
                    throw malformed("an OrderedDict with an item that is not a pair")
                }
                items += pair
            }
        }
        objects.containers.append(PickleContainer(kind: .dictionary, items: items))
        return .container(objects.containers.count - 1)
    }

    private mutating func tensor(_ arguments: [PickleValue]) throws(PyTorchError) -> PickleValue {
        guard case .storage(let storage) = arguments[0], let offset = arguments[1].integer,
            let shape = objects.integers(arguments[2]), let strides = objects.integers(arguments[3]),
            shape.count == strides.count
        else {
            throw malformed(
                "a tensor without storage, offset, shape and strides of at most \(PyTorchFile.maximumAxes) axes")
        }
        try charge(shape.count)
        objects.tensors.append(
            PickledTensor(storage: objects.storages[storage], offset: offset, shape: shape, strides: strides))
        return .tensor(objects.tensors.count - 1)
    }

    /// Handles attributes that a pickle gives to a value: those of an OrderedDict are dropped (PyTorch keeps versions
    /// of modules there); other values must not have any.
    mutating func build() throws(PyTorchError) {
        let attributes = try pop()
        guard case .container(let index) = stack.last, objects.containers[index].kind == .dictionary,
            objects.items(attributes, .dictionary) != nil
        else { throw malformed("\(attributes.kind) as the attributes of \(stack.last?.kind ?? "nothing")") }
    }

    /// The storage that a persistent identifier names: ('storage', class, key, location, number of elements), and None
    /// in the legacy format.
    mutating func storage(_ identifier: PickleValue) throws(PyTorchError) -> PickleValue {
        guard let fields = objects.items(identifier, .tuple), 5...6 ~= fields.count, fields[0].string == "storage",
            case .global(.storage(let type)) = fields[1], let key = fields[2].string, let count = fields[4].integer,
            count >= 0
        else { throw malformed("a persistent identifier that does not name a storage") }
        guard fields.count == 5 || fields[5] == .none else { throw malformed("a storage that is a view of another") }
        objects.storages.append(PickledStorage(key: key, type: type, count: count))
        return .storage(objects.storages.count - 1)
    }
}
