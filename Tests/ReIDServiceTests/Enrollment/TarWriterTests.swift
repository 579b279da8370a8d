import Foundation
import Testing

@testable import ReIDService

@Suite struct TarWriterTests {
    static let names = [
        "a.jpg", String(repeating: "a", count: 100), String(repeating: "b", count: 101),
        String(repeating: "long/", count: 30) + "c.jpg", String(repeating: "longer/", count: 60) + "d.jpg", "ü/e.jpg",
        String(repeating: "f", count: 155) + "/" + String(repeating: "g", count: 100),
    ]

    private func archive(in folder: ScratchFolder) throws -> [String: [UInt8]] {
        var files: [String: [UInt8]] = [:]
        try folder.write("out.tar", [])
        let handle = try FileHandle(forWritingTo: URL(filePath: folder.path + "/out.tar"))
        var writer = TarWriter(to: handle)
        for (index, name) in Self.names.enumerated() {
            files[name] = [UInt8](repeating: UInt8(index), count: index * 511)
            try writer.append(name, files[name] ?? [])
        }
        try writer.finish()
        try handle.close()
        return files
    }

    @Test func `the reader finds what was written`() throws {
        let folder = try ScratchFolder()
        let files = try archive(in: folder)
        #expect(try tarContents(folder.read("out.tar")) == files)
    }

    @Test func `the real tar unpacks what was written`() throws {
        let folder = try ScratchFolder()
        let files = try archive(in: folder)
        try folder.write("unpacked/x", [])
        #expect(try folder.run("tar", ["-xf", "out.tar", "-C", "unpacked"]) == 0)
        for (name, bytes) in files { #expect(try folder.read("unpacked/" + name) == bytes) }
    }

    @Test func `a name that the reader would refuse is not written`() throws {
        let folder = try ScratchFolder()
        try folder.write("out.tar", [])
        var writer = TarWriter(to: try FileHandle(forWritingTo: URL(filePath: folder.path + "/out.tar")))
        #expect(throws: TarWriter.Failure.unsafeName("../a")) { try writer.append("../a", []) }
        #expect(throws: TarWriter.Failure.unsafeName("./")) { try writer.append("./", []) }
    }
}
