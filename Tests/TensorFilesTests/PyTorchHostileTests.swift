import Foundation
import Randomness
import Testing

@testable import TensorFiles

@Suite struct PyTorchHostileTests {
    /// Opens a file and reads everything that can be read.
    private func readAll(_ bytes: [UInt8]) throws {
        let path = temporaryPath("hostile.pth")
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        let file = try PyTorchFile(contentsOf: path)
        for name in file.names { _ = try file.floats(name) }
    }

    @Test(arguments: ["small", "small_legacy"])
    func `a file cut anywhere is refused`(name: String) throws {
        let bytes = try PyTorchFixtures.bytes(name)
        for length in bytes.indices {
            #expect(throws: PyTorchError.self, "cut at \(length)") {
                try PyTorchFixtures.open(Array(bytes[..<length]))
            }
        }
    }

    @Test(arguments: ["small", "small_legacy", "no_checksum", "attack"])
    func `a changed byte anywhere gives tensors or an error`(name: String) throws {
        let bytes = try PyTorchFixtures.bytes(name)
        var random = SeededGenerator(seed: 1)
        for position in bytes.indices {
            for _ in 0..<2 {
                var changed = bytes
                changed[position] ^= UInt8.random(in: 1...255, using: &random)
                do { try readAll(changed) } catch is PyTorchError {}
            }
        }
    }

    @Test func `many changed bytes give tensors or an error`() throws {
        let bytes = try PyTorchFixtures.bytes("legacy")
        var random = SeededGenerator(seed: 2)
        for _ in 0..<1000 {
            var changed = bytes
            for _ in 0..<Int.random(in: 2...20, using: &random) {
                changed[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            do { try readAll(changed) } catch is PyTorchError {}
        }
    }

    @Test(arguments: [
        (4, 1, [4], [1]), (4, 5, [1], [1]), (4, -1, [1], [1]), (4, 0, [-1], [1]), (4, 0, [2], [-1]), (4, 0, [2], [4]),
        (4, 0, [5], [0]), (1, 0, [1 << 40], [0]), (4, 0, [1 << 32, 1 << 32], [0, 0]), (4, 0, [2, 2], [2, 2]),
        (4, 0, [2], [.max]), (4, .max, [1], [1]), (4, 4, [], []), (4, 0, [1 << 62, 4, 0], [1, 1, 1]),
    ])
    func `a tensor beyond its storage is refused`(count: Int, offset: Int, shape: [Int], strides: [Int]) throws {
        let dictionary = PyTorchFixtures.stateDict(count: count, offset: offset, shape: shape, strides: strides)
        #expect(
            try PyTorchFixtures.refusal(PyTorchFixtures.legacy(dictionary, storages: [("0", count)]))
                == .outOfRange(tensor: "w", shape: shape, strides: strides, offset: offset, storageElements: count))
    }

    @Test(arguments: [
        (4, 3, [1], [1]), (4, 4, [0], [1]), (4, 0, [0, 1 << 62, 4], [1, 1, 1]), (4, 0, [4], [0]), (4, 1, [], []),
    ])
    func `a tensor within its storage is read`(count: Int, offset: Int, shape: [Int], strides: [Int]) throws {
        let dictionary = PyTorchFixtures.stateDict(count: count, offset: offset, shape: shape, strides: strides)
        try readAll(PyTorchFixtures.legacy(dictionary, storages: [("0", count)]))
    }

    @Test func `storages must have the size that they claim`() throws {
        func refusal(claim: Int, _ storages: [(String, Int)]) throws -> PyTorchError? {
            let dictionary = PyTorchFixtures.stateDict(count: claim, shape: [1], strides: [1])
            return try PyTorchFixtures.refusal(PyTorchFixtures.legacy(dictionary, storages: storages))
        }
        #expect(try refusal(claim: 4, [("0", 4)]) == nil)
        #expect(
            try refusal(claim: 5, [("0", 4)]) == .wrongStorageSize(key: "0", expectedBytes: 20, foundBytes: 16))
        #expect(
            try refusal(claim: .max, [("0", 4)]) == .wrongStorageSize(key: "0", expectedBytes: .max, foundBytes: 0))
        #expect(try refusal(claim: 4, []) == .missingStorage(tensor: "w", key: "0"))
        for (claim, storages) in [
            (3, [("0", 4)]), (-1, [("0", 4)]), (4, [("0", 4), ("1", 4)]), (4, [("0", 4), ("0", 4)]),
        ] {
            guard case .malformedPickle? = try refusal(claim: claim, storages) else {
                Issue.record("\(claim) of \(storages) was read")
                continue
            }
        }
    }

    @Test func `a tensor has at most sixteen axes`() throws {
        let ones = [Int](repeating: 1, count: 17)
        let dictionary = PyTorchFixtures.stateDict(count: 1, shape: ones, strides: ones)
        guard
            case .malformedPickle? = try PyTorchFixtures.refusal(
                PyTorchFixtures.legacy(dictionary, storages: [("0", 1)]))
        else {
            Issue.record("it was read")
            return
        }
    }

    @Test func `a pickled part beyond the limit is refused`() throws {
        // One string that is one byte longer than what is read of the file.
        let head: [UInt8] = PyTorchFixtures.legacyHead + [0x80, 2, 0x58]
        let length = PyTorchFile.maximumPickleBytes - head.count - 4
        let file = head + PyTorchFixtures.number(length, 4) + [UInt8](repeating: 0x61, count: length + 1)
        let limit = PyTorchFile.maximumPickleBytes
        #expect(
            try PyTorchFixtures.refusal(file)
                == .tooLarge(what: "bytes of pickled data", count: limit + 1, limit: limit))
    }
}
