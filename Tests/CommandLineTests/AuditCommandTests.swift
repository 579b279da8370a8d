import Foundation
import Testing

/// `reid audit` against a running service, and on its database.
@Suite(.serialized) struct AuditCommandTests {
    let folder: TemporaryFolder
    let service: RunningService

    init() throws {
        folder = try TemporaryFolder()
        try SmallModel.write(to: folder.path("model.safetensors"))
        service = try RunningService(data: folder.path("data"), model: folder.path("model.safetensors"))
    }

    private func audit(_ arguments: String...) throws -> ReidProgram.Outcome {
        try ReidProgram.run(
            ["audit"] + arguments + ["--admin", service.admin, "--token-file", service.tokenFile])
    }

    /// Runs SQL in SQLite's own client.
    private func sqlite(_ sql: String) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Self.client)
        process.arguments = ["-batch", folder.path("data") + "/reid.sqlite", sql]
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
    }

    private static let client = "/usr/bin/sqlite3"
    private static var hasClient: Bool { FileManager.default.isExecutableFile(atPath: client) }

    private func create(_ gallery: String) throws {
        let outcome = try ReidProgram.run(
            ["galleries", "create", gallery, "--admin", service.admin, "--token-file", service.tokenFile])
        try #require(outcome.status == 0, "\(outcome.errors)")
    }

    @Test func `the audit is listed, exported, and in order`() throws {
        try create("lobby")
        try create("hall")
        let list = try audit("list", "--action", "gallery.create", "--gallery", "hall")
        #expect(list.status == 0 && list.output.contains("hall") && !list.output.contains("lobby"))
        let export = try audit("export")
        let lines = try export.output.split(separator: "\n").map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
        #expect(lines.map { $0["action"] as? String } == ["service.start", "gallery.create", "gallery.create"])
        let rest = try audit("export", "--after", "2").output
        #expect(rest.split(separator: "\n").count == 1)

        let last = try #require(lines.last?["digest"] as? String)
        for outcome in [
            try audit("verify"), try audit("verify", "--digest", last),
            try audit("verify", "--data", folder.path("data"), "--digest", last),
        ] {
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(outcome.output.contains("3 rows in order") && outcome.output.contains(last))
        }
        let unknown = try audit("verify", "--digest", String(repeating: "0", count: 64))
        #expect(unknown.status == 1 && unknown.errors.contains("no row of the audit has the digest"))
    }

    @Test(.enabled(if: hasClient))
    func `a changed row is named by its number, over the network and on the disk`() throws {
        for gallery in ["a", "b", "c"] { try create(gallery) }
        try sqlite("DROP TRIGGER audit_keeps_values; UPDATE audit SET target = 'z' WHERE sequence = 3")
        for outcome in [try audit("verify"), try audit("verify", "--data", folder.path("data"))] {
            #expect(outcome.status == 1, "\(outcome.errors)")
            #expect(outcome.errors.contains("row 3 of the audit was changed"), "\(outcome.errors)")
        }
        try sqlite("DROP TRIGGER audit_keeps_rows; DELETE FROM audit WHERE sequence = 2")
        let outcome = try audit("verify")
        #expect(outcome.status == 1 && outcome.errors.contains("row 2 of the audit is missing"), "\(outcome.errors)")
    }

    @Test func `a killed service leaves a chain in order`() throws {
        try create("lobby")
        service.kill()
        let outcome = try audit("verify", "--data", folder.path("data"))
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.contains("rows in order"))
    }
}
