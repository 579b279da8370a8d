internal import NeuralNetwork
internal import Tensors

/// A step of the schedule compiled for one batch size.
final class CompiledStep {
    let step: TrainableNetwork.Step
    let batch: Int
    private let configuration: CSPRConfiguration
    let backbone: TrainingExecutor
    private let last: Int
    private let global: EmbeddingHead
    private let embedding: TrainableLinear
    private let local: LocalBranchTraining?
    private let threads: Int

    init(_ network: TrainableNetwork, step: TrainableNetwork.Step, batch: Int) throws(OneDNNError) {
        let configuration = network.configuration
        self.step = step
        self.batch = batch
        self.configuration = configuration
        threads = openMPThreads
        var graph = NetworkGraph(channels: 3, height: configuration.height, width: configuration.widthPixels)
        let stages = graph.append(configuration.backbone, to: graph.input, prefix: "backbone.")
        last = graph.export(stages[3])
        let hasLocalBranch = step == .joint && configuration.hasLocalBranch
        let middle = stages[configuration.localStage - 1]
        let output = hasLocalBranch ? graph.export(middle) : 0
        backbone = try TrainingExecutor(
            graph, batch: batch, parameters: network.parameters,
            normNames: Dictionary(
                configuration.backbone.convolutions.map { ("backbone.\($0.name)", "backbone.\($0.norm)") }
            ) { $1 })
        embedding = TrainableLinear("embedding", in: network.parameters)
        global = EmbeddingHead(
            classifier: "classifier_global", neck: network.hasNeck ? "neck_global" : nil, in: network.parameters)
        local =
            hasLocalBranch
            ? try LocalBranchTraining(network, output: output, shape: graph.shape(of: middle), batch: batch) : nil
    }

    var bytes: Int { backbone.bytes }

    /// Gets the name of every part of a run and how long it took.
    var observer: ((String, Duration) -> Void)? {
        didSet { backbone.observer = observer }
    }

    var attention: Tensor? { local?.attention }

    func run(_ images: [Float], labels: [Int], losses: TrainingLosses) throws -> LossTerms {
        precondition(labels.count == batch, "\(labels.count) labels for a batch of \(batch)")
        try backbone.forward(images)
        let pooled = pool()
        var features = Tensor(zeros: [batch, embedding.outputs])
        try unsafe features.elements.withUnsafeMutableBufferPointer { features in
            try unsafe pooled.elements.withUnsafeBufferPointer { pooled in
                guard let pooled = pooled.baseAddress, let features = features.baseAddress else { return }
                try unsafe embedding.forward(
                    pooled, stride: embedding.inputs, rows: batch, into: features, resultStride: embedding.outputs)
            }
        }
        var terms = LossTerms()
        let head = try global.run(features, labels: labels, losses: losses)
        terms.globalClassification = head.classification
        terms.globalTriplet = head.triplet
        terms.globalAccuracy = head.accuracy
        terms.total = head.total(losses)
        try pass(head.gradient, pooled: pooled)
        let start = ContinuousClock.now
        try local?.run(backbone, labels: labels, losses: losses, terms: &terms)
        observer?("local branch", ContinuousClock.now - start)
        try backbone.backward()
        return terms
    }

    /// The mean over positions of the last stage, [batch, C].
    private func pool() -> Tensor {
        let shape = backbone.shape(ofOutput: last)
        let area = shape[2] * shape[3]
        let maps = unsafe backbone.output(last)
        var pooled = Tensor(zeros: [shape[0], shape[1]])
        for index in pooled.elements.indices {
            var sum: Float = 0
            for position in index * area..<(index + 1) * area { unsafe sum += maps[position] }
            pooled.elements[index] = sum / Float(area)
        }
        return pooled
    }

