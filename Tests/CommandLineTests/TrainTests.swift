import Foundation
import Imaging
import Testing

/// `reid train` as a user runs it, on drawn people and a network that a test can afford.
@Suite struct TrainTests {
    private static let network = [
        "--width", "4", "--depths", "1,1,1,1", "--input", "48x24", "--batch", "4", "--threads", "1", "--config",
        #"{"branches": 2, "branch_dim": 6, "global_dim": 12, "candidate_ratios": [0.2, 0.4]}"#,
    ]

    private func drawPeople(in folder: String, people: Int = 3) throws {
        for person in 0..<people {
            let home = "\(folder)/person\(person)"
            try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
            for number in 0..<6 {
                let pixels = (0..<24 * 56 * 3).map { index in
                    UInt8(truncatingIfNeeded: 60 + (index % 3 == person ? 120 : 0) + index * 7 % 23 + number)
                }
                let image = try RGBImage(width: 24, height: 56, pixels: pixels).png()
                try Data(image).write(to: URL(fileURLWithPath: "\(home)/c\(number % 2)_\(number).png"))
            }
        }
    }

    private func train(_ folder: TemporaryFolder, _ options: [String], run: String = "run") throws
        -> ReidProgram.Outcome
    {
        try ReidProgram.run(
            ["train", folder.path("people"), "--run", folder.path(run)] + Self.network + options)
    }

    @Test func `a run ends with weights that embed an image`() throws {
        let folder = try TemporaryFolder()
        try drawPeople(in: folder.path("people"))
        let outcome = try train(folder, ["--epochs", "1", "--json"])
        try #require(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.errors.contains("peak memory"))
        let answer = try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
        #expect(answer["updates"] as? Int == 6)
        let embedded = try ReidProgram.run(
            "embed", "--model", folder.path("run/weights.safetensors"), folder.path("people/person0/c0_0.png"))
        #expect(embedded.status == 0, "\(embedded.errors)")
        let shown = try ReidProgram.run("model", "show", folder.path("run/weights.safetensors"))
        #expect(!shown.output.contains("untrained"))
    }

    @Test func `an interrupted run writes a checkpoint and is resumed`() throws {
        let folder = try TemporaryFolder()
        try drawPeople(in: folder.path("people"))
        let options = ["--epochs", "40,0", "--learning-rate", "1e-3"]
        let run = try StartedProgram(
            ["train", folder.path("people"), "--run", folder.path("run")] + Self.network + options)
        // The log's first line tells that training has begun.
        try run.interrupt { _ in
            !(FileManager.default.contents(atPath: folder.path("run/log.ndjson")) ?? Data()).isEmpty
        }
        let interrupted = try run.end()
        #expect(interrupted.status == 130)
        #expect(FileManager.default.fileExists(atPath: folder.path("run/checkpoint.safetensors")))
        let refused = try train(folder, options)
        #expect(refused.status == 1 && refused.errors.contains("--resume"))
        let command = try #require(interrupted.errors.components(separatedBy: "continue with: ").last)
        let resumed = try ReidProgram.run(
            "-c", command.trimmingCharacters(in: .newlines) + " --json", program: URL(fileURLWithPath: "/bin/sh"))
        #expect(resumed.status == 0, "\(resumed.errors)")
        let answer = try #require(try JSONSerialization.jsonObject(with: Data(resumed.output.utf8)) as? [String: Any])
        #expect(answer["updates"] as? Int == 120)
    }

    @Test func `a checkpoint that finds no room leaves the earlier one whole`() throws {
        let folder = try TemporaryFolder()
        try drawPeople(in: folder.path("people"))
        let options = ["--epochs", "2,0"]
        try #require(try train(folder, options).status == 0)
        let checkpoint = URL(fileURLWithPath: folder.path("run/checkpoint.safetensors"))
        // The same run again, interrupted after the first epoch and then without room for files of more than 16 KiB.
        let limited = try ReidProgram.run(
            [
                "-c", #"trap '' XFSZ; ulimit -f 16; exec "$@""#, "sh", ReidProgram.url.path, "train",
                folder.path("people"), "--run", folder.path("other"),
            ] + Self.network + options, program: URL(fileURLWithPath: "/bin/sh"))
        #expect(limited.status == 1)
        #expect(limited.errors.contains("cannot write"), "\(limited.errors)")
        #expect(!FileManager.default.fileExists(atPath: folder.path("other/checkpoint.safetensors")))
        let before = try Data(contentsOf: checkpoint)
        let again = try ReidProgram.run(
            [
                "-c", #"trap '' XFSZ; ulimit -f 16; exec "$@""#, "sh", ReidProgram.url.path, "train",
                folder.path("people"), "--run", folder.path("run"), "--resume",
            ] + Self.network + options, program: URL(fileURLWithPath: "/bin/sh"))
        #expect(again.status == 1)
        #expect(try Data(contentsOf: checkpoint) == before)
        let leftovers = try FileManager.default.contentsOfDirectory(atPath: folder.path("run")).filter {
            $0.hasPrefix("checkpoint.safetensors.")
        }
        #expect(leftovers.isEmpty)
    }

    @Test func `an image that does not decode is named and skipped, or ends a strict run`() throws {
        let folder = try TemporaryFolder()
        try drawPeople(in: folder.path("people"))
        try Data("no image".utf8).write(to: URL(fileURLWithPath: folder.path("people/person1/c0_9.png")))
        let lenient = try train(folder, ["--epochs", "1,0"])
        #expect(lenient.status == 0)
        #expect(lenient.errors.contains("c0_9.png"))
        let strict = try train(folder, ["--epochs", "1,0", "--strict"], run: "strict")
        #expect(strict.status == 1)
        #expect(strict.errors.contains("c0_9.png"))
    }

    @Test func `a backbone of another kind is refused as what it is not`() throws {
        let folder = try TemporaryFolder()
        try drawPeople(in: folder.path("people"))
        let outcome = try train(folder, ["--backbone", "/etc/passwd"])
        #expect(outcome.status == 1)
        let reason = "this is neither a safetensors file nor a PyTorch checkpoint"
        #expect(outcome.errors == "reid: /etc/passwd: \(reason)\n")
    }

    @Test func `an empty folder, a single person and a missing folder are refused by name`() throws {
        let folder = try TemporaryFolder()
        try FileManager.default.createDirectory(atPath: folder.path("people"), withIntermediateDirectories: true)
        let empty = try train(folder, [])
        #expect(empty.status == 1 && empty.errors.contains("holds no images"))
        try drawPeople(in: folder.path("people"), people: 1)
        let single = try train(folder, [])
        #expect(single.status == 1 && single.errors.contains("person0"))
        let missing = try ReidProgram.run("train", folder.path("absent"), "--run", folder.path("run"))
        #expect(missing.status == 1 && missing.errors.contains("absent"))
        #expect(!FileManager.default.fileExists(atPath: folder.path("run")))
    }

    @Test(arguments: [
        ["--epochs", "1,2,3"], ["--learning-rate", "fast"], ["--schedule", "never"], ["--input", "256"],
        ["--depths", "3,4"], ["--accumulate", "3"], ["--label-smoothing", "1"], ["--batch", "1"], ["--warm-up", "2"],
    ])
    func `an option out of range is wrong usage`(options: [String]) throws {
        let folder = try TemporaryFolder()
        try drawPeople(in: folder.path("people"))
        let outcome = try train(folder, options)
        #expect(outcome.status == 64)
        #expect(!FileManager.default.fileExists(atPath: folder.path("run")))
    }
}
