import Foundation
import Gallery
import HTTP
import HTTPTypes
import TensorFiles
import Tensors
import Testing

@testable import CSPRModel
@testable import ReIDService

/// What is said of images that are unlike those of people.
@Suite struct UnfamiliarImageTests {
    private static let (known, strange): (UInt64, UInt64) = (1, 2)
    private static let words = "is unlike the images of people"

    /// Runs `body` with a service for whose model only the image `known` is familiar.
    private func withProfile(model: String? = nil, _ body: (TestService) throws -> Void) throws {
        let weights = NSTemporaryDirectory() + "reid-test-\(UUID().uuidString).safetensors"
        let path = ModelProfile.path(beside: weights)
        defer { for file in [weights, path] { try? FileManager.default.removeItem(atPath: file) } }
        try FileManager.default.copyItem(atPath: TestService.weights.get(), toPath: weights)
        try withService { service in
            let (known, strange) = (try vector(service, Self.known), try vector(service, Self.strange))
            let distance = zip(known, strange).reduce(0) { $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1)) }
            try #require(distance > 1e-4)
            let count = known.count
            let identity = (0..<count).flatMap { row in (0...row).map { $0 == row ? Float(1) : 0 } }
            try ModelProfile(
                model: model ?? service.context.model.identity, images: 1, limit: distance / 2, center: known,
                whitening: identity
            ).write(to: path)
        }
        try withService {
            $0.modelPath = weights
        } _: {
            try body($0)
        }
    }

    private func vector(_ service: TestService, _ seed: UInt64) throws -> [Float] {
        let answer: EmbeddingAnswer = try service.post("/v1/embeddings", image: try TestImage(seed: seed).bytes)
            .decoded()
        guard case .floats(let vector) = answer.embeddings[0].vector else { throw TestFailure.notAnObject }
        return vector
    }

    private func sentences(_ warnings: [String]?) -> [String] { (warnings ?? []).filter { $0.contains(Self.words) } }

    @Test func `every answer about such an image warns, and one about other images does not`() throws {
        try withProfile { service in
            try service.makeGallery("lobby")
            let id = try service.enroll([try TestImage(seed: Self.known)], in: "lobby")[0]
            func form(_ seeds: [UInt64]) throws -> [FormPart] {
                try seeds.map { .image(try TestImage(seed: $0).bytes) }
            }
            let cases: [(seeds: [UInt64], subjects: [String])] = [
                ([Self.known], []), ([Self.strange], ["The image"]),
                ([Self.known, Self.strange], ["Image 2 of 2"]), ([Self.strange, Self.known], ["Image 1 of 2"]),
            ]
            for (number, (seeds, expected)) in cases.enumerated() {
                let all = expected.map { "\($0) \(Self.words) that the model was made for; it may show nobody." }
                let found: RankingAnswer = try service.post("/v1/galleries/lobby/search", form: try form(seeds))
                    .decoded()
                #expect(sentences(found.warnings) == all)
                let embedded: EmbeddingAnswer = try service.post("/v1/embeddings", form: try form(seeds)).decoded()
                #expect(sentences(embedded.warnings) == all)
                let query: QueryAnswer = try service.post("/v1/galleries/lobby/queries", form: try form(seeds))
                    .decoded()
                try service.enroll([try TestImage(seed: 1000 + UInt64(number))], in: "lobby")
                let again = try service.ask(.post, "/v1/queries/\(query.queryID)/ranking")
                #expect(sentences(try again.decoded(as: RankingAnswer.self).warnings) == all, "also when ranked again")
                let pair = "/v1/compare" + (seeds.count == 1 ? "?image_id=\(id)" : "")
                let compared: ComparisonAnswer = try service.post(pair, form: try form(seeds)).decoded()
                #expect(sentences(compared.warnings) == all)
            }
            let model: ModelAnswer = try service.ask(.get, "/v1/model").decoded()
            #expect(model.profile?.images == 1 && model.profile?.share == ModelProfile.share)
        }
    }

    @Test func `an enrolled image of this kind has a detail, and its batch a warning`() throws {
        try withProfile { service in
            try service.makeGallery("lobby")
            let lines = try [Self.known, Self.strange, 3].map { seed in
                #"{"image_base64": "\#(Data(try TestImage(seed: seed).bytes).base64EncodedString())"}"#
            }
            let batch: BatchAnswer = try service.askAdmin(
                .post, "/admin/v1/galleries/lobby/batches", fields: [.contentType: "application/x-ndjson"],
                body: Array(lines.joined(separator: "\n").utf8)
            ).decoded()
            let processor = BatchProcessor(context: service.context)
            processor.start()
            defer { processor.stop() }
            for _ in 0..<1000 where try !service.store.unfinishedBatches().isEmpty { usleep(10_000) }
            let path = "/admin/v1/batches/\(batch.id)"
            let items: ListAnswer<BatchItemAnswer> = try service.askAdmin(.get, path + "/items").decoded()
            #expect(items.items.map(\.state) == ["enrolled", "enrolled", "enrolled"])
            #expect(items.items.map { $0.detail?.contains(Self.words) ?? false }[0...1] == [false, true])
            let doubtful = items.items.count { $0.detail != nil }
            let done: BatchAnswer = try service.askAdmin(.get, path).decoded()
            #expect(done.state == "completed" && done.warnings?.count == 1)
            #expect(done.warnings?.first?.contains("made for: \(doubtful).") == true)
        }
    }

    @Test func `without a profile of this very model nothing is said, and its description has none`() throws {
        try withProfile(model: "sha256:other") { service in
            try service.makeGallery("lobby")
            let found: RankingAnswer = try service.post(
                "/v1/galleries/lobby/search", image: try TestImage(seed: Self.strange).bytes
            ).decoded()
            #expect(sentences(found.warnings).isEmpty)
            #expect(try service.ask(.get, "/v1/model").decoded(as: ModelAnswer.self).profile == nil)
        }
    }
}
