internal import NeuralNetwork
internal import Tensors

/// One phase of training, compiled for one batch size.
final class CompiledStep {
    let step: TrainableNetwork.Step
    let batch: Int
    let mixesStyles: Bool
    let backbone: TrainingExecutor
    private let last: Int
    private let global: EmbeddingHead
    private let pooling: TrainablePooling
    private let embedding: TrainableLinear
    private let local: LocalBranchTraining?

    init(
        _ network: TrainableNetwork, step: TrainableNetwork.Step, batch: Int, mixesStyles: Bool
    ) throws(OneDNNError) {
        let configuration = network.configuration
        self.step = step
        self.batch = batch
        self.mixesStyles = mixesStyles
        var graph = NetworkGraph(channels: 3, height: configuration.height, width: configuration.widthPixels)
        let stages = graph.append(
            configuration.backbone, to: graph.input, prefix: "backbone.", mixingAfter: mixesStyles ? [1, 2] : [])
        last = graph.export(stages[3])
        let hasLocalBranch = step == .joint && configuration.hasLocalBranch
        let middle = stages[configuration.localStage - 1]
        let output = hasLocalBranch ? graph.export(middle) : 0
        backbone = try TrainingExecutor(
            graph, batch: batch, parameters: network.parameters,
            normNames: configuration.normNames)
        pooling = TrainablePooling(configuration, in: network.parameters)
        embedding = TrainableLinear("embedding", in: network.parameters)
        global = EmbeddingHead(
            classifier: "classifier_global", neck: network.hasNeck ? "neck_global" : nil, in: network.parameters)
        local =
            hasLocalBranch
            ? try LocalBranchTraining(network, output: output, shape: graph.shape(of: middle), batch: batch) : nil
    }

    /// Called with the name and the time of every part of a run.
    var observer: ((String, Duration) -> Void)? {
        didSet { backbone.observer = observer }
    }

    var attention: Tensor? { local?.attention }

    func run(
        _ images: [Float], labels: [Int], losses: TrainingLosses, mixing: StyleMixing?
    ) throws -> LossTerms {
        precondition(labels.count == batch, "\(labels.count) labels for a batch of \(batch)")
        precondition(mixing == nil || mixesStyles, "no place to mix styles was compiled")
        try backbone.forward(images, mixing: mixing)
        let maps = Tensor(shape: backbone.shape(ofOutput: last), elements: unsafe Array(backbone.output(last)))
        let pooled = try pooling.forward(maps)
        let features = try embedding.forward(pooled)
        var terms = LossTerms()
        let head = try global.run(features, labels: labels, losses: losses)
        terms.globalClassification = head.classification
        terms.globalTriplet = head.triplet
        terms.globalContrastive = head.contrastive
        terms.globalCircle = head.circle
        terms.globalAccuracy = head.accuracy
        terms.total = head.total(losses)
        let gradient = try pooling.backward(embedding.backward(head.gradient, x: pooled), maps: maps)
        _ = unsafe backbone.outputGradient(last).update(fromContentsOf: gradient.elements)
        let start = ContinuousClock.now
        try local?.run(backbone, labels: labels, losses: losses, terms: &terms)
        observer?("local branch", ContinuousClock.now - start)
        try backbone.backward()
        return terms
    }
}

/// The pooling of the last stage's maps in training.
struct TrainablePooling {
    /// p of the generalized mean; nil: the mean.
    private let exponent: Parameter?

    init(_ configuration: CSPRConfiguration, in parameters: ParameterStore) {
        exponent = configuration.pooling == .gem ? parameters[CSPRConfiguration.poolingExponent] : nil
    }

    /// The pooled maps, [batch, channels].
    func forward(_ maps: Tensor) throws(OneDNNError) -> Tensor {
        guard let exponent else { return globalAveragePooling(maps) }
        return GeneralizedMean(exponent: try exponent.tensor().elements[0]).forward(maps)
    }

    /// Returns the gradient of the maps, and writes that of the exponent.
    func backward(_ gradient: Tensor, maps: Tensor) throws(OneDNNError) -> Tensor {
        guard let exponent else {
            let area = maps.shape[2] * maps.shape[3]
            return Tensor(
                shape: maps.shape,
                elements: gradient.elements.flatMap { repeatElement($0 / Float(area), count: area) })
        }
        let (x, slope) = GeneralizedMean(exponent: try exponent.tensor().elements[0]).backward(gradient, x: maps)
        try exponent.assign(Tensor(shape: [1], elements: [slope]), to: .gradient)
        return x
    }
}

/// What follows an embedding in training: the neck, if there is one, the classifier and the losses.
final class EmbeddingHead {
    private let classifier: TrainableLinear
    private var neck: TrainableNeck?

    /// The losses of an embedding, and the gradient of their weighted sum.
    struct Result {
        var classification: Double
        var triplet: Double?
        var contrastive: Double?
        var circle: Double?
        var accuracy: Double
        /// The gradient of the weighted sum with respect to the embedding.
        var gradient: Tensor

        /// The weighted sum.
        func total(_ losses: TrainingLosses) -> Double {
            classification + Double(losses.tripletWeight) * (triplet ?? 0)
                + Double(losses.contrastiveWeight) * (contrastive ?? 0)
                + Double(losses.circleWeight ?? 0) * (circle ?? 0)
        }
    }

    init(classifier: String, neck: String?, in parameters: ParameterStore) {
        self.classifier = TrainableLinear(classifier, in: parameters)
        self.neck = neck.map { TrainableNeck($0, in: parameters) }
    }

    /// The losses of `features`, [batch, D].
    func run(_ features: Tensor, labels: [Int], losses: TrainingLosses) throws -> Result {
        let input = try neck?.forward(features) ?? features
        let logits = try classifier.forward(input)
        let loss = crossEntropy(logits, labels: labels, smoothing: losses.labelSmoothing)
        var result = Result(
            classification: loss.loss, accuracy: Self.accuracy(logits, labels: labels),
            gradient: try classifier.backward(loss.gradient, x: input))
        if losses.contrastiveWeight > 0 {
            let contrastive = supervisedContrastive(
                input, labels: labels, temperature: losses.contrastiveTemperature)
            result.contrastive = contrastive.loss
            result.gradient.add(contrastive.gradient, factor: losses.contrastiveWeight)
        }
        if let weight = losses.circleWeight {
            let circle = circleLoss(input, labels: labels)
            result.circle = circle.loss
            result.gradient.add(circle.gradient, factor: weight)
        }
        if let neck { result.gradient = try neck.backward(result.gradient) }
        if losses.tripletWeight > 0 {
            let triplet = batchHardTriplet(features, labels: labels, margin: losses.tripletMargin)
            result.triplet = triplet.loss
            result.gradient.add(triplet.gradient, factor: losses.tripletWeight)
        }
        return result
    }

    /// The share of rows in which the label has the largest logit; of equal logits the first one counts.
    private static func accuracy(_ logits: Tensor, labels: [Int]) -> Double {
        let classes = logits.shape[1]
        let right = labels.enumerated().filter { row, label in
            let values = logits.elements[row * classes..<(row + 1) * classes]
            let largest = values.max()
            return values.firstIndex { $0 == largest } == values.startIndex + label
        }
        return Double(right.count) / Double(max(1, labels.count))
    }
}

extension Tensor {
    /// Adds factor · other.
    fileprivate mutating func add(_ other: Tensor, factor: Float) {
        for index in elements.indices { elements[index] += factor * other.elements[index] }
    }
}
