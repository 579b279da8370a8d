import Foundation
import Imaging
import TensorFiles
import Tensors
import Testing

/// Commands that read and write files, held against the golden files of the reference programs.
@Suite struct FileCommandTests {
    static let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    static let defaultWeights = tests.deletingLastPathComponent().appendingPathComponent(
        "Sources/CDefaultWeights/default.safetensors"
    ).path
    static func network(_ name: String) -> String {
        tests.appendingPathComponent("CSPRModelTests/Fixtures/golden/\(name).safetensors").path
    }

    @Test(arguments: ["tiny_r50", "tiny_basic", "tiny_am", "tiny_cam_gap", "tiny_cam_pr", "tiny_base"])
    func `embed --tensor writes what the reference network gives`(name: String) throws {
        let folder = try TemporaryFolder()
        let outcome = try ReidProgram.run(
            "embed", "--model", Self.network("\(name).weights"), "--tensor", Self.network("\(name).golden"), "--output",
            folder.path("out.safetensors"))
        try #require(outcome.status == 0, "\(outcome.errors)")
        let golden = try SafetensorsFile(contentsOf: Self.network("\(name).golden"))
        let written = try SafetensorsFile(contentsOf: folder.path("out.safetensors"))
        let outputs = ["attention", "raw", "global", "local", "feature"].filter { golden.shape(of: $0) != nil }
        #expect(Set(written.names) == Set(outputs))
        for output in outputs {
            let expected = try golden.floats(output)
            let actual = try written.floats(output)
            #expect(actual.shape == expected.shape)
            let largest = expected.elements.map(abs).max() ?? 0
            let error = zip(actual.elements, expected.elements).map { abs($0 - $1) }.max() ?? .infinity
            #expect(error <= 1e-4 * largest, "\(output) is off by \(error) of \(largest)")
        }
    }

    @Test func `embed prints a line for each image, reports the bad one and ends with 1`() throws {
        let folder = try TemporaryFolder()
        try SmallModel.write(to: folder.path("m.safetensors"))
        let image = RGBImage(width: 20, height: 60, pixels: (0..<3600).map { UInt8(truncatingIfNeeded: $0 * 13) })
        try Data(image.png()).write(to: URL(fileURLWithPath: folder.path("a.png")))
        try Data("not an image".utf8).write(to: URL(fileURLWithPath: folder.path("b.jpg")))
        let outcome = try ReidProgram.run(
            "embed", "--model", folder.path("m.safetensors"), folder.path("a.png"), folder.path("b.jpg"))
        #expect(outcome.status == 1)
        #expect(outcome.errors.contains("b.jpg"))
        let lines = outcome.output.split(separator: "\n")
        try #require(lines.count == 1)
        let line = try #require(try JSONSerialization.jsonObject(with: Data(lines[0].utf8)) as? [String: Any])
        #expect(line["path"] as? String == folder.path("a.png"))
        #expect((line["feature"] as? [Double])?.count == 20 + 3 * 6)
    }

    @Test func `a pipe or a folder in the place of weights or of an image is an error, and nothing waits`() throws {
        let folder = try TemporaryFolder()
        let pipe = folder.path("pipe")
        let status = unsafe mkfifo(pipe, 0o600)
        try #require(status == 0)
        for (path, kind) in [(pipe, "a pipe"), (folder.url.path, "a folder")] {
            for command in [
                ["model", "show", path], ["embed", path], ["embed", "--model", path, "a.png"],
                ["embed", "--tensor", path, "--output", folder.path("out")],
                ["search", path, "--gallery", "lobby"],
            ] {
                let outcome = try ReidProgram.run(command)
                #expect(outcome.status != 0, "\(command)")
                #expect(outcome.errors.contains("\(path): "), "\(outcome.errors)")
                #expect(outcome.errors.contains("this is not a regular file but \(kind)"), "\(outcome.errors)")
            }
        }
    }

    @Test func `without --model the built-in weights embed`() throws {
        let folder = try TemporaryFolder()
        let image = RGBImage(width: 20, height: 60, pixels: (0..<3600).map { UInt8(truncatingIfNeeded: $0 * 13) })
        try Data(image.png()).write(to: URL(fileURLWithPath: folder.path("a.png")))
        let outcome = try ReidProgram.run("embed", folder.path("a.png"))
        try #require(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.errors.contains("built-in weights"))
        let expected = try ReidProgram.run("embed", "--model", Self.defaultWeights, folder.path("a.png"))
        #expect(expected.output.contains("feature") && outcome.output == expected.output)
    }

