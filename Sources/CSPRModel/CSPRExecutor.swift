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

    init(model: CSPRModel, batch: Int, algorithm: ConvolutionAlgorithm) throws {
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
            graph, batch: batch, weights: model.weights, algorithm: algorithm, engine: model.engine)
    }

    /// Runs the network on `count` images.
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
        do throws(OneDNNError) {
            let mirror = model.isMirrored ? try embeddings(mirrored(images), count: count) : nil
            var (global, part) = try embeddings(images, count: count)
            var local = part?.local
            if let mirror {
                global.elements = Self.mean(global.elements, mirror.global.elements)
                if let own = local, let other = mirror.part { local = Self.mean(own, other.local) }
            }
            let locals = local.map { Tensor(shape: [count, $0.count / count], elements: $0) }
            return CSPROutput(
                attention: wants.contains(.attention) ? part?.attention() : nil,
                raw: wants.contains(.raw) ? part?.raw() : nil,
                global: global, local: locals, feature: normalizeRows(Self.joined(global, locals)),
                middle: wants.contains(.middle) ? output(outputs.middle, count: count) : nil)
        } catch {
            throw .compute(error)
        }
    }

    /// One forward pass: the global embeddings, and the results of the local branches.
    private func embeddings(
        _ images: [Float], count: Int
    ) throws(OneDNNError) -> (global: Tensor, part: LocalBranch.Result?) {
        try graph.run(images, count: count)
        let global = try model.embedding.forward(globalAveragePooling(output(outputs.last, count: count)))
        return (global, try local?.run(graph, count: count))
    }

    /// The images with left and right exchanged, that is, their mirror images.
    private func mirrored(_ images: [Float]) -> [Float] {
        let width = model.configuration.widthPixels
        return unsafe [Float](unsafeUninitializedCapacity: images.count) { output, filled in
            for row in stride(from: 0, to: images.count, by: width) {
                for column in 0..<width { unsafe output[row + column] = images[row + width - 1 - column] }
            }
            filled = images.count
        }
    }

    private static func mean(_ left: [Float], _ right: [Float]) -> [Float] {
        zip(left, right).map { ($0 + $1) / 2 }
    }

    /// The first `count` images of an output of the graph.
    private func output(_ index: Int, count: Int) -> Tensor {
        let shape = [count] + graph.shape(ofOutput: index).dropFirst()
        return Tensor(shape: shape, elements: unsafe Array(graph.output(index).prefix(shape.reduce(1, *))))
    }

    /// The rows of `left` and `right` one after the other.
    private static func joined(_ left: Tensor, _ right: Tensor?) -> Tensor {
        guard let right else { return left }
        let (a, b) = (left.shape[1], right.shape[1])
        var elements: [Float] = []
        elements.reserveCapacity(left.count + right.count)
        for row in 0..<left.shape[0] {
            elements += left.elements[row * a..<(row + 1) * a]
            elements += right.elements[row * b..<(row + 1) * b]
        }
        return Tensor(shape: [left.shape[0], a + b], elements: elements)
    }
}
