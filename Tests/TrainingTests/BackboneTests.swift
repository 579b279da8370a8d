import CSPRModel
import Foundation
import NeuralNetwork
import TensorFiles
import Tensors
import Testing

@testable import Training

@Suite struct BackboneTests {
    /// A backbone's tensors under torchvision's names, as a network of the small recipe has them.
    private func tensors(_ network: TrainableNetwork) throws -> [(name: String, value: SafetensorsValue)] {
        try network.parameters.all.filter { $0.name.hasPrefix("backbone.") }.map { parameter in
            let value = Tensor(
                shape: parameter.shape, elements: Array(repeating: 0.5, count: try parameter.tensor().count))
            return (String(parameter.name.dropFirst("backbone.".count)), .floats(value))
        }
    }

    private func network() throws -> TrainableNetwork {
        var configuration = smallRecipe().network
        configuration.identities = 3
        return try TrainableNetwork(configuration: configuration, seed: 1)
    }

    @Test func `a backbone's weights are taken, its classifier is left alone`() throws {
        let folder = try TemporaryFolder()
        let network = try network()
        let classifier = Tensor(zeros: [1000, 32])
        try SafetensorsWriter.write(
            tensors(network) + [("fc.weight", .floats(classifier))], to: "\(folder.path)/backbone.safetensors")
        try Backbone(contentsOf: "\(folder.path)/backbone.safetensors").load(into: network)
        #expect(try network.parameters["backbone.conv1.weight"].tensor().elements.allSatisfy { $0 == 0.5 })
        #expect(try network.parameters["embedding.weight"].tensor().elements.contains { $0 != 0.5 })
    }

