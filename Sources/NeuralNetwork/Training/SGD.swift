internal import Tensors

/// Stochastic gradient descent with momentum and weight decay, as PyTorch's `SGD` defines it.
///
/// g ← ∂L/∂w + d·w,  v ← μ·v + g,  w ← w − η·v; v starts at zero.
public struct SGD: Sendable, Codable, Equatable {
    /// μ, in 0..<1.
    public var momentum: Float = 0.9
    /// d, at least 0.
    public var weightDecay: Float = 5e-4

    /// Momentum 0.9 and weight decay 5e-4.
    public init() {}

    /// Updates each parameter, from the gradient in its `gradient` slot.
    ///
    /// - Parameters:
    ///   - parameters: The parameters to update.
    ///   - learningRate: η.
    ///   - gradientScale: A factor that multiplies the gradients first.
    /// - Throws: `OneDNNError.outOfMemory`.
    public func step(_ parameters: [Parameter], learningRate: Float, gradientScale: Float = 1) throws {
        let threads = openMPThreads
        for parameter in parameters where parameter.isLearned {
            let values = unsafe try parameter.floats(.value)
            let gradients = unsafe try parameter.floats(.gradient)
            let velocities = unsafe try parameter.floats(.velocity)
            let (momentum, decay) = (momentum, weightDecay)
            Elementwise.inPieces(values.count, threads: threads) { range in
                guard let values = values.baseAddress, let gradients = gradients.baseAddress,
                    let velocities = velocities.baseAddress
                else { return }
                for index in range {
                    let value = unsafe values[index]
                    let velocity =
                        unsafe momentum * velocities[index] + (gradientScale * gradients[index] + decay * value)
                    unsafe velocities[index] = velocity
                    unsafe values[index] = value - learningRate * velocity
                }
            }
        }
    }
}

extension ParameterStore {
    /// The Euclidean length of all gradients together, √Σ g².
    public func gradientNorm() throws -> Double {
        var sum = 0.0
        for parameter in all where parameter.isLearned && parameter.has(.gradient) {
            let gradients = unsafe try parameter.floats(.gradient)
            // Sums a few thousand values in float32, then those sums in double: fast, and exact enough for a length.
            for start in stride(from: 0, to: gradients.count, by: 4096) {
                var part: (Float, Float, Float, Float) = (0, 0, 0, 0)
                let end = min(gradients.count, start + 4096)
                var index = start
                while index + 4 <= end {
                    unsafe part.0 += gradients[index] * gradients[index]
                    unsafe part.1 += gradients[index + 1] * gradients[index + 1]
                    unsafe part.2 += gradients[index + 2] * gradients[index + 2]
                    unsafe part.3 += gradients[index + 3] * gradients[index + 3]
                    index += 4
                }
                while index < end {
                    unsafe part.0 += gradients[index] * gradients[index]
                    index += 1
                }
                sum += Double(part.0) + Double(part.1) + Double(part.2) + Double(part.3)
            }
        }
        return sum.squareRoot()
    }

    /// Adds the gradients to the `accumulated` slot; with `finish` the sum replaces the gradients instead.
    ///
    /// Several small batches that are accumulated give the gradient of one large batch; only the statistics of batch
    /// norms differ.
    public func accumulateGradients(finish: Bool) throws {
        let threads = openMPThreads
        for parameter in all where parameter.isLearned && parameter.has(.gradient) {
            guard !finish || parameter.has(.accumulated) else { continue }
            let gradients = unsafe try parameter.floats(.gradient)
            let sums = unsafe try parameter.floats(.accumulated)
            if finish {
                unsafe Elementwise.sum([gradients, sums], where: nil, into: gradients, threads: threads)
                unsafe sums.update(repeating: 0)
            } else {
                unsafe Elementwise.sum([sums, gradients], where: nil, into: sums, threads: threads)
            }
        }
    }

    /// Updates the `average` slot of every parameter and running statistic: average ← d·average + (1 − d)·value.
    ///
    /// An empty slot takes the value itself.
    public func updateAverages(decay: Float) throws {
        let threads = openMPThreads
        for parameter in all {
            let isFirst = !parameter.has(.average)
            let values = unsafe try parameter.floats(.value)
            let averages = unsafe try parameter.floats(.average)
            let share = isFirst ? 1 : 1 - decay
            Elementwise.inPieces(values.count, threads: threads) { range in
                guard let values = values.baseAddress, let averages = averages.baseAddress else { return }
                for index in range { unsafe averages[index] += share * (values[index] - averages[index]) }
            }
        }
    }
}
