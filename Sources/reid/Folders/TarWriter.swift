internal import Foundation
internal import ReIDService

/// Writes a ustar archive to a file, with one member in memory at a time.
struct TarWriter {
    /// Why a member cannot be written.
    enum Failure: Error, Sendable, Equatable {
        /// The name is absolute, has "..", is empty or is longer than the limit.
        case unsafeName(String)
    }

    /// The bytes of a header; data is padded to a multiple of this.
    private static let blockBytes = 512

    private let file: FileHandle

    /// Writes to `file` at its current position; the caller closes it.
    init(to file: FileHandle) { self.file = file }

    /// Appends a regular file; a name that a ustar header cannot hold goes into a pax header.
    mutating func append(_ name: String, _ bytes: [UInt8]) throws {
        guard let clean = memberName(Array(name.utf8)), !clean.isEmpty else { throw Failure.unsafeName(name) }
        let path = Array(clean.utf8)
        if let (prefix, rest) = Self.split(path) {
            try write(Self.header(name: rest, prefix: prefix, size: bytes.count, flag: "0"), bytes)
        } else {
            let record = Self.paxRecord("path", path)
            try write(Self.header(name: Array("pax".utf8), prefix: [], size: record.count, flag: "x"), record)
            try write(Self.header(name: Array(path.prefix(100)), prefix: [], size: bytes.count, flag: "0"), bytes)
        }
    }

    /// Writes the end marker: two blocks of zeros.
    mutating func finish() throws { try file.write(contentsOf: Data(count: 2 * Self.blockBytes)) }

    private func write(_ header: [UInt8], _ data: [UInt8]) throws {
        try file.write(contentsOf: Data(header))
        try file.write(contentsOf: Data(data))
        let padding = (Self.blockBytes - data.count % Self.blockBytes) % Self.blockBytes
        if padding > 0 { try file.write(contentsOf: Data(count: padding)) }
    }

    /// The path as prefix and name of a ustar header, or nil if it does not fit.
    private static func split(_ path: [UInt8]) -> (prefix: [UInt8], name: [UInt8])? {
        if path.count <= 100 { return ([], path) }
        for (index, byte) in path.enumerated()
        where byte == 0x2F && index <= 155 && 1...100 ~= path.count - index - 1 {
            return (Array(path[..<index]), Array(path[(index + 1)...]))
        }
        return nil
    }

    /// A pax record, whose length counts its own digits.
    private static func paxRecord(_ key: String, _ value: [UInt8]) -> [UInt8] {
        let body = Array(" \(key)=".utf8) + value + [0x0A]
        var length = body.count
        while String(length).utf8.count + body.count != length { length = String(length).utf8.count + body.count }
        return Array(String(length).utf8) + body
    }

    private static func header(name: [UInt8], prefix: [UInt8], size: Int, flag: Character) -> [UInt8] {
        var block = [UInt8](repeating: 0, count: Self.blockBytes)
        func put(_ bytes: [UInt8], at offset: Int) {
            block.replaceSubrange(offset..<(offset + bytes.count), with: bytes)
        }
        func octal(_ value: Int, digits: Int) -> [UInt8] {
            let text = String(value, radix: 8)
            return Array((String(repeating: "0", count: max(0, digits - text.count)) + text).utf8)
        }
        precondition(size < 1 << 33, "a ustar member has less than 8 GiB, not \(size) bytes")
        put(name, at: 0)
        put(octal(0o644, digits: 7), at: 100)
        put(octal(0, digits: 7), at: 108)
        put(octal(0, digits: 7), at: 116)
        put(octal(size, digits: 11), at: 124)
        put(octal(0, digits: 11), at: 136)
        put(Array(repeating: 0x20, count: 8), at: 148)
        put(Array(String(flag).utf8), at: 156)
        put(Array("ustar\u{0}00".utf8), at: 257)
        put(prefix, at: 345)
        put(octal(block.reduce(0) { $0 + Int($1) }, digits: 6) + [0, 0x20], at: 148)
        return block
    }
}
