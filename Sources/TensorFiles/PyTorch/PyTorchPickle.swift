/// The opcodes that state dicts need, of Python's pickle protocols 2 to 5.
enum PickleOpcode: UInt8 {
    case mark = 0x28  // (
    case stop = 0x2E  // .
    case none = 0x4E  // N
    case newTrue = 0x88
    case newFalse = 0x89
    case integer1 = 0x4B  // K
    case integer2 = 0x4D  // M
    case integer4 = 0x4A  // J
    case long1 = 0x8A
    case long4 = 0x8B
    case float = 0x47  // G
    case shortString = 0x55  // U
    case string = 0x54  // T
    case shortUnicode = 0x8C
    case unicode = 0x58  // X
    case unicode8 = 0x8D
    case emptyTuple = 0x29  // )
    case tuple = 0x74  // t
    case tuple1 = 0x85
    case tuple2 = 0x86
    case tuple3 = 0x87
    case emptyList = 0x5D  // ]
    case append = 0x61  // a
    case appends = 0x65  // e
    case emptyDictionary = 0x7D  // }
    case setItem = 0x73  // s
    case setItems = 0x75  // u
    case put1 = 0x71  // q
    case put4 = 0x72  // r
    case memoize = 0x94
    case get1 = 0x68  // h
    case get4 = 0x6A  // j
    case global = 0x63  // c
    case stackGlobal = 0x93
    case reduce = 0x52  // R
    case build = 0x62  // b
    case persistentID = 0x51  // Q
    case protocolVersion = 0x80
    case frame = 0x95
}

/// Reads one pickle as data: a stack machine that knows the opcodes above and the classes of `PyTorchGlobal`.
///
/// Nothing is recursive. Opcodes, and the values that they copy, are counted, and the count has a limit; so a hostile
/// pickle ends with an error soon.
struct PickleReader {
    let bytes: [UInt8]
    /// The offset of `bytes` in the file.
    let base: Int
    /// Whether the file has more bytes after `bytes`, which is cut to the limit.
    let isCut: Bool
    /// The next byte to read.
    var position: Int
    /// Where the current opcode begins.
    private(set) var opcodePosition = 0

    var stack: [PickleValue] = []
    /// The heights of the stack at the marks.
    private var marks: [Int] = []
    private var memo: [Int: PickleValue] = [:]
    private var operations = 0
    var objects = PickledObjects()

    /// Reads the pickle at `position` of `bytes`; returns its value and the position after it.
    static func read(
        _ bytes: [UInt8], at position: Int = 0, base: Int = 0, isCut: Bool = false
    ) throws(PyTorchError) -> (objects: PickledObjects, end: Int) {
        var reader = PickleReader(bytes: bytes, base: base, isCut: isCut, position: position)
        try reader.run()
        return (reader.objects, reader.position)
    }

    private init(bytes: [UInt8], base: Int, isCut: Bool, position: Int) {
        self.bytes = bytes
        self.base = base
        self.isCut = isCut
        self.position = position
    }

    func malformed(_ reason: String) -> PyTorchError {
        .malformedPickle(reason: reason, offset: base + opcodePosition)
    }

    private mutating func run() throws(PyTorchError) {
        while true {
            try charge(1)
            opcodePosition = position
            let code = try take(1)[position - 1]
            guard let opcode = PickleOpcode(rawValue: code) else {
                throw .unknownOpcode(code, offset: base + opcodePosition)
            }
            if opcode == .stop {
                objects.root = try pop()
                return
            }
            try perform(opcode)
        }
    }

    /// Counts `count` opcodes or copied values; throws when the limit is reached.
    mutating func charge(_ count: Int) throws(PyTorchError) {
        operations += count
        guard operations <= PyTorchFile.maximumOperations else {
            throw .tooLarge(what: "pickle operations", count: operations, limit: PyTorchFile.maximumOperations)
        }
    }

