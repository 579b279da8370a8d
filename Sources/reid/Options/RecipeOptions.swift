internal import ArgumentParser
internal import CSPRModel
internal import Foundation
internal import NeuralNetwork
internal import Training

/// The options that set the fields of a recipe.
struct RecipeOptions: ParsableArguments {
    @Option(help: "The seed of all random numbers.")
    var seed: UInt64 = 1

    @Option(help: "OpenMP threads of the network; part of the recipe, because the last digits of sums depend on it.")
    var threads = ProcessInfo.processInfo.activeProcessorCount

    @Option(help: "Epochs of the two phases, such as 150,150; one number is for both; 0 leaves a phase out.")
    var epochs: String?

    @Option(help: "Images per update.")
    var batch = 32

    @Option(help: "Parts in which a batch is computed, to save memory; batch norms use the statistics of each part.")
    var accumulate = 1

    @Option(
        help: "Learning rates of phase 1, of phase 2's backbone and of phase 2's local branch, such as 2e-2,2e-4,5e-2.")
    var learningRate: String?

    @Option(help: "Schedule of the rates: steps (the paper's), constant or cosine (with warm-up).")
    var schedule: String?

    @Option(help: "The share of a phase in which the cosine schedule warms up.")
    var warmUp = 0.05

    @Option(help: "Weight of the ratio loss.")
    var lambda: Float = 0.1

    @Option(help: "Weight of the distribution loss.")
    var eta: Float = 1

    @Option(help: "Momentum.")
    var momentum: Float = 0.9

    @Option(help: "Weight decay.")
    var weightDecay: Float = 5e-4

    @Option(help: "The largest length of the gradient; 0: no limit.")
    var gradientLimit: Float = 0

    @Option(help: "The size of the input, as HEIGHTxWIDTH.")
    var input: String?

    @Option(help: "Channels of the stem.")
    var width: Int?

    @Option(help: "Blocks of the four stages, such as 3,4,6,3.")
    var depths: String?

    @Option(help: "Stride of the last stage, 1 or 2.")
    var lastStride: Int?

    @Option(
        help: """
            Where the backbone normalizes by each image's own statistics: none; a: half of the channels in the blocks of stages \
            1 to 3; b: in the stem, and after stages 1 and 2.
            """)
    var ibn: String?

    @Option(help: "JSON with the network's configuration; the options above replace its fields.")
    var config: String?

    @Option(help: "The probability that left and right are exchanged, 0...1.")
    var flip: Float = 0

    @Option(help: "How strongly colors vary, 0...1.")
    var jitter: Float = 0

    @Option(help: "The probability that an image becomes gray, 0...1.")
    var gray: Float = 0

    @Option(help: "The probability that a rectangle of an image becomes gray, 0...1.")
    var grayPatches: Float = 0

    @Option(help: "How strongly color channels are mixed, 0...1.")
    var mixing: Float = 0

    @Option(help: "The probability that an image is shown as if it had fewer pixels, 0...1.")
    var coarsening: Float = 0

    @Option(help: "The probability that a rectangle is erased, 0...1.")
    var erasing: Float = 0.5

    @Option(
        help: """
            The probability that MixStyle mixes means and deviations of channels between a batch's images, after stage 1 and \
            after stage 2, 0...1.
            """)
    var mixStyle: Float = 0

    @Option(help: "Label smoothing, 0..<1.")
    var labelSmoothing: Float = 0

    @Option(help: "Weight of a batch-hard triplet loss; needs --images-per-person.")
    var triplet: Float = 0

    @Option(help: "Weight of a supervised contrastive loss; needs --images-per-person.")
    var contrastive: Float = 0

    @Option(help: "Weight of a circle loss; needs --images-per-person.")
    var circle: Float = 0

    @Option(help: "Images of the same person in a batch; 0: images are drawn at random.")
    var imagesPerPerson = 0

    @Flag(help: "Batches of one person and the people who look most like them; needs --images-per-person.")
    var alike = false

    @Flag(help: "A batch norm between embedding and classifier.")
    var neck = false

