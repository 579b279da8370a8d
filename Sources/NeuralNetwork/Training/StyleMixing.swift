internal import Randomness
internal import Tensors

/// How the styles of the images of one batch are mixed: MixStyle, from Zhou et al., "Domain Generalization with MixStyle",
/// ICLR 2021.
///
/// A style is mean μ and deviation σ of every channel of an image: y = σ' · (x − μ) / σ + μ' with μ' = λ · μ + (1 − λ) ·
/// μ̃ and σ' alike, where μ̃ and σ̃ belong to another image of the batch. The network so learns from styles that no image
/// has. σ is √(variance + 1e-6), with the population variance as in the paper. Statistics are constants for the gradient.
public struct StyleMixing: Sendable, Equatable {
    /// What is added to a variance.
    static let epsilon: Float = 1e-6
    /// α; λ comes from Beta(α, α), mostly near 0 or 1.
    static let concentration = 0.1

    /// The probability that a place of the network mixes, in 0...1; each place draws anew for every batch.
    public var probability: Float
    /// The seed of the batch's random numbers.
    public var seed: UInt64

    /// Mixes at each place with `probability`.
    public init(probability: Float, seed: UInt64) {
        self.probability = probability
        self.seed = seed
    }

    /// What one place does with a batch.
    package struct Draw: Sendable, Equatable {
        /// The image whose style each image takes a share of; a permutation.
        package var partners: [Int]
        /// λ: each image's share of its own style, in 0...1.
        package var shares: [Float]
    }

    /// Draws what a place does with `batch` images; nil: nothing.
    func draw(batch: Int, using generator: inout SeededGenerator) -> Draw? {
        guard Float.random(in: 0..<1, using: &generator) < probability else { return nil }
        let partners = (0..<batch).shuffled(using: &generator)
        return Draw(partners: partners, shares: partners.map { _ in Self.share(using: &generator) })
    }

    /// A number from Beta(α, α), by Jöhnk's method: u^(1/α) / (u^(1/α) + v^(1/α)) for uniform u and v, if the sum is at
    /// most 1.
    private static func share(using generator: inout SeededGenerator) -> Float {
        while true {
            let (x, y) = (power(using: &generator), power(using: &generator))
            if x + y > 0, x + y <= 1 { return Float(x / (x + y)) }
        }
    }

    /// u^10 for a uniform u: 1/α is 10.
    private static func power(using generator: inout SeededGenerator) -> Double {
        let base = Double.random(in: 0..<1, using: &generator)
        return (0..<Int((1 / concentration).rounded())).reduce(1) { product, _ in product * base }
    }
}

/// A place of a network in training where styles are mixed.
final class StyleMixer {
    /// What is done with the next batch; nil: it is passed on as it is.
    var draw: StyleMixing.Draw?
    private let strides: ChannelStrides
    private let strips: [ChannelStrip]
    private let threads: Int
    /// μ, σ, and what a batch's values are multiplied by, each [batch, channels].
    private let means: AlignedMemory
    private let deviations: AlignedMemory
    private let factors: AlignedMemory

    /// - Parameter layout: The layout of the maps, [batch, channels, height, width].
    /// - Throws: `OneDNNError` if the layout is not known, or memory is short.
    init(_ layout: DataLayout) throws(OneDNNError) {
        strides = try ChannelStrides(layout)
        strips = ChannelStrip.strips(strides, below: strides.channels)
        threads = openMPThreads
        let bytes = 4 * strides.batch * strides.channels
        means = try AlignedMemory(bytes: bytes)
        deviations = try AlignedMemory(bytes: bytes)
        factors = try AlignedMemory(bytes: bytes)
    }

    /// Writes the batch `source` with mixed styles.
    func forward(_ source: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>) {
        guard let draw else { return unsafe copy(source, to: target) }
        forEachStrip { image, strip in
            let moments = unsafe strip.moments(source + image * strides.image)
            let deviation = (moments.variance + StyleMixing.epsilon).squareRoot()
            unsafe strip.write(moments.mean, to: means.pointer(at: image * strides.channels))
            unsafe strip.write(deviation, to: deviations.pointer(at: image * strides.channels))
        }
        forEachStrip { image, strip in
            let (own, other) = (image * strides.channels, draw.partners[image] * strides.channels)
            let share = draw.shares[image]
            func mixed(_ statistics: AlignedMemory) -> (own: ChannelStrip.Lanes, mixed: ChannelStrip.Lanes) {
                let first = unsafe strip.lanes(statistics.pointer(at: own), rest: 0)
                let second = unsafe strip.lanes(statistics.pointer(at: other), rest: 0)
                return (first, first * share + second * (1 - share))
            }
            let (mean, deviation) = (mixed(means), mixed(deviations))
            // Padding has no deviation, and stays zero.
            let factor = (deviation.mixed / deviation.own).replacing(with: 0, where: deviation.own .== 0)
            unsafe strip.write(factor, to: factors.pointer(at: own))
            let x = unsafe source + image * strides.image + strip.start
            unsafe strip.fill(target + image * strides.image, keeping: nil) { position in
                unsafe (strip.load(x, position) - mean.own) * factor + mean.mixed
            }
        }
    }

    /// Writes the gradient of the source from that of the target.
    func backward(_ gradient: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>) {
        guard draw != nil else { return unsafe copy(gradient, to: target) }
        forEachStrip { image, strip in
            let factor = unsafe strip.lanes(factors.pointer(at: image * strides.channels), rest: 0)
            let dy = unsafe gradient + image * strides.image + strip.start
            unsafe strip.fill(target + image * strides.image, keeping: nil) { position in
                unsafe strip.load(dy, position) * factor
            }
        }
    }

    private func forEachStrip(_ body: (_ image: Int, _ strip: ChannelStrip) -> Void) {
        parallelFor(strides.batch * strips.count, threads: threads) { index, _ in
            body(index / strips.count, strips[index % strips.count])
        }
    }

    private func copy(_ source: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>) {
        parallelFor(strides.batch, threads: threads) { image, _ in
            let first = image * strides.image
            unsafe (target + first).update(from: source + first, count: strides.image)
        }
    }
}