    private mutating func perform(_ opcode: PickleOpcode) throws(PyTorchError) {
        switch opcode {
        case .stop: break
        case .protocolVersion:
            let version = try unsigned(1)
            guard version <= 5 else { throw malformed("pickle protocol \(version)") }
        case .frame: try checkFrame()
        case .mark: marks.append(stack.count)
        case .none: stack.append(.none)
        case .newTrue: stack.append(.boolean(true))
        case .newFalse: stack.append(.boolean(false))
        case .integer1: stack.append(.integer(try unsigned(1)))
        case .integer2: stack.append(.integer(try unsigned(2)))
        case .integer4: stack.append(.integer(Int(Int32(truncatingIfNeeded: try unsigned(4)))))
        case .long1: stack.append(long(try take(unsigned(1))))
        case .long4: stack.append(long(try take(unsigned(4))))
        case .float:
            _ = try take(8)
            stack.append(.float)
        case .shortString, .shortUnicode: stack.append(.string(try text(unsigned(1))))
        case .string, .unicode: stack.append(.string(try text(unsigned(4))))
        case .unicode8: stack.append(.string(try text(unsigned(8))))
        case .emptyTuple: push(.tuple, [])
        case .tuple: push(.tuple, try popToMark())
        case .tuple1: push(.tuple, try pop(count: 1))
        case .tuple2: push(.tuple, try pop(count: 2))
        case .tuple3: push(.tuple, try pop(count: 3))
        case .emptyList: push(.list, [])
        case .append: try extend(.list, by: [pop()])
        case .appends: try extend(.list, by: popToMark())
        case .emptyDictionary: push(.dictionary, [])
        case .setItem: try extend(.dictionary, by: pop(count: 2))
        case .setItems: try extend(.dictionary, by: popToMark())
        case .put1: memo[try unsigned(1)] = try top()
        case .put4: memo[try unsigned(4)] = try top()
        case .memoize: memo[memo.count] = try top()
        case .get1: try recall(unsigned(1))
        case .get4: try recall(unsigned(4))
        case .global: stack.append(try global(module: line(), name: line()))
        case .stackGlobal:
            let names = try pop(count: 2)
            guard let module = names[0].string, let name = names[1].string else {
                throw malformed("a class is named by \(names[0].kind) and \(names[1].kind)")
            }
            stack.append(try global(module: module, name: name))
        case .reduce:
            let arguments = try pop()
            stack.append(try call(pop(), with: arguments))
        case .build: try build()
        case .persistentID: stack.append(try storage(pop()))
        }
    }

    // MARK: Bytes

    /// The next `count` bytes; moves past them.
    private mutating func take(_ count: Int) throws(PyTorchError) -> ArraySlice<UInt8> {
        guard count <= bytes.count - position else {
            guard !isCut else {
                throw .tooLarge(
                    what: "bytes of pickled data", count: bytes.count + 1, limit: PyTorchFile.maximumPickleBytes)
            }
            throw malformed("the data end inside it")
        }
        defer { position += count }
        return bytes[position..<position + count]
    }

    /// An unsigned number of `count` bytes, lowest first.
    private mutating func unsigned(_ count: Int) throws(PyTorchError) -> Int {
        let start = position
        _ = try take(count)
        guard let value = bytes.littleEndian(at: start, count: count) else { throw malformed("a size of over 63 bits") }
        return value
    }

    private mutating func text(_ count: Int) throws(PyTorchError) -> String {
        guard let text = String(validating: try take(count), as: UTF8.self) else { throw malformed("not UTF-8") }
        return text
    }

    /// The text up to the next newline; moves past the newline.
    private mutating func line() throws(PyTorchError) -> String {
        let end = bytes[position...].firstIndex(of: 0x0A) ?? bytes.count
        let line = try text(end - position)
        _ = try take(1)
        return line
    }

    private mutating func checkFrame() throws(PyTorchError) {
        let length = try unsigned(8)
        guard isCut || length <= bytes.count - position else { throw malformed("a frame of \(length) bytes") }
    }

    private func long(_ digits: ArraySlice<UInt8>) -> PickleValue {
        guard digits.count <= 8 else { return .wideInteger(Array(digits)) }
        let sign: UInt64 = digits.last.map { $0 >= 0x80 ? .max : 0 } ?? 0
        let bits = digits.reversed().reduce(sign) { $0 << 8 | UInt64($1) }
        return .integer(Int(truncatingIfNeeded: bits))
    }

    // MARK: Stack

    private func top() throws(PyTorchError) -> PickleValue {
        guard let value = stack.last, stack.count > marks.last ?? 0 else { throw malformed("the stack is empty") }
        return value
    }

    mutating func pop() throws(PyTorchError) -> PickleValue {
        let value = try top()
        stack.removeLast()
        return value
    }

    private mutating func pop(count: Int) throws(PyTorchError) -> [PickleValue] {
        guard stack.count - count >= marks.last ?? 0 else { throw malformed("the stack has not \(count) values") }
        defer { stack.removeLast(count) }
        return Array(stack.suffix(count))
    }

    private mutating func popToMark() throws(PyTorchError) -> [PickleValue] {
        guard let mark = marks.popLast() else { throw malformed("there is no mark") }
        return try pop(count: stack.count - mark)
    }

    mutating func push(_ kind: PickleContainer.Kind, _ items: [PickleValue]) {
        stack.append(.container(objects.containers.count))
        objects.containers.append(PickleContainer(kind: kind, items: items))
    }

    private mutating func extend(_ kind: PickleContainer.Kind, by items: [PickleValue]) throws(PyTorchError) {
        guard case .container(let index) = try top(), objects.containers[index].kind == kind else {
            throw malformed("items are added to \(try top().kind)")
        }
        guard kind == .list || items.count.isMultiple(of: 2) else { throw malformed("a key has no value") }
        objects.containers[index].items += items
    }

    private mutating func recall(_ key: Int) throws(PyTorchError) {
        guard let value = memo[key] else { throw malformed("nothing is memorized under \(key)") }
        stack.append(value)
    }
}
