internal import NeuralNetwork
internal import Randomness
internal import Tensors

/// Name, shape and role of one tensor of a weight file.
struct ParameterSpecification: Sendable, Equatable {
    /// What a tensor is for, which decides its initial value.
    enum Role: Sendable {
        /// A layer's weights.
        case weight
        /// A classifier's weights, a layer's bias, or a batch norm's shift or running mean: initialized with zero.
        case zero
        /// A batch norm's scale: initialized with one.
        case one
        /// A batch norm's running variance: initialized with one, never negative.
        case variance

        /// The ending of the names of running means, which are not learned.
        static let runningMeanSuffix = ".running_mean"
    }

    var name: String
    var shape: [Int]
    var role: Role

    /// Whether training's gradient descent changes the tensor.
    var isLearned: Bool { role != .variance && !name.hasSuffix(Role.runningMeanSuffix) }

    /// The tensor's value before training: He initialization for weights; batch norms pass their input on unchanged.
    func initialValue(using generator: inout SeededGenerator) -> Tensor {
        switch role {
        case .weight: Tensor.heInitialized(shape, using: &generator)
        case .zero: Tensor(zeros: shape)
        case .one, .variance: Tensor(shape: shape, elements: Array(repeating: 1, count: shape.reduce(1, *)))
        }
    }

    /// The tensors of a batch norm.
    static func norm(_ name: String, channels: Int) -> [ParameterSpecification] {
        [
            ParameterSpecification(name: "\(name).weight", shape: [channels], role: .one),
            ParameterSpecification(name: "\(name).bias", shape: [channels], role: .zero),
            ParameterSpecification(name: "\(name)\(Role.runningMeanSuffix)", shape: [channels], role: .zero),
            ParameterSpecification(name: "\(name).running_var", shape: [channels], role: .variance),
        ]
    }
}

extension CSPRConfiguration {
    /// Every tensor of a weight file of this configuration: the only list, used for loading, initializing and counting.
    var parameterList: [ParameterSpecification] {
        var list: [ParameterSpecification] = []
        func add(_ name: String, _ shape: [Int], _ role: ParameterSpecification.Role) {
            list.append(ParameterSpecification(name: name, shape: shape, role: role))
        }
        func addNorm(_ name: String, _ channels: Int) {
            list += ParameterSpecification.norm(name, channels: channels)
        }
        func addLayer(_ name: String, _ shape: [Int], _ role: ParameterSpecification.Role = .weight) {
            add("\(name).weight", shape, role)
            add("\(name).bias", [shape[0]], .zero)
        }

        let backbone = backbone
        for convolution in backbone.convolutions {
            add("backbone.\(convolution.name).weight", convolution.geometry.weightShape, .weight)
            addNorm("backbone.\(convolution.norm)", convolution.geometry.outputs)
        }
        addLayer("embedding", [globalDimensions, backbone.channels(ofStage: 4)])
        if hasLocalBranch {
            let channels = backbone.channels(ofStage: localStage)
            for branch in 0..<branches {
                let attention = "attention.\(branch)"
                addLayer("\(attention).conv1x1", [1, channels, 1, 1])
                if self.attention == .multiscale {
                    addLayer("\(attention).conv3x3", [1, channels, 3, 3])
                    addLayer("\(attention).conv5x5", [1, channels, 5, 5])
                    addLayer("\(attention).reduce", [1, 5, 1, 1])
                }
                addNorm("\(attention).bn", 1)
                addLayer("descriptor.\(branch)", [branchDimensions, rawLength(channels: channels)])
            }
        }
        if identities > 0 {
            // A classifier that starts at zero gives all people the same probability, so it sends no noise into the
            // embedding.
            addLayer("classifier_global", [identities, globalDimensions], .zero)
            if hasLocalBranch { addLayer("classifier_local", [identities, branches * branchDimensions], .zero) }
        }
        return list
    }
}
