/// SplitMix64: the same seed gives the same numbers on every machine.
///
/// From Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014.
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    /// A stream of its own for each seed and path of numbers, as person 3 at camera 2.
    init(_ seed: UInt64, _ path: Int...) {
        state = seed
        for step in path { state = next() ^ UInt64(truncatingIfNeeded: step) &* 0xD6E8_FEB8_6659_FD93 }
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A number in `range`, by the upper 24 bits of the stream.
    mutating func number(_ range: ClosedRange<Float>) -> Float {
        range.lowerBound + (range.upperBound - range.lowerBound) * Float(next() >> 40) / Float(1 << 24)
    }

    /// True in a `share` of cases.
    mutating func chance(_ share: Float) -> Bool {
        number(0...1) < share
    }

    /// One of `choices`, which must not be empty.
    mutating func pick<Choice>(_ choices: [Choice]) -> Choice {
        choices[Int(next() % UInt64(choices.count))]
    }

    /// Nearly normal with mean 0 and deviation 1: the sum of four uniform numbers.
    mutating func normal() -> Float {
        let bits = next()
        let sum = (0..<4).reduce(Float(0)) { $0 + Float((bits >> ($1 * 16)) & 0xFFFF) / 65_536 }
        return (sum - 2) * 1.732
    }
}
