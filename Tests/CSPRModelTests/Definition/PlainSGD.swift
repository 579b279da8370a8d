/// Gradient descent by its definition, as PyTorch's: g ← ∂L/∂w + 5e-4·w, v ← 0.9·v + g, w ← w − η·v; v starts at zero.
struct PlainSGD {
    private var velocities: [String: [Double]] = [:]

    init() {}

    /// Makes one update of the parameters of `network`.
    mutating func step(_ network: inout PlainNetwork, gradients: [String: [Double]], learningRate: Double) {
        for (name, gradient) in gradients {
            guard var value = network.parameters[name]?.value else { continue }
            var velocity = velocities[name] ?? Array(repeating: 0, count: gradient.count)
            for index in gradient.indices {
                velocity[index] = 0.9 * velocity[index] + gradient[index] + 5e-4 * value[index]
                value[index] -= learningRate * velocity[index]
            }
            network.parameters[name]?.value = value
            velocities[name] = velocity
        }
    }
}
