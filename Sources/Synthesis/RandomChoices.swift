internal import Randomness

/// How numbers, choices and signs are drawn.
extension SeededGenerator {
    /// A number in `range`, by the upper 24 bits of the stream.
    mutating func number(_ range: ClosedRange<Float>) -> Float {
        range.lowerBound + (range.upperBound - range.lowerBound) * Float(next() >> 40) / Float(1 << 24)
    }

    /// A number in `range` that is more often near its middle: the mean of two.
    mutating func middling(_ range: ClosedRange<Float>) -> Float {
        (number(range) + number(range)) / 2
    }

    /// A number in `range`, which lies above 0, whose logarithm is evenly spread.
    mutating func scale(_ range: ClosedRange<Float>) -> Float {
        exponential(number(logarithm(range.lowerBound)...logarithm(range.upperBound)))
    }

    /// True with the probability `share`.
    mutating func chance(_ share: Float) -> Bool {
        number(0...1) < share
    }

    /// −1 or 1.
    mutating func sign() -> Float {
        next() >> 63 == 0 ? -1 : 1
    }

    /// One of `choices`, which must not be empty.
    mutating func pick<Choice>(_ choices: [Choice]) -> Choice {
        choices[Int(next() % UInt64(choices.count))]
    }

    /// One of `choices`, with probabilities in proportion to the weights.
    mutating func pick<Choice>(weighted choices: KeyValuePairs<Choice, Float>) -> Choice {
        pick(among: choices.map { ($0.key, $0.value) })
    }

    /// One of `choices`, which must not be empty, with probabilities in proportion to the weights.
    mutating func pick<Choice>(among choices: [(Choice, Float)]) -> Choice {
        var rest = number(0...1) * choices.reduce(0) { $0 + $1.1 }
        for (choice, weight) in choices {
            rest -= weight
            if rest < 0 { return choice }
        }
        return choices[choices.count - 1].0
    }

    /// Nearly normal with mean 0 and deviation 1: the sum of four uniform numbers.
    mutating func normal() -> Float {
        let bits = next()
        let sum =
            Int32(truncatingIfNeeded: bits & 0xFFFF) + Int32(truncatingIfNeeded: (bits >> 16) & 0xFFFF)
            + Int32(truncatingIfNeeded: (bits >> 32) & 0xFFFF) + Int32(truncatingIfNeeded: bits >> 48)
        return (Float(sum) / 65_536 - 2) * 1.732
    }
}
