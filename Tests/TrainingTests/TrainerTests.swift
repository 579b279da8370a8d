import CSPRModel
import Datasets
import Foundation
import Imaging
import NeuralNetwork
import Synchronization
import TensorFiles
import Testing

@testable import Training

@Suite struct TrainerTests {
    @Test func `a run leaves weights that load, a log, a recipe, a report and attention images`() throws {
        let folder = try TemporaryFolder()
        #expect(try makeTrainer(folder).run() == .finished)
        let model = try CSPRModel(contentsOf: "\(folder.path)/run/weights.safetensors")
        #expect(model.isTrained)
        #expect(model.configuration.identities == 0)
        #expect(model.dimensions == 24)
        // Three people, two images of each held out: three batches of four in each of four epochs.
        let terms = try losses(folder)
        #expect(terms.count == 12)
        #expect(terms[0].localClassification == nil)
        #expect(terms[11].localClassification != nil && terms[11].ratio != nil && terms[11].distribution != nil)
        let report = try String(contentsOfFile: "\(folder.path)/run/report.html", encoding: .utf8)
        #expect(report.contains("<svg") && report.contains("data:image/jpeg;base64,"))
        #expect(!report.contains("http://") && !report.contains("https://"))
        let recipe = try JSONDecoder().decode(
            TrainingRecipe.self, from: Data(contentsOf: URL(fileURLWithPath: "\(folder.path)/run/recipe.json")))
        #expect(recipe.network.identities == 3)
    }

    @Test func `training makes the loss small`() throws {
        let folder = try TemporaryFolder()
        var recipe = smallRecipe()
        (recipe.global.epochs, recipe.joint.epochs) = (24, 6)
        recipe.augmentation.erasing = 0
        _ = try makeTrainer(folder, recipe: recipe).run()
        let terms = try losses(folder)
        let last = terms.suffix(3).map(\.globalClassification).reduce(0, +) / 3
        #expect(last < 0.5 * terms[0].globalClassification)
    }

    @Test(arguments: [1, 4, 7, 11], [false, true])
    func `a run that was stopped and resumed gives the same losses and weights, bit for bit`(
        stop: Int, drawsAlike: Bool
    ) throws {
        let folder = try TemporaryFolder()
        var recipe = smallRecipe()
        recipe.averageDecay = 0.9
        recipe.hasNeck = true
        recipe.network.instanceNorms = .a
        recipe.mixStyle = 0.5
        (recipe.imagesPerPerson, recipe.drawsAlike) = (2, drawsAlike)
        #expect(try makeTrainer(folder, run: "whole", recipe: recipe).run() == .finished)
        let first = try makeTrainer(folder, run: "parts", recipe: recipe)
        let outcome = try first.run(isStopped: { first.standing.updates == stop })
        #expect(outcome == .interrupted)
        let second = try makeTrainer(folder, run: "parts", recipe: recipe, isResuming: true)
        #expect(second.standing.updates == stop)
        #expect(try second.run() == .finished)
        #expect(try losses(folder, run: "parts") == losses(folder, run: "whole"))
        for file in ["weights", "checkpoint"] {
            let whole = try SafetensorsFile(contentsOf: "\(folder.path)/whole/\(file).safetensors")
            let parts = try SafetensorsFile(contentsOf: "\(folder.path)/parts/\(file).safetensors")
            #expect(whole.names == parts.names)
            for name in whole.names { #expect(try whole.floats(name) == parts.floats(name), "\(name)") }
        }
    }

    @Test func `mixed styles change the losses, and a probability of zero does not`() throws {
        let folder = try TemporaryFolder()
        var recipe = smallRecipe()
        func run(_ name: String, _ probability: Float?) throws -> [LossTerms] {
            recipe.mixStyle = probability
            _ = try makeTrainer(folder, run: name, recipe: recipe).run()
            return try losses(folder, run: name)
        }
        let plain = try run("plain", nil)
        #expect(try run("zero", 0) == plain)
        #expect(try run("mixed", 1) != plain)
        recipe.mixStyle = 1.5
        let error = TrainingError.invalidRecipe(field: "mixStyle", expected: "a number in 0...1")
        #expect(throws: error) { try recipe.validate() }
    }

    @Test func `the number of loading threads changes nothing`() throws {
        let folder = try TemporaryFolder()
        _ = try makeTrainer(folder, run: "one") { $0.loaderThreads = 1 }.run()
        _ = try makeTrainer(folder, run: "three") { $0.loaderThreads = 3 }.run()
        #expect(try losses(folder, run: "one") == losses(folder, run: "three"))
    }

    @Test func `a validation image that does not decode is reported once, or ends a strict run`() throws {
        let folder = try TemporaryFolder()
        try drawPeople(in: "\(folder.path)/people")
        let set = try TrainingSet(folder: "\(folder.path)/people")
        let path = try #require(set.validationGallery.first).path
        try Data("no image".utf8).write(to: URL(fileURLWithPath: path))
        let warnings = Mutex<[String]>([])
        let trainer = try makeTrainer(folder)
        #expect(try trainer.run(warn: { warning in warnings.withLock { $0.append(warning) } }) == .finished)
        #expect(warnings.withLock { $0 } == ["\(path): \(ImageError.unsupportedFormat); skipped"])
        #expect(trainer.newestValidation != nil)
        let strict = try makeTrainer(folder, run: "strict") { $0.isStrict = true }
        #expect(throws: TrainingError.undecodable(path: path, reason: "\(ImageError.unsupportedFormat)")) {
            try strict.run()
        }
    }

