import Foundation
import TensorFiles
import Testing

/// Files that `Fixtures/make_matlab_fixtures.py` wrote with SciPy.
@Suite struct MATLABFileTests {
    struct Expected: Decodable {
        struct Numbers: Decodable {
            let shape: [Int]
            let elements: [Double]
        }
        let numbers: [String: Numbers]
        let texts: [String: [String]]
        let files: [String]

        static func load() throws -> Expected {
            try JSONDecoder().decode(Self.self, from: Data(contentsOf: url("expected", "json")))
        }
    }

    static func url(_ name: String, _ type: String = "mat") throws -> URL {
        try #require(Bundle.module.url(forResource: name, withExtension: type, subdirectory: "Fixtures/matlab"))
    }

    static func bytes(_ name: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: url(name))) }

    @Test(arguments: ["plain", "compressed"])
    func `variables are those that were saved`(name: String) throws {
        let file = try MATLABFile(contentsOf: Self.url(name).path)
        let expected = try Expected.load()
        for (name, numbers) in expected.numbers {
            #expect(
                file.variables[name] == .numbers(shape: numbers.shape, elements: numbers.elements), "\(name)")
        }
        for (name, rows) in expected.texts { #expect(file.variables[name] == .text(rows: rows), "\(name)") }
        #expect(
            file.variables["filelist"]
                == .cells(shape: [7, 1], elements: expected.files.map { .text(rows: [$0]) }))
        let deep = MATLABValue.cells(shape: [1, 1], elements: [.text(rows: ["deep"])])
        #expect(
            file.variables["mixed"]
                == .cells(
                    shape: [2, 2],
                    elements: [
                        .text(rows: ["a"]), deep, .numbers(shape: [1, 2], elements: [1, 2]),
                        .numbers(shape: [0, 0], elements: []),
                    ]))
        #expect(file.variables["structure"] == .unsupported(kind: "class 2"))
        #expect(file.variables["complex"] == .unsupported(kind: "complex numbers"))
        #expect(file.variables.count == expected.numbers.count + expected.texts.count + 4)
    }

    @Test func `numbers may have their highest byte first`() throws {
        func tag(_ type: UInt8, _ count: UInt8) -> [UInt8] { [0, 0, 0, type, 0, 0, 0, count] }
        let flags = tag(6, 8) + [0, 0, 0, 6, 0, 0, 0, 0]
        let shape = tag(5, 8) + [0, 0, 0, 1, 0, 0, 0, 2]
        let name: [UInt8] = [0, 1, 0, 1, UInt8(ascii: "x"), 0, 0, 0]
        let values: [UInt8] = [0, 4, 0, 3, 0x01, 0x02, 0xFF, 0xFE]
        let array = flags + shape + name + values
        let head = [UInt8](repeating: 0x20, count: 124) + [1, 0, 0x4D, 0x49]
        let file = try MATLABFile(decoding: head + tag(14, UInt8(array.count)) + array)
        #expect(file.variables == ["x": .numbers(shape: [1, 2], elements: [258, -2])])
    }

    @Test func `other files are refused as what they are`() throws {
        var hdf = Array("MATLAB 7.3 MAT-file, Platform: GLNXA64".utf8)
        hdf += [UInt8](repeating: 0x20, count: 512 - hdf.count)
        #expect(throws: MATLABError.version73) { try MATLABFile(decoding: hdf) }
        #expect(throws: MATLABError.notMATLAB) { try MATLABFile(decoding: Array("no".utf8)) }
        #expect(throws: MATLABError.notMATLAB) { try MATLABFile(decoding: [UInt8](repeating: 0, count: 200)) }
        #expect(throws: MATLABError.self) { try MATLABFile(contentsOf: "/nowhere/x.mat") }
    }

    /// A file that is cut at the end of a variable has fewer variables; cut anywhere else it is malformed, and it never
    /// crashes the reader.
    @Test(arguments: ["plain", "compressed"])
    func `a file that is cut is refused or has fewer variables`(name: String) throws {
        let bytes = try Self.bytes(name)
        let whole = try MATLABFile(decoding: bytes).variables
        for length in 128..<bytes.count {
            guard let cut = try? MATLABFile(decoding: Array(bytes.prefix(length))) else { continue }
            #expect(cut.variables.count < whole.count)
            #expect(cut.variables.allSatisfy { whole[$0.key] == $0.value })
        }
    }

    @Test(arguments: ["plain", "compressed"])
    func `any damaged byte is refused or read, never a crash`(name: String) throws {
        let bytes = try Self.bytes(name)
        for place in stride(from: 124, to: bytes.count, by: name == "plain" ? 1 : 3) {
            for change in [0x01, 0x80, 0xFF] as [UInt8] {
                var damaged = bytes
                damaged[place] ^= change
                _ = try? MATLABFile(decoding: damaged)
            }
        }
    }

    @Test func `a compressed element that is damaged is told from one that is malformed`() throws {
        var bytes = try Self.bytes("compressed")
        bytes[128 + 8 + 12] ^= 0x55
        #expect(throws: MATLABError.damagedCompression(offset: 128)) { try MATLABFile(decoding: bytes) }
    }
}
