public import Tensors

/// A tensor of a network in training: its value, its gradient, and what the optimizer keeps for it.
///
/// Convolution kernels are stored in the layout that their operations want; `tensor` and `assign` convert from and to
/// row-major. Only one thread may use it at a time.
public final class Parameter {
    /// The arrays that a parameter may have, each of the shape of its value.
    public enum Slot: String, CaseIterable, Sendable {
        /// The parameter itself.
        case value
        /// The gradient of the last batch's loss.
        case gradient
        /// The sum of the gradients of the earlier parts of a batch, when it is computed in parts.
        case accumulated
        /// The optimizer's momentum.
        case velocity
        /// The moving average of the values.
        case average
    }

    /// The name in a weight file.
    public let name: String
    /// The extent of each dimension.
    public let shape: [Int]
    /// Whether gradient descent changes the parameter; false for running statistics.
    public let isLearned: Bool
    private var layout: DataLayout
    private var slots: [Slot: AlignedMemory]
    private let engine: ComputeEngine

    /// Creates a parameter with an initial value.
    init(name: String, value: Tensor, isLearned: Bool, engine: ComputeEngine) throws(OneDNNError) {
        self.name = name
        self.isLearned = isLearned
        self.engine = engine
        shape = value.shape
        layout = try .rowMajor(value.shape)
        slots = [.value: try AlignedMemory(bytes: layout.bytes)]
        try assign(value)
    }

    /// Whether a slot has content.
    public func has(_ slot: Slot) -> Bool { slots[slot] != nil }

    /// The content of `slot` in row-major order; zeros if it has none.
    public func tensor(_ slot: Slot = .value) throws(OneDNNError) -> Tensor {
        guard let memory = slots[slot] else { return Tensor(zeros: shape) }
        let count = shape.reduce(1, *)
        let rowMajor = try DataLayout.rowMajor(shape)
        var source = memory
        if layout != rowMajor {
            source = try AlignedMemory(bytes: rowMajor.bytes)
            try layout.copy(MemoryRegion(memory), to: MemoryRegion(source), in: rowMajor, engine: engine)
        }
        return Tensor(shape: shape, elements: unsafe Array(source.floats(count: count)))
    }

    /// Replaces the content of `slot`.
    public func assign(_ tensor: Tensor, to slot: Slot = .value) throws(OneDNNError) {
        precondition(tensor.shape == shape, "\(name) has the shape \(shape), not \(tensor.shape)")
        let rowMajor = try DataLayout.rowMajor(shape)
        let memory = try memory(slot)
        guard layout != rowMajor else {
            _ = unsafe memory.floats(count: tensor.count).update(fromContentsOf: tensor.elements)
            return
        }
        let plain = try AlignedMemory(bytes: rowMajor.bytes)
        _ = unsafe plain.floats(count: tensor.count).update(fromContentsOf: tensor.elements)
        try rowMajor.copy(MemoryRegion(plain), to: MemoryRegion(memory), in: layout, engine: engine)
    }

    /// The floats of `slot` in the parameter's own layout, including padding (zeros); a missing slot is created.
    package func floats(_ slot: Slot = .value) throws(OneDNNError) -> UnsafeMutableBufferPointer<Float> {
        unsafe try memory(slot).floats(count: layout.bytes / 4)
    }

    /// The memory of `slot`; a missing slot is created.
    func memory(_ slot: Slot) throws(OneDNNError) -> AlignedMemory {
        if let memory = slots[slot] { return memory }
        let memory = try AlignedMemory(bytes: layout.bytes)
        slots[slot] = memory
        return memory
    }

    /// Converts every slot to `layout`; operations that were bound to the old memory do not see this parameter
    /// afterwards.
    func adopt(_ other: DataLayout) throws(OneDNNError) {
        guard other != layout else { return }
        for (slot, memory) in slots {
            let moved = try AlignedMemory(bytes: other.bytes)
            try layout.copy(MemoryRegion(memory), to: MemoryRegion(moved), in: other, engine: engine)
            slots[slot] = moved
        }
        layout = other
    }
}

/// The parameters of a network in training, by name, in a fixed order.
public final class ParameterStore {
    /// All parameters, in the order in which they were added.
    public private(set) var all: [Parameter] = []
    private var byName: [String: Parameter] = [:]
    let engine: ComputeEngine

    /// An empty store whose operations run on `engine`.
    public init(engine: ComputeEngine) {
        self.engine = engine
    }

    /// Adds a parameter; the name must not exist yet.
    public func add(_ name: String, _ value: Tensor, isLearned: Bool) throws(OneDNNError) {
        precondition(byName[name] == nil, "there are two parameters \(name)")
        let parameter = try Parameter(name: name, value: value, isLearned: isLearned, engine: engine)
        all.append(parameter)
        byName[name] = parameter
    }

    /// The parameter of this name; the name must exist.
    public subscript(_ name: String) -> Parameter {
        guard let parameter = byName[name] else { preconditionFailure("there is no parameter \(name)") }
        return parameter
    }

    /// The number of learned floats.
    public var learnedCount: Int { all.filter(\.isLearned).reduce(0) { $0 + $1.shape.reduce(1, *) } }
}
