import Testing

@testable import TensorFiles

@Suite struct PickleReaderTests {
    /// The content of a pickle.
    private func read(_ opcodes: [UInt8]) throws -> PickledObjects { try PickleReader.read(opcodes).objects }

    private func refusal(_ opcodes: [UInt8]) -> PyTorchError? {
        do {
            _ = try PickleReader.read(opcodes)
            return nil
        } catch { return error }
    }

    /// From `pickle.dumps(value, 2)` of CPython 3.11.
    @Test(arguments: [
        ("8a002e", 0), ("4b002e", 0), ("4bff2e", 255), ("4dffff2e", 65535), ("4affffffff2e", -1),
        ("4a000000802e", -2_147_483_648), ("8a05000000800 02e", 2_147_483_648), ("8a05ffffff7fff2e", -2_147_483_649),
        ("8a08000000000000004 02e", 4_611_686_018_427_387_904), ("8a0800000000000000802e", .min),
        ("8b02000000ff002e", 255),
    ])
    func `integers are Python's`(hex: String, value: Int) throws {
        let digits = Array(hex.filter { $0 != " " })
        let bytes = stride(from: 0, to: digits.count, by: 2).compactMap {
            UInt8(String(digits[$0...$0 + 1]), radix: 16)
        }
        #expect(try read([0x80, 2] + bytes).root == .integer(value))
    }

    @Test func `containers, marks and the memo work as in Python`() throws {
        // {'a': [1, 2], 'b': (x, x)} where x is the list.
        let objects = try read(
            PyTorchFixtures.joined(
                "}(", .bytes(PyTorchFixtures.text("a")), "]q", 7, "(K", 1, "K", 2, "e",
                .bytes(PyTorchFixtures.text("b")), "h", 7, "h", 7, 0x86, "u."))
        let list = try #require(objects.value("a", in: objects.root))
        #expect(objects.items(list, .list) == [.integer(1), .integer(2)])
        let pair = try #require(objects.value("b", in: objects.root))
        #expect(objects.items(pair, .tuple) == [list, list])
    }

    @Test func `Python 2's ordered dictionaries are read`() throws {
        let objects = try read(PyTorchFixtures.joined("ccollections\nOrderedDict\n](]U", 1, "aaK", 5, "ae", 0x85, "R."))
        #expect(objects.value("a", in: objects.root) == .integer(5))
    }

    @Test(arguments: Array("0123456789 abcefghijlmopqrstuRQ\u{1}\n".utf8) + [0x81, 0x82, 0x8F, 0x92, 0x98, 0xFF])
    func `an opcode alone is refused, unknown ones by name`(code: UInt8) {
        switch refusal([0x80, 2, code]) {
        case .unknownOpcode(code, offset: 2): #expect(PickleOpcode(rawValue: code) == nil)
        case .malformedPickle(_, offset: 2): #expect(PickleOpcode(rawValue: code) != nil)
        case let other: Issue.record("\(String(describing: other))")
        }
    }

    @Test(arguments: [
        "", ".", "a.", "]a.", "(a.", "NNa.", "}Ns.", "](N(e.", "}(Nu.", "t.", "N(s.", "h\u{0}.", "NR.", "NNR.",
        "ctorch\nFloatStorage\n)R.", "ccollections\nOrderedDict\nNR.", "ccollections\nOrderedDict\n(]]tR.",
        "ccollections\nOrderedDict\n(](NetR.", "ccollections\nOrderedDict\n(](]etR.", "]}b.", "}Nb.", "b.", "NQ.",
        ")Q.", "ctorch._utils\n_rebuild_tensor_v2\n)R.", "ctorch._utils\n_rebuild_tensor_v2\n(NNNNNNtR.",
        "ctorch._utils\n_rebuild_parameter\n(NNNtR.", "ctorch\nFloatStorage", "X\u{1}\u{0}\u{0}\u{0}", "K",
    ])
    func `opcodes on values that they do not go with are refused`(opcodes: String) {
        guard case .malformedPickle? = refusal(Array(opcodes.utf8)) else {
            Issue.record("it was read")
            return
        }
    }

    @Test func `text that is not UTF-8, a newer protocol and names that are no strings are refused`() {
        for opcodes in [[0x8C, 1, 0xFF, 0x2E], [0x80, 6], [0x4E, 0x4E, 0x93], [0x95] + PyTorchFixtures.number(9, 8)] {
            guard case .malformedPickle? = refusal(opcodes.map { UInt8($0) }) else {
                Issue.record("it was read: \(opcodes)")
                return
            }
        }
    }

    @Test(arguments: [
        [0x8D] + [UInt8](repeating: 0xFF, count: 8), [0x8B, 0xFF, 0xFF, 0xFF, 0xFF], [0x58, 0xFF, 0xFF, 0, 0],
    ])
    func `sizes beyond the data are refused before memory is taken`(opcodes: [UInt8]) {
        guard case .malformedPickle? = refusal(opcodes) else {
            Issue.record("it was read")
            return
        }
    }

    @Test func `deep and circular structures end without recursion`() throws {
        let deep = try read(PyTorchFixtures.joined("N", .bytes([UInt8](repeating: 0x85, count: 500_000)), "."))
        #expect(deep.containers.count == 500_000)
        let circle = try read(PyTorchFixtures.joined("]q", 0, "h", 0, "a."))
        #expect(circle.items(circle.root, .list) == [circle.root])
    }

    @Test func `a pickle may not have endless opcodes or copy one list again and again`() {
        let limit = PyTorchFile.maximumOperations
        #expect(
            refusal([UInt8](repeating: 0x4E, count: limit + 1))
                == .tooLarge(what: "pickle operations", count: limit + 1, limit: limit))
        let pairs = (0..<1000).flatMap { _ in PyTorchFixtures.joined("NN", 0x86) }
        let list = PyTorchFixtures.joined("](", .bytes(pairs), "e", 0x85, "q", 0)
        let again = (0..<2000).flatMap { _ in PyTorchFixtures.joined("ccollections\nOrderedDict\nh", 0, "R") }
        guard case .tooLarge("pickle operations", _, limit)? = refusal(list + again) else {
            Issue.record("it was read")
            return
        }
    }
}
