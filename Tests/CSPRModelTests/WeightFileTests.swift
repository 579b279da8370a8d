import Foundation
import NeuralNetwork
import TensorFiles
import Tensors
import Testing

@testable import CSPRModel

/// A wrong weight file is refused, with the facts; every case starts from a valid small file.
@Suite struct WeightFileTests {
    static var small: CSPRConfiguration {
        var configuration = CSPRConfiguration()
        configuration.block = .basic
        configuration.depths = [1, 1, 1, 1]
        configuration.width = 4
        configuration.branches = 2
        configuration.branchDimensions = 3
        configuration.globalDimensions = 5
        configuration.height = 32
        configuration.widthPixels = 16
        return configuration
    }

    private func path() -> String {
        FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).safetensors").path
    }

    /// The error of loading a file, after `change` has been applied to the tensors and metadata of a valid one.
    private func refusal(
        _ change: (inout [String: SafetensorsValue], inout [String: String]) throws -> Void
    ) throws -> ModelError? {
        let path = path()
        defer { try? FileManager.default.removeItem(atPath: path) }
        try CSPRModel.initialize(configuration: Self.small, seed: 1, to: path, precision: .float32)
        let file = try SafetensorsFile(contentsOf: path)
        var metadata = file.metadata
        var tensors = [String: SafetensorsValue]()
        for name in file.names { tensors[name] = .floats(try file.floats(name)) }
        try change(&tensors, &metadata)
        try SafetensorsWriter.write(tensors.map { ($0.key, $0.value) }, metadata: metadata, to: path)
        do {
            _ = try CSPRModel(contentsOf: path)
            return nil
        } catch { return error }
    }

    @Test func `an unchanged file loads`() throws {
        #expect(try refusal { _, _ in } == nil)
    }

    @Test(arguments: ["embedding.bias", "backbone.layer3.0.conv2.weight", "attention.1.bn.running_var"])
    func `a missing tensor is named with its shape`(name: String) throws {
        let shape = try #require(Self.small.parameterList.first { $0.name == name }).shape
        let error = try refusal { tensors, _ in tensors[name] = nil }
        #expect(error == .missingTensor(name: name, expected: shape))
        #expect(try #require(error).description.contains("\(shape)"))
    }

    @Test func `a surplus tensor is named with its shape`() throws {
        let error = try refusal { tensors, _ in tensors["extra.weight"] = .floats(Tensor(zeros: [2, 3])) }
        #expect(error == .surplusTensor(name: "extra.weight", found: [2, 3]))
        #expect(
            try refusal { tensors, _ in tensors["classifier_global.bias"] = .floats(Tensor(zeros: [5])) }
                == .surplusTensor(name: "classifier_global.bias", found: [5]))
    }

    @Test func `a misshapen tensor is named with both shapes`() throws {
        let error = try refusal { tensors, _ in tensors["embedding.weight"] = .floats(Tensor(zeros: [32, 5])) }
        #expect(error == .misshapenTensor(name: "embedding.weight", expected: [5, 32], found: [32, 5]))
        let description = try #require(error).description
        #expect(description.contains("[5, 32]") && description.contains("[32, 5]"))
    }

    @Test(arguments: [Float.nan, .infinity, -.infinity])
    func `a tensor with a value that is not finite is named`(value: Float) throws {
        let error = try refusal { tensors, _ in
            var tensor = Tensor(zeros: [5, 32])
            tensor.elements[17] = value
            tensors["embedding.weight"] = .floats(tensor)
        }
        #expect(error == .nonFiniteTensor(name: "embedding.weight", shape: [5, 32], index: 17))
    }

    @Test func `a negative variance is named`() throws {
        let error = try refusal { tensors, _ in
            tensors["backbone.bn1.running_var"] = .floats(Tensor(shape: [4], elements: [1, 1, -1, 1]))
        }
        #expect(error == .negativeVariance(name: "backbone.bn1.running_var", shape: [4], index: 2))
    }

    @Test func `integers are no weights`() throws {
        let error = try refusal { tensors, _ in
            tensors["embedding.bias"] = .integers(shape: [5], elements: [0, 0, 0, 0, 0])
        }
        #expect(error == .wrongType(name: "embedding.bias", shape: [5], found: "I64"))
    }

    @Test(arguments: [1, 100, 5000])
    func `a truncated file names the tensor that is cut`(missing: Int) throws {
        let path = path()
        defer { try? FileManager.default.removeItem(atPath: path) }
        try CSPRModel.initialize(configuration: Self.small, seed: 1, to: path, precision: .float32)
        let data = try Data(contentsOf: URL(fileURLWithPath: path))
        try data.dropLast(missing).write(to: URL(fileURLWithPath: path))
        do {
            _ = try CSPRModel(contentsOf: path)
            Issue.record("it was loaded")
        } catch {
            guard case .file(.truncated(let name, let shape, let expected, let available)) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(try #require(Self.small.parameterList.first { $0.name == name }).shape == shape)
            #expect(expected == 4 * shape.reduce(1, *) && available < expected)
        }
    }

    @Test func `format and version must be right`() throws {
        #expect(try refusal { $1["format"] = nil } == .wrongFormat(found: nil))
        #expect(try refusal { $1["format"] = "pt" } == .wrongFormat(found: "pt"))
        #expect(try refusal { $1["version"] = nil } == .unsupportedVersion(found: nil))
        #expect(try refusal { $1["version"] = "2" } == .unsupportedVersion(found: "2"))
    }

    @Test func `the configuration must be a JSON object`() throws {
        for text in ["", "[]", "3", "{", "nonsense"] {
            guard case .malformedConfiguration? = try refusal({ $1["config"] = text }) else {
                Issue.record("it was loaded: \(text)")
                continue
            }
        }
        #expect(try refusal { $1["config"] = nil } == .malformedConfiguration(reason: "it is absent"))
    }

    @Test(arguments: [
        (#"{"depth": 3}"#, "depth"), (#"{"block": "wide"}"#, "block"), (#"{"depths": [1, 2, 3]}"#, "depths"),
        (#"{"depths": [1, 2, 3, 0]}"#, "depths"), (#"{"width": 0}"#, "width"), (#"{"width": "64"}"#, "width"),
        (#"{"pooling": "max"}"#, "pooling"), (#"{"barycenters": 1}"#, "barycenters"), (#"{"ibn": "c"}"#, "ibn"),
        (#"{"ibn": "a", "width": 1}"#, "ibn"),
        (#"{"last_stride": 3}"#, "last_stride"), (#"{"local_stage": 5}"#, "local_stage"),
        (#"{"branches": 0}"#, "branches"), (#"{"branch_dim": -1}"#, "branch_dim"),
        (#"{"global_dim": 0}"#, "global_dim"),
        (#"{"attention": "double"}"#, "attention"), (#"{"descriptor": "SPQ"}"#, "descriptor"),
        (#"{"descriptor": "SS"}"#, "descriptor"), (#"{"candidate_ratios": [2]}"#, "candidate_ratios"),
        (#"{"height": 1}"#, "height"), (#"{"width_px": 100000}"#, "width_px"), (#"{"identities": -1}"#, "identities"),
    ])
    func `a configuration out of range names its field`(json: String, field: String) throws {
        guard case .invalidConfiguration(field, _)? = try refusal({ $1["config"] = json }) else {
            Issue.record("it was loaded")
            return
        }
    }

    @Test func `half precision weights load`() throws {
        let path = path()
        defer { try? FileManager.default.removeItem(atPath: path) }
        for precision in [SafetensorsPrecision.float16, .bfloat16] {
            try CSPRModel.initialize(configuration: Self.small, seed: 1, to: path, precision: precision)
            let model = try CSPRModel(contentsOf: path)
            #expect(model.precision == precision.rawValue)
            let image = [Float](repeating: 0.5, count: 3 * 32 * 16)
            let feature = try model.makeExecutor(batch: 1).run(image, count: 1).feature
            #expect(abs(feature.elements.reduce(0) { $0 + $1 * $1 } - 1) < 1e-5)
        }
    }

    @Test func `equal seeds give equal files, marked as untrained`() throws {
        let paths = [path(), path(), path()]
        defer { for path in paths { try? FileManager.default.removeItem(atPath: path) } }
        for (path, seed) in zip(paths, [7, 7, 8] as [UInt64]) {
            try CSPRModel.initialize(configuration: Self.small, seed: seed, to: path, precision: .float32)
        }
        let models = try paths.map { try CSPRModel(contentsOf: $0) }
        #expect(models[0].identity == models[1].identity && models[0].identity != models[2].identity)
        #expect(models[0].identity.hasPrefix("sha256:") && models[0].identity.utf8.count == 71)
        #expect(!models[0].isTrained && models[0].precision == "F32" && models[0].configuration == Self.small)
        #expect(models[0].dimensions == 5 + 2 * 3)
        #expect(try CSPRModel(contentsOf: GoldenFixtures.path("tiny_r50.weights.safetensors")).isTrained)
    }

    @Test func `parameters are counted without running statistics`() throws {
        let parameters = CSPRConfiguration().parameterList.filter(\.isLearned).reduce(0) {
            $0 + $1.shape.reduce(1, *)
        }
        // ResNet-50 23,508,032; embedding 2048 · 512 + 512; per branch: 35 · 512 + 3 + 5 + 1 + 2, and 7168 · 64 + 64.
        #expect(parameters == 23_508_032 + 1_049_088 + 8 * (35 * 512 + 11 + 458_816))
    }
}
