internal import ArgumentParser
internal import Datasets
internal import Foundation
internal import Training

/// `reid train`: trains a network on a folder of images, in the paper's two phases.
struct TrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Train CSPR-Net on images of known people.",
        discussion: """
            DATA is a Market-1501 style folder, a folder of such images, or a folder per person with CAMERA_NAME.jpg in it. The
            run folder gets recipe.json, log.ndjson, checkpoint.safetensors, weights.safetensors (what `reid serve --model` takes)
            and report.html. Ctrl-C writes a checkpoint; --resume with the same options continues from it. The defaults are the
            paper's: 150 epochs of the global branch, then 150 of everything, batches of 32.

            EXAMPLE:
              reid train market1501 --run runs/first --backbone resnet50.pth
              reid train images --run runs/small --width 16 --input 256x128 --epochs 20,20 --threads 2
              reid train images --run runs/small --width 16 --input 256x128 --epochs 20,20 --threads 2 --resume
            """)

    @Argument(help: "The training images.")
    var data: String

    @Option(name: .customLong("run"), help: "The folder of the run; it must be new, unless the run is resumed.")
    var runFolder: String

    @Flag(help: "Continue from the run folder's checkpoint.")
    var resume = false

    @OptionGroup var recipeOptions: RecipeOptions

    @Option(
        help: """
            Weights to start from: a ResNet's with torchvision's names, as safetensors or a PyTorch .pth state dict, or an earlier \
            run's weights or checkpoint, of which all that fits is taken.
            """)
    var backbone: String?

    @Option(
        help: "A Market-1501 style folder (query, bounding_box_test) to validate on; by default images are held out.")
    var validation: String?

    @Option(help: "People of whom two images each are held out for validation.")
    var heldOut = 200

    @Option(help: "Epochs between validations.")
    var validateEvery = 1

    @Option(help: "Minutes between checkpoints within an epoch.")
    var checkpointMinutes = 5.0

    @Option(help: "Threads that decode and vary images.")
    var loaderThreads = 1

    @Option(help: "Megabytes of decoded images kept in memory.")
    var cacheMegabytes = 2048

    @Flag(help: "End if an image cannot be decoded, instead of skipping it.")
    var strict = false

    @Flag(help: "One JSON object at the end.")
    var json = false

    mutating func validate() throws {
        guard validateEvery > 0 else { throw ValidationError("--validate-every: expected at least 1") }
        guard checkpointMinutes > 0 else { throw ValidationError("--checkpoint-minutes: expected more than 0") }
        guard (1...256).contains(loaderThreads) else { throw ValidationError("--loader-threads: expected 1...256") }
        guard heldOut >= 0 else { throw ValidationError("--held-out: expected at least 0") }
        guard cacheMegabytes >= 0 else { throw ValidationError("--cache-megabytes: expected at least 0") }
    }

    mutating func run() throws {
        let recipe = try recipeOptions.recipe()
        do {
            let images = try TrainingSet(folder: data, validation: validation, heldOutPeople: heldOut)
            var settings = Trainer.Settings()
            settings.checkpointInterval = checkpointMinutes * 60
            settings.validationInterval = validateEvery
            settings.loaderThreads = loaderThreads
            settings.cacheLimit = cacheMegabytes << 20
            settings.isStrict = strict
            let folder = RunFolder(runFolder)
            let trainer = try Trainer(
                recipe, settings: settings, images: images, folder: folder, isResuming: resume, backbone: backbone)
            Terminal.complain(
                "\(images.train.count) images of \(images.personCount) people, "
                    + "\(images.validationQueries.count) validation queries, \(trainer.parameterCount) parameters")
            let stop = StopSignals()
            var display = TrainingDisplay()
            let outcome = try trainer.run(
                isStopped: { stop.hasArrived }, observe: { display.show($0) }, warn: { Terminal.complain($0) })
            display.end()
            Terminal.complain("peak memory \(TrainingDisplay.peakMemory)")
            guard outcome == .finished else {
                let command = Terminal.command(with: "--resume")
                throw stop.interruption("the checkpoint is \(folder.checkpoint); continue with: \(command)")
            }
            Terminal.complain("weights: \(folder.weights)\nreport: \(folder.report)")
            if json { try Terminal.printJSON(Answer(trainer, folder)) }
        } catch let error as CommandFailure {
            throw error
        } catch {
            throw CommandFailure(describe(error))
        }
    }

    private struct Answer: Encodable {
        let weights: String
        let report: String
        let updates: Int
        let seconds: Double
        let cmc1: Double?
        let mAP: Double?

        init(_ trainer: Trainer, _ folder: RunFolder) {
            weights = folder.weights
            report = folder.report
            updates = trainer.standing.updates
            seconds = trainer.standing.seconds
            cmc1 = trainer.newestValidation?.cmc1
            mAP = trainer.newestValidation?.mAP
        }
    }
}