    @Test func `an earlier run's checkpoint gives all that fits, whatever the number of people`() throws {
        let folder = try TemporaryFolder()
        let first = try network()
        let path = "\(folder.path)/checkpoint.safetensors"
        try Checkpoint.write(
            first,
            Checkpoint.Description(
                position: TrainingPosition(), recipe: smallRecipe(), images: "digest", imageCount: 3), to: path)
        var configuration = smallRecipe().network
        configuration.identities = 5
        let second = try TrainableNetwork(configuration: configuration, seed: 2)
        try Backbone(contentsOf: path).load(into: second)
        for parameter in second.parameters.all where !parameter.name.hasPrefix("classifier") {
            #expect(try parameter.tensor() == first.parameters[parameter.name].tensor(), "\(parameter.name)")
        }
        #expect(
            try second.parameters["classifier_global.weight"].tensor()
                == Tensor(zeros: [5, first.configuration.globalDimensions]))
    }

    @Test func `an earlier run's weight file gives its backbone and its embedding`() throws {
        let folder = try TemporaryFolder()
        let first = try network()
        try first.exportWeights(to: "\(folder.path)/weights.safetensors", step: .global)
        let second = try TrainableNetwork(configuration: first.configuration, seed: 2)
        try Backbone(contentsOf: "\(folder.path)/weights.safetensors").load(into: second)
        for name in ["backbone.conv1.weight", "embedding.weight", "embedding.bias"] {
            #expect(try second.parameters[name].tensor() == first.parameters[name].tensor(), "\(name)")
        }
    }

    /// Kinds of norms, and the tensors of a plain backbone that they take.
    @Test(arguments: [InstanceNormUse.a, .b])
    func `a backbone without instance norms gives what it has to a network with them`(use: InstanceNormUse) throws {
        let folder = try TemporaryFolder()
        let first = try network()
        for (index, parameter) in first.parameters.all.enumerated() {
            let count = parameter.shape.reduce(1, *)
            try parameter.assign(
                Tensor(shape: parameter.shape, elements: (0..<count).map { Float(index * 1000 + $0) }))
        }
        var configuration = first.configuration
        configuration.instanceNorms = use
        let path = "\(folder.path)/weights.safetensors"
        let plain = first.parameters.all.filter { $0.name.hasPrefix("backbone.") }
        try SafetensorsWriter.write(
            plain.map { (String($0.name.dropFirst("backbone.".count)), .floats(try $0.tensor())) }, to: path)
        let second = try TrainableNetwork(configuration: configuration, seed: 2)
        try Backbone(contentsOf: path).load(into: second)
        func values(_ network: TrainableNetwork, _ name: String) throws -> [Float] {
            try network.parameters["backbone.\(name)"].tensor().elements
        }
        #expect(try values(second, "layer2.0.conv1.weight") == values(first, "layer2.0.conv1.weight"))
        if use == .a {
            for part in ["weight", "bias"] {
                let whole = try values(first, "layer2.0.bn1.\(part)")
                #expect(try values(second, "layer2.0.bn1.IN.\(part)") == Array(whole.prefix(4)))
                #expect(try values(second, "layer2.0.bn1.BN.\(part)") == Array(whole.suffix(4)))
            }
            let running = try values(first, "layer2.0.bn1.running_var")
            #expect(try values(second, "layer2.0.bn1.BN.running_var") == Array(running.suffix(4)))
        } else {
            #expect(try values(second, "bn1.weight") == values(first, "bn1.weight"))
            #expect(try values(second, "layer1.0.IN.weight").allSatisfy { $0 == 1 })
            #expect(try values(second, "layer1.0.IN.bias").allSatisfy { $0 == 0 })
        }
        // What the network with instance norms writes loads into another one like it, and not into a plain one.
        try second.exportWeights(to: path, step: .global)
        let third = try TrainableNetwork(configuration: configuration, seed: 3)
        try Backbone(contentsOf: path).load(into: third)
        for parameter in second.parameters(of: .backbone) {
            #expect(try third.parameters[parameter.name].tensor() == parameter.tensor(), "\(parameter.name)")
        }
        #expect(throws: TrainingError.self) { try Backbone(contentsOf: path).load(into: first) }
    }

    @Test func `a norm of another size is not split`() throws {
        let folder = try TemporaryFolder()
        var list = try tensors(try network())
        let place = try #require(list.firstIndex { $0.name == "layer2.0.bn1.weight" })
        list[place].value = .floats(Tensor(zeros: [6]))
        let path = "\(folder.path)/backbone.safetensors"
        try SafetensorsWriter.write(list, to: path)
        var configuration = try network().configuration
        configuration.instanceNorms = .a
        let network = try TrainableNetwork(configuration: configuration, seed: 1)
        let expected = TrainingError.backboneMismatch(
            path: path,
            problems: [
                "layer2.0.bn1.IN.weight has the shape [6], expected [8]",
                "layer2.0.bn1.BN.weight has the shape [6], expected [8]",
            ])
        #expect(throws: expected) { try Backbone(contentsOf: path).load(into: network) }
    }

    @Test func `each tensor that does not fit is named with both shapes, and nothing is taken`() throws {
        let folder = try TemporaryFolder()
        let network = try network()
        var list = try tensors(network).filter { $0.name != "bn1.bias" }
        let place = try #require(list.firstIndex { $0.name == "conv1.weight" })
        list[place].value = .floats(Tensor(zeros: [4, 3, 3, 3]))
        let path = "\(folder.path)/backbone.safetensors"
        try SafetensorsWriter.write(list, to: path)
        let before = try network.parameters["backbone.layer1.0.conv1.weight"].tensor()
        let expected = TrainingError.backboneMismatch(
            path: path,
            problems: [
                "conv1.weight has the shape [4, 3, 3, 3], expected [4, 3, 7, 7]", "bn1.bias is missing, expected [4]",
            ])
        #expect(throws: expected) { try Backbone(contentsOf: path).load(into: network) }
        #expect(try network.parameters["backbone.layer1.0.conv1.weight"].tensor() == before)
    }

    @Test func `a file that is neither format is refused`() throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/backbone.pth"
        try Data("this is no state dict".utf8).write(to: URL(fileURLWithPath: path))
        let reason = "this is neither a safetensors file nor a PyTorch checkpoint"
        #expect(throws: TrainingError.unreadableBackbone(path: path, reason: reason)) { try Backbone(contentsOf: path) }
        let absent = "\(folder.path)/absent"
        #expect(throws: TrainingError.unreadableBackbone(path: absent, reason: "No such file or directory")) {
            try Backbone(contentsOf: absent)
        }
    }
}
