internal import NeuralNetwork
internal import Tensors

/// Computes the statistical, positional and relational descriptors of Z^i = M^i ⊗ X without storing Z.
///
/// These are the paper's equations 12 to 14. With X as [C, HW], means and positions of all branches are one product, X
/// · [M^i, M^i∘y, M^i∘x], and second moments and every inner product ⟨Z^i, Z^j⟩ are another, (X∘X) · [M^i∘M^j];
/// variances and cosine distances follow from these. Only maximum, minimum and median need the elements of Z. X is
/// never negative, because it is rectified. Buffers are made once; only one thread may call it at a time.
final class PartRepresentation {
    /// The constant that keeps the square root of equation 14 away from zero.
    static let epsilon = 1e-12
    /// What is added to the mean of Z before a barycenter is divided by it: the barycenter of an empty channel is 0.
    static let emptiness: Float = 1e-4
    /// Map values and their products below this count as zero.
    ///
    /// They do not change a result. But saturated maps lead to denormal numbers, which make the processor ten times
    /// slower.
    private static let tiniest: Float = 1e-30
    /// Channels that one thread takes at a time.
    static let blockSize = 64

    let branches: Int
    let channels: Int
    let height: Int
    let width: Int
    /// Length of one branch's descriptor.
    let length: Int
    let hasStatistics: Bool
    let hasPositions: Bool
    let hasRelations: Bool
    /// Whether barycenters are divided by the mean of Z.
    let isNormalized: Bool
    private let threads: Int
    /// The pairs (i, j) whose products are needed, i ≤ j; the first N are (i, i).
    let pairs: [(Int, Int)]
    /// For each image, the maps without their tiniest values, [N, HW].
    private let flushedMemory: AlignedMemory
    /// For each image, the maps, the maps times y and the maps times x, as far as the descriptor needs them; [HW,
    /// columns].
    private let weightedMemory: AlignedMemory
    /// For each image, the products of the pairs; [HW, pairs].
    private let productsMemory: AlignedMemory
    /// One workspace for each worker.
    private let workspaces: [Workspace]

    var columns: Int { hasPositions ? 3 * branches : branches }
    var area: Int { height * width }

    /// The memory that one worker needs for a block of channels.
    @safe private struct Workspace {
        var squares: UnsafeMutableBufferPointer<Float>
        var first: UnsafeMutableBufferPointer<Float>
        var second: UnsafeMutableBufferPointer<Float>
        var keys: UnsafeMutableBufferPointer<Int32>
        var candidates: UnsafeMutableBufferPointer<Int32>
        let memory: AlignedMemory
    }

    init(
        _ configuration: CSPRConfiguration, channels: Int, height: Int, width: Int, batch: Int, threads: Int
    ) throws(OneDNNError) {
        branches = configuration.branches
        self.channels = channels
        self.height = height
        self.width = width
        self.threads = threads
        length = configuration.rawLength(channels: channels)
        (hasStatistics, hasPositions, hasRelations) = configuration.parts
        isNormalized = configuration.barycenters == .normalized
        var pairs: [(Int, Int)] = []
        if hasStatistics || hasRelations { pairs += (0..<branches).map { ($0, $0) } }
        if hasRelations {
            for i in 0..<branches {
                for j in i + 1..<max(branches, i + 1) { pairs.append((i, j)) }
            }
        }
        self.pairs = pairs
        let area = height * width
        let columns = (hasPositions ? 3 : 1) * branches
        flushedMemory = try AlignedMemory(bytes: 4 * batch * branches * area)
        weightedMemory = try AlignedMemory(bytes: 4 * batch * columns * area)
        productsMemory = try AlignedMemory(bytes: 4 * batch * pairs.count * area)
        let block = Self.blockSize
        var workspaces: [Workspace] = []
        for _ in 0..<threads {
            let sizes = [block * area, block * columns, block * pairs.count, area, area].map { ($0 + 15) / 16 * 64 }
            let memory = try AlignedMemory(bytes: sizes.reduce(0, +))
            let offsets = sizes.indices.map { sizes[..<$0].reduce(0, +) }
            unsafe workspaces.append(
                Workspace(
                    squares: memory.floats(at: offsets[0], count: block * area),
                    first: memory.floats(at: offsets[1], count: block * columns),
                    second: memory.floats(at: offsets[2], count: block * pairs.count),
                    keys: memory.floats(at: offsets[3], count: area).withMemoryRebound(to: Int32.self) { unsafe $0 },
                    candidates: memory.floats(at: offsets[4], count: area).withMemoryRebound(to: Int32.self) {
                        unsafe $0
                    },
                    memory: memory))
        }
        self.workspaces = workspaces
    }

