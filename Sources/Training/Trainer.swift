internal import CSPRModel
public import Datasets
internal import Evaluation
internal import Foundation
internal import NeuralNetwork
internal import Randomness
internal import Tensors

/// Trains a CSPR-Net in the paper's two phases; writes checkpoints, a log and a report to a run folder.
///
/// Everything runs on the calling thread, except decoding, varying and ranking images. A run that was interrupted and resumed
/// gives the same losses and weights, bit for bit, as an uninterrupted run with the same recipe and images.
public final class Trainer {
    /// How a call to `run` ended.
    public enum Outcome: Sendable, Equatable {
        /// All epochs are done.
        case finished
        /// `isStopped` returned true; the run has written a checkpoint.
        case interrupted
    }

    /// The progress of a run, for a display.
    public struct Progress: Sendable {
        /// The record of the newest update, whether it is logged or not.
        public var record: LogRecord
        /// Batches of the epoch so far.
        public var batch: Int
        /// The number of batches of the epoch.
        public var batches: Int
        /// The number of epochs of the phase.
        public var epochs: Int
        /// Seconds until the end of the run, at the current speed.
        public var secondsLeft: Double
    }

    /// How often a run writes, and what it may use; does not change the result.
    public struct Settings: Sendable {
        /// Seconds between checkpoints within an epoch.
        public var checkpointInterval = 300.0
        /// Updates between lines of the log.
        public var logInterval = 10
        /// Epochs between validations.
        public var validationInterval = 1
        /// Threads that decode and augment images.
        public var loaderThreads = 1
        /// Bytes of decoded images that are kept in memory.
        public var cacheLimit = 2 << 30
        /// An image that cannot be decoded, validation images included, ends the run instead of being skipped.
        public var isStrict = false

        /// A checkpoint every five minutes, a line every ten updates, a validation every epoch.
        public init() {}
    }

    private let recipe: TrainingRecipe
    private let settings: Settings
    private let images: TrainingSet
    private let store: ImageStore
    private let folder: RunFolder
    private let network: TrainableNetwork
    private let log: RunLog
    private var validation: Validation
    private let digest: String
    private var position: TrainingPosition
    private var lastCheckpoint = ContinuousClock.now
    private var sittingStart = ContinuousClock.now
    private var hasCheckpoint: Bool

    private static let steps: [TrainableNetwork.Step] = [.global, .joint]

    /// Prepares a run, or resumes the one in `folder`.
    ///
    /// - Parameters:
    ///   - recipe: Everything that decides the result; `network.identities` is set to the number of people.
    ///   - settings: How often the run writes, and what it may use.
    ///   - images: The images for training and validation.
    ///   - folder: The folder of the run.
    ///   - isResuming: Whether to continue from the folder's checkpoint.
    ///   - backbone: A file of backbone weights to start from; see `Backbone`.
    /// - Throws: `TrainingError`, `ModelError`.
    public init(
        _ recipe: TrainingRecipe, settings: Settings, images: TrainingSet, folder: RunFolder,
        isResuming: Bool = false,
        backbone: String? = nil
    ) throws {
        var recipe = recipe
        recipe.network.identities = images.personCount
        try recipe.validate()
        guard images.train.count >= recipe.batch else {
            throw TrainingError.tooFewImages(found: images.train.count, batch: recipe.batch)
        }
        setOpenMPThreads(recipe.threads)
        network = try TrainableNetwork(configuration: recipe.network, seed: recipe.seed, hasNeck: recipe.hasNeck)
        digest = images.digest()
        let checkpoint = isResuming ? try Self.openCheckpoint(folder) : nil
        if let checkpoint {
            try checkpoint.require(recipe, images: digest, count: images.train.count)
            try checkpoint.restore(network)
        } else if let backbone {
            try Backbone(contentsOf: backbone).load(into: network)
        }
        try folder.prepare(resuming: isResuming)
        position = checkpoint?.description.position ?? TrainingPosition()
        hasCheckpoint = checkpoint != nil
        log = try RunLog(path: folder.log, keepingThrough: position.updates)
        validation = Validation(images, threads: recipe.threads, isStrict: settings.isStrict)
        store = ImageStore(
            images.train, width: recipe.network.widthPixels, height: recipe.network.height,
            limit: settings.cacheLimit,
            isStrict: settings.isStrict)
        self.recipe = recipe
        self.settings = settings
        self.images = images
        self.folder = folder
        if !isResuming {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
            try RunFolder.write(try encoder.encode(recipe), to: folder.recipe)
        }
    }

