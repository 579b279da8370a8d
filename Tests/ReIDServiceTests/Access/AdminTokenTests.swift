import Foundation
import Testing

@testable import ReIDService

/// The file with the first token.
@Suite struct AdminTokenTests {
    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = NSTemporaryDirectory() + "reid-token-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(folder + "/admin-token")
    }

    private func mode(_ path: String) throws -> Int {
        try #require(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int)
    }

    @Test func `the first start writes a token that only its owner can read`() throws {
        try withFolder { path in
            _ = try AdminToken(path: path)
            #expect(try mode(path) == 0o600)
            let text = try String(contentsOfFile: path, encoding: .utf8)
            #expect(text.count == 65 && text.hasSuffix("\n"))
            _ = try AdminToken(path: path)
            #expect(try String(contentsOfFile: path, encoding: .utf8) == text)
        }
    }

    @Test(arguments: [0o640, 0o604, 0o660, 0o644])
    func `a token that others can read is refused`(mode: Int) throws {
        try withFolder { path in
            _ = try AdminToken(path: path)
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
            #expect(throws: AdminTokenError.readableByOthers(path: path, mode: mode)) { try AdminToken(path: path) }
        }
    }

    @Test(arguments: ["", "short\n", "two lines of\nspaced words here"])
    func `a file that holds no token is refused`(text: String) throws {
        try withFolder { path in
            try text.write(toFile: path, atomically: false, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
            #expect(throws: AdminTokenError.malformed(path: path)) { try AdminToken(path: path) }
        }
    }

    @Test func `a pipe or a folder in its place is refused, and nothing waits`() throws {
        try withFolder { path in
            unsafe mkfifo(path, 0o600)
            try FileManager.default.createDirectory(atPath: path + "-folder", withIntermediateDirectories: false)
            for path in [path, path + "-folder"] {
                #expect(throws: AdminTokenError.malformed(path: path)) { try AdminToken(path: path) }
            }
        }
    }

    @Test func `a symbolic link is not followed`() throws {
        try withFolder { path in
            _ = try AdminToken(path: path)
            try FileManager.default.createSymbolicLink(atPath: path + "-link", withDestinationPath: path)
            #expect(throws: AdminTokenError.self) { try AdminToken(path: path + "-link") }
        }
    }
}
