internal import ArgumentParser
internal import Foundation
internal import Ranking

#if canImport(FoundationNetworking)
    internal import FoundationNetworking
#endif

/// `reid search`: searches a gallery with one image, through the API of a running service.
struct SearchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "search",
        abstract: "Ask a running service where else a person was seen.",
        discussion: "EXAMPLE:\n  reid search image.jpg --gallery demo --limit 10")

    @Argument(help: "An image, JPEG or PNG.")
    var image: String

    @Option(help: "The gallery to search.")
    var gallery: String

    @Option(help: "The query listener.")
    var query = "http://127.0.0.1:8080"

    @Option(help: "Rows of the answer, 1...1000.")
    var limit = 20

    @Flag(inversion: .prefixedNo, help: "k-reciprocal re-ranking.")
    var rerank = true

    @OptionGroup var options: ReRankingOptions

    @Option(help: "Only this camera; repeatable.")
    var camera: [String] = []

    @Flag(help: "The service's JSON instead of a table.")
    var json = false

    mutating func run() throws {
        _ = try options.validated()
        let client = try APIClient(base: query)
        let bytes: Data
        do { bytes = try Data(contentsOf: URL(fileURLWithPath: image)) } catch {
            throw CommandFailure("\(image): \(describe(error))")
        }
        var items = [
            URLQueryItem(name: "limit", value: "\(limit)"), URLQueryItem(name: "rerank", value: "\(rerank)"),
        ]
        if rerank {
            let given = [
                ("k1", options.k1.map(String.init)), ("k2", options.k2.map(String.init)),
                ("lambda", options.lambda.map { "\($0)" }),
            ]
            for case (let name, let value?) in given { items.append(URLQueryItem(name: name, value: value)) }
        }
        items += camera.map { URLQueryItem(name: "camera", value: $0) }
        var request = client.request("POST", ["v1", "galleries", gallery, "search"], query: items)
        request.setValue(
            bytes.starts(with: [0x89, 0x50]) ? "image/png" : "image/jpeg", forHTTPHeaderField: "Content-Type")
        if json {
            let (status, data) = try client.exchange(request, body: .bytes(bytes))
            print(String(decoding: data, as: UTF8.self))
            guard (200..<300).contains(status) else { throw CommandFailure("status \(status)") }
            return
        }
        let ranking = try client.send(request, body: .bytes(bytes), as: Answer.self)
        for warning in ranking.warnings ?? [] { Terminal.complain("warning: \(warning)") }
        let rows = ranking.results.map { result in
            [
                "\(result.rank)", result.personId ?? "-", result.cameraId ?? "-", result.capturedAt ?? "-",
                String(format: "%.4f", result.distance),
                result.rerankedDistance.map { String(format: "%.4f", $0) } ?? "-",
                result.imageId,
            ]
        }
        print(Terminal.table(["rank", "person", "camera", "captured at", "distance", "re-ranked", "image"], rows))
    }

    private struct Answer: Decodable {
        struct Result: Decodable {
            let rank: Int
            let imageId: String
            let personId: String?
            let cameraId: String?
            let capturedAt: String?
            let distance: Double
            let rerankedDistance: Double?
        }

        let results: [Result]
        let warnings: [String]?
    }
}