    @Test func `a run folder that holds a run is not written over`() throws {
        let folder = try TemporaryFolder()
        _ = try makeTrainer(folder).run()
        #expect(throws: TrainingError.runExists(path: "\(folder.path)/run")) { try makeTrainer(folder) }
        #expect(throws: TrainingError.nothingToResume(path: "\(folder.path)/other")) {
            try makeTrainer(folder, run: "other", isResuming: true)
        }
    }

    @Test func `resuming with another recipe or other images names what differs`() throws {
        let folder = try TemporaryFolder()
        _ = try makeTrainer(folder).run()
        var recipe = smallRecipe()
        recipe.losses.lambda = 0.25
        #expect(throws: TrainingError.otherRecipe(field: "losses.lambda", checkpoint: "0.1", asked: "0.25")) {
            try makeTrainer(folder, recipe: recipe, isResuming: true)
        }
        try FileManager.default.removeItem(atPath: "\(folder.path)/people/person1/c1_0.png")
        #expect(throws: TrainingError.otherImages(checkpoint: 12, found: 11)) {
            try makeTrainer(folder, isResuming: true)
        }
    }

    @Test func `a loss that is not finite ends the run with the term, the update and the last checkpoint`() throws {
        let folder = try TemporaryFolder()
        var recipe = smallRecipe()
        recipe.global.rate = 1e30
        recipe.global.schedule = .constant
        let trainer = try makeTrainer(folder, recipe: recipe)
        do {
            _ = try trainer.run()
            Issue.record("the run went on")
        } catch let TrainingError.notFinite(term, update, checkpoint) {
            #expect(term == "cls_global")
            #expect(update > 1)
            #expect(checkpoint == nil)
        }
    }

    @Test
    func
        `parts of a batch, a neck, triplets, contrasts, circles, smoothing, a limit, a cosine and an average train together`()
        throws
    {
        let folder = try TemporaryFolder()
        var recipe = smallRecipe()
        recipe.accumulation = 2
        recipe.hasNeck = true
        recipe.imagesPerPerson = 2
        (recipe.losses.tripletWeight, recipe.losses.contrastiveWeight) = (0.5, 0.5)
        recipe.losses.circleWeight = 0.1
        recipe.losses.labelSmoothing = 0.1
        recipe.gradientLimit = 5
        recipe.averageDecay = 0.9
        recipe.global.schedule = .cosine
        recipe.joint.schedule = .cosine
        recipe.network.lastStride = 1
        recipe.augmentation.jitter = 0.2
        recipe.augmentation.flipping = 0.5
        #expect(try makeTrainer(folder, recipe: recipe).run() == .finished)
        let terms = try losses(folder)
        #expect(terms.allSatisfy { ($0.globalCircle ?? -1) >= 0 } && terms.last?.localCircle != nil)
        #expect(terms.allSatisfy { $0.total.isFinite && $0.globalTriplet != nil && $0.globalContrastive != nil })
        #expect(try CSPRModel(contentsOf: "\(folder.path)/run/weights.safetensors").isTrained)
    }
}
