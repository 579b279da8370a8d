internal import NeuralNetwork
internal import Randomness
internal import Tensors

/// Name, shape and role of one tensor of a weight file.
struct ParameterSpecification: Sendable, Equatable {
    /// What a tensor is for, which decides its initial value.
    enum Role: Sendable {
        /// A layer's weights.
        case weight
        /// A classifier's weights, a layer's bias, or a batch norm's shift: initialized with zero.
        case zero
        /// A batch norm's scale: initialized with one.
        case one
        /// The exponent of generalized-mean pooling: initialized with three, above zero.
        case exponent
        /// A batch norm's running mean: initialized with zero.
        case mean
        /// A batch norm's running variance: initialized with one, never negative.
        case variance
    }

    var name: String
    var shape: [Int]
    var role: Role
    var group: ParameterGroup

    /// Whether training's gradient descent changes the tensor.
    var isLearned: Bool { role != .mean && role != .variance }

    /// The tensor's value before training: He initialization for weights; batch norms pass their input on unchanged.
    func initialValue(using generator: inout SeededGenerator) -> Tensor {
        switch role {
        case .weight: Tensor.heInitialized(shape, using: &generator)
        case .zero, .mean: Tensor(zeros: shape)
        case .exponent: Tensor(shape: shape, elements: Array(repeating: 3, count: shape.reduce(1, *)))
        case .one, .variance: Tensor(shape: shape, elements: Array(repeating: 1, count: shape.reduce(1, *)))
        }
    }

    /// The tensors of a batch norm, or without running statistics those of an instance norm.
    static func norm(
        _ name: String, channels: Int, _ group: ParameterGroup, hasRunning: Bool = true
    ) -> [ParameterSpecification] {
        let running: [(String, Role)] = hasRunning ? [("running_mean", .mean), ("running_var", .variance)] : []
        return ([("weight", .one), ("bias", .zero)] + running).map { part, role in
            ParameterSpecification(name: "\(name).\(part)", shape: [channels], role: role, group: group)
        }
    }
}

extension CSPRConfiguration {
    /// The name of the exponent of generalized-mean pooling.
    static let poolingExponent = "pooling.p"

    /// Every tensor of a weight file of this configuration: the only list, used for loading, initializing and counting.
    var parameterList: [ParameterSpecification] {
        var list: [ParameterSpecification] = []
        func add(_ name: String, _ shape: [Int], _ role: ParameterSpecification.Role, _ group: ParameterGroup) {
            list.append(ParameterSpecification(name: name, shape: shape, role: role, group: group))
        }
        func addNorm(_ name: String, _ channels: Int, _ group: ParameterGroup) {
            list += ParameterSpecification.norm(name, channels: channels, group)
        }
        func addInstanceNorm(_ name: String, _ channels: Int) {
            list += ParameterSpecification.norm(
                "backbone.\(name)", channels: channels, .backbone, hasRunning: false)
        }
        func addLayer(
            _ name: String, _ shape: [Int], _ group: ParameterGroup, _ role: ParameterSpecification.Role = .weight
        ) {
            add("\(name).weight", shape, role, group)
            add("\(name).bias", [shape[0]], .zero, group)
        }

        let backbone = backbone
        for convolution in backbone.convolutions {
            add("backbone.\(convolution.name).weight", convolution.geometry.weightShape, .weight, .backbone)
            let instances = convolution.instanceChannels
            if let norm = convolution.instanceNorm { addInstanceNorm(norm, instances) }
            if let norm = convolution.batchNorm {
                addNorm("backbone.\(norm)", convolution.geometry.outputs - instances, .backbone)
            }
        }
        for norm in backbone.sumNorms { addInstanceNorm(norm.name, norm.channels) }
        if pooling == .gem { add(Self.poolingExponent, [1], .exponent, .global) }
        addLayer("embedding", [globalDimensions, backbone.channels(ofStage: 4)], .global)
        if hasLocalBranch {
            let channels = backbone.channels(ofStage: localStage)
            for branch in 0..<branches {
                let attention = "attention.\(branch)"
                addLayer("\(attention).conv1x1", [1, channels, 1, 1], .local)
                if self.attention == .multiscale {
                    addLayer("\(attention).conv3x3", [1, channels, 3, 3], .local)
                    addLayer("\(attention).conv5x5", [1, channels, 5, 5], .local)
                    addLayer("\(attention).reduce", [1, 5, 1, 1], .local)
                }
                addNorm("\(attention).bn", 1, .local)
                addLayer("descriptor.\(branch)", [branchDimensions, rawLength(channels: channels)], .local)
            }
        }
        if identities > 0 {
            // A classifier that starts at zero gives all people the same probability, so it sends no noise into the
            // embedding.
            addLayer("classifier_global", [identities, globalDimensions], .globalClassifier, .zero)
            if hasLocalBranch {
                addLayer("classifier_local", [identities, branches * branchDimensions], .localClassifier, .zero)
            }
        }
        return list
    }
}
