internal import NeuralNetwork
internal import Tensors

/// Attention, part representation, the branches' linear layers and their losses in training.
final class LocalBranchTraining {
    private let output: Int
    private let batch: Int
    private let threads: Int
    private let configuration: CSPRConfiguration
    private let attentionModules: AttentionTraining
    private let parts: PartRepresentation
    private let partGradient: PartGradient
    private let layers: [TrainableLinear]
    private let head: EmbeddingHead
    /// [batch, N, length], and their gradients.
    private let descriptors: AlignedMemory
    private let descriptorGradients: AlignedMemory
    /// [batch, N, HW].
    private let mapGradients: AlignedMemory

    /// - Parameters:
    ///   - network: The network whose parameters are trained.
    ///   - output: The number of the backbone's output that holds X.
    ///   - shape: The shape of X, [C, h, w].
    ///   - batch: Images per run.
    /// - Throws: `OneDNNError.outOfMemory`.
    init(_ network: TrainableNetwork, output: Int, shape: [Int], batch: Int) throws(OneDNNError) {
        configuration = network.configuration
        self.output = output
        self.batch = batch
        threads = openMPThreads
        attentionModules = try AttentionTraining(
            configuration, parameters: network.parameters, shape: shape, batch: batch)
        parts = try PartRepresentation(
            configuration, channels: shape[0], height: shape[1], width: shape[2], batch: batch, threads: threads)
        partGradient = try PartGradient(parts, threads: threads)
        layers = (0..<configuration.branches).map { TrainableLinear("descriptor.\($0)", in: network.parameters) }
        head = EmbeddingHead(
            classifier: "classifier_local", neck: network.hasNeck ? "neck_local" : nil, in: network.parameters)
        let descriptorFloats = batch * configuration.branches * parts.length
        descriptors = try AlignedMemory(bytes: 4 * descriptorFloats)
        descriptorGradients = try AlignedMemory(bytes: 4 * descriptorFloats)
        mapGradients = try AlignedMemory(bytes: 4 * batch * configuration.branches * parts.area)
    }

    /// M of the last run, [batch, N, h, w].
    var attention: Tensor {
        let shape = [batch, configuration.branches, parts.height, parts.width]
        let maps = unsafe UnsafeBufferPointer(start: attentionModules.output, count: shape.reduce(1, *))
        return Tensor(shape: shape, elements: unsafe Array(maps))
    }

    /// Adds the local losses to `terms`, and writes the gradient of X to the backbone.
    func run(
        _ backbone: TrainingExecutor, labels: [Int], losses: TrainingLosses, terms: inout LossTerms
    ) throws {
        guard let x = unsafe backbone.output(output).baseAddress,
            let gradient = unsafe backbone.outputGradient(output).baseAddress
        else { return }
        try unsafe attentionModules.forward(x)
        let maps = unsafe attentionModules.output
        try unsafe parts.compute(features: x, maps: maps, count: batch, into: descriptors.pointer())

        let result = try head.run(try embed(), labels: labels, losses: losses)
        terms.localClassification = result.classification
        terms.localTriplet = result.triplet
        terms.localContrastive = result.contrastive
        terms.localCircle = result.circle
        terms.localAccuracy = result.accuracy
        terms.total += result.total(losses)
        try pass(result.gradient)

        let mapGradients = unsafe mapGradients.pointer()
        try unsafe partGradient.compute(
            PartGradient.Inputs(
                features: x, descriptors: descriptors.pointer(), gradient: descriptorGradients.pointer()),
            count: batch, features: gradient, maps: mapGradients)
        let concentration = ConcentrationLosses(
            ratios: configuration.candidateRatios, height: parts.height, width: parts.width,
            ratioWeight: losses.lambda, distributionWeight: losses.eta)
        let value = unsafe concentration.compute(maps, count: batch, threads: threads, addingTo: mapGradients)
        terms.ratio = value.ratio
        terms.distribution = value.distribution
        terms.total += Double(losses.lambda) * value.ratio + Double(losses.eta) * value.distribution
        try unsafe attentionModules.backward(x, maps: mapGradients, features: gradient)
    }

    /// The branches' embeddings one after the other, [batch, N·D].
    private func embed() throws(OneDNNError) -> Tensor {
        let dimensions = configuration.branchDimensions
        let memory = try AlignedMemory(bytes: 4 * batch * layers.count * dimensions)
        for (branch, layer) in layers.enumerated() {
            try unsafe layer.forward(
                descriptors.pointer(at: branch * parts.length), stride: layers.count * parts.length, rows: batch,
                into: memory.pointer(at: branch * dimensions), resultStride: layers.count * dimensions)
        }
        let shape = [batch, layers.count * dimensions]
        return Tensor(shape: shape, elements: unsafe Array(memory.floats(count: shape.reduce(1, *))))
    }

    /// Passes the gradient of the embeddings back through their layers to the descriptors.
    private func pass(_ gradient: Tensor) throws(OneDNNError) {
        let memory = try AlignedMemory(bytes: 4 * gradient.count)
        _ = unsafe memory.floats(count: gradient.count).update(fromContentsOf: gradient.elements)
        let dimensions = configuration.branchDimensions
        for (branch, layer) in layers.enumerated() {
            try unsafe layer.backward(
                memory.pointer(at: branch * dimensions), resultStride: layers.count * dimensions,
                x: descriptors.pointer(at: branch * parts.length), stride: layers.count * parts.length, rows: batch,
                into: descriptorGradients.pointer(at: branch * parts.length))
        }
    }
}