    private static func openCheckpoint(_ folder: RunFolder) throws -> Checkpoint {
        guard FileManager.default.fileExists(atPath: folder.checkpoint) else {
            throw TrainingError.nothingToResume(path: folder.path)
        }
        return try Checkpoint(contentsOf: folder.checkpoint)
    }

    /// The number of learned parameters of the network in training, including classifiers.
    public var parameterCount: Int { network.parameters.learnedCount }

    /// CMC@1 and mAP of the newest validation, in 0...1; nil before the first.
    public var newestValidation: (cmc1: Double, mAP: Double)? {
        for record in log.records.reversed() {
            if let cmc1 = record.cmc1, let mAP = record.mAP { return (cmc1, mAP) }
        }
        return nil
    }

    /// The position of the run.
    public var standing: TrainingPosition { position }

    /// Trains until all epochs are done or `isStopped` returns true; it is called after every update, and while the people
    /// who look alike are found.
    ///
    /// - Parameters:
    ///   - isStopped: Returns true to write a checkpoint and stop.
    ///   - observe: Called after every update.
    ///   - warn: Called with a sentence about a problem that does not stop the run, such as an image that was skipped.
    /// - Returns: How the call ended.
    /// - Throws: `TrainingError`; the newest checkpoint stays as it is.
    public func run(
        isStopped: () -> Bool = { false }, observe: (Progress) -> Void = { _ in },
        warn: @escaping @Sendable (String) -> Void = { _ in }
    ) throws -> Outcome {
        sittingStart = .now
        lastCheckpoint = .now
        while position.step < Self.steps.count {
            let step = Self.steps[position.step]
            guard position.epoch < recipe.recipe(of: step).epochs, step == .global || recipe.network.hasLocalBranch
            else {
                position.step += 1
                position.epoch = 0
                continue
            }
            let isStarted = log.records.contains { $0.kind == .event && $0.step == step }
            if position.epoch == 0, position.batch == 0, !isStarted {
                try validate(step, .event, warn: warn)
            }
            guard try runEpoch(step, isStopped: isStopped, observe: observe, warn: warn) else {
                try saveCheckpoint()
                return .interrupted
            }
        }
        try saveCheckpoint()
        return .finished
    }

