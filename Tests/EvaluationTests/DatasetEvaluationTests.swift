import CSPRModel
import Datasets
import Foundation
import Imaging
import Ranking
import Synchronization
import TensorFiles
import Tensors
import Testing

@testable import Evaluation

/// A small untrained network, and people of plain colors: images of the same color have the same feature.
final class ColoredPeople {
    let path: String
    let model: CSPRModel

    /// `person/camera_n.png` for each of the names.
    init(_ names: [String], attention: CSPRConfiguration.Attention = .multiscale) throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("people-\(UUID().uuidString)").path
        var configuration = CSPRConfiguration()
        (configuration.width, configuration.height, configuration.widthPixels) = (4, 96, 32)
        (configuration.branches, configuration.branchDimensions, configuration.globalDimensions) = (3, 6, 20)
        configuration.candidateRatios = [0.2, 0.3, 0.4]
        configuration.attention = attention
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try CSPRModel.initialize(
            configuration: configuration, seed: 3, to: "\(path)/model.safetensors", precision: .float32)
        model = try CSPRModel(contentsOf: "\(path)/model.safetensors")
        for name in names { try write(Self.image(of: name).png(), to: "images/\(name)") }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    static func image(of name: String) -> RGBImage {
        let person = name.utf8.prefix { $0 != UInt8(ascii: "/") }.reduce(7) { ($0 &* 31 &+ Int($1)) % 251 }
        let color = [UInt8(person), UInt8(person * 7 % 251), UInt8(person * 13 % 251)]
        return RGBImage(width: 16, height: 48, pixels: (0..<768).flatMap { _ in color })
    }

    func write(_ bytes: [UInt8], to name: String) throws {
        let url = URL(fileURLWithPath: "\(path)/\(name)")
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: url)
    }

    func set() throws -> TestSet { try TestSet(.folder, folder: "\(path)/images") }
}

@Suite struct DatasetEvaluationTests {
    static let names = ["anna", "bert", "cleo", "dora"].flatMap { person in
        ["door_1", "gate_1", "hall_1"].map { "\(person)/\($0).png" }
    }

    static var options: DatasetEvaluation.Options {
        var options = DatasetEvaluation.Options()
        (options.batch, options.threads) = (5, 1)
        return options
    }

    @Test func `people who look the same everywhere are found by every part of the feature`() throws {
        let people = try ColoredPeople(Self.names)
        let steps = Mutex<[String: [[Int]]]>([:])
        let evaluation = try DatasetEvaluation.run(
            people.set(), model: people.model, options: Self.options,
            progress: { stage, done, total in steps.withLock { $0[stage.rawValue, default: []].append([done, total]) } }
        )
        #expect(steps.withLock { $0["embedding"] } == [[5, 12], [10, 12], [12, 12]])
        #expect(Set(steps.withLock { $0["scoring"] ?? [] }) == Set((1...12).map { [$0, 12] }))
        #expect(evaluation.views == [.global, .local, .both])
        #expect(evaluation.queryCounts.all == 4 && evaluation.queryCounts.scored == 4)
        for view in evaluation.views {
            for ranking in Self.options.protocol.rankings {
                let figures = try #require(evaluation.figures(view, ranking))
                #expect(figures.named.allSatisfy { $0.value == 1 }, "\(view) \(ranking)")
            }
        }
    }

    @Test func `features are those of the network, an image at a time`() throws {
        let people = try ColoredPeople(Self.names)
        let evaluation = try DatasetEvaluation.run(people.set(), model: people.model, options: Self.options)
        let executor = try people.model.makeExecutor(batch: 1)
        let preprocessing = Preprocessing(people.model.configuration)
        for (row, image) in evaluation.tasks[0].gallery.enumerated() {
            let name = image.path.split(separator: "/").suffix(2).joined(separator: "/")
            let input = preprocessing.prepare(ColoredPeople.image(of: name))
            let expected = try executor.run(input, count: 1).feature.elements
            let found = evaluation.features[0].gallery[row]
            // Batches of another size may sum in another order.
            #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-5 }, "\(name)")
        }
    }

