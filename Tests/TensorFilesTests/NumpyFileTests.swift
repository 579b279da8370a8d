import Foundation
import TensorFiles
import Testing

@Suite struct NumpyFileTests {
    static let plain = "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }"
    static let values: [Float] = [1, -2.5, 3e-5, .infinity, 0, 7]

    /// A file in NumPy's layout: magic, version, header padded with spaces, data.
    func file(_ header: String, version: UInt8 = 1, data: [UInt8]) -> [UInt8] {
        let text = Array(header.utf8) + Array(repeating: 0x20, count: 20) + [0x0a]
        let length = (0..<(version == 1 ? 2 : 4)).map { UInt8(truncatingIfNeeded: text.count >> ($0 * 8)) }
        return [0x93] + "NUMPY".utf8 + [version, 0] + length + text + data
    }

    func bytes(_ values: [Float]) -> [UInt8] {
        values.flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> ($0 * 8)) } }
    }

    func bytes(doubles values: [Double]) -> [UInt8] {
        values.flatMap { value in (0..<8).map { UInt8(truncatingIfNeeded: value.bitPattern >> ($0 * 8)) } }
    }

    func withFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        return try body(folder)
    }

    func read(_ bytes: [UInt8]) throws -> NumpyArray {
        try withFolder { folder in
            let url = folder.appendingPathComponent("array.npy")
            try Data(bytes).write(to: url)
            return try NumpyArray(contentsOf: url.path)
        }
    }

    @Test(arguments: [UInt8(1), 2, 3])
    func `every version of the format is read`(version: UInt8) throws {
        let array = try read(file(Self.plain, version: version, data: bytes(Self.values)))
        #expect(array == NumpyArray(shape: [3, 2], elements: Self.values))
    }

    @Test(arguments: [
        "{'fortran_order': False, 'shape': (3, 2), 'descr': '<f4'}",
        "{\"descr\": \"<f4\",\"fortran_order\":False,\"shape\":(3,2)}",
        "{ 'descr' : '<f4' , 'fortran_order' : False , 'shape' : ( 3 , 2 , ) , }",
    ])
    func `a header may be written in several ways`(header: String) throws {
        #expect(try read(file(header, data: bytes(Self.values))).shape == [3, 2])
    }

    @Test func `float64 values become the nearest float32 ones`() throws {
        let header = Self.plain.replacingOccurrences(of: "f4", with: "f8")
        let array = try read(file(header, data: bytes(doubles: [0.1, -2, .infinity, 1e-60, 3, 4])))
        #expect(array.elements == [0.1, -2, .infinity, 0, 3, 4])
        #expect(throws: NumpyError.notRepresentable(index: 4)) {
            try read(file(header, data: bytes(doubles: [0, 0, 0, 0, -1e39, 0])))
        }
    }

    @Test func `Fortran order is turned into row-major order`() throws {
        let two = file(
            "{'descr': '<f4', 'fortran_order': True, 'shape': (3, 2), }", data: bytes([1, 2, 3, 4, 5, 6]))
        #expect(try read(two) == NumpyArray(shape: [3, 2], elements: [1, 4, 2, 5, 3, 6]))
        // numpy.asfortranarray(numpy.arange(24).reshape(2, 3, 4)), as NumPy 2.4 writes it.
        let stored: [Float] = [
            0, 12, 4, 16, 8, 20, 1, 13, 5, 17, 9, 21, 2, 14, 6, 18, 10, 22, 3, 15, 7, 19, 11, 23,
        ]
        let three = file("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3, 4), }", data: bytes(stored))
        #expect(try read(three) == NumpyArray(shape: [2, 3, 4], elements: (0..<24).map(Float.init)))
    }

    @Test(arguments: [("()", 1, []), ("(5,)", 5, [5]), ("(0, 7)", 0, [0, 7]), ("(2, 1, 3)", 6, [2, 1, 3])])
    func `any number of dimensions is read`(tuple: String, count: Int, shape: [Int]) throws {
        let header = "{'descr': '<f4', 'fortran_order': False, 'shape': \(tuple), }"
        let array = try read(file(header, data: bytes(Array(repeating: 2, count: count))))
        #expect(array.shape == shape)
        #expect(array.elements == Array(repeating: 2, count: count))
    }

    @Test(arguments: [true, false])
    func `a shape with a zero among huge sizes is empty`(isFortranOrder: Bool) throws {
        let order = isFortranOrder ? "True" : "False"
        let tuple = "(9223372036854775807, 9223372036854775807, 0)"
        let array = try read(file("{'descr': '<f4', 'fortran_order': \(order), 'shape': \(tuple), }", data: []))
        #expect(array.shape == [.max, .max, 0])
        #expect(array.elements.isEmpty)
    }

    @Test func `every proper prefix of a file is refused`() throws {
        let whole = file(Self.plain, data: bytes(Self.values))
        for length in 0..<whole.count {
            #expect(throws: NumpyError.self) { try read(Array(whole.prefix(length))) }
        }
    }

    @Test func `bytes behind the data are refused`() {
        #expect(throws: NumpyError.wrongSize(shape: [3, 2], expectedBytes: 24, foundBytes: 25)) {
            try read(file(Self.plain, data: bytes(Self.values) + [0]))
        }
    }

    @Test(arguments: ["(9223372036854775807, 9)", "(4294967296, 4294967296)", "(1000000000000, 1)", "(1, 1)"])
    func `a shape that the data do not fill is refused before anything is allocated`(tuple: String) {
        let header = "{'descr': '<f4', 'fortran_order': False, 'shape': \(tuple), }"
        let error = #expect(throws: NumpyError.self) { try read(file(header, data: bytes(Self.values))) }
        guard case .wrongSize(_, _, 24) = error else { return #expect(Bool(false), "\(String(describing: error))") }
    }

    @Test(arguments: [
        "", "{", "{}", "[]", "{'descr': '<f4', 'fortran_order': False}",
        "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), 'more': 1}",
        "{'descr': '<f4', 'fortran_order': 0, 'shape': (3, 2), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (6), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-6,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': [3, 2], }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), } x",
        "{'descr': '<f4, 'fortran_order': False, 'shape': (3, 2), }",
        "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (3, 2), }",
    ])
    func `a header that is not the prescribed dictionary is refused`(header: String) {
        let error = #expect(throws: NumpyError.self) { try read(file(header, data: bytes(Self.values))) }
        guard case .malformedHeader = error else { return #expect(Bool(false), "\(String(describing: error))") }
    }

    @Test(arguments: [">f4", "<f2", "<i4", "|u1", "|O", "<c8"])
    func `other element types are refused by name`(type: String) {
        let header = Self.plain.replacingOccurrences(of: "<f4", with: type)
        #expect(throws: NumpyError.unsupportedType(type)) { try read(file(header, data: bytes(Self.values))) }
    }

    @Test func `what is no such file is refused`() {
        #expect(throws: NumpyError.notNumpy) { try read(Array("PK\u{3}\u{4} not an array".utf8)) }
        #expect(throws: NumpyError.unsupportedVersion(major: 4, minor: 0)) {
            try read(file(Self.plain, version: 4, data: []))
        }
        let huge: [UInt8] = [0x93] + "NUMPY".utf8 + [2, 0, 0xff, 0xff, 0xff, 0xff]
        #expect(throws: NumpyError.wrongHeaderSize(bytes: 0xffff_ffff, limit: NumpyArray.maximumHeaderBytes)) {
            try read(huge)
        }
        let error = #expect(throws: NumpyError.self) { try NumpyArray(contentsOf: "/nonexistent/array.npy") }
        guard case .file(.cannotRead("/nonexistent/array.npy", _)) = error else { return #expect(Bool(false)) }
    }

    @Test(arguments: [[], [0], [7], [3, 5], [2, 3, 4]])
    func `what is written is read back and begins its data at a multiple of 64`(shape: [Int]) throws {
        let count = shape.reduce(1, *)
        let array = NumpyArray(shape: shape, elements: (0..<count).map { Float($0) / 3 })
        try withFolder { folder in
            let url = folder.appendingPathComponent("array.npy")
            try Data("old".utf8).write(to: url)
            try array.write(to: url.path)
            #expect(try NumpyArray(contentsOf: url.path) == array)
            #expect((try Data(contentsOf: url).count - count * 4).isMultiple(of: 64))
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["array.npy"])
        }
    }

    @Test func `a folder that is not there cannot be written to`() {
        let array = NumpyArray(shape: [1], elements: [1])
        let error = #expect(throws: NumpyError.self) { try array.write(to: "/nonexistent/array.npy") }
        guard case .file(.cannotWrite("/nonexistent/array.npy", _)) = error else { return #expect(Bool(false)) }
    }
}