    /// Trains on the rest of an epoch; returns false if it was asked to stop.
    private func runEpoch(
        _ step: TrainableNetwork.Step, isStopped: () -> Bool, observe: (Progress) -> Void,
        warn: @escaping @Sendable (String) -> Void
    ) throws -> Bool {
        // The epochs of the two phases draw different random numbers.
        let epoch = position.epoch + (step == .joint ? recipe.global.epochs : 0)
        try network.compile(
            step, batch: recipe.batch / recipe.accumulation, mixesStyles: recipe.mixStyle != nil)
        let alike = try alikePeople(epoch: epoch, isStopped: isStopped, warn: warn)
        if recipe.drawsAlike == true, alike == nil { return false }
        let loader = BatchLoader(
            images.train, store: store, recipe: recipe, epoch: epoch, from: position.batch,
            threads: settings.loaderThreads, alike: alike, warn: warn)
        defer { loader.stop() }
        let epochs = recipe.recipe(of: step).epochs
        var clock = ContinuousClock.now
        var imagesSinceLog = 0
        while let batch = try loader.next() {
            let progress =
                (Double(position.epoch) + Double(position.batch) / Double(loader.batchCount)) / Double(epochs)
            let terms = try update(batch, epoch: epoch, step: step, progress: progress)
            position.batch += 1
            position.updates += 1
            imagesSinceLog += recipe.batch
            var record = record(.update, step)
            record.losses = terms
            record.rate = recipe.recipe(of: step).rate(of: .global, progress: progress, warmUp: recipe.warmUp)
            record.localRate = recipe.recipe(of: step).rate(of: .local, progress: progress, warmUp: recipe.warmUp)
            let elapsed = (ContinuousClock.now - clock) / .seconds(1)
            record.imagesPerSecond = Double(imagesSinceLog) / max(elapsed, 1e-9)
            observe(
                Progress(
                    record: record, batch: position.batch, batches: loader.batchCount, epochs: epochs,
                    secondsLeft: secondsLeft(
                        batches: loader.batchCount, imagesPerSecond: record.imagesPerSecond ?? 1)))
            if position.updates.isMultiple(of: settings.logInterval) || position.updates == 1 {
                try log.append(record)
                (clock, imagesSinceLog) = (.now, 0)
            }
            if isStopped() { return false }
            if (ContinuousClock.now - lastCheckpoint) / .seconds(1) >= settings.checkpointInterval {
                try saveCheckpoint()
            }
        }
        position.epoch += 1
        position.batch = 0
        try finishEpoch(step, skipped: store.failureCount, warn: warn)
        return true
    }

    /// Who looks alike to the weights with which the epoch began, which were exported then; nil if it does not matter or if
    /// the run was asked to stop.
    private func alikePeople(
        epoch: Int, isStopped: () -> Bool, warn: (String) -> Void
    ) throws -> [[Int]]? {
        guard recipe.drawsAlike == true else { return nil }
        let others = recipe.batch / recipe.imagesPerPerson - 1
        return try AlikePeople(images: images.train, store: store, seed: recipe.seed).nearest(
            others, epoch: epoch, model: try CSPRModel(contentsOf: folder.weights), isStopped: isStopped, warn: warn)
    }

    /// Makes one update: computes the gradients of a batch, part by part, and changes the parameters.
    private func update(
        _ batch: TrainingBatch, epoch: Int, step: TrainableNetwork.Step, progress: Double
    ) throws -> LossTerms {
        let parts = recipe.accumulation
        let size = recipe.batch / parts
        let floats = batch.images.count / recipe.batch
        var sum = LossTerms()
        for part in 0..<parts {
            let range = part * size..<(part + 1) * size
            let images =
                parts == 1
                ? batch.images : Array(batch.images[range.lowerBound * floats..<range.upperBound * floats])
            let mixing = recipe.mixStyle.map { probability in
                // Images draw from paths of three numbers, so this is a sequence of its own.
                let seed = SeededGenerator.seed(recipe.seed, [epoch, position.batch, part, 0])
                return StyleMixing(probability: probability, seed: seed)
            }
            let terms = try network.computeGradients(
                images, labels: Array(batch.labels[range]), losses: recipe.losses, mixing: mixing)
            if let bad = terms.named.first(where: { !$0.value.isFinite }) {
                throw TrainingError.notFinite(
                    term: bad.name, update: position.updates + 1, checkpoint: hasCheckpoint ? folder.checkpoint : nil)
            }
            sum.add(terms, share: 1 / Double(parts))
            if parts > 1 { try network.parameters.accumulateGradients(finish: part == parts - 1) }
        }
        var scale = 1 / Float(parts)
        if recipe.gradientLimit > 0 {
            let length = try Float(network.parameters.gradientNorm()) * scale
            guard length.isFinite else {
                throw TrainingError.notFinite(
                    term: "gradient", update: position.updates + 1,
                    checkpoint: hasCheckpoint ? folder.checkpoint : nil)
            }
            scale *= min(1, recipe.gradientLimit / max(length, 1e-12))
        }
        let rates = recipe.recipe(of: step)
        for group in ParameterGroup.allCases where step.trains(group) {
            let rate = rates.rate(of: group, progress: progress, warmUp: recipe.warmUp)
            try recipe.optimizer.step(network.parameters(of: group), learningRate: rate, gradientScale: scale)
        }
        if recipe.averageDecay > 0 { try network.parameters.updateAverages(decay: recipe.averageDecay) }
        return sum
    }

