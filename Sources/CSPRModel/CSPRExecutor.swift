internal import NeuralNetwork
internal import Tensors

/// A model compiled for one batch size; only the thread that created it may use it.
///
/// Operations, activations and working memory are made once, in `init`. The weights are shared with the model's other
/// executors.
public final class CSPRExecutor {
    /// The largest number of images of one run.
    public let batch: Int
    private let model: CSPRModel
    private let graph: GraphExecutor
    private let outputs: Outputs
    private let local: LocalBranch?

    /// The numbers of the graph's outputs.
    private struct Outputs {
        var last: Int
        var middle: Int
    }

    init(
        model: CSPRModel, batch: Int, algorithm: ConvolutionAlgorithm, sharingMemoryOf other: CSPRExecutor?
    ) throws {
        precondition(batch > 0, "a batch of \(batch) images")
        let configuration = model.configuration
        var graph = NetworkGraph(channels: 3, height: configuration.height, width: configuration.widthPixels)
        let stages = graph.append(configuration.backbone, to: graph.input, prefix: "backbone.")
        let middle = stages[configuration.localStage - 1]
        let shape = graph.shape(of: middle)
        outputs = Outputs(last: graph.export(stages[3]), middle: graph.export(middle))
        if let attention = model.attention {
            let taps = graph.convolution(middle, name: AttentionModules.name, attention.geometry, isRectified: false)
            local = try LocalBranch(
                model, attention: attention, taps: graph.export(taps), features: outputs.middle, shape: shape,
                batch: batch)
        } else {
            local = nil
        }
        self.model = model
        self.batch = batch
        self.graph = try GraphExecutor(
            graph, batch: batch, weights: model.weights, algorithm: algorithm, engine: model.engine,
            sharingMemoryOf: other?.graph)
    }

    /// Runs the network on `count` images, and on their mirror images if the model needs them.
    ///
    /// - Parameters:
    ///   - images: Normalized input, row-major [count, 3, H, W]; see `Preprocessing`.
    ///   - count: At least 1, at most `batch`.
    ///   - wants: Outputs to return in addition to the features.
    /// - Returns: The first `count` images' outputs.
    /// - Throws: `ModelError.compute`.
    public func run(
        _ images: [Float], count: Int, wants: CSPROutputs = .feature
    ) throws(ModelError) -> CSPROutput {
        guard model.isMirrored else { return try runViews(images, count: count, wants: wants) }
        let mirror = try runViews(mirrored(images, width: model.configuration.widthPixels), count: count)
        var output = try runViews(images, count: count, wants: wants)
        output.global.elements = mean(output.global.elements, mirror.global.elements)
        if let own = output.local, let other = mirror.local {
            output.local?.elements = mean(own.elements, other.elements)
        }
        output.feature = normalizeRows(output.embeddings)
        return output
    }

    /// Runs the network once on `count` views; see `CSPRModel.views`.
    ///
    /// - Parameters:
    ///   - views: Row-major [count, 3, H, W].
    ///   - count: At least 1, at most `batch`.
    ///   - wants: What to return beside the embeddings.
    /// - Returns: The first `count` views' outputs.
    /// - Throws: `ModelError.compute`.
    public func runViews(
        _ views: [Float], count: Int, wants: CSPROutputs = .feature
    ) throws(ModelError) -> CSPROutput {
        do throws(OneDNNError) {
            try graph.run(views, count: count)
            let last = output(outputs.last, count: count)
            let global = try model.embedding.forward(model.pooling?.forward(last) ?? globalAveragePooling(last))
            let part = try local?.run(graph, count: count)
            var result = CSPROutput(
                attention: wants.contains(.attention) ? part?.attention() : nil,
                raw: wants.contains(.raw) ? part?.raw() : nil, global: global,
                local: part.map { Tensor(shape: [count, $0.local.count / count], elements: $0.local) }, feature: global,
                middle: wants.contains(.middle) ? output(outputs.middle, count: count) : nil)
            result.feature = normalizeRows(result.embeddings)
            return result
        } catch {
            throw .compute(error)
        }
    }

    /// The first `count` images of an output of the graph.
    private func output(_ index: Int, count: Int) -> Tensor {
        let shape = [count] + graph.shape(ofOutput: index).dropFirst()
        return Tensor(shape: shape, elements: unsafe Array(graph.output(index).prefix(shape.reduce(1, *))))
    }
}
