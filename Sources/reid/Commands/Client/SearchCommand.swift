public import ArgumentParser
internal import Foundation
internal import Gallery
internal import HTTP
internal import Ranking
public import ReIDService

extension SearchOptions.Grouping: ExpressibleByArgument {}

/// `reid search`: searches a gallery with images of one person, through the API of a running service.
struct SearchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "search",
        abstract: "Ask a running service where else a person was seen.",
        discussion: """
            Options that are absent are as the service has them. Several images are taken as images of one person, and their
            features are averaged. Tell the camera of the images by --query-camera, if it is known: what all images of a camera have
            in common is then taken out of the comparison.

            EXAMPLE:
              reid search image.jpg --gallery demo --limit 10
              reid search image.jpg --gallery lobby --query-camera c1
              reid search front.jpg side.jpg --gallery lobby --exclude-camera c1 --captured-from 2026-11-22T10:00:00Z
              reid search image.jpg --gallery lobby --group-by person --json

            \(Reid.exitCodes)
            """)

    @Argument(help: "Images of one person, JPEG or PNG.")
    var images: [String]

    @Option(help: "The gallery to search.")
    var gallery: String

    @OptionGroup var listener: QueryListener

    @Option(help: "The most rows of the answer, 1...1000.")
    var limit: Int?

    @Flag(inversion: .prefixedNo, help: "k-reciprocal re-ranking.")
    var rerank: Bool?

    @Option(help: "The number of nearest images that are re-ranked, 1...4000.")
    var candidates: Int?

    @OptionGroup var options: ReRankingOptions

    @Option(help: "The camera that took the images.")
    var queryCamera: String?

    @Flag(
        inversion: .prefixedNo,
        help: "Subtract the mean of each camera's images before comparing; without either, as the gallery is set.")
    var cameraNormalization: Bool?

    @OptionGroup var filter: FilterArguments

    @Option(parsing: .unconditional, help: "Only results at least this similar (cosine), -1...1.")
    var minSimilarity: Double?

    @Option(help: "Only results at least this probable, 0...1; the gallery must be calibrated.")
    var minProbability: Double?

    @Option(help: "person: a row for each known person instead of each image.")
    var groupBy: SearchOptions.Grouping?

    @Flag(help: "With --json: the feature vector of each result.")
    var includeVectors = false

    @Flag(help: "The service's JSON instead of a table.")
    var json = false

    func validate() throws {
        guard (1...1000).contains(limit ?? 1) else { throw ValidationError("--limit: expected 1...1000") }
        guard ReRanking.candidates.contains(candidates ?? 1) else {
            throw ValidationError("--candidates: expected 1...4000")
        }
        guard (-1...1).contains(minSimilarity ?? 0) else { throw ValidationError("--min-similarity: expected -1...1") }
        guard (0...1).contains(minProbability ?? 0) else { throw ValidationError("--min-probability: expected 0...1") }
        guard json || !includeVectors else { throw ValidationError("--include-vectors needs --json") }
    }

    mutating func run() throws {
        let client = try listener.client()
        let form = try ImageForm(images)
        var request = try client.request("POST", ["v1", "galleries", gallery, "search"], query: parameters)
        request.add("Content-Type", form.contentType)
        if json {
            let answer = try client.exchange(request, body: .bytes([UInt8](form.body))).body
            return print(String(decoding: answer, as: UTF8.self))
        }
        let ranking = try client.send(request, body: .bytes([UInt8](form.body)), as: RankingAnswer.self)
        for warning in ranking.warnings ?? [] { Terminal.complain("warning: \(warning)") }
        var header = [
            "rank", "person", "camera", "captured at", "similarity", "distance", "re-ranked", "probability", "file",
            "image",
        ]
        if groupBy != nil { header.append("images") }
        print(Terminal.table(header, ranking.results.map(row)))
        if let note = ranking.cameraNormalization.flatMap(note) { Terminal.complain(note) }
    }

    /// What was done about cameras; nil if there is nothing to tell.
    private func note(on normalization: NormalizationAnswer) -> String? {
        guard normalization.applied else {
            return cameraNormalization == true ? "compared as enrolled: no camera has enough images for a mean" : nil
        }
        let own = normalization.queryMean == .camera ? "the query's camera among them" : "the query's camera unknown"
        return "compared without the means of \(normalization.cameras) cameras, \(own)"
    }

    /// The options as query parameters of the service.
    private var parameters: [(name: String, value: String)] {
        let single: [(name: String, value: String?)] = [
            ("limit", limit.map(String.init)), ("rerank", rerank.map(String.init)),
            ("candidates", candidates.map(String.init)), ("k1", options.k1.map(String.init)),
            ("k2", options.k2.map(String.init)), ("lambda", options.lambda.map { "\($0)" }),
            ("query_camera", queryCamera), ("camera_normalization", cameraNormalization.map(String.init)),
            ("min_similarity", minSimilarity.map { "\($0)" }), ("min_probability", minProbability.map { "\($0)" }),
            ("group_by", groupBy?.rawValue),
            ("include_vectors", includeVectors ? "true" : nil),
        ]
        return single.compactMap { name, value in value.map { (name, $0) } } + filter.parameters
    }

    private func row(_ result: RankingResult) -> [String] {
        let cells = [
            "\(result.rank)", result.personID ?? "-", result.cameraID ?? "-", result.capturedAt?.rfc3339 ?? "-",
            String(format: "%.4f", result.similarity), String(format: "%.4f", result.distance),
            result.rerankedDistance.map { String(format: "%.4f", $0) } ?? "-",
            result.probability.map { String(format: "%.2f", $0) } ?? "-", result.name ?? "-", result.imageID,
        ]
        return groupBy == nil ? cells : cells + ["\(result.imageCount ?? 0)"]
    }
}
