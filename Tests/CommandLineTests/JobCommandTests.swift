import Foundation
import Imaging
import Testing

/// Backups, their restoration and the other jobs, from the command line.
@Suite(.serialized) struct JobCommandTests {
    let clients: ClientTests

    init() throws { clients = try ClientTests() }

    /// The results of a search in a gallery of a service.
    private func results(_ service: RunningService) throws -> NSArray {
        let found = try clients.object(
            try ReidProgram.run(
                "search", clients.folder.path("images/1.png"), "--gallery", "lobby", "--limit", "20", "--json",
                "--query", service.query))
        return try #require(found["results"] as? NSArray)
    }

    @Test func `a backup while a batch enrolls is restored elsewhere, and answers the same rankings`() throws {
        try clients.enroll(12)
        let before = try results(clients.service)
        #expect(before.count == 12)
        let more = try clients.admin(
            "enroll", clients.draw(200), "--gallery", "yard", "--create", "--no-wait", "--json")
        let batch = try #require(try clients.object(more)["id"] as? String)
        let backup = clients.folder.path("data/backups/a.sqlite")
        let made = try clients.object(try clients.admin("backup", backup, "--json"))
        #expect(made["state"] as? String == "completed" && made["kind"] as? String == "backup")
        let result = try #require(made["result"] as? [String: Any])
        #expect(result["path"] as? String == backup && result["galleries"] as? Int == 2)
        let again = try clients.admin("backup", backup)
        #expect(again.status == 1 && again.errors.contains("already"), "\(again.errors)")
        let elsewhere = try clients.admin("backup", clients.folder.path("a.sqlite"))
        #expect(elsewhere.status == 1 && elsewhere.errors.contains("data/backups"), "\(elsewhere.errors)")

        let id = try #require(made["id"] as? String)
        let shown = try clients.admin("jobs", "show", id)
        #expect(shown.output.contains(backup) && shown.output.contains("completed"))
        let waited = try clients.admin("jobs", "wait", batch)
        #expect(waited.status == 0 && waited.output.contains("enrollment"), "\(waited.errors)")
        let listed = try clients.items(try clients.admin("jobs", "list", "--json"))
        #expect(listed.map { $0["kind"] as? String } == ["backup", "enrollment", "enrollment"])
        #expect(try clients.items(try clients.admin("jobs", "list", "--kind", "backup", "--json")).count == 1)
        #expect(try clients.admin("jobs", "cancel", id).status == 1)

        let restored = clients.folder.path("restored")
        let outcome = try ReidProgram.run("restore", backup, "--data", restored)
        #expect(outcome.status == 0 && outcome.output.contains("galleries"), "\(outcome.errors)")
        let service = try RunningService(data: restored, model: clients.folder.path("model.safetensors"))
        #expect(try results(service) == before)
        let held = try ReidProgram.run("restore", backup, "--data", restored, "--force")
        #expect(held.status == 1 && held.errors.contains("a service runs on"), "\(held.errors)")
        #expect(service.terminate() == 0)
        let kept = try ReidProgram.run("restore", backup, "--data", restored)
        #expect(kept.status == 1 && kept.errors.contains("--force"), "\(kept.errors)")
        let forced = try ReidProgram.run("restore", backup, "--data", restored, "--force")
        #expect(forced.status == 0 && forced.output.contains("reid.sqlite.replaced-"), "\(forced.errors)")
        let missing = try ReidProgram.run("restore", backup + "x", "--data", restored)
        #expect(missing.status == 1 && missing.errors.contains("no such file"))
    }

    @Test func `a compaction is waited for, or not`() throws {
        let waited = try clients.admin("compact")
        #expect(waited.status == 0 && waited.output.contains("bytes_after"), "\(waited.errors)")
        let accepted = try clients.object(try clients.admin("compact", "--no-wait", "--json"))
        let id = try #require(accepted["id"] as? String)
        #expect(try clients.admin("jobs", "wait", id, "--json").status == 0)
    }
}
