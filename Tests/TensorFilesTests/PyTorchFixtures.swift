import Foundation
import TensorFiles
import Testing

/// Checkpoints that `Fixtures/make_pytorch_fixtures.py` wrote with PyTorch, and others around hand-written pickles.
enum PyTorchFixtures {
    /// A tensor as PyTorch reported it.
    struct Expected: Decodable {
        let shape: [Int]
        let type: String
        let values: [Float]
    }

    static func path(_ name: String) throws -> String {
        try #require(Bundle.module.url(forResource: name, withExtension: "pth", subdirectory: "Fixtures/pytorch")).path
    }

    static func bytes(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(fileURLWithPath: path(name))))
    }

    static func expected(_ name: String) throws -> [String: Expected] {
        let url = Bundle.module.url(forResource: "expected", withExtension: "json", subdirectory: "Fixtures/pytorch")
        let all = try JSONDecoder().decode([String: [String: Expected]].self, from: Data(contentsOf: #require(url)))
        return try #require(all[name])
    }

    /// Opens a file of these bytes.
    static func open(_ bytes: [UInt8]) throws -> PyTorchFile {
        let path = temporaryPath("checkpoint.pth")
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        return try PyTorchFile(contentsOf: path)
    }

    /// The error of opening a file with these bytes, or nil.
    static func refusal(_ bytes: [UInt8]) throws -> PyTorchError? {
        do {
            _ = try open(bytes)
            return nil
        } catch let error as PyTorchError { return error }
    }

    /// Bytes before the object's pickle in a file of the legacy format.
    static let legacyHead = joined(
        0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, ".",  // the magic number
        0x80, 2, "M", 0xE9, 3, ".",  // version 1001
        0x80, 2, "}", .bytes(text("little_endian")), 0x88, "s.")

    /// A file of the legacy format whose object has this pickle, and that has float storages of these sizes.
    static func legacy(_ object: [UInt8], storages: [(key: String, count: Int)] = []) -> [UInt8] {
        let keys = storages.flatMap { text($0.key) }
        var bytes = joined(.bytes(legacyHead), .bytes(object), 0x80, 2, "](", .bytes(keys), "e.")
        for storage in storages {
            bytes += number(storage.count, 8) + [UInt8](repeating: 0, count: 4 * storage.count)
        }
        return bytes
    }

    static func number(_ value: Int, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    /// The opcode of a string.
    static func text(_ text: String) -> [UInt8] { "X".utf8 + number(text.utf8.count, 4) + text.utf8 }

    /// The opcode of an integer of 64 bits.
    static func integer(_ value: Int) -> [UInt8] { [0x8A, 8] + number(value, 8) }

    /// The opcodes of a state dict with a tensor "w" in a storage of `count` floats.
    static func stateDict(
        count: Int, offset: Int = 0, shape: [Int], strides: [Int], type: String = "FloatStorage"
    ) -> [UInt8] {
        func tuple(_ values: [Int]) -> Piece { .bytes(joined("(", .bytes(values.flatMap(integer)), "t")) }
        let storage = joined(
            "(", .bytes(text("storage")), "ctorch\n", .bytes(Array(type.utf8)), "\n", .bytes(text("0")),
            .bytes(text("cpu")), .bytes(integer(count)), "tQ")
        return joined(
            0x80, 2, "}", .bytes(text("w")), "ctorch._utils\n_rebuild_tensor_v2\n(", .bytes(storage),
            .bytes(integer(offset)), tuple(shape), tuple(strides), 0x89, "}tRs.")
    }

    /// A part of a file: a literal string's bytes, one literal byte, or bytes.
    enum Piece: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
        case bytes([UInt8])

        init(stringLiteral text: String) { self = .bytes(Array(text.utf8)) }
        init(integerLiteral byte: UInt8) { self = .bytes([byte]) }
    }

    static func joined(_ pieces: Piece...) -> [UInt8] {
        pieces.flatMap { piece in
            switch piece {
            case .bytes(let bytes): bytes
            }
        }
    }
}
