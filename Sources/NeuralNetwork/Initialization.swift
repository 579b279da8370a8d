public import Tensors

/// A random number generator that gives the same numbers for the same seed on every platform (SplitMix64, Steele et
/// al., OOPSLA 2014).
public struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// Starts the sequence of `seed`.
    public init(seed: UInt64) {
        state = seed
    }

    /// The next 64 random bits.
    public mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}

extension Tensor {
    /// Random weights for a layer before a rectifier: mean 0, variance 2 / fan, where fan is the number of inputs of
    /// one output.
    ///
    /// From He et al., "Delving Deep into Rectifiers", ICCV 2015; uniform rather than normal, so that equal seeds give equal bytes
    /// on every platform: U(−√(6 / fan), √(6 / fan)).
    public static func heInitialized(_ shape: [Int], using generator: inout SeededGenerator) -> Tensor {
        let fan = shape.dropFirst().reduce(1, *)
        let limit = (6 / Float(max(1, fan))).squareRoot()
        let scale = limit / Float(1 << 23)
        let count = shape.reduce(1, *)
        var elements: [Float] = []
        elements.reserveCapacity(count)
        for _ in 0..<count {
            // 24 random bits, centered around 0: a float holds them exactly.
            let integer = Int32(truncatingIfNeeded: generator.next() >> 40) - (1 << 23)
            elements.append((Float(integer) + 0.5) * scale)
        }
        return Tensor(shape: shape, elements: elements)
    }
}
