internal import Tensors

/// Normalizes the first channels of every image by the image's own statistics: y = γ · (x − mean) / √(variance + ε) + β.
///
/// From Ulyanov et al., "Instance Normalization", 2016. Mean and (population) variance are those of one channel of one
/// image, in training and inference alike, so there are no running statistics, and an image's result does not depend on
/// the other images.
struct InstanceNormalization: Sendable {
    /// What becomes of the channels that are not normalized.
    enum Rest {
        /// They stay as they are in the destination.
        case kept
        /// They are rectified in place.
        case rectified
    }

    /// γ and β, one number per normalized channel.
    @unsafe struct Affine {
        var scale: UnsafePointer<Float>
        var shift: UnsafePointer<Float>
    }

    /// Means and 1/√(variance + ε) of a forward run, [batch, channels]; the backward pass needs them.
    @unsafe struct Statistics {
        var means: UnsafeMutablePointer<Float>
        var inverses: UnsafeMutablePointer<Float>
    }

    private let strides: ChannelStrides
    /// How many channels are normalized, from the first on.
    let channels: Int
    private let isRectified: Bool
    private let rest: Rest
    private let strips: [ChannelStrip]
    private let threads: Int

    /// - Parameters:
    ///   - strides: The layout of source and destination.
    ///   - channels: How many channels are normalized, from the first on.
    ///   - isRectified: Whether negative results become zero.
    ///   - rest: What becomes of the other channels.
    ///   - threads: The threads that share the work.
    init(_ strides: ChannelStrides, channels: Int, isRectified: Bool, rest: Rest, threads: Int) {
        self.strides = strides
        precondition((1...strides.channels).contains(channels), "\(channels) of \(strides.channels) channels")
        self.channels = channels
        self.isRectified = isRectified
        self.rest = rest
        self.threads = threads
        strips = ChannelStrip.strips(strides, below: rest == .kept ? channels : strides.channels)
    }

    /// The number of images.
    var batch: Int { strides.batch }

    /// Writes y; `destination` may be `source`.
    ///
    /// - Parameters:
    ///   - source: x.
    ///   - destination: y.
    ///   - affine: γ and β.
    ///   - statistics: Where means and deviations are kept; nil: nowhere.
    func forward(
        _ source: UnsafePointer<Float>, into destination: UnsafeMutablePointer<Float>, _ affine: Affine,
        keeping statistics: Statistics? = nil
    ) {
        parallelFor(batch * strips.count, threads: threads) { index, _ in
            let (image, strip) = (index / strips.count, strips[index % strips.count])
            let (x, y) = unsafe (source + image * strides.image, destination + image * strides.image)
            // Lanes without a normalized channel keep mean 0, scale 1 and shift 0.
            var (mean, factor, shift) = (ChannelStrip.Lanes(), ChannelStrip.Lanes(repeating: 1), ChannelStrip.Lanes())
            let count = min(strip.count, channels - strip.channel)
            if count > 0 {
                let moments = unsafe strip.moments(x)
                let inverse = 1 / (moments.variance + Float(BatchNorm.epsilon)).squareRoot()
                for lane in 0..<count {
                    mean[lane] = moments.mean[lane]
                    unsafe factor[lane] = affine.scale[strip.channel + lane] * inverse[lane]
                    unsafe shift[lane] = affine.shift[strip.channel + lane]
                    guard let statistics = unsafe statistics else { continue }
                    let entry = image * channels + strip.channel + lane
                    unsafe statistics.means[entry] = mean[lane]
                    unsafe statistics.inverses[entry] = inverse[lane]
                }
            }
            let first = unsafe x + strip.start
            unsafe strip.fill(y, keeping: kept(strip)) { position in
                let value = unsafe (strip.load(first, position) - mean) * factor + shift
                return isRectified ? value.replacing(with: 0, where: value .< 0) : value
            }
        }
    }

    /// Writes the gradient of x, and each image's share of the gradients of γ and β.
    ///
    /// With dx̂ = γ · dy: dγ = Σ dy · x̂, dβ = Σ dy, dx = (dx̂ − mean(dx̂) − x̂ · mean(dx̂ · x̂)) / √(variance + ε).
    ///
    /// - Parameters:
    ///   - source: x.
    ///   - gradient: dy.
    ///   - destination: dx; it may be `gradient`.
    ///   - affine: γ and β.
    ///   - statistics: What the forward run kept.
    ///   - scales: Each image's dγ, [batch, channels].
    ///   - shifts: Each image's dβ, [batch, channels].
    func backward(
        _ source: UnsafePointer<Float>, gradient: UnsafePointer<Float>, into destination: UnsafeMutablePointer<Float>,
        _ affine: Affine, _ statistics: Statistics, scales: UnsafeMutablePointer<Float>,
        shifts: UnsafeMutablePointer<Float>
    ) {
        parallelFor(batch * strips.count, threads: threads) { index, _ in
            let (image, strip) = (index / strips.count, strips[index % strips.count])
            let (x, dy) = unsafe (
                source + image * strides.image + strip.start, gradient + image * strides.image + strip.start
            )
            let entry = image * channels
            let mean = unsafe strip.lanes(statistics.means + entry, rest: 0)
            let inverse = unsafe strip.lanes(statistics.inverses + entry, rest: 0)
            let factor = unsafe strip.lanes(affine.scale, rest: 0) * inverse
            let shift = unsafe strip.lanes(affine.shift, rest: 0)
            @inline(__always)
            func slope(_ position: Int, _ deviation: ChannelStrip.Lanes) -> ChannelStrip.Lanes {
                let slope = unsafe strip.load(dy, position)
                guard isRectified else { return slope }
                return slope.replacing(with: 0, where: .!(deviation * factor + shift .> 0))
            }
            let (shiftGradient, scaleGradient) = strip.sums { position in
                let deviation = unsafe strip.load(x, position) - mean
                let slope = slope(position, deviation)
                return (slope, slope * (deviation * inverse))
            }
            unsafe strip.write(shiftGradient, to: shifts + entry)
            unsafe strip.write(scaleGradient, to: scales + entry)
            let (even, along) = (shiftGradient * strip.share, scaleGradient * strip.share)
            unsafe strip.fill(destination + image * strides.image, keeping: kept(strip)) { position in
                let deviation = unsafe strip.load(x, position) - mean
                return (slope(position, deviation) - even - deviation * inverse * along) * factor
            }
        }
    }

    /// The lanes of a strip that hold channels which must stay as they are; nil if there are none.
    ///
    /// Lanes that hold padding are written: their x is zero, and stays zero.
    private func kept(_ strip: ChannelStrip) -> SIMDMask<SIMD8<Int32>>? {
        guard rest == .kept, strip.count < 8, channels < strides.channels else { return nil }
        var mask = SIMDMask<SIMD8<Int32>>(repeating: false)
        for lane in strip.count..<min(8, strides.channels - strip.channel) { mask[lane] = true }
        return mask
    }
}
