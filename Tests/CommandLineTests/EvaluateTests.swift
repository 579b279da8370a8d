import Foundation
import Imaging
import TensorFiles
import Tensors
import Testing

/// `reid evaluate --dataset` as a user runs it.
@Suite struct EvaluateTests {
    /// People who each have one color, by two cameras, and a file that is not an image.
    func people() throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        try SmallModel.write(to: folder.path("m.safetensors"))
        for person in 1...4 {
            let color = [UInt8(person * 60), UInt8(255 - person * 50), UInt8(person * 31)]
            let image = RGBImage(width: 16, height: 48, pixels: (0..<768).flatMap { _ in color })
            for (part, camera) in [("query", 1), ("bounding_box_test", 2), ("bounding_box_test", 3)] {
                try write(try image.jpeg(), "data/\(part)/000\(person)_c\(camera)s1_000001_00.jpg", folder)
            }
        }
        try write(Array("no image".utf8), "data/bounding_box_test/-1_c1s1_000001_00.jpg", folder)
        return folder
    }

    func write(_ bytes: [UInt8], _ name: String, _ folder: TemporaryFolder) throws {
        let url = URL(fileURLWithPath: folder.path(name))
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: url)
    }

    func object(_ text: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    @Test func `a data set gives figures, features and a report`() throws {
        let folder = try people()
        let arguments = [
            "evaluate", "--dataset", "market1501", folder.path("data"), "--model", folder.path("m.safetensors"),
        ]
        let outcome = try ReidProgram.run(
            arguments + [
                "--json", "--report", folder.path("r.html"), "--save-features", folder.path("f.safetensors"),
            ])
        try #require(outcome.status == 0, "\(outcome.errors)")
        let json = try object(outcome.output)
        #expect(json["dataset"] as? String == "market1501" && json["trained"] as? Bool == false)
        #expect(json["queries"] as? Int == 4 && json["scored_queries"] as? Int == 4 && json["left_out"] as? Int == 0)
        #expect(json["gallery"] as? Int == 8)
        let skipped = try #require(json["skipped"] as? [[String: String]])
        #expect(skipped.map { $0["path"] } == [folder.path("data/bounding_box_test/-1_c1s1_000001_00.jpg")])
        #expect(outcome.errors.contains("-1_c1s1_000001_00.jpg"))
        for view in ["global", "local", "both"] {
            let rankings = try #require(json[view] as? [String: [String: Double]])
            #expect(Set(rankings.keys) == ["plain", "reranked", "reranked_single"])
            #expect(rankings["plain"] == ["CMC@1": 1, "CMC@5": 1, "CMC@10": 1, "CMC@20": 1, "mAP": 1, "mINP": 1])
        }
        #expect(try String(contentsOfFile: folder.path("r.html"), encoding: .utf8).hasPrefix("<!doctype html>"))

        let again = try ReidProgram.run("evaluate", "--features", folder.path("f.safetensors"), "--json")
        let both = try #require(json["both"] as? [String: [String: Double]])
        for (ranking, figures) in both {
            let kept = try #require(try object(again.output)[ranking] as? [String: Double])
            #expect(kept.allSatisfy { figures[$0.key] == $0.value })
        }

        let few = try ReidProgram.run(arguments + ["--rerank", "single", "--candidates", "3", "--json"])
        let fewer = try object(few.output)
        #expect(fewer["candidates"] as? Int == 3)
        let kinds = try #require(fewer["both"] as? [String: Any])
        #expect(Set(kinds.keys) == ["plain", "reranked_single", "reranked_candidates"])
        let shown = try ReidProgram.run(
            "evaluate", "--features", folder.path("f.safetensors"), "--rerank", "single", "--candidates", "3")
        #expect(shown.output.contains("re-ranked, single") && shown.output.contains("re-ranked, candidates"))

        let table = try ReidProgram.run(arguments + ["--rerank", "none"])
        #expect(table.output.contains("4 of 4 queries have a right answer, 0 left out; 8 gallery images"))
        #expect(table.output.contains("CMC@20") && !table.output.contains("re-ranked"))
        let strict = try ReidProgram.run(arguments + ["--strict"])
        #expect(strict.status == 1 && strict.errors.contains("-1_c1s1_000001_00.jpg cannot be decoded"))
    }

    @Test func `without --model the built-in weights are evaluated, and no file of them is left`() throws {
        let folder = try people()
        let temporary = folder.path("temporary")
        try FileManager.default.createDirectory(atPath: temporary, withIntermediateDirectories: true)
        let outcome = try ReidProgram.run(
            "TMPDIR=\(temporary)", ReidProgram.url.path, "evaluate", "--dataset", "market1501", folder.path("data"),
            "--rerank", "none", "--json", program: URL(fileURLWithPath: "/usr/bin/env"))
        try #require(outcome.status == 0, "\(outcome.errors)")
        let digest = try ReidProgram.run(
            [FileCommandTests.defaultWeights], program: URL(fileURLWithPath: "/usr/bin/sha256sum"))
        #expect(try object(outcome.output)["model"] as? String == "sha256:" + digest.output.prefix(64))
        #expect(outcome.errors.contains("built-in weights"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: temporary).isEmpty)
    }

    @Test func `an interrupted evaluation ends with 130 and says that nothing was written`() throws {
        let folder = try people()
        let image = Array(try Data(contentsOf: URL(fileURLWithPath: folder.path("data/query/0001_c1s1_000001_00.jpg"))))
        for number in 0..<200 {
            let name = "0001_c2s1_\(String(format: "%06d", number))_01.jpg"
            try write(image, "data/bounding_box_test/\(name)", folder)
        }
        let report = folder.path("r.html")
        let run = try StartedProgram(["evaluate", "--dataset", "market1501", folder.path("data"), "--report", report])
        try run.interrupt { $0.contains("embedding ") }
        let outcome = try run.end()
        #expect(outcome.status == 130 && outcome.output.isEmpty)
        #expect(outcome.errors.contains("reid: interrupted: nothing was written"))
        #expect(!FileManager.default.fileExists(atPath: report))
    }

    @Test func `random splits name the seed that gives them again`() throws {
        let folder = try people()
        for person in 0..<4 {
            for (camera, angle) in [("a", 0), ("b", 90)] {
                let image = try Data(
                    contentsOf: URL(fileURLWithPath: folder.path("data/query/000\(person + 1)_c1s1_000001_00.jpg")))
                try write(Array(image), "viper/cam_\(camera)/00\(person)_\(angle).jpg", folder)
            }
        }
        let arguments = [
            "evaluate", "--dataset", "viper", folder.path("viper"), "--model", folder.path("m.safetensors"), "--splits",
            "3", "--json",
        ]
        let first = try ReidProgram.run(arguments + ["--seed", "7"])
        let json = try object(first.output)
        #expect(json["seed"] as? Int == 7 && json["tasks"] as? Int == 6 && json["queries"] as? Int == 12)
        #expect(try ReidProgram.run(arguments + ["--seed", "7"]).output == first.output)
    }

    @Test(arguments: [
        ["--dataset", "market1501"], ["--model", "m"], ["--features", "f", "--model", "m"],
        ["--dataset", "imagenet", "data", "--model", "m"],
        ["data", "--model", "m"], ["--features", "f", "--dataset", "viper", "data", "--model", "m"], [],
        ["--features", "f", "--report", "r.html"], ["--features", "f", "--junk", "burn"], ["--features", "f", "data"],
        ["--dataset", "viper", "data", "--model", "m", "--splits", "0"],
        ["--features", "f.safetensors", "--manifest", "m"], ["--manifest", "m"],
        ["--dataset", "viper", "data", "--model", "m", "--manifest", "m"],
    ])
    func `what does not go together is refused as wrong usage`(arguments: [String]) throws {
        let outcome = try ReidProgram.run(["evaluate"] + arguments)
        #expect(outcome.status == 64)
        #expect(outcome.output.isEmpty && !outcome.errors.isEmpty)
    }

    @Test func `a data set that lacks a part is refused by its place`() throws {
        let folder = try people()
        try FileManager.default.removeItem(atPath: folder.path("data/query"))
        let outcome = try ReidProgram.run(
            "evaluate", "--dataset", "market1501", folder.path("data"), "--model", folder.path("m.safetensors"))
        #expect(outcome.status == 1 && outcome.output.isEmpty)
        #expect(outcome.errors.contains(folder.path("data/query") + ": expected a folder"))
    }

    @Test func `a feature file is scored by the rules that are asked for`() throws {
        let folder = try TemporaryFolder()
        // By distance: junk, person 2, the right answer of camera 2, person 2.
        let angles: [Float] = [0.05, 0.1, 0.2, 1.5]
        try SafetensorsWriter.write(
            [
                ("query", .floats(Tensor(shape: [2, 2], elements: [1, 0, 0, 1]))),
                ("gallery", .floats(Tensor(shape: [4, 2], elements: angles.flatMap { [cos($0), sin($0)] }))),
                ("query_person", .integers(shape: [2], elements: [1, 9])),
                ("query_camera", .integers(shape: [2], elements: [1, 1])),
                ("gallery_person", .integers(shape: [4], elements: [-1, 2, 1, 2])),
                ("gallery_camera", .integers(shape: [4], elements: [2, 2, 2, 1])),
            ], to: folder.path("f.safetensors"))
        let arguments = ["evaluate", "--features", folder.path("f.safetensors"), "--json", "--rerank", "none"]
        let common = try object(try ReidProgram.run(arguments).output)
        #expect(
            common["queries"] as? Int == 2 && common["scored_queries"] as? Int == 1 && common["gallery"] as? Int == 3)
        #expect((common["plain"] as? [String: Double])?["mAP"] == 0.5)
        #expect(common["reranked"] == nil && common["reranked_single"] == nil)
        // The trapezoid: (precision before, 0 of 1, plus 1 of 2) / 2.
        let market = try object(try ReidProgram.run(arguments + ["--ap", "market", "--junk", "keep"]).output)
        #expect((market["plain"] as? [String: Double])?["mAP"] == 0.25 && market["gallery"] as? Int == 4)
    }

    /// The labels of the rows of `write(features:)`: queries, then the gallery.
    static let seen: [(person: Int, camera: Int)] = [(1, 1), (9, 1), (-1, 2), (2, 2), (1, 2), (0, 1), (9, 2)]

    /// Writes the same features as f.safetensors, and as f.npy beside its manifest, f.ndjson.
    func write(features folder: TemporaryFolder) throws {
        let rows = [0, 1.4, 0.05, 0.1, 0.2, 1.5, 1].flatMap { (angle: Float) in [cos(angle), sin(angle)] }
        func labels(_ range: Range<Int>, _ label: KeyPath<(person: Int, camera: Int), Int>) -> SafetensorsValue {
            .integers(shape: [range.count], elements: Self.seen[range].map { Int64($0[keyPath: label]) })
        }
        try SafetensorsWriter.write(
            [
                ("query", .floats(Tensor(shape: [2, 2], elements: Array(rows[..<4])))),
                ("gallery", .floats(Tensor(shape: [5, 2], elements: Array(rows[4...])))),
                ("query_person", labels(0..<2, \.person)), ("query_camera", labels(0..<2, \.camera)),
                ("gallery_person", labels(2..<7, \.person)), ("gallery_camera", labels(2..<7, \.camera)),
            ], to: folder.path("f.safetensors"))
        try NumpyArray(shape: [7, 2], elements: rows).write(to: folder.path("f.npy"))
        let lines = Self.seen.enumerated().map { row, seen in
            #"{"set": "\#(row < 2 ? "query" : "gallery")", "person_id": \#(seen.person), "camera_id": "\#(seen.camera)"}"#
        }
        try write(Array(lines.joined(separator: "\n").utf8), "f.ndjson", folder)
    }

    @Test(arguments: [["--json"], [], ["--json", "--junk", "keep", "--ap", "market"]])
    func `an array with a manifest is scored as the same features in safetensors`(options: [String]) throws {
        let folder = try TemporaryFolder()
        try write(features: folder)
        let expected = try ReidProgram.run(["evaluate", "--features", folder.path("f.safetensors")] + options)
        try #require(expected.status == 0 && !expected.output.isEmpty, "\(expected.errors)")
        let beside = try ReidProgram.run(["evaluate", "--features", folder.path("f.npy")] + options)
        #expect(beside.output == expected.output, "\(beside.errors)")
        try FileManager.default.moveItem(atPath: folder.path("f.ndjson"), toPath: folder.path("labels"))
        let named = try ReidProgram.run(
            ["evaluate", "--features", folder.path("f.npy"), "--manifest", folder.path("labels")] + options)
        #expect(named.output == expected.output, "\(named.errors)")
    }

    @Test func `an array or a manifest that is wrong ends with 1, and is named with the line`() throws {
        let folder = try TemporaryFolder()
        try write(features: folder)
        func complaint() throws -> String {
            let outcome = try ReidProgram.run("evaluate", "--features", folder.path("f.npy"))
            #expect(outcome.status == 1 && outcome.output.isEmpty)
            return outcome.errors
        }
        let (array, manifest) = (folder.path("f.npy"), folder.path("f.ndjson"))
        try write(Array((#"{"set": "query", "person_id": 1, "camera_id": 1}"# + "\n{}").utf8), "f.ndjson", folder)
        #expect(try complaint() == "reid: \(manifest), line 2: the line lacks set\n")
        try FileManager.default.removeItem(atPath: manifest)
        let expectation = "expected a file with a line for each row of features, and there is none"
        #expect(try complaint() == "reid: \(manifest): \(expectation)\n")
        try NumpyArray(shape: [4], elements: [1, 0, 0, 1]).write(to: array)
        #expect(try complaint() == "reid: \(array): the array must be rows [n, dimensions], and is [4]\n")
    }
}
