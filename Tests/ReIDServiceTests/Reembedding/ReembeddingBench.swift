import Embedding
import Foundation
import Gallery
import HTTP
import HTTPTypes
import Ranking
import Testing

@testable import ReIDService

/// A folder with a gallery of one model, on which services with other models are started.
final class ReembeddingBench: Sendable {
    /// The weights of the old model, and those of the new one.
    static let old = TestService.weights
    static let new = Result<String, any Error> { try TestService.writeWeights(seed: 8) }

    let folder = NSTemporaryDirectory() + "reid-test-" + UUID().uuidString

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    /// Runs `body` with a service on the folder; the folder stays.
    func serve<Value>(
        _ model: Result<String, any Error>, previous: Result<String, any Error>? = nil,
        configure: (inout Service.Configuration) -> Void = { _ in }, _ body: (TestService) throws -> Value
    ) throws -> Value {
        let (path, previousPath) = (try model.get(), try previous?.get())
        let service = try TestService(in: folder) {
            $0.modelPath = path
            $0.previousModelPath = previousPath
            // Passes of other sizes may sum in another order; so equal images get equal vectors.
            $0.embedder.maximumBatch = 1
            configure(&$0)
        }
        defer { service.service.stop(grace: .zero) }
        return try body(service)
    }

    /// Sample images of four people and two cameras.
    static func images(_ seeds: Range<UInt64>) throws -> [TestImage] {
        try seeds.map {
            try TestImage(
                seed: $0, person: "p\($0 % 4)", camera: "c\($0 % 2)", capturedAt: "2026-11-22T10:00:00Z",
                externalID: "e\($0)")
        }
    }
}

extension TestService {
    /// Asks for the re-embedding of a gallery.
    func reembed(_ gallery: String, into copy: String? = nil) throws -> ServerResponse {
        let body = copy.map { #"{"into": "\#($0)"}"# } ?? ""
        return try askAdmin(.post, "/admin/v1/galleries/\(gallery)/reembed", body: Array(body.utf8))
    }

    /// Asks for the re-embedding of a gallery, which must be accepted, and waits for its end.
    func finishReembedding(_ gallery: String, into copy: String? = nil) throws -> JobAnswer {
        let answer = try reembed(gallery, into: copy)
        #expect(answer.status == .accepted, "\(answer.said)")
        return try runJobs(until: answer.decoded(as: JobAnswer.self).id)
    }

    /// Runs the jobs until this one is over.
    func runJobs(until id: String) throws -> JobAnswer {
        let runner = JobRunner(context: context)
        runner.start()
        defer { runner.stop() }
        for _ in 0..<6000 where try !store.job(id: id).state.isFinal { Thread.sleep(forTimeInterval: 0.01) }
        return try askAdmin(.get, "/admin/v1/jobs/\(id)").decoded()
    }

    /// The vectors of a gallery's images, the oldest first.
    func vectors(of gallery: String) throws -> [[Float]] {
        let contents = try store.contents(of: gallery)
        return contents.images.indices.map { contents.embeddings[$0] }
    }

    /// The external ids and distances that a search in a gallery answers, best first.
    func found(_ image: TestImage, in gallery: String) throws -> [String] {
        let answer = try post("/v1/galleries/\(gallery)/search?limit=100&rerank=false", image: image.bytes)
        #expect(answer.status == .ok, "\(answer.said)")
        return try answer.decoded(as: RankingAnswer.self).results.map { "\($0.externalID ?? "-") \($0.distance)" }
    }
}
