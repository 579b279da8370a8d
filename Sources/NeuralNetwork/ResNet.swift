public import Tensors

/// The kind of residual block of a ResNet.
public enum ResidualBlock: String, Codable, Sendable, CaseIterable {
    /// Two 3×3 convolutions.
    case basic
    /// 1×1, 3×3 and 1×1 convolutions; the 3×3 one has the stride ("v1.5").
    case bottleneck

    /// Output channels of a block, as a multiple of the stage's base channels.
    public var expansion: Int {
        switch self {
        case .basic: 1
        case .bottleneck: 4
        }
    }
}

/// Where a ResNet normalizes by the statistics of each image alone, which removes what a camera's light and colors add.
///
/// From Pan et al., "Two at Once: Enhancing Learning and Generalization Capacities via IBN-Net", ECCV 2018. The names of
/// the parameters are those of its published code.
public enum InstanceNormUse: String, Codable, Sendable, CaseIterable {
    /// Nowhere: batch norms alone.
    case none
    /// In the blocks of stages 1…3: the first half of the channels (rounded down) after the first convolution.
    case a
    /// In the stem instead of its batch norm, and after the sum of the last block of stages 1 and 2, before the rectifier.
    case b
}

/// A convolution without bias and the norm after it, with their names in a weight file.
public struct NormedConvolution: Sendable, Hashable {
    /// The convolution's name, such as "layer1.0.conv1".
    public var name: String
    /// The norm's name, such as "layer1.0.bn1".
    public var norm: String
    /// The convolution's channels, kernel, stride and padding.
    public var geometry: ConvolutionGeometry
    /// How many channels, from the first on, are normalized by the statistics of their own image.
    public var instanceChannels = 0

    /// The name of the norm of the channels that the batch normalizes; nil if there are none.
    public var batchNorm: String? {
        instanceChannels == 0 ? norm : instanceChannels < geometry.outputs ? "\(norm).BN" : nil
    }

    /// The name of the norm of the channels that their own image normalizes; nil if there are none.
    public var instanceNorm: String? {
        instanceChannels == 0 ? nil : instanceChannels < geometry.outputs ? "\(norm).IN" : norm
    }
}

/// A residual block: convolutions with rectifiers; the last rectifier comes after the shortcut is added.
public struct ResidualUnit: Sendable, Hashable {
    /// The convolutions, in order; the rectifier of the last one comes after the sum.
    public var convolutions: [NormedConvolution]
    /// The convolution that brings the input to the output's shape; nil if the shapes are equal.
    public var shortcut: NormedConvolution?
    /// The name of the instance norm between the sum and the last rectifier; nil if there is none.
    public var instanceNorm: String?
}

/// The shape of a ResNet of four stages, from He et al., "Deep Residual Learning for Image Recognition", CVPR 2016, with
/// torchvision's layout ("v1.5") and names.
///
/// This is the only list of the backbone's convolutions: loading, initializing and building the graph all use it.
public struct ResNet: Sendable, Hashable {
    /// The first convolution: 7×7, stride 2; a 3×3 maximum pooling of stride 2 follows it.
    public let stem: NormedConvolution
    /// Stages 1…4, each a list of blocks.
    public let stages: [[ResidualUnit]]

    /// A network with `depths[i]` blocks in stage i + 1, `width` channels in the stem, `lastStride` in stage 4, and
    /// instance norms where `instanceNorms` says.
    public init(
        block: ResidualBlock, depths: [Int], width: Int, lastStride: Int, instanceNorms: InstanceNormUse = .none
    ) {
        precondition(depths.count == 4 && depths.allSatisfy { $0 > 0 }, "a ResNet has four stages, not \(depths)")
        stem = NormedConvolution(
            name: "conv1", norm: "bn1",
            geometry: ConvolutionGeometry(inputs: 3, outputs: width, kernel: 7, stride: 2, padding: 3),
            instanceChannels: instanceNorms == .b ? width : 0)
        var channels = width
        var stages: [[ResidualUnit]] = []
        for (stage, depth) in depths.enumerated() {
            let planes = width << stage
            let stageStride = stage == 0 ? 1 : stage == 3 ? lastStride : 2
            stages.append(
                (0..<depth).map { index in
                    let name = "layer\(stage + 1).\(index)"
                    var unit = Self.unit(
                        block, under: name, inputs: channels, planes: planes, stride: index == 0 ? stageStride : 1)
                    if instanceNorms == .a, stage < 3 { unit.convolutions[0].instanceChannels = planes / 2 }
                    if instanceNorms == .b, stage < 2, index == depth - 1 { unit.instanceNorm = "\(name).IN" }
                    channels = planes * block.expansion
                    return unit
                })
        }
        self.stages = stages
    }

