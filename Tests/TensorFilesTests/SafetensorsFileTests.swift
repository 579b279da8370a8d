import Foundation
import Tensors
import Testing

@testable import TensorFiles

/// A unique path in the temporary folder.
func temporaryPath(_ name: String) -> String {
    FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString)-\(name)").path
}

/// A file of `header` and `data` as the format wants it.
func safetensors(_ header: String, data: [UInt8] = [], length: UInt64? = nil) throws -> String {
    let path = temporaryPath("x.safetensors")
    let count = length ?? UInt64(header.utf8.count)
    var bytes = (0..<8).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) }
    bytes += Array(header.utf8) + data
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    return path
}

@Suite struct SafetensorsFileTests {
    static let two = #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#

    /// The error of reading the file, or nil.
    private func refusal(_ path: String) throws -> SafetensorsError? {
        defer { try? FileManager.default.removeItem(atPath: path) }
        do {
            _ = try SafetensorsFile(contentsOf: path)
            return nil
        } catch { return error }
    }

    @Test func `a file gives back what was written`() throws {
        let path = temporaryPath("round.safetensors")
        defer { try? FileManager.default.removeItem(atPath: path) }
        let matrix = Tensor(shape: [2, 3], elements: [0, -1.5, 3.25, 1e-20, -Float.infinity, 65504])
        try SafetensorsWriter.write(
            [
                ("labels", .integers(shape: [2], elements: [-7, .max])), ("matrix", .floats(matrix)),
                ("scalar", .floats(Tensor(shape: [], elements: [4]))), ("empty", .floats(Tensor(zeros: [0, 3]))),
            ], metadata: ["note": "quote \" backslash \\ newline \n snowman ☃"], to: path)
        let file = try SafetensorsFile(contentsOf: path)
        #expect(file.names == ["empty", "labels", "matrix", "scalar"])
        #expect(file.metadata == ["note": "quote \" backslash \\ newline \n snowman ☃"])
        #expect(try file.floats("matrix") == matrix)
        #expect(try file.floats("scalar").elements == [4])
        #expect(try file.floats("empty").shape == [0, 3])
        #expect(try file.integers("labels").elements == [-7, .max])
        #expect(file.shape(of: "matrix") == [2, 3])
        #expect(file.shape(of: "nothing") == nil)
        let size = try #require(FileManager.default.attributesOfItem(atPath: path)[.size] as? Int)
        #expect(file.withBytes { $0.byteCount } == size)
        #expect(throws: SafetensorsError.noSuchTensor(name: "nothing")) { try file.floats("nothing") }
        #expect(throws: SafetensorsError.unsupportedType(name: "labels", type: "I64")) { try file.floats("labels") }
        #expect(throws: SafetensorsError.unsupportedType(name: "matrix", type: "F32")) { try file.integers("matrix") }
    }

    @Test(arguments: [
        (SafetensorsPrecision.float16, [Float(1), 0.3333, -65504, 6e-8], Float(0.5e-3)),
        (.bfloat16, [1, 0.3333, -65504, 3e38], 4e-3),
    ])
    func `half precisions round to the nearest value`(
        precision: SafetensorsPrecision, values: [Float], tolerance: Float
    ) throws {
        let path = temporaryPath("half.safetensors")
        defer { try? FileManager.default.removeItem(atPath: path) }
        try SafetensorsWriter.write(
            [("x", .floats(Tensor(shape: [values.count], elements: values)))], to: path, precision: precision)
        let file = try SafetensorsFile(contentsOf: path)
        #expect(file.type(of: "x") == precision.rawValue)
        for (found, expected) in zip(try file.floats("x").elements, values) {
            #expect(abs(found - expected) <= max(abs(expected) * tolerance, 3e-8))
        }
    }

    @Test func `bfloat16 rounds ties to even`() throws {
        let path = temporaryPath("ties.safetensors")
        defer { try? FileManager.default.removeItem(atPath: path) }
        let halfway = [Float(bitPattern: 0x3f80_8000), Float(bitPattern: 0x3f81_8000)]
        try SafetensorsWriter.write(
            [("x", .floats(Tensor(shape: [2], elements: halfway)))], to: path, precision: .bfloat16)
        let bits = try SafetensorsFile(contentsOf: path).floats("x").elements.map(\.bitPattern)
        #expect(bits == [0x3f80_0000, 0x3f82_0000])
    }

