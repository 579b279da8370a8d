internal import NeuralNetwork
internal import Tensors

/// The N attention modules as one convolution.
///
/// A module (the paper's equations 1 and 2) is M = σ(BN(r₀·max X + r₁·mean X + r₂·K₁∗X + r₃·K₃∗X + r₄·K₅∗X + b)), and
/// everything except the maximum is linear in X: the mean is a 1×1 convolution with weights 1/C, and with zero padding
/// a smaller kernel is a 5×5 kernel with zeros around it. So M = σ(K∗X + c + m·max X), with one 5×5 kernel K, one
/// constant c and one factor m per branch.
///
/// With so few output channels, a 5×5 convolution would use little of the processor. Instead each of K's 25 taps is a
/// 1×1 convolution, and the taps of all branches together are one matrix product. The products are then shifted and
/// summed (`LocalBranch`).
struct AttentionModules: Sendable {
    /// The convolution's name in the graph.
    static let name = "attention"

    /// The taps of K as output channels of a 1×1 convolution: branch by branch, within a branch row by row.
    let taps: FoldedConvolution
    /// The side of K: 5, or 1 if the modules have a single 1×1 kernel.
    let side: Int
    /// c, per branch.
    let constants: [Float]
    /// m, the factor of the maximum over the channels, per branch; all zero if the modules have no maximum.
    let maximumFactors: [Float]
    /// The geometry of the taps' convolution.
    let geometry: ConvolutionGeometry

    /// Combines the modules of a weight file.
    init(_ reader: WeightReader) throws(ModelError) {
        let configuration = reader.configuration
        let channels = configuration.backbone.channels(ofStage: configuration.localStage)
        let side = configuration.attention == .multiscale ? 5 : 1
        geometry = ConvolutionGeometry(inputs: channels, outputs: configuration.branches * side * side, kernel: 1)
        var kernel = Tensor(zeros: geometry.weightShape)
        var constants = [Float](repeating: 0, count: configuration.branches)
        var factors = constants
        for branch in 0..<configuration.branches {
            let name = "attention.\(branch)"
            let (scale, shift) = try reader.batchNorm("\(name).bn").affine(0)
            /// K, [side, side, channels], and c in double precision, before they are rounded.
            var combined = [Double](repeating: 0, count: side * side * channels)
            var constant = shift

            func add(_ layer: String, factor: Double) throws(ModelError) {
                let weight = try reader.tensor("\(name).\(layer).weight")
                let small = weight.shape[3]
                let margin = (side - small) / 2
                for (index, element) in weight.elements.enumerated() {
                    let (channel, row, column) = (index / (small * small), index / small % small, index % small)
                    combined[((row + margin) * side + column + margin) * channels + channel] += factor * Double(element)
                }
                constant += factor * Double(try reader.tensor("\(name).\(layer).bias").elements[0])
            }

            if configuration.attention == .multiscale {
                let reduce = try reader.tensor("\(name).reduce.weight").elements.map { scale * Double($0) }
                constant += scale * Double(try reader.tensor("\(name).reduce.bias").elements[0])
                factors[branch] = Float(reduce[0])
                let center = (side * side / 2) * channels
                for index in center..<center + channels { combined[index] += reduce[1] / Double(channels) }
                try add("conv1x1", factor: reduce[2])
                try add("conv3x3", factor: reduce[3])
                try add("conv5x5", factor: reduce[4])
            } else {
                try add("conv1x1", factor: scale)
            }
            for (index, element) in combined.enumerated() {
                kernel.elements[branch * combined.count + index] = Float(element)
            }
            constants[branch] = Float(constant)
        }
        taps = FoldedConvolution(kernel: kernel, bias: Array(repeating: 0, count: geometry.outputs))
        self.side = side
        self.constants = constants
        maximumFactors = factors
    }
}