    /// Every convolution, in the order of computation.
    public var convolutions: [NormedConvolution] {
        [stem] + stages.joined().flatMap { $0.convolutions + ($0.shortcut.map { [$0] } ?? []) }
    }

    /// The name and the channels of every instance norm that follows a sum, in the order of computation.
    public var sumNorms: [(name: String, channels: Int)] {
        (1...4).flatMap { stage in
            stages[stage - 1].compactMap { unit in unit.instanceNorm.map { ($0, channels(ofStage: stage)) } }
        }
    }

    /// Channels of the output of stage `stage`, 1…4.
    public func channels(ofStage stage: Int) -> Int {
        stages[stage - 1].last?.convolutions.last?.geometry.outputs ?? 0
    }

    private static func unit(
        _ block: ResidualBlock, under name: String, inputs: Int, planes: Int, stride: Int
    ) -> ResidualUnit {
        let outputs = planes * block.expansion
        let shapes =
            switch block {
            case .basic:
                [
                    ConvolutionGeometry(inputs: inputs, outputs: planes, kernel: 3, stride: stride, padding: 1),
                    ConvolutionGeometry(inputs: planes, outputs: planes, kernel: 3, padding: 1),
                ]
            case .bottleneck:
                [
                    ConvolutionGeometry(inputs: inputs, outputs: planes, kernel: 1),
                    ConvolutionGeometry(inputs: planes, outputs: planes, kernel: 3, stride: stride, padding: 1),
                    ConvolutionGeometry(inputs: planes, outputs: outputs, kernel: 1),
                ]
            }
        let convolutions = shapes.enumerated().map { index, geometry in
            NormedConvolution(name: "\(name).conv\(index + 1)", norm: "\(name).bn\(index + 1)", geometry: geometry)
        }
        guard stride != 1 || inputs != outputs else { return ResidualUnit(convolutions: convolutions) }
        let shortcut = NormedConvolution(
            name: "\(name).downsample.0", norm: "\(name).downsample.1",
            geometry: ConvolutionGeometry(inputs: inputs, outputs: outputs, kernel: 1, stride: stride))
        return ResidualUnit(convolutions: convolutions, shortcut: shortcut)
    }
}

extension NetworkGraph {
    /// Appends a ResNet.
    ///
    /// - Parameters:
    ///   - network: The ResNet.
    ///   - image: Its input.
    ///   - prefix: What the names of the convolutions and of the instance norms get in front.
    ///   - mixed: The stages, 1…4, after which training mixes styles; the outputs are those before the mixing.
    /// - Returns: The outputs of stages 1…4.
    public mutating func append(
        _ network: ResNet, to image: Value, prefix: String, mixingAfter mixed: Set<Int> = []
    ) -> [Value] {
        var x = convolution(image, network.stem, prefix: prefix, isRectified: true)
        x = maximumPooling(x, kernel: 3, stride: 2, padding: 1)
        return network.stages.enumerated().map { stage, units in
            for unit in units {
                let shortcut = unit.shortcut.map { convolution(x, $0, prefix: prefix, isRectified: false) } ?? x
                for (index, convolution) in unit.convolutions.enumerated() {
                    let isLast = index == unit.convolutions.count - 1
                    x = self.convolution(
                        x, convolution, prefix: prefix, adding: isLast ? shortcut : nil,
                        isRectified: !isLast || unit.instanceNorm == nil)
                }
                guard let norm = unit.instanceNorm else { continue }
                x = instanceNormalization(x, name: prefix + norm, isRectified: true)
            }
            let output = x
            if mixed.contains(stage + 1) { x = styleMixing(x) }
            return output
        }
    }

    private mutating func convolution(
        _ source: Value, _ layer: NormedConvolution, prefix: String, adding term: Value? = nil, isRectified: Bool
    ) -> Value {
        convolution(
            source, name: prefix + layer.name, layer.geometry,
            instance: layer.instanceNorm.map {
                InstanceChannels(name: prefix + $0, count: layer.instanceChannels)
            }, adding: term, isRectified: isRectified)
    }
}