    /// Validates if it is due, writes the report and a checkpoint.
    private func finishEpoch(_ step: TrainableNetwork.Step, skipped: Int, warn: (String) -> Void) throws {
        try validate(step, .epoch, skipped: skipped, warn: warn)
        try TrainingReport(log.records, recipe: recipe, folder: folder).write()
        try saveCheckpoint()
    }

    /// Exports the weights, and validates and logs them: before a phase, at its end, and in between as often as the
    /// settings say.
    private func validate(
        _ step: TrainableNetwork.Step, _ kind: LogRecord.Kind, skipped: Int? = nil, warn: (String) -> Void
    ) throws {
        try network.exportWeights(
            to: folder.weights, slot: recipe.averageDecay > 0 ? .average : .value, step: step)
        var record = record(kind, step)
        record.epoch = position.epoch
        record.skipped = skipped
        let isDue = position.epoch.isMultiple(of: settings.validationInterval)
        if isDue || position.epoch == recipe.recipe(of: step).epochs {
            let figures = try validation.run(
                weights: folder.weights, name: "\(step.rawValue)-\(position.epoch)", folder, warn: warn)
            record.cmc1 = figures?.cmc1
            record.mAP = figures?.mAP
        }
        try log.append(record)
    }

    private func record(_ kind: LogRecord.Kind, _ step: TrainableNetwork.Step) -> LogRecord {
        LogRecord(
            kind, step: step, epoch: position.epoch, update: position.updates,
            seconds: position.seconds + (ContinuousClock.now - sittingStart) / .seconds(1))
    }

    private func saveCheckpoint() throws {
        let now = ContinuousClock.now
        position.seconds += (now - sittingStart) / .seconds(1)
        sittingStart = now
        try Checkpoint.write(
            network,
            Checkpoint.Description(
                position: position, recipe: recipe, images: digest, imageCount: images.train.count),
            to: folder.checkpoint)
        hasCheckpoint = true
        lastCheckpoint = .now
    }

    private func secondsLeft(batches: Int, imagesPerSecond: Double) -> Double {
        let total = (recipe.global.epochs + (recipe.network.hasLocalBranch ? recipe.joint.epochs : 0)) * batches
        let done = (position.step * recipe.global.epochs + position.epoch) * batches + position.batch
        return Double(max(0, total - done) * recipe.batch) / imagesPerSecond
    }
}

extension LossTerms {
    /// Adds `share` of other terms.
    fileprivate mutating func add(_ other: LossTerms, share: Double) {
        func sum(_ a: Double?, _ b: Double?) -> Double? { b.map { (a ?? 0) + share * $0 } ?? a }
        total += share * other.total
        globalClassification += share * other.globalClassification
        globalAccuracy += share * other.globalAccuracy
        localClassification = sum(localClassification, other.localClassification)
        localAccuracy = sum(localAccuracy, other.localAccuracy)
        ratio = sum(ratio, other.ratio)
        distribution = sum(distribution, other.distribution)
        globalTriplet = sum(globalTriplet, other.globalTriplet)
        localTriplet = sum(localTriplet, other.localTriplet)
        globalContrastive = sum(globalContrastive, other.globalContrastive)
        localContrastive = sum(localContrastive, other.localContrastive)
        globalCircle = sum(globalCircle, other.globalCircle)
        localCircle = sum(localCircle, other.localCircle)
    }
}
