internal import NeuralNetwork
internal import Tensors

/// What a network with instance norms can take from the weights of one without.
extension CSPRConfiguration {
    /// The channels of a tensor of a network without instance norms.
    package struct NormSource {
        /// The tensor's name in a weight file.
        package var name: String
        /// The channels to take.
        package var channels: Range<Int>
        /// The number of the tensor's channels.
        package var count: Int
    }

    /// Where a network without instance norms has the values of the tensor `name`; nil if `name` belongs to no norm that
    /// is split into an instance and a batch norm.
    package func normSource(of name: String) -> NormSource? {
        for convolution in backbone.convolutions {
            guard let instance = convolution.instanceNorm, let batch = convolution.batchNorm else { continue }
            let (half, count) = (convolution.instanceChannels, convolution.geometry.outputs)
            for (norm, channels) in [(instance, 0..<half), (batch, half..<count)] {
                let prefix = "backbone.\(norm)."
                guard name.hasPrefix(prefix) else { continue }
                return NormSource(
                    name: "backbone.\(convolution.norm).\(name.dropFirst(prefix.count))", channels: channels,
                    count: count)
            }
        }
        return nil
    }

    /// Whether a network without instance norms has nothing for the tensor `name`: it belongs to a norm after a sum.
    package func isOfSumNorm(_ name: String) -> Bool {
        backbone.sumNorms.contains { name.hasPrefix("backbone.\($0.name).") }
    }
}