    /// Takes the gradient of the global embedding through its layer and the pooling to the last stage.
    private func pass(_ gradient: Tensor, pooled: Tensor) throws {
        let shape = backbone.shape(ofOutput: last)
        let area = shape[2] * shape[3]
        var pooledGradient = Tensor(zeros: pooled.shape)
        try unsafe pooledGradient.elements.withUnsafeMutableBufferPointer { target in
            try unsafe pooled.elements.withUnsafeBufferPointer { pooled in
                try unsafe gradient.elements.withUnsafeBufferPointer { gradient in
                    guard let pooled = pooled.baseAddress, let gradient = gradient.baseAddress else { return }
                    try unsafe embedding.backward(
                        gradient, resultStride: embedding.outputs, x: pooled, stride: embedding.inputs, rows: batch,
                        into: target.baseAddress)
                }
            }
        }
        let maps = unsafe backbone.outputGradient(last)
        for (index, value) in pooledGradient.elements.enumerated() {
            for position in index * area..<(index + 1) * area { unsafe maps[position] = value / Float(area) }
        }
    }
}

/// What follows an embedding in training: the neck where there is one, the classifier and the losses.
final class EmbeddingHead {
    private let classifier: TrainableLinear
    private var neck: TrainableNeck?

    /// The losses of an embedding and its gradient.
    struct Result {
        var classification: Double
        var triplet: Double?
        var accuracy: Double
        /// Of the weighted sum, with respect to the embedding.
        var gradient: Tensor

        /// The weighted sum.
        func total(_ losses: TrainingLosses) -> Double {
            classification + Double(losses.tripletWeight) * (triplet ?? 0)
        }
    }

    init(classifier: String, neck: String?, in parameters: ParameterStore) {
        self.classifier = TrainableLinear(classifier, in: parameters)
        self.neck = neck.map { TrainableNeck($0, in: parameters) }
    }

    /// The losses of `features`, [batch, D].
    func run(_ features: Tensor, labels: [Int], losses: TrainingLosses) throws -> Result {
        let batch = features.shape[0]
        let input = try neck?.forward(features) ?? features
        var logits = Tensor(zeros: [batch, classifier.outputs])
        var gradient = Tensor(zeros: features.shape)
        let loss = try unsafe input.elements.withUnsafeBufferPointer { input in
            try unsafe logits.elements.withUnsafeMutableBufferPointer { logits in
                guard let input = input.baseAddress, let logits = logits.baseAddress else { return }
                try unsafe classifier.forward(
                    input, stride: classifier.inputs, rows: batch, into: logits, resultStride: classifier.outputs)
            }
            let loss = crossEntropy(logits, labels: labels, smoothing: losses.labelSmoothing)
            try unsafe gradient.elements.withUnsafeMutableBufferPointer { gradient in
                try unsafe loss.gradient.elements.withUnsafeBufferPointer { logits in
                    guard let input = input.baseAddress, let logits = logits.baseAddress else { return }
                    try unsafe classifier.backward(
                        logits, resultStride: classifier.outputs, x: input, stride: classifier.inputs, rows: batch,
                        into: gradient.baseAddress)
                }
            }
            return loss.loss
        }
        if let neck { gradient = try neck.backward(gradient) }
        var result = Result(
            classification: loss, accuracy: Self.accuracy(logits, labels: labels), gradient: gradient)
        if losses.tripletWeight > 0 {
            let triplet = batchHardTriplet(features, labels: labels, margin: losses.tripletMargin)
            result.triplet = triplet.loss
            for index in result.gradient.elements.indices {
                result.gradient.elements[index] += losses.tripletWeight * triplet.gradient.elements[index]
            }
        }
        return result
    }

    /// The share of rows whose largest logit is the label's.
    private static func accuracy(_ logits: Tensor, labels: [Int]) -> Double {
        let classes = logits.shape[1]
        let right = labels.enumerated().filter { row, label in
            let values = logits.elements[row * classes..<(row + 1) * classes]
            return values.max() == values[values.startIndex + label]
        }
        return Double(right.count) / Double(max(1, labels.count))
    }
}
