public import CSPRModel
internal import Foundation
public import NeuralNetwork

/// How a learning rate changes during a phase.
public enum RateSchedule: String, Codable, Sendable, CaseIterable {
    /// A tenth of the rate after a third of the epochs, a hundredth after two thirds.
    case steps
    /// The same rate throughout.
    case constant
    /// Half a cosine from the rate to zero, after a linear warm-up.
    case cosine

    /// The factor of the rate after the share `progress`, in 0...1, of a phase whose warm-up takes the share `warmUp`.
    public func factor(progress: Double, warmUp: Double) -> Double {
        switch self {
        case .steps: progress < 1.0 / 3 ? 1 : progress < 2.0 / 3 ? 0.1 : 0.01
        case .constant: 1
        case .cosine:
            if progress < warmUp {
                max(progress / warmUp, 1e-3)
            } else {
                0.5 * (1 + cosine((progress - warmUp) / max(1e-9, 1 - warmUp)))
            }
        }
    }

    private func cosine(_ share: Double) -> Double { cos(Double.pi * min(1, share)) }
}

/// The settings of one phase.
public struct StepRecipe: Codable, Sendable, Equatable {
    /// Passes over the training images; 0 leaves the phase out.
    public var epochs: Int
    /// The learning rate of backbone, global embedding and global classifier.
    public var rate: Float
    /// How the rate changes during the phase.
    public var schedule: RateSchedule
    /// The learning rate of the local branch and its classifier.
    public var localRate: Float
    /// How the rate changes during the phase.
    public var localSchedule: RateSchedule

    /// The rate of a group of parameters after the share `progress`, in 0...1, of the phase.
    public func rate(of group: ParameterGroup, progress: Double, warmUp: Double) -> Float {
        group.isOfBranches
            ? localRate * Float(localSchedule.factor(progress: progress, warmUp: warmUp))
            : rate * Float(schedule.factor(progress: progress, warmUp: warmUp))
    }
}

/// Everything that decides the result of a training run; the defaults are the paper's (Sections III-C and IV-C).
public struct TrainingRecipe: Codable, Sendable, Equatable {
    /// The network; `identities` is set from the images.
    public var network = CSPRConfiguration()
    /// Backbone and global branch alone: 150 epochs at 2e-2, 2e-3, 2e-4.
    public var global = StepRecipe(
        epochs: 150, rate: 2e-2, schedule: .steps, localRate: 0, localSchedule: .constant)
    /// Everything: 150 epochs, the backbone at 2e-4, the local branch at 5e-2, 5e-3, 5e-4.
    public var joint = StepRecipe(
        epochs: 150, rate: 2e-4, schedule: .constant, localRate: 5e-2, localSchedule: .steps)
    /// Images per update, at least 2.
    public var batch = 32
    /// The number of equal parts in which a batch is computed, to save memory; batch norms use the statistics of each
    /// part.
    public var accumulation = 1
    /// Images of the same person in a batch (the K of P×K); 0 draws images at random.
    public var imagesPerPerson = 0
    /// Whether a batch holds one person and the people who look most like them, found anew for every epoch; nil: no.
    ///
    /// Not in the paper; see `AlikePeople`.
    public var drawsAlike: Bool?
    /// The weights of the losses.
    public var losses = TrainingLosses()
    /// Momentum and weight decay.
    public var optimizer = SGD()
    /// The largest length of the gradient; a longer one is scaled down to it; 0: no limit.
    public var gradientLimit: Float = 0
    /// The share of a phase in which the cosine schedule warms up.
    public var warmUp = 0.05
    /// How images are varied.
    public var augmentation = Augmentation()
    /// The probability that the styles of a batch's images are mixed, in 0...1; nil: never.
    ///
    /// Stages 1 and 2 draw on their own. See `StyleMixing`; not in the paper.
    public var mixStyle: Float?
    /// Whether there is a batch norm between each embedding and its classifier; not in the paper.
    public var hasNeck = false
    /// The decay of a moving average of the weights, in 0..<1, which is then exported instead of the weights; 0: none.
    public var averageDecay: Float = 0
    /// The seed of all random numbers.
    public var seed: UInt64 = 1
    /// OpenMP threads of the network; part of the recipe, because the last digits of sums depend on it.
    public var threads = 1

    /// The paper's recipe.
    public init() {}

    /// The settings of a phase.
    public func recipe(of step: TrainableNetwork.Step) -> StepRecipe { step == .global ? global : joint }

    /// Checks every field; throws `TrainingError.invalidRecipe` with the first one that is out of range.
    public func validate() throws {
        func check(_ isValid: Bool, _ field: String, _ expected: String) throws(TrainingError) {
            guard isValid else { throw .invalidRecipe(field: field, expected: expected) }
        }
        try network.validate()
        for (name, step) in [("global", global), ("joint", joint)] {
            try check((0...100_000).contains(step.epochs), "\(name).epochs", "a number in 0...100000")
            try check(step.rate >= 0 && step.rate.isFinite, "\(name).rate", "a number of at least 0")
            try check(step.localRate >= 0 && step.localRate.isFinite, "\(name).localRate", "a number of at least 0")
        }
        try check(global.epochs + joint.epochs > 0, "epochs", "at least one epoch in one of the phases")
        try check((2...4096).contains(batch), "batch", "a number in 2...4096")
        try check(
            accumulation >= 1 && batch.isMultiple(of: accumulation) && batch / max(1, accumulation) >= 2,
            "accumulation", "a divisor of the batch that leaves parts of at least 2 images")
        try check(
            imagesPerPerson >= 0 && (imagesPerPerson == 0 || batch.isMultiple(of: imagesPerPerson)),
            "imagesPerPerson", "0 or a divisor of the batch")
        try check(drawsAlike != true || imagesPerPerson > 0, "drawsAlike", "no, or imagesPerPerson above 0")
        try check(losses.lambda >= 0 && losses.eta >= 0, "losses", "lambda and eta of at least 0")
        try check((0..<1).contains(losses.labelSmoothing), "losses.labelSmoothing", "a number in 0..<1")
        try check(losses.tripletWeight >= 0, "losses.tripletWeight", "a number of at least 0")
        try check(losses.contrastiveWeight >= 0, "losses.contrastiveWeight", "a number of at least 0")
        try check(losses.circleWeight ?? 1 > 0, "losses.circleWeight", "a number above 0")
        try check(losses.contrastiveTemperature > 0, "losses.contrastiveTemperature", "a number above 0")
        try check((0..<1).contains(optimizer.momentum), "optimizer.momentum", "a number in 0..<1")
        try check(optimizer.weightDecay >= 0, "optimizer.weightDecay", "a number of at least 0")
        try check(gradientLimit >= 0, "gradientLimit", "a number of at least 0")
        try check((0...1).contains(mixStyle ?? 0), "mixStyle", "a number in 0...1")
        try check((0..<1).contains(averageDecay), "averageDecay", "a number in 0..<1")
        try check((0..<1).contains(warmUp), "warmUp", "a number in 0..<1")
        try check((1...256).contains(threads), "threads", "a number in 1...256")
        if let fault = augmentation.fault { try check(false, "augmentation.\(fault.field)", fault.expected) }
    }
}
