import Tensors
import Testing

@testable import CSPRModel
@testable import NeuralNetwork

extension TrainableNetwork {
    /// The values that the network computed with its last batch, under the definition's names.
    func point() throws -> ForwardPoint {
        let backbone = try #require(compiled).backbone
        let layers = configuration.backbone
        var values: [String: [Double]] = [:]
        for layer in [layers.stem] + layers.stages.joined().flatMap(\.convolutions) {
            let name = "backbone.\(layer.name)"
            values[name] = try backbone.value(of: name).elements.map(Double.init)
        }
        for norm in layers.sumNorms {
            let name = "backbone.\(norm.name)"
            values[name] = try backbone.value(of: name).elements.map(Double.init)
        }
        guard let maps = attention else { return ForwardPoint(values) }
        let unit = try #require(layers.stages[configuration.localStage - 1].last)
        let last = try #require(unit.instanceNorm ?? unit.convolutions.last?.name)
        let x = try backbone.value(of: "backbone.\(last)")
        let (channels, area) = (x.shape[1], x.shape[2] * x.shape[3])
        for branch in 0..<configuration.branches {
            func map(_ image: Int, _ position: Int) -> Float {
                maps.elements[(image * configuration.branches + branch) * area + position]
            }
            values["attention.\(branch)"] = (0..<x.shape[0] * area).map { Double(map($0 / area, $0 % area)) }
            // Z is never stored; its elements are these products, rounded, computed where they are needed.
            values["parts.\(branch)"] = x.elements.indices.map {
                Double(x.elements[$0] * map($0 / (channels * area), $0 % area))
            }
        }
        return ForwardPoint(values)
    }
}
