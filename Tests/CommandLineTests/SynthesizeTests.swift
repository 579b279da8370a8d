import Foundation
import Imaging
import Testing

@Suite struct SynthesizeTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Every file below `path` with its bytes.
    private func files(_ path: String) throws -> [String: Data] {
        let root = folder.path(path)
        let names = try FileManager.default.subpathsOfDirectory(atPath: root).filter { $0.hasSuffix(".jpg") }
        return try Dictionary(
            uniqueKeysWithValues: names.map { ($0, try Data(contentsOf: URL(fileURLWithPath: root + "/" + $0))) })
    }

    private func synthesize(_ path: String, _ options: String...) throws -> ReidProgram.Outcome {
        try ReidProgram.run(["synthesize", folder.path(path), "--people", "2", "--cameras", "2"] + options)
    }

    @Test func `a run that was stopped goes on with the same bytes`() throws {
        #expect(try synthesize("set", "--sightings", "1", "--seed", "7").status == 0)
        let whole = try files("set")
        #expect(whole.count == 4)
        for name in whole.keys.sorted().prefix(3) {
            try FileManager.default.removeItem(atPath: folder.path("set/" + name))
        }
        let kept = try #require(whole.keys.sorted().last)
        let before = try FileManager.default.attributesOfItem(atPath: folder.path("set/" + kept))
        let outcome = try synthesize("set", "--sightings", "1", "--seed", "7", "--json")
        let summary = try #require(
            try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
        #expect(summary["written"] as? Int == 3 && summary["kept"] as? Int == 1)
        let after = try FileManager.default.attributesOfItem(atPath: folder.path("set/" + kept))
        #expect(before[.modificationDate] as? Date == after[.modificationDate] as? Date)
        #expect(try files("set") == whole)
    }

    @Test func `an interrupted run ends with 130, and the same command goes on`() throws {
        let arguments = ["synthesize", folder.path("set"), "--people", "10", "--cameras", "2", "--sightings", "1"]
        let run = try StartedProgram(arguments)
        try run.interrupt { _ in
            try FileManager.default.fileExists(atPath: folder.path("set")) && !files("set").isEmpty
        }
        let outcome = try run.end()
        let made = try files("set").count
        #expect(outcome.status == 130)
        #expect((1..<20).contains(made))
        #expect(outcome.errors.contains("interrupted: \(made) of 20 images are in \(folder.path("set"))"))
        let again = try ReidProgram.run(arguments + ["--json"])
        let summary = try #require(try JSONSerialization.jsonObject(with: Data(again.output.utf8)) as? [String: Any])
        #expect(summary["kept"] as? Int == made && summary["written"] as? Int == 20 - made)
    }

    @Test func `the test split has queries, a gallery and distractors at the size asked for`() throws {
        let outcome = try synthesize(
            "set", "--split", "test", "--sightings", "2", "--distractors", "1", "--height", "128", "--width", "64")
        #expect(outcome.status == 0, "\(outcome.errors)")
        let images = try files("set")
        #expect(images.keys.filter { $0.hasPrefix("query/") }.count == 4)
        #expect(images.keys.filter { $0.hasPrefix("bounding_box_test/") }.count == 5)
        #expect(images.keys.filter { $0.hasPrefix("bounding_box_test/0000_c") }.count == 1)
        for bytes in images.values {
            let image = try decodeImage([UInt8](bytes))
            #expect((image.width, image.height) == (64, 128))
        }
    }

    @Test func `a sheet shows what was written`() throws {
        let sheet = folder.path("sheet.png")
        #expect(try synthesize("set", "--sightings", "1", "--sheet", sheet).status == 0)
        let image = try decodeImage([UInt8](Data(contentsOf: URL(fileURLWithPath: sheet))))
        // Two people across cameras and one row at random, 20 columns of 64×128 with gaps of 2.
        #expect((image.width, image.height) == (20 * 66, 3 * 130))
    }

    @Test(arguments: [
        ["--people", "0"], ["--cameras", "0"], ["--sightings", "100"], ["--camera-per-person", "1"],
        ["--cameras-per-person", "7"], ["--distractors", "3"], ["--split", "test", "--cameras", "1"],
        ["--scenes", "nowhere"], ["--layout", "viper"],
    ])
    func `options that make no sense end with 64`(options: [String]) throws {
        let outcome = try ReidProgram.run(["synthesize", folder.path("set")] + options)
        #expect(outcome.status == 64)
        #expect(!outcome.errors.isEmpty)
    }

    @Test func `a folder that cannot be written ends with 1 and its name`() throws {
        try Data("a file".utf8).write(to: URL(fileURLWithPath: folder.path("taken")))
        let outcome = try synthesize("taken", "--sightings", "1")
        #expect(outcome.status == 1)
        #expect(outcome.errors.contains("taken"))
    }
}
