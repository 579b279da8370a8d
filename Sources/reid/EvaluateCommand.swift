internal import ArgumentParser
internal import Foundation
internal import Ranking
internal import Tensors

/// `reid evaluate`: CMC, mAP and mINP of a feature file.
struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Score feature files: CMC@1/5/10, mAP, mINP, plain and re-ranked.",
        discussion: """
            The file holds `query` and `gallery` (float32 rows) and `query_person`, `query_camera`, `gallery_person`,
            `gallery_camera` (int64). Gallery images of the query's person and camera are left out of its ranking; person
            -1 is junk and is left out of everything.

            EXAMPLE:
              reid evaluate --features features.safetensors --json
            """)

    @Option(help: "A safetensors file of features and labels, of any network.")
    var features: String

    @OptionGroup var options: ReRankingOptions

    @Flag(help: "One JSON object instead of a table.")
    var json = false

    mutating func run() throws {
        let reRanking = try options.validated()
        let set = try FeatureSet(path: features).withoutJunk()
        let plain = try score(set) { unroundedDistances(from: set.query[$0], to: set.gallery) }
        let pool = PoolReRanking(queries: set.query, gallery: set.gallery, options: reRanking)
        let graph = NeighbourGraph(of: set.gallery, depth: reRanking.depth)
        let single = try score(set) {
            rerank(query: set.query[$0], gallery: set.gallery, graph: graph, options: reRanking)
        }
        let answer = Answer(
            queries: set.query.count, scoredQueries: plain.validQueries, gallery: set.gallery.count,
            plain: Figures(plain), reranked: Figures(try score(set) { pool.distances(of: $0) }),
            rerankedSingle: Figures(single))
        if json { return try Terminal.printJSON(answer) }
        print("\(answer.scoredQueries) of \(answer.queries) queries have a right answer among \(answer.gallery) images")
        let rows = [
            ("plain", answer.plain), ("re-ranked, pool", answer.reranked), ("re-ranked, single", answer.rerankedSingle),
        ].map { name, figures in
            [name]
                + [figures.cmc1, figures.cmc5, figures.cmc10, figures.mAP, figures.mINP].map {
                    String(format: "%.2f%%", $0 * 100)
                }
        }
        print(Terminal.table(["", "CMC@1", "CMC@5", "CMC@10", "mAP", "mINP"], rows))
    }

    private func score(_ set: FeatureSet, _ distances: (Int) -> [Double]) throws -> RetrievalEvaluation {
        do {
            return try RetrievalEvaluation(
                queries: set.querySightings, gallery: set.gallerySightings, distances: distances)
        } catch {
            throw CommandFailure("\(features): \(error)")
        }
    }

    private struct Figures: Encodable {
        let cmc1: Double
        let cmc5: Double
        let cmc10: Double
        let mAP: Double
        let mINP: Double

        init(_ evaluation: RetrievalEvaluation) {
            cmc1 = evaluation.cumulativeMatch(at: 1)
            cmc5 = evaluation.cumulativeMatch(at: 5)
            cmc10 = evaluation.cumulativeMatch(at: 10)
            mAP = evaluation.meanAveragePrecision
            mINP = evaluation.meanInverseNegativePenalty
        }

        enum CodingKeys: String, CodingKey {
            case cmc1 = "CMC@1"
            case cmc5 = "CMC@5"
            case cmc10 = "CMC@10"
            case mAP, mINP
        }
    }

    private struct Answer: Encodable {
        let queries: Int
        let scoredQueries: Int
        let gallery: Int
        let plain: Figures
        let reranked: Figures
        let rerankedSingle: Figures

        enum CodingKeys: String, CodingKey {
            case queries, gallery, plain, reranked
            case scoredQueries = "scored_queries"
            case rerankedSingle = "reranked_single"
        }
    }
}
