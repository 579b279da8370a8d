public import Tensors

/// The state dict of a PyTorch checkpoint, mapped into memory; opening it checks the whole file.
///
/// Reads both formats of `torch.save`: the zip archive (since PyTorch 1.6) and the older one. The pickle is read as
/// data only: opcodes and classes are limited to those that state dicts need, and no Python code is looked up or run.
/// The state dict is the pickled dictionary, or is in it under one of `nestedKeys`; values that are not tensors are
/// ignored. The file must not be shortened in place while it is open; replacing it with a rename is harmless.
public struct PyTorchFile: Sendable {
    /// The most bytes that the pickled part may have; that of a ResNet-50 has about 40,000.
    public static let maximumPickleBytes = 16 << 20
    /// The most opcodes that a pickle may have, counting the values that they copy; that of a ResNet-50 has about
    /// 10,000.
    public static let maximumOperations = 1_000_000
    /// The most axes that a tensor may have.
    public static let maximumAxes = 16
    /// The keys under which checkpoints keep their state dict beside other values; the first key that exists is used.
    public static let nestedKeys = ["state_dict", "model_state_dict", "model"]

    private let file: MappedFile
    private let tensors: [String: StoredTensor]

    /// Maps and checks the file at `path`.
    public init(contentsOf path: String) throws(PyTorchError) {
        do { file = try MappedFile(path: path) } catch { throw .file(error) }
        let start = file.bytes(0..<min(4, file.count))
        let contents: PyTorchContents
        if start == [0x50, 0x4B, 0x03, 0x04] {
            contents = try PyTorchContents(archive: file)
        } else if start.first == PickleOpcode.protocolVersion.rawValue {
            contents = try PyTorchContents(legacy: file)
        } else {
            throw .unknownFormat(firstBytes: start)
        }
        var tensors: [String: StoredTensor] = [:]
        for (name, tensor) in try contents.stateDict() {
            tensors[name] = try StoredTensor(tensor, named: name, storages: contents.storages)
        }
        self.tensors = tensors
    }

    /// The tensors' names in ascending order.
    public var names: [String] { tensors.keys.sorted() }

    /// The shape of a tensor, or nil if there is none of this name.
    public func shape(of name: String) -> [Int]? { tensors[name]?.shape }

    /// The element type of a tensor as PyTorch calls it ("float32", "bfloat16", "int64", …), or nil if there is no such tensor.
    public func type(of name: String) -> String? { tensors[name]?.type.rawValue }

    /// A tensor of type float32, float16, bfloat16 or float64, converted to 32-bit floats in row-major order.
    ///
    /// A finite float64 value that is too large for float32 is an error.
    public func floats(_ name: String) throws(PyTorchError) -> Tensor {
        guard let tensor = tensors[name] else { throw .noSuchTensor(name: name) }
        let elements = try unsafe file.withBytes { bytes throws(PyTorchError) -> [Float] in
            let storage = unsafe UnsafeRawBufferPointer(rebasing: bytes[tensor.storage])
            switch tensor.type {
            case .float32: return unsafe tensor.gather(storage) { Float(bitPattern: $0) }
            case .float16: return unsafe tensor.gather(storage) { Float(Float16(bitPattern: $0)) }
            case .bfloat16:
                return unsafe tensor.gather(storage) { (bits: UInt16) in Float(bitPattern: UInt32(bits) << 16) }
            case .float64:
                let elements = unsafe tensor.gather(storage) { Double(bitPattern: $0) }
                let lost = elements.firstIndex { $0.isFinite && !Float($0).isFinite }
                if let lost { throw .notRepresentable(name: name, index: lost) }
                return elements.map { Float($0) }
            case .bool, .uint8, .int8, .int16, .int32, .int64:
                throw .unsupportedType(name: name, type: tensor.type.rawValue)
            }
        }
        return Tensor(shape: tensor.shape, elements: elements)
    }
}

extension PyTorchContents {
    /// The tensors of the state dict, by name; if a name occurs several times, the last one counts, as in Python.
    func stateDict() throws(PyTorchError) -> [String: PickledTensor] {
        let nested = PyTorchFile.nestedKeys.lazy.compactMap { objects.value($0, in: objects.root) }
            .first { objects.items($0, .dictionary) != nil }
        guard let items = objects.items(nested ?? objects.root, .dictionary) else {
            throw .noStateDict(found: objects.root.kind)
        }
        var tensors: [String: PickledTensor] = [:]
        for index in stride(from: 0, to: items.count, by: 2) {
            guard let name = items[index].string else { continue }
            if case .tensor(let tensor) = items[index + 1] {
                tensors[name] = objects.tensors[tensor]
            } else {
                tensors[name] = nil
            }
        }
        guard !tensors.isEmpty else { throw .noStateDict(found: "a dictionary without tensors") }
        return tensors
    }
}
