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

/// A convolution without bias and the batch norm after it, with their names in a weight file.
public struct NormedConvolution: Sendable, Hashable {
    /// The convolution's name, such as "layer1.0.conv1".
    public var name: String
    /// The batch norm's name, such as "layer1.0.bn1".
    public var norm: String
    /// The convolution's channels, kernel, stride and padding.
    public var geometry: ConvolutionGeometry
}

/// A residual block: convolutions with rectifiers; the last rectifier comes after the shortcut is added.
public struct ResidualUnit: Sendable, Hashable {
    /// The convolutions, in order; the rectifier of the last one comes after the sum.
    public var convolutions: [NormedConvolution]
    /// The convolution that brings the input to the output's shape; nil if the shapes are equal.
    public var shortcut: NormedConvolution?
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

    /// A network with `depths[i]` blocks in stage i + 1, `width` channels in the stem and `lastStride` in stage 4.
    public init(block: ResidualBlock, depths: [Int], width: Int, lastStride: Int) {
        precondition(depths.count == 4 && depths.allSatisfy { $0 > 0 }, "a ResNet has four stages, not \(depths)")
        stem = NormedConvolution(
            name: "conv1", norm: "bn1",
            geometry: ConvolutionGeometry(inputs: 3, outputs: width, kernel: 7, stride: 2, padding: 3))
        var channels = width
        var stages: [[ResidualUnit]] = []
        for (stage, depth) in depths.enumerated() {
            let planes = width << stage
            let stageStride = stage == 0 ? 1 : stage == 3 ? lastStride : 2
            stages.append(
                (0..<depth).map { index in
                    let unit = Self.unit(
                        block, under: "layer\(stage + 1).\(index)", inputs: channels, planes: planes,
                        stride: index == 0 ? stageStride : 1)
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
        guard stride != 1 || inputs != outputs else { return ResidualUnit(convolutions: convolutions, shortcut: nil) }
        let shortcut = NormedConvolution(
            name: "\(name).downsample.0", norm: "\(name).downsample.1",
            geometry: ConvolutionGeometry(inputs: inputs, outputs: outputs, kernel: 1, stride: stride))
        return ResidualUnit(convolutions: convolutions, shortcut: shortcut)
    }
}

extension NetworkGraph {
    /// Appends a ResNet; returns the outputs of its stages 1…4.
    ///
    /// The names of the convolutions get `prefix` in front.
    public mutating func append(_ network: ResNet, to image: Value, prefix: String) -> [Value] {
        var x = convolution(image, name: prefix + network.stem.name, network.stem.geometry, isRectified: true)
        x = maximumPooling(x, kernel: 3, stride: 2, padding: 1)
        return network.stages.map { stage in
            for unit in stage {
                let shortcut =
                    if let convolution = unit.shortcut {
                        self.convolution(x, name: prefix + convolution.name, convolution.geometry, isRectified: false)
                    } else {
                        x
                    }
                for (index, convolution) in unit.convolutions.enumerated() {
                    let isLast = index == unit.convolutions.count - 1
                    x = self.convolution(
                        x, name: prefix + convolution.name, convolution.geometry, adding: isLast ? shortcut : nil,
                        isRectified: true)
                }
            }
            return x
        }
    }
}
