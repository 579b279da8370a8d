import Foundation
import Tensors
import Testing

@testable import TensorFiles

@Suite struct PyTorchFileTests {
    static let floats: Set = ["float16", "bfloat16", "float32", "float64"]

    @Test(arguments: [
        "zip", "legacy", "zip_protocol5", "legacy_protocol4", "nested", "nested_legacy", "parameter", "small",
        "small_legacy", "no_checksum",
    ])
    func `every tensor has the shape, type and values that PyTorch gave it`(name: String) throws {
        let file = try PyTorchFile(contentsOf: PyTorchFixtures.path(name))
        let expected = try PyTorchFixtures.expected(name)
        #expect(file.names == expected.keys.sorted())
        for (tensor, wanted) in expected {
            #expect(file.shape(of: tensor) == wanted.shape, "\(tensor)")
            #expect(file.type(of: tensor) == wanted.type, "\(tensor)")
            if Self.floats.contains(wanted.type) {
                #expect(try file.floats(tensor) == Tensor(shape: wanted.shape, elements: wanted.values), "\(tensor)")
            } else {
                #expect(throws: PyTorchError.unsupportedType(name: tensor, type: wanted.type)) {
                    try file.floats(tensor)
                }
            }
        }
    }

    @Test func `a name that is not there is named`() throws {
        let file = try PyTorchFile(contentsOf: PyTorchFixtures.path("small"))
        #expect(file.shape(of: "b") == nil)
        #expect(file.type(of: "b") == nil)
        #expect(throws: PyTorchError.noSuchTensor(name: "b")) { try file.floats("b") }
    }

    @Test(arguments: [
        ("attack", "posix.system"), ("attack_legacy", "posix.system"), ("module", "torch.nn.modules.linear.Linear"),
    ])
    func `a class that no state dict needs is named with its place and not run`(name: String, global: String) throws {
        let bytes = try PyTorchFixtures.bytes(name)
        guard case .forbiddenGlobal(let found, let offset)? = try PyTorchFixtures.refusal(bytes) else {
            Issue.record("it was read")
            return
        }
        #expect(found == global)
        let opcode = Array("c\(global.split(separator: ".").dropLast().joined(separator: "."))\n".utf8)
        #expect(bytes[offset...].starts(with: opcode))
    }

    @Test func `what is no state dict is refused`() throws {
        let path = try PyTorchFixtures.path("list")
        #expect(throws: PyTorchError.noStateDict(found: "a list, tuple or dictionary")) {
            try PyTorchFile(contentsOf: path)
        }
        #expect(
            try PyTorchFixtures.refusal(PyTorchFixtures.legacy(Array("}.".utf8)))
                == .noStateDict(found: "a dictionary without tensors"))
        #expect(
            try PyTorchFixtures.refusal(PyTorchFixtures.legacy(Array("N.".utf8))) == .noStateDict(found: "None"))
    }

    @Test func `other files are recognized as such`() throws {
        #expect(try PyTorchFixtures.refusal([]) == .unknownFormat(firstBytes: []))
        #expect(try PyTorchFixtures.refusal(Array("{}".utf8)) == .unknownFormat(firstBytes: [0x7B, 0x7D]))
        #expect(
            try PyTorchFixtures.refusal([0x80, 2, 0x4E, 0x2E]) == .unknownFormat(firstBytes: [0x80, 2, 0x4E, 0x2E]))
        #expect(throws: PyTorchError.file(.cannotRead(path: "/nonexistent/x", reason: "No such file or directory"))) {
            try PyTorchFile(contentsOf: "/nonexistent/x")
        }
    }

    @Test func `big-endian files are refused in both formats`() throws {
        var archive = try PyTorchFixtures.bytes("no_checksum")
        let order = try #require(archive.firstRange(of: Array("little".utf8)))
        archive.replaceSubrange(order, with: Array("big-en".utf8))
        #expect(try PyTorchFixtures.refusal(archive) == .bigEndian)

        var legacy = try PyTorchFixtures.bytes("small_legacy")
        let key = try #require(legacy.firstRange(of: Array("little_endian".utf8)))
        let value = try #require(legacy[key.upperBound...].firstIndex(of: 0x88))
        legacy[value] = 0x89
        #expect(try PyTorchFixtures.refusal(legacy) == .bigEndian)
    }

    @Test func `damage is found where the archive has checksums`() throws {
        var archive = try PyTorchFixtures.bytes("small")
        let data = try #require(archive.firstRange(of: Array("small/data/0".utf8)))
        let values = try #require(archive[data.upperBound...].firstRange(of: [0, 0, 0, 0xBF]))
        archive[values.lowerBound] = 1
        #expect(try PyTorchFixtures.refusal(archive) == .damagedEntry(name: "small/data/0"))
    }

    @Test func `a double that overflows single precision is named`() throws {
        var file = PyTorchFixtures.legacy(
            PyTorchFixtures.stateDict(count: 2, shape: [2], strides: [1], type: "DoubleStorage"), storages: [("0", 2)])
        file += [UInt8](repeating: 0, count: 8)
        file.replaceSubrange(
            file.count - 8..<file.count, with: PyTorchFixtures.number(Int(bitPattern: UInt((1e39).bitPattern)), 8))
        let opened = temporaryPath("double.pth")
        defer { try? FileManager.default.removeItem(atPath: opened) }
        try Data(file).write(to: URL(fileURLWithPath: opened))
        let checkpoint = try PyTorchFile(contentsOf: opened)
        #expect(throws: PyTorchError.notRepresentable(name: "w", index: 1)) { try checkpoint.floats("w") }
    }

    @Test func `the checksum is the standard one`() {
        let crc = unsafe Array("123456789".utf8).withUnsafeBytes { unsafe PyTorchArchive.checksum($0) }
        #expect(crc == 0xCBF4_3926)
    }
}
