import Foundation
import Testing

@testable import ReIDService
@testable import reid

@Suite struct TarWriterTests {
    static let names = [
        "a.jpg", String(repeating: "a", count: 100), String(repeating: "b", count: 101),
        String(repeating: "long/", count: 30) + "c.jpg", String(repeating: "longer/", count: 60) + "d.jpg", "ü/e.jpg",
        String(repeating: "f", count: 155) + "/" + String(repeating: "g", count: 100),
    ]

    private func archive(in folder: TemporaryFolder) throws -> [String: [UInt8]] {
        var files: [String: [UInt8]] = [:]
        let handle = try emptyFile("out.tar", in: folder)
        var writer = TarWriter(to: handle)
        for (index, name) in Self.names.enumerated() {
            files[name] = [UInt8](repeating: UInt8(index), count: index * 511)
            try writer.append(name, files[name] ?? [])
        }
        try writer.finish()
        try handle.close()
        return files
    }

    private func emptyFile(_ name: String, in folder: TemporaryFolder) throws -> FileHandle {
        let url = folder.url.appendingPathComponent(name)
        try Data().write(to: url)
        return try FileHandle(forWritingTo: url)
    }

    private func bytes(_ name: String, in folder: TemporaryFolder) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: folder.url.appendingPathComponent(name)))
    }

    @Test func `the service's reader finds what was written`() throws {
        let folder = try TemporaryFolder()
        let files = try archive(in: folder)
        let source = ByteSource.bytes(try bytes("out.tar", in: folder))
        var reader = TarReader(source)
        var found: [String: [UInt8]] = [:]
        while let member = try reader.next() { found[member.name] = try source.read(member.range) }
        #expect(found == files)
    }

    @Test func `the real tar unpacks what was written`() throws {
        let folder = try TemporaryFolder()
        let files = try archive(in: folder)
        let tar = try ReidProgram.run(
            "tar", "-xf", folder.path("out.tar"), "-C", folder.path(""), program: URL(fileURLWithPath: "/usr/bin/env"))
        #expect(tar.status == 0)
        for (name, expected) in files { #expect(try bytes(name, in: folder) == expected) }
    }

    @Test func `a name that the reader would refuse is not written`() throws {
        let folder = try TemporaryFolder()
        var writer = TarWriter(to: try emptyFile("out.tar", in: folder))
        #expect(throws: TarWriter.Failure.unsafeName("../a")) { try writer.append("../a", []) }
        #expect(throws: TarWriter.Failure.unsafeName("./")) { try writer.append("./", []) }
    }
}