    /// Commands without their output, which comes last; their inputs need not exist, because outputs are checked first.
    static let writers = [
        ["model", "convert", "m.safetensors", "--precision", "float16", "--output"],
        ["embed", "--tensor", "t.safetensors", "--output"], ["rerank", "--query", "q", "--gallery", "g", "--output"],
        ["evaluate", "--dataset", "viper", "v", "--report"],
        ["evaluate", "--dataset", "viper", "v", "--save-features"],
        ["synthesize", "/dev/null/s", "--sheet"], ["init", "--output"],
    ]

    @Test(arguments: writers) func `no output replaces a file unless it is forced`(command: [String]) throws {
        let folder = try TemporaryFolder()
        let path = folder.path("result")
        try Data("an earlier result".utf8).write(to: URL(fileURLWithPath: path))
        let refused = try ReidProgram.run(command + [path])
        #expect(refused.status == 1)
        #expect(refused.errors == "reid: \(path): already exists; give --force to replace it\n")
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "an earlier result")
        let unreplaced = try ReidProgram.run(command + [folder.url.path, "--force"])
        #expect(unreplaced.status == 1 && unreplaced.errors.contains("\(folder.url.path): is not a file"))
    }

    @Test func `init is deterministic and model show says that it is untrained`() throws {
        let folder = try TemporaryFolder()
        for name in ["a", "b"] { try SmallModel.write(to: folder.path(name)) }
        #expect(
            try Data(contentsOf: URL(fileURLWithPath: folder.path("a")))
                == Data(contentsOf: URL(fileURLWithPath: folder.path("b"))))
        let outcome = try ReidProgram.run("model", "show", folder.path("a"), "--json")
        let json = try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
        #expect(json["trained"] as? Bool == false)
        #expect(json["dimensions"] as? Int == 38)
        let digest = try ReidProgram.run([folder.path("a")], program: URL(fileURLWithPath: "/usr/bin/sha256sum"))
        #expect(json["identity"] as? String == "sha256:" + digest.output.prefix(64))
    }

    @Test func `weights in half precision take half the room, and give nearly the same features`() throws {
        let folder = try TemporaryFolder()
        let (full, half) = (Self.network("tiny_basic.weights"), folder.path("half.safetensors"))
        let arguments = ["model", "convert", full, "--output", half, "--precision", "float16"]
        let outcome = try ReidProgram.run(arguments)
        try #require(outcome.status == 0, "\(outcome.errors)")
        func size(_ path: String) throws -> Int { try Data(contentsOf: URL(fileURLWithPath: path)).count }
        #expect(try Double(size(half)) < 0.6 * Double(size(full)))
        #expect(try ReidProgram.run("model", "show", half, "--json").output.contains("F16"))
        let embedded = try ReidProgram.run(
            "embed", "--model", half, "--tensor", Self.network("tiny_basic.golden"), "--output",
            folder.path("out.safetensors"))
        try #require(embedded.status == 0, "\(embedded.errors)")
        let expected = try SafetensorsFile(contentsOf: Self.network("tiny_basic.golden")).floats("feature").elements
        let found = try SafetensorsFile(contentsOf: folder.path("out.safetensors")).floats("feature").elements
        #expect(found != expected)
        #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 0.01 })
        let again = try ReidProgram.run(arguments)
        #expect(again.status == 1 && again.errors.contains(half))
    }

    @Test func `weights converted to embed mirror images too say so`() throws {
        let folder = try TemporaryFolder()
        let (full, both) = (Self.network("tiny_basic.weights"), folder.path("both.safetensors"))
        let outcome = try ReidProgram.run(
            "model", "convert", full, "--output", both, "--precision", "float32", "--mirrored")
        try #require(outcome.status == 0, "\(outcome.errors)")
        for (path, isMirrored) in [(full, false), (both, true)] {
            let shown = try ReidProgram.run("model", "show", path, "--json").output
            let json = try #require(try JSONSerialization.jsonObject(with: Data(shown.utf8)) as? [String: Any])
            #expect(json["mirrored"] as? Bool == isMirrored)
        }
    }

    @Test func `init keeps a file that exists, unless it is forced`() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("m.safetensors")
        let trained = Data("weeks of training".utf8)
        try trained.write(to: URL(fileURLWithPath: path))
        let arguments = ["init", "--output", path, "--config", SmallModel.configuration]
        let refused = try ReidProgram.run(arguments)
        #expect(refused.status == 1)
        #expect(refused.errors.contains(path) && refused.errors.contains("--force"))
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == trained)
        let forced = try ReidProgram.run(arguments + ["--force"])
        #expect(forced.status == 0, "\(forced.errors)")
        #expect(try SafetensorsFile(contentsOf: path).names.isEmpty == false)
    }

    @Test(arguments: ["pool", "single"])
    func `rerank writes the oracle's distances`(pool: String) throws {
        // One query: the pool of all queries and the single query are the same.
        let folder = try TemporaryFolder()
        let golden = Self.tests.appendingPathComponent("RankingTests/Fixtures/ranking/rerank_single_query")
        let manifest = try #require(
            try JSONSerialization.jsonObject(with: Data(contentsOf: golden.appendingPathComponent("manifest.json")))
                as? [String: Any])
        let cases = try #require(manifest["params"] as? [[String: Any]])
        let features = try floats(golden.appendingPathComponent("features.f4"))
        let arrays = try #require(manifest["arrays"] as? [String: [String: Any]])
        let shape = try #require(arrays["features"]?["shape"] as? [Int])
        try NumpyArray(shape: [1, shape[1]], elements: Array(features[..<shape[1]])).write(to: folder.path("q.npy"))
        try NumpyArray(shape: [shape[0] - 1, shape[1]], elements: Array(features[shape[1]...]))
            .write(to: folder.path("g.npy"))
        for (index, parameters) in cases.enumerated() where parameters["tie"] as? String == "index" {
            let outcome = try ReidProgram.run(
                "rerank", "--query", folder.path("q.npy"), "--gallery", folder.path("g.npy"), "--k1",
                "\(parameters["k1"] ?? "")", "--k2", "\(parameters["k2"] ?? "")", "--lambda",
                "\(parameters["lam"] ?? "")", "--output", folder.path("d.npy"), "--force", "--pool", pool)
            try #require(outcome.status == 0, "\(outcome.errors)")
            let expected = unsafe try Data(contentsOf: golden.appendingPathComponent("final_\(index).f8"))
                .withUnsafeBytes { unsafe Array($0.bindMemory(to: Double.self)) }
            let actual = try NumpyArray(contentsOf: folder.path("d.npy"))
            #expect(actual.shape == [1, shape[0] - 1])
            let error = zip(actual.elements, expected).map { abs(Double($0) - $1) }.max() ?? .infinity
            #expect(error < 1e-5)
        }
    }

    private func floats(_ url: URL) throws -> [Float] {
        unsafe try Data(contentsOf: url).withUnsafeBytes { unsafe Array($0.bindMemory(to: Float.self)) }
    }

    @Test func `evaluate scores a case that can be scored by hand`() throws {
        let folder = try TemporaryFolder()
        // Query at 0 degrees, person 1, camera 1. By distance: same person and camera (left out), person 2, junk (left
        // out), person 1 of camera 2, person 2. The right answer is second: AP 1/2, INP 1/2.
        let angles: [Float] = [0.05, 0.1, 0.15, 0.2, 1.5]
        let gallery = angles.flatMap { [Foundation.cos($0), Foundation.sin($0)] }
        try SafetensorsWriter.write(
            [
                ("query", .floats(Tensor(shape: [1, 2], elements: [1, 0]))),
                ("gallery", .floats(Tensor(shape: [5, 2], elements: gallery))),
                ("query_person", .integers(shape: [1], elements: [1])),
                ("query_camera", .integers(shape: [1], elements: [1])),
                ("gallery_person", .integers(shape: [5], elements: [1, 2, -1, 1, 2])),
                ("gallery_camera", .integers(shape: [5], elements: [1, 1, 2, 2, 1])),
            ], metadata: [:], to: folder.path("f.safetensors"))
        let outcome = try ReidProgram.run("evaluate", "--features", folder.path("f.safetensors"), "--json")
        try #require(outcome.status == 0, "\(outcome.errors)")
        let json = try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
        let plain = try #require(json["plain"] as? [String: Double])
        #expect(plain == ["CMC@1": 0, "CMC@5": 1, "CMC@10": 1, "mAP": 0.5, "mINP": 0.5])
        #expect(json["reranked"] != nil && json["reranked_single"] != nil)

        // Across cameras, person 2 of camera 1 is left out too, and the right answer is first.
        let cross = try ReidProgram.run(
            "evaluate", "--features", folder.path("f.safetensors"), "--gallery", "cross", "--camera-normalization",
            "--json")
        let across = try #require(try JSONSerialization.jsonObject(with: Data(cross.output.utf8)) as? [String: Any])
        #expect(across["plain"] as? [String: Double] == ["CMC@1": 1, "CMC@5": 1, "CMC@10": 1, "mAP": 1, "mINP": 1])
        // Too few images for a mean of a camera: nothing changes.
        let normalized = try #require(across["camera_normalized"] as? [String: [String: Double]])
        #expect(normalized["plain"] == ["CMC@1": 1, "CMC@5": 1, "CMC@10": 1, "mAP": 1, "mINP": 1])
    }

    @Test func `evaluate takes the cameras' means of a feature file from its gallery alone`() throws {
        let folder = try TemporaryFolder()
        // 32 people before two cameras: a vector is its person's direction plus three times its camera's. So the 31 other
        // people of the query's camera are nearer than the query's person at the other camera: AP 1/32. Without the
        // means, both images of a person are equal. The gallery has the first 2 · 32 images, the query is image 0 again.
        let dimensions = 34
        var gallery: [Float] = []
        for camera in 0..<2 {
            for person in 0..<32 {
                gallery += (0..<dimensions).map { $0 == person ? 1 : $0 == 32 + camera ? 3 : 0 }
            }
        }
        let people = (0..<64).map { Int64($0 % 32 + 1) }
        try SafetensorsWriter.write(
            [
                ("query", .floats(Tensor(shape: [1, dimensions], elements: Array(gallery[..<dimensions])))),
                ("gallery", .floats(Tensor(shape: [64, dimensions], elements: gallery))),
                ("query_person", .integers(shape: [1], elements: [1])),
                ("query_camera", .integers(shape: [1], elements: [7])),
                ("gallery_person", .integers(shape: [64], elements: people)),
                ("gallery_camera", .integers(shape: [64], elements: (0..<64).map { $0 < 32 ? 7 : 9 })),
            ], metadata: [:], to: folder.path("f.safetensors"))
        let arguments = [
            "evaluate", "--features", folder.path("f.safetensors"), "--rerank", "none", "--camera-normalization",
        ]
        let outcome = try ReidProgram.run(arguments + ["--json"])
        try #require(outcome.status == 0, "\(outcome.errors)")
        let json = try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
        let plain = try #require(json["plain"] as? [String: Double])
        #expect(plain["CMC@1"] == 0 && plain["mAP"] == 1.0 / 32)
        let normalized = try #require(json["camera_normalized"] as? [String: [String: Double]])
        #expect(normalized["plain"]?["CMC@1"] == 1 && normalized["plain"]?["mAP"] == 1)
        let rows = try ReidProgram.run(arguments).output.split(separator: "\n").suffix(2)
        #expect(rows.map { $0.contains("cameras normalized") } == [false, true], "printed beside each other")
    }

    @Test func `a feature file with labels of the wrong length is refused by name and shape`() throws {
        let folder = try TemporaryFolder()
        try SafetensorsWriter.write(
            [
                ("query", .floats(Tensor(shape: [1, 2], elements: [1, 0]))),
                ("gallery", .floats(Tensor(shape: [1, 2], elements: [1, 0]))),
                ("query_person", .integers(shape: [2], elements: [1, 1])),
                ("query_camera", .integers(shape: [1], elements: [1])),
                ("gallery_person", .integers(shape: [1], elements: [1])),
                ("gallery_camera", .integers(shape: [1], elements: [1])),
            ], metadata: [:], to: folder.path("f.safetensors"))
        let outcome = try ReidProgram.run("evaluate", "--features", folder.path("f.safetensors"))
        #expect(outcome.status == 1)
        #expect(outcome.errors.contains("query_person") && outcome.errors.contains("[2]"))
    }
}
