import Foundation
import NeuralNetwork
import TensorFiles
import Tensors
import Testing

@testable import CSPRModel

/// Instance norms in whole networks: their files, and inference against training.
@Suite struct InstanceNormTests {
    /// A small network with instance norms, for odd maps.
    private static func configuration(_ use: InstanceNormUse, _ block: ResidualBlock) -> CSPRConfiguration {
        var configuration = CSPRConfiguration()
        (configuration.block, configuration.width, configuration.depths) = (block, 6, [2, 1, 1, 1])
        (configuration.height, configuration.widthPixels, configuration.instanceNorms) = (72, 40, use)
        (configuration.branches, configuration.candidateRatios) = (2, [0.2, 0.4])
        (configuration.branchDimensions, configuration.globalDimensions, configuration.identities) = (3, 7, 3)
        return configuration
    }

    private func withPath<Result>(_ body: (String) throws -> Result) throws -> Result {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).safetensors")
            .path
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try body(path)
    }

    /// Running statistics that are the batch's own make a batch norm in inference what it is in training.
    @Test(arguments: InstanceNormUse.allCases, ResidualBlock.allCases)
    func `inference computes what training computes if the running statistics are the batch's`(
        use: InstanceNormUse, block: ResidualBlock
    ) throws {
        let network = try TrainableNetwork(configuration: Self.configuration(use, block), seed: 1)
        for (index, parameter) in network.parameters.all.enumerated() where parameter.name.contains(".bn") {
            let range: ClosedRange<Float> = parameter.name.hasSuffix("weight") ? 0.5...1.5 : -0.5...0.5
            try parameter.assign(.random(parameter.shape, in: range, seed: UInt64(index)))
        }
        try network.compile(.joint, batch: 3)
        let images = Tensor.random([3, 3, 72, 40], in: -2...2, seed: 2)
        try assignRunningStatistics(network, images)
        let backbone = try #require(network.compiled).backbone
        let unit = try #require(network.configuration.backbone.stages[1].last)
        let name = try #require(unit.instanceNorm ?? unit.convolutions.last?.name)
        let last = try backbone.value(of: "backbone.\(name)")
        let maps = try #require(network.attention)
        let output = try withPath { path in
            try network.exportWeights(to: path)
            return try CSPRModel(contentsOf: path).makeExecutor(batch: 4).run(
                images.elements, count: 3, wants: [.attention, .middle])
        }
        SinglePrecision.expect(try #require(output.middle), toEqual: last.doubles, "X")
        SinglePrecision.expect(try #require(output.attention), toEqual: maps.doubles, "M")
    }

    /// Runs a batch, and sets all running statistics to its means and population variances: they follow from an update that
    /// starts at zero.
    private func assignRunningStatistics(_ network: TrainableNetwork, _ images: Tensor) throws {
        let running = network.parameters.all.filter { !$0.isLearned }
        for parameter in running { try parameter.assign(Tensor(zeros: parameter.shape)) }
        _ = try network.computeGradients(images.elements, labels: [0, 2, 1], losses: TrainingLosses())
        for parameter in running {
            var statistics = try parameter.tensor()
            for index in statistics.elements.indices { statistics.elements[index] *= 10 }
            if parameter.name.hasSuffix("var") {
                let count = try Float(valuesPerChannel(parameter.name, network))
                for index in statistics.elements.indices { statistics.elements[index] *= (count - 1) / count }
            }
            try parameter.assign(statistics)
        }
    }

    /// The number of values of each channel that a norm's statistics are taken over.
    private func valuesPerChannel(_ name: String, _ network: TrainableNetwork) throws -> Int {
        let backbone = try #require(network.compiled).backbone
        let layer = network.configuration.backbone.convolutions.first {
            name.hasPrefix("backbone.\($0.norm).")
        }
        guard let layer else {
            let maps = try #require(network.attention)
            return maps.shape[0] * maps.shape[2] * maps.shape[3]
        }
        let shape = try backbone.value(of: "backbone.\(layer.name)").shape
        return shape[0] * shape[2] * shape[3]
    }

    @Test(arguments: [InstanceNormUse.a, .b])
    func `an image's embedding does not depend on the other images of the batch`(use: InstanceNormUse) throws {
        try withPath { path in
            var configuration = Self.configuration(use, .bottleneck)
            configuration.identities = 0
            try CSPRModel.initialize(configuration: configuration, seed: 3, to: path, precision: .float32)
            let executor = try CSPRModel(contentsOf: path).makeExecutor(batch: 3)
            let images = Tensor.random([3, 3, 72, 40], in: -2...2, seed: 2)
            let together = try executor.run(images.elements, count: 3).feature
            for index in 0..<3 {
                let alone = try executor.run(images.item(index).elements, count: 1).feature
                // Products of one row and of three are added up in another order.
                SinglePrecision.expect(alone.item(0), toEqual: together.item(index).doubles, "the feature of \(index)")
            }
        }
    }

    /// What removes an image's light and colors must be there: a plain network would notice.
    @Test func `an image's contrast and brightness in every channel do not change what the stem passes on`() throws {
        try withPath { path in
            var configuration = Self.configuration(.b, .basic)
            configuration.identities = 0
            try CSPRModel.initialize(configuration: configuration, seed: 3, to: path, precision: .float32)
            let model = try CSPRModel(contentsOf: path)
            let image = Tensor.random([1, 3, 72, 40], in: -2...2, seed: 2)
            var brighter = image
            for index in image.elements.indices { brighter.elements[index] *= 3 }
            let features = try [image, brighter].map {
                try model.makeExecutor(batch: 1).run($0.elements, count: 1).feature
            }
            SinglePrecision.expect(features[0], toEqual: features[1].doubles, "the feature")
        }
    }

    @Test func `the names and sizes are those of the published networks`() throws {
        var configuration = CSPRConfiguration()
        configuration.instanceNorms = .a
        let a = configuration.parameterList.filter { $0.group == .backbone }
        let shapes = Dictionary(a.map { ($0.name, $0.shape) }) { $1 }
        #expect(shapes["backbone.layer1.0.bn1.IN.weight"] == [32])
        #expect(shapes["backbone.layer3.5.bn1.IN.bias"] == [128])
        #expect(shapes["backbone.layer3.5.bn1.BN.running_var"] == [128])
        #expect(shapes["backbone.layer4.0.bn1.weight"] == [512] && shapes["backbone.bn1.weight"] == [64])
        #expect(shapes["backbone.layer1.0.bn1.weight"] == nil && shapes["backbone.layer1.0.bn1.IN.running_mean"] == nil)
        // As many learned parameters as ResNet-50 has; 13 blocks with a split norm instead of a whole one.
        func learned(_ list: [ParameterSpecification]) -> Int {
            list.filter(\.isLearned).reduce(0) { $0 + $1.shape.reduce(1, *) }
        }
        #expect(learned(a) == 23_508_032 && a.count == 53 * 5 + 13 * 2)
        configuration.instanceNorms = .b
        let b = configuration.parameterList.filter { $0.group == .backbone }
        let names = Set(b.map(\.name))
        #expect(
            names.isSuperset(of: ["backbone.bn1.weight", "backbone.layer1.2.IN.weight", "backbone.layer2.3.IN.bias"]))
        #expect(!names.contains("backbone.bn1.running_mean") && !names.contains("backbone.layer1.1.IN.weight"))
        #expect(learned(b) == 23_508_032 + 2 * 256 + 2 * 512)
    }

    @Test func `a network of one channel has no half`() {
        var configuration = CSPRConfiguration()
        (configuration.instanceNorms, configuration.width) = (.a, 1)
        let reason = #"expected "none" or "b" with a width of 1"#
        #expect(throws: ModelError.invalidConfiguration(field: "ibn", reason: reason)) {
            try configuration.validate()
        }
    }

    @Test func `a file whose norms are not those of its configuration is refused by name`() throws {
        var configuration = WeightFileTests.small
        configuration.instanceNorms = .a
        func refusal(_ change: (inout [String: SafetensorsValue]) -> Void) throws -> ModelError? {
            try withPath { path -> ModelError? in
                try CSPRModel.initialize(configuration: configuration, seed: 1, to: path, precision: .float32)
                let file = try SafetensorsFile(contentsOf: path)
                var tensors: [String: SafetensorsValue] = [:]
                for name in file.names { tensors[name] = .floats(try file.floats(name)) }
                change(&tensors)
                try SafetensorsWriter.write(tensors.map { ($0.key, $0.value) }, metadata: file.metadata, to: path)
                do {
                    _ = try CSPRModel(contentsOf: path)
                    return nil
                } catch let error as ModelError { return error }
            }
        }
        #expect(try refusal { _ in } == nil)
        let half = "backbone.layer2.0.bn1.IN.weight"
        #expect(try refusal { $0[half] = nil } == .missingTensor(name: half, expected: [4]))
        #expect(
            try refusal { $0[half] = .floats(Tensor(zeros: [8])) }
                == .misshapenTensor(name: half, expected: [4], found: [8]))
        let whole = "backbone.layer2.0.bn1.weight"
        #expect(
            try refusal { $0[whole] = .floats(Tensor(zeros: [8])) } == .surplusTensor(name: whole, found: [8]))
        let running = "backbone.layer2.0.bn1.IN.running_mean"
        #expect(
            try refusal { $0[running] = .floats(Tensor(zeros: [4])) } == .surplusTensor(name: running, found: [4]))
        #expect(
            try refusal {
                $0["backbone.layer2.0.bn1.BN.running_var"] = .floats(Tensor(shape: [4], elements: [1, 1, -1, 1]))
            }
                == .negativeVariance(name: "backbone.layer2.0.bn1.BN.running_var", shape: [4], index: 2))
    }
}
