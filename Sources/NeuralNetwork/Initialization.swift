public import Randomness
public import Tensors

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
