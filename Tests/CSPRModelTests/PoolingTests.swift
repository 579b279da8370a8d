import Foundation
import TensorFiles
import Tensors
import Testing

@testable import CSPRModel
@testable import NeuralNetwork

/// Pooling and barycenters in whole networks: their files, and inference.
@Suite struct PoolingTests {
    private func withPath<Result>(_ body: (String) throws -> Result) throws -> Result {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).safetensors")
            .path
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try body(path)
    }

    private let images = Tensor.random([2, 3, 32, 16], in: -2...2, seed: 2)

    @Test func `the exponent is a tensor of the file, starts at three, and decides the global embedding`() throws {
        var configuration = WeightFileTests.small
        // The last maps have two positions; of one, every generalized mean is the same.
        (configuration.pooling, configuration.lastStride) = (.gem, 1)
        try withPath { path in
            try CSPRModel.initialize(configuration: configuration, seed: 1, to: path, precision: .float32)
            let file = try SafetensorsFile(contentsOf: path)
            #expect(try file.floats("pooling.p").elements == [3])
            func global(_ exponent: Float) throws -> [Float] {
                var tensors = try file.names.map { ($0, SafetensorsValue.floats(try file.floats($0))) }
                let place = try #require(tensors.firstIndex { $0.0 == "pooling.p" })
                tensors[place].1 = .floats(Tensor(shape: [1], elements: [exponent]))
                try SafetensorsWriter.write(tensors, metadata: file.metadata, to: path)
                return try CSPRModel(contentsOf: path).makeExecutor(batch: 2).run(images.elements, count: 2).global
                    .elements
            }
            var plain = configuration
            plain.pooling = .average
            let average = try withPath { other in
                try CSPRModel.initialize(configuration: plain, seed: 1, to: other, precision: .float32)
                return try CSPRModel(contentsOf: other).makeExecutor(batch: 2).run(images.elements, count: 2).global
            }
            // With the exponent 1 only values below 1e-6 make a difference.
            SinglePrecision.expect(average, toEqual: try global(1).map(Double.init), "the global embedding")
            #expect(try global(3) != global(1))
            #expect(throws: ModelError.exponentNotPositive(name: "pooling.p")) { try global(0) }
            #expect(throws: ModelError.exponentNotPositive(name: "pooling.p")) { try global(-1) }
        }
    }

    @Test func `training writes an exponent that inference reads`() throws {
        var configuration = WeightFileTests.small
        (configuration.pooling, configuration.identities, configuration.attention) = (.gem, 3, .none)
        let network = try TrainableNetwork(configuration: configuration, seed: 1)
        try network.compile(.global, batch: 2)
        _ = try network.computeGradients(images.elements, labels: [0, 1], losses: TrainingLosses())
        try network.parameters["pooling.p"].assign(Tensor(shape: [1], elements: [2.5]))
        let exponent = try withPath { path in
            try network.exportWeights(to: path, step: .global)
            return try CSPRModel(contentsOf: path).pooling?.exponent
        }
        #expect(exponent == 2.5)
    }

    /// Three times the maps are three times a mean, but the same coordinates.
    @Test(arguments: CSPRConfiguration.Barycenters.allCases)
    func `only normalized barycenters do not grow with the maps`(barycenters: CSPRConfiguration.Barycenters) throws {
        var configuration = WeightFileTests.small
        (configuration.descriptor, configuration.barycenters, configuration.branches) = ("P", barycenters, 1)
        let parts = try PartRepresentation(configuration, channels: 4, height: 5, width: 3, batch: 1, threads: 1)
        func positions(_ factor: Float) throws -> [Float] {
            var x = Tensor.random([1, 4, 5, 3], in: 0.5...2, seed: 1)
            for index in x.elements.indices { x.elements[index] *= factor }
            let (features, result) = (try AlignedMemory(x), try AlignedMemory(Tensor(zeros: [parts.length])))
            let maps = try AlignedMemory(Tensor.random([1, 1, 5, 3], in: 0.2...0.9, seed: 2))
            try unsafe parts.compute(
                features: features.pointer(), maps: maps.pointer(), count: 1, into: result.pointer())
            return Array(result.tensor([parts.length]).elements.dropFirst(4))
        }
        let (one, three) = (try positions(1), try positions(3))
        #expect(one.count == 8)
        for (one, three) in zip(one, three) {
            let expected: Float = barycenters == .mean ? 3 : 1
            #expect(abs(three / one - expected) < 1e-3)
        }
        if barycenters == .normalized { #expect(one.allSatisfy { $0 > 0.1 && $0 < 0.8 }) }
    }
}
