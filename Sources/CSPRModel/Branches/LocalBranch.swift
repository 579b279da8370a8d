internal import Foundation
internal import NeuralNetwork
internal import Tensors

/// Attention, part representation and the branches' linear layers, computed on the backbone's middle-level feature
/// maps.
final class LocalBranch {
    /// The result of a run; other tensors are copied only when they are asked for.
    struct Result {
        /// The branches' embeddings, [count, N·D].
        var local: [Float]
        fileprivate var branch: LocalBranch
        fileprivate var count: Int

        /// M, [count, N, h, w].
        func attention() -> Tensor {
            let shape = [count, branch.branches, branch.parts.height, branch.parts.width]
            let maps = unsafe branch.maps.floats(count: shape.reduce(1, *))
            return Tensor(shape: shape, elements: unsafe Array(maps))
        }

        /// The descriptors before the linear layers, [count, N, r].
        func raw() -> Tensor {
            let shape = [count, branch.branches, branch.parts.length]
            let descriptors = unsafe branch.descriptors.floats(count: shape.reduce(1, *))
            return Tensor(shape: shape, elements: unsafe Array(descriptors))
        }
    }

    private let layers: [Linear]
    private let attention: AttentionModules
    private let taps: Int
    private let features: Int
    private let channels: Int
    private let height: Int
    private let width: Int
    private let threads: Int
    fileprivate let parts: PartRepresentation
    /// M, [batch, N, HW].
    fileprivate let maps: AlignedMemory
    /// [batch, N, r].
    fileprivate let descriptors: AlignedMemory
    fileprivate var branches: Int { layers.count }
    private var area: Int { height * width }

    /// - Parameters:
    ///   - model: The weights.
    ///   - attention: The combined attention modules.
    ///   - taps: The number of the graph's output that holds the products of their taps.
    ///   - features: The number of the graph's output that holds X.
    ///   - shape: The shape of X, [channels, height, width].
    ///   - batch: Images per run.
    /// - Throws: `OneDNNError.outOfMemory`.
    init(
        _ model: CSPRModel, attention: AttentionModules, taps: Int, features: Int, shape: [Int], batch: Int
    ) throws(OneDNNError) {
        layers = model.descriptors
        self.attention = attention
        self.taps = taps
        self.features = features
        channels = shape[0]
        height = shape[1]
        width = shape[2]
        threads = openMPThreads
        parts = try PartRepresentation(
            model.configuration, channels: shape[0], height: shape[1], width: shape[2], batch: batch, threads: threads)
        maps = try AlignedMemory(bytes: 4 * batch * layers.count * shape[1] * shape[2])
        descriptors = try AlignedMemory(bytes: 4 * batch * layers.count * parts.length)
    }

    /// Computes the local features of the first `count` images of the graph's last run.
    func run(_ graph: GraphExecutor, count: Int) throws(OneDNNError) -> Result {
        guard let x = unsafe graph.output(features).baseAddress, let taps = unsafe graph.output(taps).baseAddress,
            let maps = unsafe maps.floats(count: count * branches * area).baseAddress,
            let raw = unsafe descriptors.floats(count: count * branches * parts.length).baseAddress
        else { throw .outOfMemory }
        let (channels, branches, area) = (channels, branches, area)
        parallelFor(count, threads: threads) { image, _ in
            unsafe attend(
                features: x + image * channels * area, taps: taps + image * attention.geometry.outputs * area,
                into: maps + image * branches * area)
        }
        try unsafe parts.compute(features: x, maps: maps, count: count, into: raw)
        return Result(local: try unsafe embed(raw, count: count), branch: self, count: count)
    }

    /// M = σ(K∗X + c + m · max X) of one image.
    private func attend(
        features: UnsafePointer<Float>, taps: UnsafePointer<Float>, into maps: UnsafeMutablePointer<Float>
    ) {
        let area = area
        var maxima = [Float](repeating: 0, count: area)
        if attention.maximumFactors.contains(where: { $0 != 0 }) {
            unsafe maxima.withUnsafeMutableBufferPointer { maxima in
                for channel in 0..<channels {
                    let row = unsafe features + channel * area
                    for position in 0..<area {
                        let (value, largest) = unsafe (row[position], maxima[position])
                        unsafe maxima[position] = value > largest ? value : largest
                    }
                }
            }
        }
        for branch in 0..<branches {
            let (map, factor) = unsafe (maps + branch * area, attention.maximumFactors[branch])
            for position in 0..<area {
                unsafe map[position] = attention.constants[branch] + factor * maxima[position]
            }
            unsafe addTaps(taps + branch * attention.side * attention.side * area, to: map)
            for position in 0..<area { unsafe map[position] = 1 / (1 + exp(-map[position])) }
        }
    }

    /// Adds the products of one branch's taps, each shifted to its pixel; X is zero outside the image.
    private func addTaps(_ taps: UnsafePointer<Float>, to map: UnsafeMutablePointer<Float>) {
        let (side, height, width) = (attention.side, height, width)
        for tap in 0..<side * side {
            let (down, right) = (tap / side - side / 2, tap % side - side / 2)
            for row in max(0, -down)..<max(min(height, height - down), max(0, -down)) {
                let source = unsafe taps + tap * area + (row + down) * width + right
                let target = unsafe map + row * width
                for column in max(0, -right)..<max(min(width, width - right), max(0, -right)) {
                    unsafe target[column] += source[column]
                }
            }
        }
    }

    /// Each branch's linear layer: [count, N, r] → [count, N·D].
    private func embed(_ raw: UnsafePointer<Float>, count: Int) throws(OneDNNError) -> [Float] {
        let (length, branches) = (parts.length, branches)
        let dimensions = layers.first?.outputs ?? 0
        let failures = FailureBox()
        var local = [Float](repeating: 0, count: count * branches * dimensions)
        unsafe local.withUnsafeMutableBufferPointer { local in
            guard let local = local.baseAddress else { return }
            parallelFor(branches, threads: threads) { branch, _ in
                do throws(OneDNNError) {
                    try unsafe layers[branch].forward(
                        raw + branch * length, rowStride: branches * length, rows: count,
                        into: local + branch * dimensions, resultStride: branches * dimensions)
                } catch {
                    failures.add(error)
                }
            }
        }
        try failures.check()
        return local
    }
}