    /// Writes the descriptors of `count` images, [count, N, length], into `result`.
    ///
    /// - Parameters:
    ///   - features: X, [count, C, HW], never negative.
    ///   - maps: M, [count, N, HW], in 0...1.
    ///   - count: The number of images.
    ///   - result: Receives the descriptors.
    /// - Throws: What oneDNN refuses.
    func compute(
        features: UnsafePointer<Float>, maps: UnsafePointer<Float>, count: Int, into result: UnsafeMutablePointer<Float>
    ) throws(OneDNNError) {
        let (area, channels) = (area, channels)
        parallelFor(count, threads: threads) { image, _ in
            unsafe prepare(maps: maps + image * branches * area, image: image)
        }
        let blocks = (channels + Self.blockSize - 1) / Self.blockSize
        let failures = FailureBox()
        parallelFor(count * blocks, threads: threads) { index, worker in
            let (image, block) = (index / blocks, index % blocks)
            let first = block * Self.blockSize
            let range = first..<min(first + Self.blockSize, channels)
            do throws(OneDNNError) {
                try unsafe compute(
                    range, of: features + image * channels * area, image: image,
                    workspace: workspaces[worker], into: result + image * branches * length)
            } catch {
                failures.add(error)
            }
        }
        try failures.check()
    }

    /// One image's maps without their tiniest values, [N, HW].
    func flushed(of image: Int) -> UnsafeMutablePointer<Float> {
        unsafe flushedMemory.pointer(at: image * branches * area)
    }

    /// The right-hand side of one image's first product, [HW, columns].
    func weighted(of image: Int) -> UnsafeMutablePointer<Float> {
        unsafe weightedMemory.pointer(at: image * columns * area)
    }

    /// The right-hand side of one image's second product, [HW, pairs].
    func products(of image: Int) -> UnsafeMutablePointer<Float> {
        unsafe productsMemory.pointer(at: image * pairs.count * area)
    }

    /// Writes one image's right-hand sides of both products.
    private func prepare(maps: UnsafePointer<Float>, image: Int) {
        let (area, branches, columns, tiniest) = (area, branches, columns, Self.tiniest)
        let flushed = unsafe flushed(of: image)
        let weighted = unsafe weighted(of: image)
        for index in 0..<branches * area {
            let map = unsafe maps[index] < tiniest ? 0 : maps[index]
            let (branch, position) = (index / area, index % area)
            unsafe flushed[index] = map
            unsafe weighted[position * columns + branch] = map
            guard hasPositions else { continue }
            let (y, x) = (position / width, position % width)
            unsafe weighted[position * columns + branches + branch] = map * (Float(y) / Float(height))
            unsafe weighted[position * columns + 2 * branches + branch] = map * (Float(x) / Float(width))
        }
        let products = unsafe products(of: image)
        for (column, (i, j)) in pairs.enumerated() {
            for position in 0..<area {
                let product = unsafe flushed[i * area + position] * flushed[j * area + position]
                unsafe products[position * pairs.count + column] = product < tiniest ? 0 : product
            }
        }
    }

    /// Computes the channels of `range` of one image.
    private func compute(
        _ range: Range<Int>, of features: UnsafePointer<Float>, image: Int, workspace: Workspace,
        into result: UnsafeMutablePointer<Float>
    ) throws(OneDNNError) {
        let (area, count) = (area, range.count)
        let x = unsafe features + range.lowerBound * area
        let columns = columns
        let maps = unsafe flushed(of: image)
        let weighted = unsafe weighted(of: image)
        let products = unsafe products(of: image)
        guard let first = unsafe workspace.first.baseAddress, let second = unsafe workspace.second.baseAddress,
            let squares = unsafe workspace.squares.baseAddress
        else { return }
        try unsafe multiply(
            x, rowStride: area, weighted, rowStride: columns, into: first, rowStride: columns, m: count, n: columns,
            k: area, isTransposed: false)
        if !pairs.isEmpty {
            for index in 0..<count * area { unsafe squares[index] = x[index] * x[index] }
            try unsafe multiply(
                squares, rowStride: area, products, rowStride: pairs.count, into: second, rowStride: pairs.count,
                m: count, n: pairs.count, k: area, isTransposed: false)
        }
        for row in 0..<count {
            let channel = range.lowerBound + row
            unsafe writeMoments(channel, first: first + row * columns, into: result)
            if hasStatistics {
                unsafe writeStatistics(
                    channel, x: x + row * area, maps: maps, first: first + row * columns,
                    second: second + row * pairs.count, workspace: workspace, into: result)
            }
            if hasRelations { unsafe writeRelations(channel, second: second + row * pairs.count, into: result) }
        }
    }

