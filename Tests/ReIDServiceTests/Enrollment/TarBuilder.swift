import Foundation

@testable import ReIDService

/// Writes tar archives byte by byte, including broken ones.
struct TarBuilder {
    private(set) var bytes: [UInt8] = []

    /// Appends a member with a right checksum; `claims` is the size in the header, if it differs from the data.
    mutating func add(
        _ name: String, _ data: [UInt8] = [], flag: Character = "0", claims: Int? = nil, magic: String = "ustar\u{0}00",
        prefix: String = ""
    ) {
        var block = [UInt8](repeating: 0, count: 512)
        func put(_ text: String, at offset: Int) {
            block.replaceSubrange(offset..<(offset + text.utf8.count), with: Array(text.utf8))
        }
        put(name, at: 0)
        put("0000644\u{0}0000000\u{0}0000000\u{0}", at: 100)
        let size = String(claims ?? data.count, radix: 8)
        put(String(repeating: "0", count: 11 - size.count) + size + "\u{0}00000000000\u{0}", at: 124)
        put("        ", at: 148)
        put(String(flag), at: 156)
        put(magic, at: 257)
        put(prefix, at: 345)
        let sum = String(block.reduce(0) { $0 + Int($1) }, radix: 8)
        put(String(repeating: "0", count: 6 - sum.count) + sum + "\u{0} ", at: 148)
        bytes += block + data + [UInt8](repeating: 0, count: (512 - data.count % 512) % 512)
    }

    /// Appends a pax header with one record.
    mutating func addPax(_ key: String, _ value: String, global: Bool = false) {
        let body = " \(key)=\(value)\n"
        var length = body.utf8.count + 1
        while "\(length)".utf8.count + body.utf8.count != length { length += 1 }
        add("PaxHeaders/x", Array("\(length)\(body)".utf8), flag: global ? "g" : "x")
    }

    /// The archive with its end marker.
    var finished: [UInt8] { bytes + [UInt8](repeating: 0, count: 1024) }
}

/// A folder that is removed on deinit.
final class ScratchFolder: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "reid-batch-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ name: String, _ bytes: [UInt8]) throws {
        let url = URL(filePath: path).appending(path: name)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: url)
    }

    func read(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(filePath: path).appending(path: name)))
    }

    /// Runs a program in this folder; returns its exit status.
    func run(_ program: String, _ arguments: [String]) throws -> Int32 {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [program] + arguments
        process.currentDirectoryURL = URL(filePath: path)
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus
    }
}

/// All regular files of an archive, by name.
func tarContents(_ bytes: [UInt8]) throws -> [String: [UInt8]] {
    let source = ByteSource.bytes(bytes)
    var reader = TarReader(source)
    var contents: [String: [UInt8]] = [:]
    while let member = try reader.next() { contents[member.name] = try source.read(member.range) }
    return contents
}
