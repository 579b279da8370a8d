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

    @Test func `a gallery is calibrated with a report, or told how many people are missing`() throws {
        try clients.enroll(12)
        let few = try clients.admin("calibrate", "lobby")
        #expect(few.status == 1 && few.output.isEmpty)
        #expect(few.errors.hasPrefix("reid: Too few labeled images: ") && few.errors.contains("44 more are needed"))
        let model = try clients.object(try clients.query(["galleries", "show", "lobby", "--json"]))["model"] as? String
        let shown = try clients.object(
            try ReidProgram.run("model", "show", clients.folder.path("model.safetensors"), "--json"))
        let dimensions = try #require(shown["dimensions"] as? Int)
        var lines = ""
        for number in 0..<120 {
            // Both images of a person are alike.
            let vector = (0..<dimensions).map { "\(($0 + 1) * (number / 2 + 3) * 31 % 251 - 125 + $0 * number % 40)" }
            lines +=
                #"{"model": "\#(try #require(model))", "person_id": "q\#(number / 2)", "camera_id": "d\#(number % 2)", "#
                + #""embedding": [\#(vector.joined(separator: ", "))]}"# + "\n"
        }
        try Data(lines.utf8).write(to: URL(fileURLWithPath: clients.folder.path("people.ndjson")))
        #expect(try clients.admin("enroll", clients.folder.path("people.ndjson"), "--gallery", "lobby").status == 0)
        let before = try clients.query(["galleries", "show", "lobby"])
        #expect(before.output.contains("calibrated            no"), "\(before.output)")
        let calibrated = try clients.admin("calibrate", "lobby")
        #expect(calibrated.status == 0 && calibrated.errors.contains("job j_"), "\(calibrated.errors)")
        for word in ["calibration error", "Brier score", "false matches", "0.99", "re-ranked, without camera means"] {
            #expect(calibrated.output.contains(word), "\(calibrated.output)")
        }
        #expect(try clients.query(["galleries", "show", "lobby"]).output.contains("with 132 images"))
        let job = try clients.object(try clients.admin("calibrate", "lobby", "--json"))
        let result = try #require(job["result"] as? [String: Any])
        #expect(result["images"] as? Int == 132 && (result["searches"] as? [Any])?.count == 4)
        let missing = try clients.admin("calibrate", "nowhere")
        #expect(missing.status == 1 && missing.errors.hasPrefix("reid: Not found: "), "\(missing.errors)")
    }

    @Test func `a compaction is waited for, or not`() throws {
        let waited = try clients.admin("compact")
        #expect(waited.status == 0 && waited.output.contains("bytes_after"), "\(waited.errors)")
        let accepted = try clients.object(try clients.admin("compact", "--no-wait", "--json"))
        let id = try #require(accepted["id"] as? String)
        #expect(try clients.admin("jobs", "wait", id, "--json").status == 0)
    }

    @Test func `a gallery gets vectors of another model, whatever kill -9 interrupts`() throws {
        try clients.enroll(60)
        clients.service.kill()
        let (old, new) = (clients.folder.path("model.safetensors"), clients.folder.path("new.safetensors"))
        try SmallModel.write(to: new, seed: 4)
        func start() throws -> RunningService {
            try RunningService(
                data: clients.folder.path("data"), model: new,
                extra: ["--previous-model", old, "--set", "enrollment_chunk=2"])
        }
        var service = try start()
        func admin(_ arguments: String...) throws -> ReidProgram.Outcome {
            try ReidProgram.run(arguments + ["--admin", service.admin, "--token-file", service.tokenFile])
        }
        func found(in gallery: String) throws -> [String: Double] {
            let answer = try clients.object(
                try ReidProgram.run(
                    "search", clients.folder.path("images/1.png"), "--gallery", gallery, "--limit", "60", "--no-rerank",
                    "--json", "--query", service.query))
            let results = try #require(answer["results"] as? [[String: Any]])
            return try results.reduce(into: [:]) {
                $0[try #require($1["external_id"] as? String)] = try #require($1["distance"] as? Double)
            }
        }
        let before = try found(in: "lobby")
        #expect(before.count == 60 && before["e1"].map { $0 < 1e-4 } == true)
        let accepted = try clients.object(try admin("galleries", "reembed", "lobby", "--no-wait", "--json"))
        let id = try #require(accepted["id"] as? String)
        var (kills, job) = (0, [String: Any]())
        for _ in 0..<3000 {
            job = try service.curl(url: service.admin + "/admin/v1/jobs/\(id)").json
            if job["state"] as? String == "completed" { break }
            if kills < 3, (job["done"] as? Int ?? 0) >= kills * 15 {
                service.kill()
                kills += 1
                service = try start()
            }
            Thread.sleep(forTimeInterval: 0.02)
        }
        #expect(kills > 0 && job["state"] as? String == "completed", "\(job)")
        #expect((job["result"] as? [String: Any])?["images"] as? Int == 60)
        let images = clients.folder.path("images")
        #expect(try admin("enroll", images, "--gallery", "fresh", "--create").status == 0)
        let (after, fresh) = (try found(in: "lobby"), try found(in: "fresh"))
        // Passes of other sizes may sum in another order.
        #expect(after.count == 60 && after.allSatisfy { abs($0.value - (fresh[$0.key] ?? 9)) < 1e-4 })
        #expect(before.contains { abs($0.value - (fresh[$0.key] ?? 9)) > 1e-2 })
        let shown = try ReidProgram.run("galleries", "show", "lobby", "--query", service.query)
        #expect(shown.output.contains("needs re-embedding    no"), "\(shown.output)")
        let again = try admin("galleries", "reembed", "lobby", "--into", "copy")
        #expect(again.status == 1 && again.errors.contains("has the model"), "\(again.errors)")
        #expect(service.terminate() == 0)
    }

    @Test func `images are held, erased by a job, and kept for a time`() throws {
        try clients.enroll(9)
        let held = try clients.admin("images", "hold", "lobby", "--person", "p0")
        #expect(held.status == 0 && held.output == "held 2 of the 2 images of the gallery lobby that match\n")
        let listed = try clients.items(try clients.query(["images", "list", "lobby", "--json"]))
        #expect(listed.map { $0["held"] as? Bool } == [true, true] + Array(repeating: false, count: 7))
        let erased = try clients.object(
            try clients.admin("erase", "lobby", "--camera", "c1", "--yes", "--json"))
        #expect(erased["kind"] as? String == "erasure" && erased["state"] as? String == "completed")
        #expect(erased["result"] as? [String: Int] == ["erased": 2, "held": 1])
        let deleted = try clients.admin("images", "delete", "lobby", "--person", "p0", "--yes")
        #expect(deleted.output.hasPrefix("deleted 0 images") && deleted.errors.contains("2 more are held"))
        let refused = try clients.admin("galleries", "delete", "lobby", "--yes")
        #expect(refused.status == 1 && refused.errors.contains("2 images"), "\(refused.errors)")
        let released = try clients.admin("images", "release", "lobby", "--person", "p0")
        #expect(released.output.hasPrefix("released 2 of the 2"))

        let kept = try clients.admin("galleries", "retention", "lobby", "--days", "30", "--by", "enrolled_at")
        #expect(kept.output == "lobby keeps images for 30 days by enrolled_at\n", "\(kept.errors)")
        #expect(try clients.query(["galleries", "show", "lobby"]).output.contains("for 30 days by enrolled_at"))
        let none = try clients.admin("galleries", "retention", "lobby", "--days", "0")
        #expect(none.status == 1 && none.errors.contains("from 60 to"), "\(none.errors)")
        for days in ["--days=-1e300", "--days=nan", "--days=1e300"] {
            let wrong = try clients.admin("galleries", "retention", "lobby", days)
            #expect(wrong.status == 64 && wrong.errors.contains("--days"), "\(wrong.errors)")
        }
        let off = try clients.admin("galleries", "retention", "lobby", "--off")
        #expect(off.output == "lobby keeps images until they are erased\n")
    }
}
