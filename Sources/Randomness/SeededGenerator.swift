/// Random numbers that depend on a seed alone: the same on every machine and with every version of the standard library.
///
/// SplitMix64, from Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014. It is a module of its own, and
/// imports nothing, because networks, data sets, rendered people and the server draw from it and otherwise share no module.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
    // Inlined into the loops that draw a number for every pixel or weight.
    @usableFromInline var state: UInt64

    /// Starts the sequence of `seed`.
    @inlinable
    public init(seed: UInt64) {
        state = seed
    }

    /// Starts a sequence of its own for each seed and path of numbers, such as person 3 at camera 2.
    public init(_ seed: UInt64, _ path: Int...) {
        state = seed
        for step in path { state = next() ^ Self.scattered(step) }
    }

    /// The next 64 random bits.
    @inlinable
    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// The seed of a sequence of its own for each seed and path of numbers, such as epoch 3 and image 17.
    ///
    /// The numbers differ from those of `init(_:_:)`: a path is mixed in before each step, not after it.
    public static func seed(_ seed: UInt64, _ path: [Int]) -> UInt64 {
        path.reduce(seed) { state, step in
            var generator = SeededGenerator(seed: state ^ scattered(step))
            return generator.next()
        }
    }

    /// A number of a path, its bits spread over all 64.
    private static func scattered(_ step: Int) -> UInt64 {
        UInt64(truncatingIfNeeded: step) &* 0xD6E8_FEB8_6659_FD93
    }
}
