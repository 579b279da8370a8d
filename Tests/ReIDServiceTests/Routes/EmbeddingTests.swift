import CSPRModel
import Embedding
import Foundation
import HTTP
import HTTPTypes
import TensorFiles
import Tensors
import Testing

@testable import ReIDService

@Suite struct EmbeddingTests {
    @Test func `images become unit vectors in their order`() throws {
        try withService { service in
            let images = try (0..<5).map { try TestImage(seed: $0).bytes }
            let answer = try service.post("/v1/embeddings", form: images.map(FormPart.image))
                .decoded(as: EmbeddingAnswer.self)
            #expect(answer.model == service.context.model.identity)
            #expect(answer.dimensions == service.context.model.dimensions)
            #expect(answer.embeddings.map(\.index) == [0, 1, 2, 3, 4])
            for (embedding, image) in zip(answer.embeddings, images) {
                guard case .floats(let vector) = embedding.vector else { throw TestFailure.notAnObject }
                #expect(vector.count == answer.dimensions)
                #expect(abs(vector.reduce(0) { $0 + $1 * $1 } - 1) < 1e-5)
                let alone = try service.post("/v1/embeddings", image: image).decoded(as: EmbeddingAnswer.self)
                guard case .floats(let same) = alone.embeddings[0].vector else { throw TestFailure.notAnObject }
                // Batches of other sizes may sum in another order.
                #expect(zip(vector, same).allSatisfy { abs($0 - $1) < 1e-5 })
            }
        }
    }

    @Test func `base 64 holds the same numbers as little-endian float32`() throws {
        try withService { service in
            let image = try TestImage(seed: 3).bytes
            let plain = try service.post("/v1/embeddings?encoding=float", image: image)
                .decoded(as: EmbeddingAnswer.self)
            let packed = try service.post("/v1/embeddings?encoding=base64", image: image)
                .decoded(as: EmbeddingAnswer.self)
            guard case .floats(let vector) = plain.embeddings[0].vector,
                case .base64(let text) = packed.embeddings[0].vector, let data = Data(base64Encoded: text)
            else { throw TestFailure.notAnObject }
            let bytes = [UInt8](data)
            let unpacked = stride(from: 0, to: bytes.count, by: 4).map { index in
                Float(bitPattern: bytes[index..<index + 4].reversed().reduce(0) { $0 << 8 | UInt32($1) })
            }
            #expect(unpacked == vector)
        }
    }

    @Test func `at most 64 images are taken, and no options`() throws {
        try withService { service in
            let image = FormPart.image(try TestImage(seed: 1).bytes)
            let many = try service.post("/v1/embeddings", form: Array(repeating: image, count: 65))
            #expect(many.status == .badRequest)
            #expect(try many.text.contains("64"))
            #expect(try service.post("/v1/embeddings", form: [image, .options("{}")]).status == .badRequest)
            #expect(try service.post("/v1/embeddings?encoding=hex", form: [image]).status == .badRequest)
            #expect(try service.post("/v1/embeddings?limit=1", form: [image]).status == .badRequest)
            #expect(try service.ask(.get, "/v1/embeddings").status == .methodNotAllowed)
        }
    }

    @Test func `a client that closed its side is told so, should it still read`() throws {
        try withService { service in
            let cancellation = Cancellation()
            cancellation.cancel()
            let request = try ServerRequest(
                method: .post, target: "/v1/embeddings", fields: [.contentType: "image/png"],
                body: .bytes(try TestImage(seed: 1).bytes), cancellation: cancellation)
            let response = try service.service.queryRouter.respond(to: request).answer
            #expect(response.status == .serviceUnavailable)
            #expect(try response.text.contains("closed"))
        }
    }

    @Test func `weights with which the network gives a zero vector end the start, and are named`() throws {
        let path = NSTemporaryDirectory() + "reid-test-\(UUID().uuidString).safetensors"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let file = try SafetensorsFile(contentsOf: try TestService.weights.get())
        let tensors = try file.names.map { name in
            let tensor = try file.floats(name)
            let factor: Float = name.hasSuffix("running_var") ? 1 : 0
            return (
                name,
                SafetensorsValue.floats(
                    Tensor(shape: tensor.shape, elements: tensor.elements.map { $0 * factor }))
            )
        }
        try SafetensorsWriter.write(tensors, metadata: file.metadata, to: path)
        #expect {
            try withService {
                $0.modelPath = path
            } _: { _ in
            }
        } throws: { error in
            "\(error)".hasPrefix("the weights \(path) cannot be used: ") && "\(error)".contains("zero or not finite")
        }
    }

    @Test func `a vector that is zero or not finite is a fault of the service that names the weights`() {
        let fault = problem(for: EmbedderError.unusableVector(model: "sha256:abc"))
        #expect(fault.status == .internalServerError)
        #expect(fault.type == "urn:reid:unusable-vector")
        #expect(fault.detail?.hasPrefix("The weights sha256:abc give a vector") == true)
    }

    @Test func `a full queue of the network is a 503 that says when to come back`() throws {
        try withService {
            $0.embedder.queueLimit = 2
        } _: { service in
            let image = FormPart.image(try TestImage(seed: 1).bytes)
            let response = try service.post("/v1/embeddings", form: [image, image, image])
            #expect(response.status == .serviceUnavailable)
            #expect(response.fields[.retryAfter] != nil)
        }
    }
}