    /// Writes the mean (the third statistic, or the only one, if the descriptor has no S) and the positions.
    private func writeMoments(_ channel: Int, first: UnsafePointer<Float>, into result: UnsafeMutablePointer<Float>) {
        let scale = 1 / Float(area)
        let positions = hasStatistics ? 5 * channels : channels
        for branch in 0..<branches {
            let target = unsafe result + branch * length + channel
            unsafe target[hasStatistics ? 2 * channels : 0] = first[branch] * scale
            guard hasPositions else { continue }
            let weight = unsafe isNormalized ? scale / (first[branch] * scale + Self.emptiness) : scale
            unsafe target[positions] = first[branches + branch] * weight
            unsafe target[positions + channels] = first[2 * branches + branch] * weight
        }
    }

    /// Writes maximum, minimum, median and variance.
    private func writeStatistics(
        _ channel: Int, x: UnsafePointer<Float>, maps: UnsafePointer<Float>, first: UnsafePointer<Float>,
        second: UnsafePointer<Float>, workspace: Workspace, into result: UnsafeMutablePointer<Float>
    ) {
        let area = area
        let keys = unsafe workspace.keys
        for position in 0..<area { unsafe keys[position] = LowerMedian.key(x[position]) }
        let zeros = unsafe LowerMedian.count(UnsafeBufferPointer(keys), upTo: 0)
        let rank = LowerMedian.rank(ofCount: area)
        // Z is zero where X is zero, and Z is never negative: if there are more zeros than the rank, the median is
        // zero.
        let isMedianZero = zeros > rank
        for branch in 0..<branches {
            let map = unsafe maps + branch * area
            let target = unsafe result + branch * length + channel
            var maximum: Int32 = 0
            var (minimum, median): (Int32, Int32) = (0, 0)
            if isMedianZero {
                for position in 0..<area {
                    maximum = max(maximum, unsafe LowerMedian.key(x[position] * map[position]))
                }
            } else {
                minimum = Int32.max
                for position in 0..<area {
                    let key = unsafe LowerMedian.key(x[position] * map[position])
                    unsafe keys[position] = key
                    maximum = max(maximum, key)
                    minimum = min(minimum, key)
                }
                median = unsafe LowerMedian.select(
                    UnsafeBufferPointer(keys), rank: rank, minimum: minimum, maximum: maximum,
                    workspace: workspace.candidates)
            }
            unsafe target[0] = LowerMedian.value(maximum)
            unsafe target[channels] = LowerMedian.value(minimum)
            unsafe target[3 * channels] = LowerMedian.value(median)
            unsafe target[4 * channels] = variance(sum: first[branch], squares: second[branch], x: x, map: map)
        }
    }

    /// The population variance from Σz and Σz².
    ///
    /// If the difference of the two moments has lost its precision, the variance is computed by its definition.
    private func variance(sum: Float, squares: Float, x: UnsafePointer<Float>, map: UnsafePointer<Float>) -> Float {
        let mean = Double(sum) / Double(area)
        let meanSquare = Double(squares) / Double(area)
        let difference = meanSquare - mean * mean
        guard difference < 1e-2 * meanSquare else { return Float(difference) }
        var total = 0.0
        for position in 0..<area {
            let deviation = unsafe Double(x[position]) * Double(map[position]) - mean
            total += deviation * deviation
        }
        return Float(total / Double(area))
    }

    /// Writes the cosine distances of every branch to all others.
    private func writeRelations(_ channel: Int, second: UnsafePointer<Float>, into result: UnsafeMutablePointer<Float>)
    {
        let start = length - (branches - 1) * channels
        for row in branches..<pairs.count {
            let (i, j) = pairs[row]
            let norm = unsafe (Double(second[i]) * Double(second[j]) + Self.epsilon).squareRoot()
            let distance = unsafe Float(1 - Double(second[row]) / norm)
            unsafe result[i * length + start + (j - 1) * channels + channel] = distance
            unsafe result[j * length + start + i * channels + channel] = distance
        }
    }
}