    @Test func `a network without branches has its global feature alone`() throws {
        let people = try ColoredPeople(Self.names, attention: .none)
        let evaluation = try DatasetEvaluation.run(people.set(), model: people.model, options: Self.options)
        #expect(evaluation.views == [.global] && evaluation.figures(.both, .plain) == nil)
        #expect(evaluation.figures(.global, .plain)?.mAP == 1)
        let html = try EvaluationReport(evaluation, model: people.model).html()
        #expect(!html.contains("Attention") && !html.contains("global + local"))
    }

    @Test func `an image that does not decode is named and skipped, or ends the evaluation`() throws {
        let people = try ColoredPeople(Self.names)
        try people.write(Array("no image".utf8), to: "images/bert/gate_1.png")
        try people.write(Array(ColoredPeople.image(of: "x").png().prefix(60)), to: "images/cleo/hall_1.png")
        var warned: [String] = []
        let evaluation = try DatasetEvaluation.run(
            people.set(), model: people.model, options: Self.options, warn: { warned.append($0.path) })
        #expect(warned.map { $0.suffix(15) } == ["bert/gate_1.png", "cleo/hall_1.png"])
        #expect(evaluation.skipped.map(\.path) == warned && evaluation.tasks[0].gallery.count == 6)
        #expect(evaluation.skipped[0].reason == "\(ImageError.unsupportedFormat)")
        var options = Self.options
        options.isStrict = true
        #expect(throws: EvaluationError.undecodable(path: warned[0], reason: "\(ImageError.unsupportedFormat)")) {
            try DatasetEvaluation.run(people.set(), model: people.model, options: options)
        }
        for name in Self.names where !name.contains("door") {
            try people.write([1], to: "images/\(name)")
        }
        #expect(throws: EvaluationError.nothingToRank(task: "")) {
            try DatasetEvaluation.run(people.set(), model: people.model, options: Self.options)
        }
    }

    @Test(arguments: [Float(0), 1e30])
    func `weights that give zero or infinite vectors end the evaluation, and are named`(factor: Float) throws {
        let people = try ColoredPeople(Self.names)
        let file = try SafetensorsFile(contentsOf: people.path + "/model.safetensors")
        let tensors = try file.names.map { name in
            var tensor = try file.floats(name)
            if !name.hasSuffix("running_var") { tensor.elements = tensor.elements.map { $0 * factor } }
            return (name, SafetensorsValue.floats(tensor))
        }
        let path = people.path + "/unusable.safetensors"
        try SafetensorsWriter.write(tensors, metadata: file.metadata, to: path)
        let model = try CSPRModel(contentsOf: path)
        let error = EvaluationError.model(.unusableVector(model: model.identity))
        #expect(throws: error) { try DatasetEvaluation.run(people.set(), model: model, options: Self.options) }
        #expect("\(error)".contains(model.identity) && "\(error)".contains("zero or not finite"))
    }

    @Test(arguments: [0, 2, 6])
    func `an evaluation that is stopped ends`(after: Int) throws {
        let people = try ColoredPeople(Self.names)
        let asked = Atomic(0)
        #expect(throws: EvaluationError.stopped) {
            try DatasetEvaluation.run(
                people.set(), model: people.model, options: Self.options,
                isStopped: { asked.wrappingAdd(1, ordering: .relaxed).oldValue >= after })
        }
    }

    @Test func `a box of an image counts as the part alone`() throws {
        let people = try ColoredPeople([])
        let (inner, outer) = (ColoredPeople.image(of: "anna"), ColoredPeople.image(of: "bert"))
        var wide = RGBImage(width: 20, height: 50, pixels: (0..<1000).flatMap { _ in outer.pixels.prefix(3) })
        for y in 0..<48 { for x in 0..<48 { wide.pixels[((y + 1) * 20 + 3) * 3 + x] = inner.pixels[y * 48 + x] } }
        try people.write(inner.png(), to: "images/a.png")
        try people.write(wide.png(), to: "images/b.png")
        try people.write(
            Array(
                """
                {"image": "a.png", "person_id": "anna", "camera_id": "door"}
                {"image": "b.png", "person_id": "anna", "camera_id": "gate", "box": [3, 1, 16, 48]}
                {"image": "b.png", "person_id": "anna", "camera_id": "hall"}
                {"image": "b.png", "person_id": "bert", "camera_id": "hall", "box": [10, 1, 16, 48]}

                """.utf8), to: "images/manifest.ndjson")
        var warned: [ImageFailure] = []
        let evaluation = try DatasetEvaluation.run(
            people.set(), model: people.model, options: Self.options, warn: { warned.append($0) })
        let features = evaluation.features[0]
        #expect(features.query[0] == features.gallery[0] && features.query[0] != features.gallery[1])
        #expect(warned.map(\.reason) == ["the image is damaged: a box that reaches beyond its 20×50 pixels"])
    }

    @Test func `the tasks of random splits share their images' features`() throws {
        let people = try ColoredPeople([])
        for person in 0..<5 {
            let image = ColoredPeople.image(of: "\(person * 3)")
            try people.write(image.png(), to: "images/cam_a/00\(person)_0.png")
            try people.write(image.png(), to: "images/cam_b/00\(person)_90.png")
        }
        var options = TestSet.Options()
        options.splits = 4
        let set = try TestSet(.viper, folder: "\(people.path)/images", options: options)
        let total = Mutex(0)
        let evaluation = try DatasetEvaluation.run(
            set, model: people.model, options: Self.options,
            progress: { stage, _, all in total.withLock { if stage == .embedding { $0 = all } } })
        #expect(total.withLock { $0 } == 10 && evaluation.features.count == 8)
        #expect(evaluation.figures(.both, .plain)?.cmc1 == 1 && evaluation.queryCounts.all == 24)
    }
}