    @Option(help: "Decay of a moving average of the weights, which is then exported; 0: none.")
    var average: Float = 0

    func validate() throws { _ = try recipe() }

    /// The recipe; throws a `ValidationError` that names the option that cannot be read or is out of range.
    func recipe() throws -> TrainingRecipe {
        let recipe = try uncheckedRecipe()
        do { try recipe.validate() } catch { throw ValidationError("\(error)") }
        return recipe
    }

    private func uncheckedRecipe() throws -> TrainingRecipe {
        var recipe = TrainingRecipe()
        recipe.network = try config.map { try ModelText.configuration(json: $0) } ?? CSPRConfiguration()
        if let input {
            let sides = input.split(separator: "x").compactMap { Int($0) }
            guard sides.count == 2 else {
                throw ValidationError("--input \(input): expected HEIGHTxWIDTH, such as 256x128")
            }
            (recipe.network.height, recipe.network.widthPixels) = (sides[0], sides[1])
        }
        if let width { recipe.network.width = width }
        if let lastStride { recipe.network.lastStride = lastStride }
        if let ibn {
            guard let use = InstanceNormUse(rawValue: ibn) else {
                throw ValidationError("--ibn \(ibn): expected one of none, a, b")
            }
            recipe.network.instanceNorms = use
        }
        if let depths { recipe.network.depths = try Self.numbers(depths, "--depths", counts: [4]) }
        if let epochs {
            let counts: [Int] = try Self.numbers(epochs, "--epochs", counts: [1, 2])
            recipe.global.epochs = counts[0]
            recipe.joint.epochs = counts[counts.count - 1]
        }
        if let learningRate {
            let rates: [Float] = try Self.numbers(learningRate, "--learning-rate", counts: [1, 3])
            recipe.global.rate = rates[0]
            if rates.count == 3 { (recipe.joint.rate, recipe.joint.localRate) = (rates[1], rates[2]) }
        }
        if let schedule {
            guard let schedule = RateSchedule(rawValue: schedule) else {
                let names = RateSchedule.allCases.map(\.rawValue).joined(separator: ", ")
                throw ValidationError("--schedule \(schedule): expected one of \(names)")
            }
            recipe.global.schedule = schedule
            (recipe.joint.schedule, recipe.joint.localSchedule) = (schedule, schedule)
        }
        (recipe.seed, recipe.threads, recipe.batch, recipe.accumulation) = (seed, threads, batch, accumulate)
        (recipe.losses.lambda, recipe.losses.eta, recipe.losses.labelSmoothing) = (lambda, eta, labelSmoothing)
        (recipe.losses.tripletWeight, recipe.losses.contrastiveWeight) = (triplet, contrastive)
        recipe.losses.circleWeight = circle == 0 ? nil : circle
        recipe.imagesPerPerson = imagesPerPerson
        recipe.drawsAlike = alike ? true : nil
        (recipe.optimizer.momentum, recipe.optimizer.weightDecay) = (momentum, weightDecay)
        (recipe.gradientLimit, recipe.warmUp) = (gradientLimit, warmUp)
        (recipe.augmentation.flipping, recipe.augmentation.jitter) = (flip, jitter)
        (recipe.augmentation.graying, recipe.augmentation.grayPatches) = (gray, grayPatches)
        (recipe.augmentation.mixing, recipe.augmentation.coarsening) = (mixing, coarsening)
        recipe.augmentation.erasing = erasing
        recipe.mixStyle = mixStyle == 0 ? nil : mixStyle
        (recipe.hasNeck, recipe.averageDecay) = (neck, average)
        return recipe
    }

    private static func numbers<Number: LosslessStringConvertible>(
        _ text: String, _ option: String, counts: Set<Int>
    ) throws -> [Number] {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        let numbers = parts.compactMap { Number(String($0)) }
        guard numbers.count == parts.count, counts.contains(numbers.count) else {
            let expected = counts.sorted().map(String.init).joined(separator: " or ")
            throw ValidationError("\(option) \(text): expected \(expected) numbers, separated by commas")
        }
        return numbers
    }
}
