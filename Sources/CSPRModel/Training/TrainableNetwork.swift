public import NeuralNetwork
public import Tensors

/// A CSPR-Net in training: its parameters, and the losses and gradients of a batch.
///
/// Used by one thread, with as many OpenMP threads as that thread has when a step is compiled.
public final class TrainableNetwork {
    /// Which part of the network a step of the schedule trains.
    public enum Step: String, Codable, Sendable, CaseIterable {
        /// Backbone, global embedding and global classifier.
        case global
        /// Everything.
        case joint
    }

    /// The network's shape, with the number of identities.
    public let configuration: CSPRConfiguration
    /// Everything that is learned, and the running statistics.
    public let parameters: ParameterStore
    /// Whether a batch norm stands between each embedding and its classifier.
    public let hasNeck: Bool
    private(set) var compiled: CompiledStep?

    /// A network with seeded random weights (He initialization); `configuration.identities` must be at least 1.
    ///
    /// - Parameters:
    ///   - configuration: The network's shape.
    ///   - seed: Where the random numbers start.
    ///   - hasNeck: Puts a batch norm between each embedding and its classifier.
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
            }
        } catch {
            throw .compute(error)
        }
    }

    /// Whether `step` trains the parameter of a name.
    public func trains(_ name: String, in step: Step) -> Bool {
        step == .joint || !Self.isLocal(name)
    }

    /// Whether a parameter belongs to the local branch.
    public static func isLocal(_ name: String) -> Bool {
        ["attention.", "descriptor.", "classifier_local.", "neck_local."].contains { name.hasPrefix($0) }
    }

    /// Makes operations and buffers for `step` and batches of `batch` images, unless they are there.
    public func compile(_ step: Step, batch: Int) throws(ModelError) {
        if let compiled, compiled.step == step, compiled.batch == batch { return }
        compiled = nil
        do { compiled = try CompiledStep(self, step: step, batch: batch) } catch { throw .compute(error) }
    }

    /// Bytes of the compiled step's activations and buffers.
    public var bytes: Int { compiled?.bytes ?? 0 }

    /// Computes the losses of a batch and, in the `gradient` slots, the gradients of all parameters that the compiled step trains.
    ///
    /// - Parameters:
    ///   - images: Normalized input, row-major [batch, 3, H, W]; see `Preprocessing`.
    ///   - labels: Each image's identity, in 0..<identities.
    ///   - losses: What is minimized.
    /// - Returns: The loss, term by term.
    /// - Throws: `ModelError.compute`.
    public func computeGradients(
        _ images: [Float], labels: [Int], losses: TrainingLosses
    ) throws(ModelError) -> LossTerms {
        guard let compiled else { preconditionFailure("no step was compiled") }
        do { return try compiled.run(images, labels: labels, losses: losses) } catch let error as OneDNNError {
            throw .compute(error)
        } catch {
            throw .compute(.failed(operation: "\(error)", status: 0))
        }
    }

    /// Has `observer` get the name of every part of each run and how long it took; the compiled step only.
    package func observe(_ observer: ((String, Duration) -> Void)?) { compiled?.observer = observer }

    /// M of the last batch, [batch, N, h, w]; nil where the compiled step has no local branch.
    public var attention: Tensor? { compiled?.attention }
}

extension CSPRConfiguration {
    /// Every tensor of a network of this configuration in training: those of its weight file, and the necks.
    func trainingParameterList(hasNeck: Bool) -> [ParameterSpecification] {
        guard hasNeck else { return parameterList }
        let local = hasLocalBranch ? [("neck_local", branches * branchDimensions)] : []
        return parameterList
            + ([("neck_global", globalDimensions)] + local).flatMap { name, length in
                ParameterSpecification.norm(name, channels: length)
            }
    }
}
