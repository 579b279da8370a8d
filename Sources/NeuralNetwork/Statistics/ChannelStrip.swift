internal import Tensors

/// Up to eight channels of one image that lie beside each other in memory, and loops over their positions.
///
/// A lane of the vectors stands for a channel. Where channels do not lie beside each other, a strip is a single channel
/// in lane 0. Sums are formed in float32 over pieces of 64 positions and in double over the pieces, so that their error
/// does not grow with the map. A strip's values fit a cache, so every loop but the first reads them from there.
struct ChannelStrip: Sendable {
    /// One number per lane.
    typealias Lanes = SIMD8<Float>

    /// The positions that are summed up in float32.
    private static let piece = 64

    /// The first channel.
    let channel: Int
    /// The number of channels, at most 8; further lanes hold other channels, or padding; 0: all do.
    let count: Int
    /// The number of the first float, from the start of the image.
    let start: Int
    private let positions: Int
    private let step: Int
    private let isVector: Bool

    /// The strips of the channels below `end`, in order; if these are all channels, then also those of the padding.
    static func strips(_ strides: ChannelStrides, below end: Int) -> [ChannelStrip] {
        var strips: [ChannelStrip] = []
        var channel = 0
        while channel < (end == strides.channels ? strides.paddedChannels : end) {
            // The last group of a blocked layout has room for all eight; rows of all channels have not.
            let isVector =
                channel % strides.lanes + 8 <= strides.lanes && (strides.lanes % 8 == 0 || channel + 8 <= end)
            let width = isVector ? 8 : 1
            strips.append(
                ChannelStrip(
                    channel: channel, count: max(0, min(width, end - channel)),
                    start: strides.start(image: 0, channel: channel), positions: strides.positions,
                    step: strides.position, isVector: isVector))
            channel += width
        }
        return strips
    }

    /// The number of positions as a factor of sums.
    var share: Float { 1 / Float(positions) }

    /// The entries of an array with one number per channel that belong to the strip; lanes past them get `rest`.
    func lanes(_ numbers: UnsafePointer<Float>, rest: Float) -> Lanes {
        var lanes = Lanes(repeating: rest)
        for lane in 0..<count { unsafe lanes[lane] = numbers[channel + lane] }
        return lanes
    }

    /// Writes the strip's lanes to an array with one number per channel.
    func write(_ lanes: Lanes, to numbers: UnsafeMutablePointer<Float>) {
        for lane in 0..<count { unsafe numbers[channel + lane] = lanes[lane] }
    }

    /// Mean and population variance of each channel; `image` is the first float of the image.
    func moments(_ image: UnsafePointer<Float>) -> (mean: Lanes, variance: Lanes) {
        let x = unsafe image + start
        let mean = share * sum { position in unsafe load(x, position) }
        let variance =
            share
            * sum { position in
                let deviation = unsafe load(x, position) - mean
                return deviation * deviation
            }
        return (mean, variance)
    }

    /// The sum of `term` over all positions.
    @inline(__always)
    func sum(_ term: (Int) -> Lanes) -> Lanes {
        sums { position in (term(position), Lanes()) }.0
    }

    /// The sums of two terms over all positions.
    @inline(__always)
    func sums(_ terms: (Int) -> (Lanes, Lanes)) -> (Lanes, Lanes) {
        var totals = (SIMD8<Double>(), SIMD8<Double>())
        for first in stride(from: 0, to: positions, by: Self.piece) {
            var sums = (Lanes(), Lanes())
            for position in first..<min(positions, first + Self.piece) {
                let term = terms(position)
                sums.0 += term.0
                sums.1 += term.1
            }
            totals.0 += SIMD8<Double>(sums.0)
            totals.1 += SIMD8<Double>(sums.1)
        }
        return (Lanes(totals.0), Lanes(totals.1))
    }

    /// Writes `value` at all positions; `isKept` are the lanes that are not written.
    @inline(__always)
    func fill(
        _ image: UnsafeMutablePointer<Float>, keeping isKept: SIMDMask<SIMD8<Int32>>?, _ value: (Int) -> Lanes
    ) {
        let y = unsafe image + start
        guard let isKept else {
            for position in 0..<positions { unsafe store(value(position), y, position) }
            return
        }
        for position in 0..<positions {
            let old = unsafe load(y, position)
            unsafe store(value(position).replacing(with: old, where: isKept), y, position)
        }
    }

    /// The values at a position; `x` is the strip's first float.
    @inline(__always)
    func load(_ x: UnsafePointer<Float>, _ position: Int) -> Lanes {
        let place = unsafe x + position * step
        if isVector { return unsafe UnsafeRawPointer(place).loadUnaligned(as: Lanes.self) }
        return unsafe Lanes(place[0], 0, 0, 0, 0, 0, 0, 0)
    }

    @inline(__always)
    private func store(_ value: Lanes, _ y: UnsafeMutablePointer<Float>, _ position: Int) {
        let place = unsafe y + position * step
        if isVector {
            unsafe UnsafeMutableRawPointer(place).storeBytes(of: value, as: Lanes.self)
        } else {
            unsafe place[0] = value[0]
        }
    }
}