@Suite struct EvaluationReportTests {
    @Test func `a report needs nothing from elsewhere and frames right and wrong answers`() throws {
        let people = try ColoredPeople(DatasetEvaluationTests.names + ["<b>&/door_1.png", "<b>&/gate_1.png"])
        let evaluation = try DatasetEvaluation.run(
            people.set(), model: people.model, options: DatasetEvaluationTests.options)
        let html = try EvaluationReport(evaluation, model: people.model).html()
        func count(_ text: String) -> Int { html.components(separatedBy: text).count - 1 }
        // Five queries, nine images of the gallery; two rows each; attention of five images by three branches.
        #expect(count("<section>") == 5)
        #expect(count("<figure class=\"query\">") == 10)
        #expect(count("<figure class=\"right\">") == 2 * (4 * 2 + 1))
        #expect(count("<figure class=\"wrong\">") == 2 * 5 * 9 - 2 * (4 * 2 + 1))
        #expect(count("src=\"data:image/jpeg;base64,") == 2 * 5 * 10 + 5 * 4)
        #expect(count("src=") == count("src=\"data:") && !html.contains("http") && !html.contains("<script"))
        #expect(html.contains(people.model.identity) && html.contains("untrained"))
        #expect(!html.contains("<b>") && html.contains("&lt;b>&amp;/door_1.png"))
    }

    @Test func `queries that the branches helped come first, then some that failed and some that were found`() {
        //            0  1  2  3  4  5  6   7  8  9
        let global = [9, 1, 2, 4, 1, 1, 30, 1, 1, nil]
        let whole = [1, 1, 1, 1, 7, 1, 1, 3, 1, nil]
        #expect(RankingExamples.chosen(4, global: global, whole: whole) == [6, 0, 4, 1])
        #expect(RankingExamples.chosen(8, global: global, whole: whole) == [6, 0, 3, 2, 4, 7, 1, 5])
        #expect(Set(RankingExamples.chosen(20, global: global, whole: whole)) == Set(0...8))
        #expect(RankingExamples.chosen(3, global: [5, 5, 5, 5], whole: [1, 1, 1, 1]) == [0, 1, 2])
        #expect(RankingExamples.chosen(3, global: [nil], whole: [nil]).isEmpty)
    }
}
