/// Which old pixels make each new pixel along one axis, and with which weights.
///
/// Pillow's fixed point: weights sum to 1 in double precision and are then rounded to 22 fractional bits, which leaves
/// 2 bits of room in 32 for 8-bit samples. All weights are at least 0, so sums stay below 2^31.
struct ResamplingTaps {
    static let fractionBits: Int32 = 22
    /// One half in fixed point: where sums start, so that the final shift rounds.
    static let half: Int32 = 1 << (fractionBits - 1)

    /// The first old pixel of each new one.
    private(set) var first: [Int] = []
    /// Where each new pixel's weights begin in `weights`; one more entry than pixels.
    private(set) var offset: [Int] = [0]
    private(set) var weights: [Int32] = []

    init(from old: Int, to new: Int) {
        let scale = Double(old) / Double(new)
        let reach = max(scale, 1)
        first.reserveCapacity(new)
        offset.reserveCapacity(new + 1)
        weights.reserveCapacity(new * (2 * Int(reach) + 2))
        var shares: [Double] = []
        for index in 0..<new {
            let center = (Double(index) + 0.5) * scale
            let start = max(0, Int(center - reach + 0.5))
            let end = min(old, Int(center + reach + 0.5))
            shares.removeAll(keepingCapacity: true)
            for place in start..<end {
                shares.append(max(0, 1 - abs((Double(place) - center + 0.5) * (1 / reach))))
            }
            let total = shares.reduce(0, +)
            first.append(start)
            for share in shares { weights.append(Int32(0.5 + share / total * Double(1 << Self.fractionBits))) }
            offset.append(weights.count)
        }
    }

    /// The 8-bit value of a sum that started at `half`; clamped, because rounded weights can bring it just above 255.
    static func rounded(_ sum: Int32) -> UInt8 {
        UInt8(truncatingIfNeeded: min(255, sum >> fractionBits))
    }
}