    @Test func `a value beyond half precision is refused and leaves the old file`() throws {
        let path = temporaryPath("range.safetensors")
        defer { try? FileManager.default.removeItem(atPath: path) }
        try SafetensorsWriter.write([("x", .floats(Tensor(shape: [1], elements: [1])))], to: path)
        #expect(throws: SafetensorsError.notRepresentable(name: "x", index: 1)) {
            try SafetensorsWriter.write(
                [("x", .floats(Tensor(shape: [2], elements: [0, 70000])))], to: path, precision: .float16)
        }
        #expect(try SafetensorsFile(contentsOf: path).floats("x").elements == [1])
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        let name = URL(fileURLWithPath: path).lastPathComponent
        let rest = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasPrefix(name) }
        #expect(rest == [name])
    }

    @Test func `equal contents give equal bytes whatever their order`() throws {
        let paths = [temporaryPath("a"), temporaryPath("b")]
        defer { for path in paths { try? FileManager.default.removeItem(atPath: path) } }
        let tensors: [(name: String, value: SafetensorsValue)] = [
            ("b", .floats(Tensor(shape: [1], elements: [1]))), ("a", .integers(shape: [1], elements: [2])),
        ]
        try SafetensorsWriter.write(tensors, metadata: ["x": "1", "y": "2"], to: paths[0])
        try SafetensorsWriter.write(tensors.reversed(), metadata: ["y": "2", "x": "1"], to: paths[1])
        let contents = try paths.map { try Data(contentsOf: URL(fileURLWithPath: $0)) }
        #expect(contents[0] == contents[1])
    }

    @Test func `two tensors of one name cannot be written`() {
        let one = SafetensorsValue.floats(Tensor(zeros: [1]))
        #expect(throws: SafetensorsError.duplicateName("x")) {
            try SafetensorsWriter.write([("x", one), ("x", one)], to: temporaryPath("twice"))
        }
    }

    @Test func `a path that cannot be opened is named`() throws {
        #expect(throws: SafetensorsError.file(.cannotRead(path: "/nonexistent/x", reason: "No such file or directory")))
        {
            try SafetensorsFile(contentsOf: "/nonexistent/x")
        }
        #expect(
            throws: SafetensorsError.file(.cannotWrite(path: "/nonexistent/x", reason: "No such file or directory"))
        ) {
            try SafetensorsWriter.write([], to: "/nonexistent/x")
        }
        #expect(
            throws: SafetensorsError.file(.cannotRead(path: "/tmp", reason: "this is not a regular file but a folder"))
        ) {
            try SafetensorsFile(contentsOf: "/tmp")
        }
    }

    @Test func `a pipe and a device are refused at once instead of waited for`() throws {
        let pipe = temporaryPath("pipe")
        let status = unsafe mkfifo(pipe, 0o600)
        try #require(status == 0)
        defer { try? FileManager.default.removeItem(atPath: pipe) }
        for (path, kind) in [(pipe, "a pipe"), ("/dev/zero", "a device"), ("/dev/null", "a device")] {
            let error = FileError.cannotRead(path: path, reason: "this is not a regular file but \(kind)")
            #expect(throws: SafetensorsError.file(error)) { try SafetensorsFile(contentsOf: path) }
            #expect(throws: error) { try readRegularFile(path) }
        }
    }

    @Test func `a regular file is read whole, or its first bytes`() throws {
        let path = temporaryPath("regular")
        defer { try? FileManager.default.removeItem(atPath: path) }
        let bytes = (0..<5000).map { UInt8(truncatingIfNeeded: $0 * 7) }
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        #expect(try readRegularFile(path) == bytes)
        #expect(try readRegularFile(path, atMost: 9) == Array(bytes.prefix(9)))
        try Data().write(to: URL(fileURLWithPath: path))
        #expect(try readRegularFile(path) == [])
    }

    @Test(arguments: 0..<8)
    func `a file shorter than its length field is refused`(count: Int) throws {
        let path = temporaryPath("short")
        try Data(repeating: 0, count: count).write(to: URL(fileURLWithPath: path))
        #expect(try refusal(path) == .truncatedHeader(expectedBytes: 8, foundBytes: count))
    }

    @Test func `a header longer than the file or the limit is refused`() throws {
        #expect(
            try refusal(safetensors("{}", length: 3)) == .truncatedHeader(expectedBytes: 11, foundBytes: 10))
        #expect(
            try refusal(safetensors("{}", length: .max)) == .headerTooLarge(bytes: .max, limit: 100_000_000))
    }

    @Test(arguments: [
        "root:x:0:0:root:/root:/bin/bash\n", "# A title\n\nA page of text.\n", "PK\u{3}\u{4}\u{14}\0\0\0\u{8}\0",
    ])
    func `a file of another kind is not said to have a header`(content: String) throws {
        let path = temporaryPath("other")
        try Data(content.utf8).write(to: URL(fileURLWithPath: path))
        #expect(try refusal(path) == .notSafetensors)
    }

    @Test(arguments: 0..<8)
    func `a truncated tensor is named with its shape`(count: Int) throws {
        #expect(
            try refusal(safetensors(Self.two, data: Array(repeating: 0, count: count)))
                == .truncated(name: "a", shape: [2], expectedBytes: 8, availableBytes: count))
    }

    @Test func `offsets must cover the data exactly`() throws {
        func file(_ first: String, _ second: String, bytes: Int) throws -> SafetensorsError? {
            let header =
                #"{"a":{"dtype":"F32","shape":[1],"data_offsets":\#(first)},"b":{"dtype":"I64","shape":[1],"data_offsets":\#(second)}}"#
            return try refusal(safetensors(header, data: Array(repeating: 0, count: bytes)))
        }
        #expect(try file("[0,4]", "[4,12]", bytes: 12) == nil)
        #expect(try file("[8,12]", "[0,8]", bytes: 12) == nil)
        #expect(try file("[0,4]", "[4,12]", bytes: 13) == .trailingBytes(count: 1))
        #expect(try file("[0,4]", "[3,11]", bytes: 11) == .misplaced(name: "b", begin: 3, expectedBegin: 4))
        #expect(try file("[0,4]", "[5,13]", bytes: 13) == .misplaced(name: "b", begin: 5, expectedBegin: 4))
        #expect(
            try file("[0,4]", "[4,11]", bytes: 11)
                == .wrongSize(name: "b", shape: [1], expectedBytes: 8, foundBytes: 7))
        #expect(try file("[4,0]", "[4,12]", bytes: 12) == .misplaced(name: "a", begin: 4, expectedBegin: 0))
    }

    @Test func `a shape whose size overflows is refused`() throws {
        let header = #"{"a":{"dtype":"F32","shape":[4294967296,4294967296,4],"data_offsets":[0,8]}}"#
        guard case .wrongSize(name: "a", _, _, foundBytes: 8)? = try refusal(safetensors(header)) else {
            Issue.record("it was read")
            return
        }
    }

    @Test(arguments: [
        "", "[]", "null", "{", #"{"a""#, #"{"a":}"#, #"{"a":{}}"#, #"{"a":1}"#, "{}x", #"{"a":{"dtype":"F32"}}"#,
        #"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,0]}}"#,
        #"{"a":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}}"#,
        #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}"#,
        #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}"#,
        #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,99999999999999999999]}}"#,
        #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"more":1}}"#,
        #"{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
        #"{"__metadata__":{"a":1}}"#, #"{"__metadata__":"a"}"#, #"{"a\x":{}}"#, #"{"a\ud800":{}}"#, "{\"a\n\":{}}",
        #"{,}"#, #"{"__metadata__":{},}"#,
    ])
    func `a header that is not the prescribed JSON is refused`(header: String) throws {
        guard case .malformedHeader? = try refusal(safetensors(header, data: [0, 0, 0, 0])) else {
            Issue.record("it was read: \(header)")
            return
        }
    }

    @Test func `unknown types, doubled names and bad names are named`() throws {
        let entry = #"{"dtype":"F32","shape":[0],"data_offsets":[0,0]}"#
        #expect(try refusal(safetensors(#"{"a":\#(entry),"a":\#(entry)}"#)) == .duplicateName("a"))
        #expect(try refusal(safetensors(#"{"":\#(entry)}"#)) == .invalidName(""))
        #expect(try refusal(safetensors(#"{"a\n":\#(entry)}"#)) == .invalidName("a\n"))
        #expect(
            try refusal(safetensors(#"{"a":{"dtype":"F31","shape":[0],"data_offsets":[0,0]}}"#))
                == .unknownType(name: "a", type: "F31"))
    }

    @Test func `escapes and spaces are understood`() throws {
        let path = try safetensors(
            #"{ "\u0061\ud83d\ude00\/" : { "shape" : [ ] , "dtype" : "F32" , "data_offsets" : [ 0 , 4 ] } }   "#,
            data: [0, 0, 128, 63])
        defer { try? FileManager.default.removeItem(atPath: path) }
        let file = try SafetensorsFile(contentsOf: path)
        #expect(file.names == ["a😀/"])
        #expect(try file.floats("a😀/").elements == [1])
    }

    @Test func `thirty-two bit integers and unaligned data are read`() throws {
        let path = try safetensors(
            #"{"b":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"i":{"dtype":"I32","shape":[2],"data_offsets":[1,9]},"h":{"dtype":"F16","shape":[1],"data_offsets":[9,11]}}"#,
            data: [9, 255, 255, 255, 255, 2, 0, 0, 0, 0, 0x3c])
        defer { try? FileManager.default.removeItem(atPath: path) }
        let file = try SafetensorsFile(contentsOf: path)
        #expect(try file.integers("i").elements == [-1, 2])
        #expect(try file.floats("h").elements == [1])
        #expect(throws: SafetensorsError.unsupportedType(name: "b", type: "U8")) { try file.floats("b") }
    }
}
