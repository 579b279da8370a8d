import Foundation
import Imaging
import Logging
import TensorFiles
import Tensors
import Testing

@testable import CSPRModel
@testable import Embedding

/// Weights that are valid one by one, but with which the network computes nothing that can be compared.
@Suite struct UnusableWeightsTests {
    /// The small model of `EmbedderTests`, with its tensors changed by name.
    private func model(_ change: (String, Tensor) -> Tensor) throws -> CSPRModel {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("unusable-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try EmbedderTests.model.get().write(to: path, precision: .float32, isMirrored: false)
        let file = try SafetensorsFile(contentsOf: path)
        try SafetensorsWriter.write(
            try file.names.map { ($0, .floats(change($0, try file.floats($0)))) }, metadata: file.metadata, to: path)
        return try CSPRModel(contentsOf: path)
    }

    private func embedder(_ model: CSPRModel) throws -> Embedder {
        var configuration = Embedder.Configuration()
        configuration.threads = 1
        return try Embedder(
            model: model, configuration: configuration, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    private func scaled(_ tensor: Tensor, _ factor: Float) -> Tensor {
        Tensor(shape: tensor.shape, elements: tensor.elements.map { $0 * factor })
    }

    @Test(arguments: [Float(0), 1e30])
    func `weights with which the vector is zero or not finite are refused at the start, by their name`(
        factor: Float
    ) throws {
        let model = try model { $0.hasSuffix("running_var") ? $1 : scaled($1, factor) }
        let error = EmbedderError.unusableVector(model: model.identity)
        #expect(throws: error) { try embedder(model) }
        #expect("\(error)".contains(model.identity) && "\(error)".contains("zero or not finite"))
    }

    @Test func `a vector that is not finite is an error even if the first one was`() throws {
        let plain = try model { $1 }
        let executor = try plain.makeExecutor(batch: 1)
        let preprocessing = Preprocessing(plain.configuration)
        func largest(_ image: RGBImage) throws -> Float {
            let output = try executor.run(preprocessing.prepare(image), count: 1, wants: .all)
            return output.global.elements.map(abs).max() ?? 0
        }
        let gray = RGBImage(width: 1, height: 1, pixels: [128, 128, 128])
        let images = (0..<8).map(EmbedderTests.image)
        let wild = try #require(try images.max { try largest($0) < largest($1) })
        let (small, large) = (try largest(gray), try largest(wild))
        try #require(large > 1.5 * small && small > 0)
        // The last layer of the global branch is linear: this factor lets it overflow for one image and not for the other.
        let factor = Float.greatestFiniteMagnitude / (small * large).squareRoot()
        let model = try model { $0.hasPrefix("embedding.") ? scaled($1, factor) : $1 }
        let embedder = try embedder(model)
        defer { embedder.stop() }
        #expect(try embedder.embed([gray], priority: .query).vectors[0].allSatisfy(\.isFinite))
        for images in [[wild], [gray, wild]] {
            #expect(throws: EmbedderError.unusableVector(model: model.identity)) {
                try embedder.embed(images, priority: .enrollment)
            }
        }
    }
}
