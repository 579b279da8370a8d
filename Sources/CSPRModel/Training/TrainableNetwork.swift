public import NeuralNetwork
internal import Randomness
public import Tensors

/// A CSPR-Net in training: its parameters, and the losses and gradients of a batch.
///
/// Only one thread may use it. It computes with as many OpenMP threads as that thread has when a phase is compiled.
public final class TrainableNetwork {
    /// The phases of training: which part of the network is trained.
    public enum Step: String, Codable, Sendable, CaseIterable {
        /// Backbone, global embedding and global classifier.
        case global
        /// Everything.
        case joint

        /// Whether the phase trains the parameters of a group.
        public func trains(_ group: ParameterGroup) -> Bool { self == .joint || !group.isOfBranches }
    }

    /// The network's architecture, with the number of identities.
    public let configuration: CSPRConfiguration
    /// All learned parameters, and the running statistics.
    public let parameters: ParameterStore
    /// Whether there is a batch norm between each embedding and its classifier.
    public let hasNeck: Bool
    private(set) var compiled: CompiledStep?
    private var groups: [ParameterGroup: [Parameter]] = [:]

    /// A network with seeded random weights (He initialization); `configuration.identities` must be at least 1.
    ///
    /// - Parameters:
    ///   - configuration: The network's architecture.
    ///   - seed: The seed of the random weights.
    ///   - hasNeck: Whether there is a batch norm between each embedding and its classifier.
    /// - Throws: `ModelError.invalidConfiguration`, or `ModelError.compute`.
    public init(configuration: CSPRConfiguration, seed: UInt64, hasNeck: Bool = false) throws(ModelError) {
        try configuration.validate()
        guard configuration.identities > 0 else {
            throw .invalidConfiguration(field: "identities", reason: "expected at least 1 to train")
        }
        guard !configuration.hasLocalBranch || configuration.candidateRatios.count == configuration.branches else {
            throw .invalidConfiguration(
                field: "candidate_ratios",
                reason:
                    "expected \(configuration.branches), one per branch, found \(configuration.candidateRatios.count)")
        }
        self.configuration = configuration
        self.hasNeck = hasNeck
        do {
            parameters = ParameterStore(engine: try ComputeEngine())
            var generator = SeededGenerator(seed: seed)
            for specification in configuration.trainingParameterList(hasNeck: hasNeck) {
                try parameters.add(
                    specification.name, specification.initialValue(using: &generator),
                    isLearned: specification.isLearned)
                groups[specification.group, default: []].append(parameters[specification.name])
            }
        } catch {
            throw .compute(error)
        }
    }

    /// The parameters of a group, in their fixed order; empty if the network has no such part.
    public func parameters(of group: ParameterGroup) -> [Parameter] { groups[group] ?? [] }

    /// The parameters that phase `step` trains.
    public func parameters(trainedIn step: Step) -> [Parameter] {
        ParameterGroup.allCases.filter(step.trains).flatMap(parameters(of:))
    }

    /// Creates the operations and buffers for a phase, unless they exist.
    ///
    /// - Parameters:
    ///   - step: The phase.
    ///   - batch: Images per batch.
    ///   - mixesStyles: Whether styles may be mixed after stages 1 and 2. X, the input of the local branch, is the stage's
    ///     output before the mixing, which would make it negative in places.
    /// - Throws: `ModelError.compute`.
    public func compile(_ step: Step, batch: Int, mixesStyles: Bool = false) throws(ModelError) {
        if let compiled, compiled.step == step, compiled.batch == batch, compiled.mixesStyles == mixesStyles { return }
        compiled = nil
        do { compiled = try CompiledStep(self, step: step, batch: batch, mixesStyles: mixesStyles) } catch {
            throw .compute(error)
        }
    }

    /// Computes the losses of a batch and, in the `gradient` slots, the gradients of all parameters that the compiled
    /// phase trains.
    ///
    /// - Parameters:
    ///   - images: Normalized input, row-major [batch, 3, H, W]; see `Preprocessing`.
    ///   - labels: Each image's identity, in 0..<identities.
    ///   - losses: The weights of the losses.
    ///   - mixing: How styles are mixed, if the phase was compiled for it; nil: they are not.
    /// - Returns: The loss, term by term.
    /// - Throws: `ModelError.compute`.
    public func computeGradients(
        _ images: [Float], labels: [Int], losses: TrainingLosses, mixing: StyleMixing? = nil
    ) throws(ModelError) -> LossTerms {
        guard let compiled else { preconditionFailure("no step was compiled") }
        do {
            return try compiled.run(images, labels: labels, losses: losses, mixing: mixing)
        } catch let error as OneDNNError {
            throw .compute(error)
        } catch {
            throw .compute(.failed(operation: "\(error)", status: 0))
        }
    }

    /// Calls `observer` with the name and the time of every part of each run, until another phase is compiled.
    package func observe(_ observer: ((String, Duration) -> Void)?) { compiled?.observer = observer }

    /// M of the last batch, [batch, N, h, w]; nil if the compiled phase has no local branch.
    public var attention: Tensor? { compiled?.attention }
}

extension CSPRConfiguration {
    /// Every tensor of a network of this configuration during training: those of its weight file, and the necks.
    func trainingParameterList(hasNeck: Bool) -> [ParameterSpecification] {
        guard hasNeck else { return parameterList }
        let list = parameterList + ParameterSpecification.norm("neck_global", channels: globalDimensions, .global)
        guard hasLocalBranch else { return list }
        return list + ParameterSpecification.norm("neck_local", channels: branches * branchDimensions, .local)
    }
}
