internal import ArgumentParser
internal import Evaluation
internal import Foundation
internal import Ranking
internal import TensorFiles

/// `reid rerank`: re-ranks feature files by k-reciprocal neighbors.
struct RerankCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rerank",
        abstract: "Re-rank feature files with k-reciprocal encoding (Zhong et al., CVPR 2017).",
        discussion: """
            Reads rows of float32 features, writes the final distances [queries, gallery] as float32 .npy.

            EXAMPLE:
              reid rerank --query q.npy --gallery g.npy --k1 20 --k2 6 --lambda 0.3 --output d.npy
            """)

    /// Which images form the pool that re-ranking uses.
    enum Pool: String, ExpressibleByArgument, CaseIterable {
        /// Each query alone with the gallery.
        case single
        /// All queries and the gallery at once, as in the literature.
        case pool
    }

    @Option(help: "Query features, .npy [queries, dimensions].")
    var query: String

    @Option(help: "Gallery features, .npy [gallery, dimensions].")
    var gallery: String

    @OptionGroup var options: ReRankingOptions

    @Option(help: "The file of the distances to write, .npy.")
    var output: String

    @Option(help: "pool: all queries at once, as in the literature; single: each query alone.")
    var pool: Pool = .pool

    @OptionGroup var outputOptions: OutputOptions

    mutating func run() throws {
        let reRanking = try options.reRanking()
        try outputOptions.check(output)
        let query = try read(query)
        let gallery = try read(gallery)
        guard query.dimensions == gallery.dimensions else {
            throw CommandFailure(
                "\(self.query) has rows of \(query.dimensions), \(self.gallery) of \(gallery.dimensions): they must be equal"
            )
        }
        let rows: [[Float]]
        switch pool {
        case .pool:
            let ranking = try PoolReRanking(queries: query, gallery: gallery, options: reRanking)
            rows = mapDistances(from: query, to: gallery) { index, original in
                ranking.distances(of: index, original: original).map(Float.init)
            }
        case .single:
            let ranking = try QueryReRanking(gallery: gallery, options: reRanking)
            rows = try mapDistances(from: query, to: gallery) { _, original in
                Result { try ranking.distances(original: original).map(Float.init) }
            }.map { try $0.get() }
        }
        let distances = Array(rows.joined())
        do {
            try NumpyArray(shape: [query.count, gallery.count], elements: distances).write(to: output)
        } catch {
            throw CommandFailure("\(output): \(error)")
        }
    }

    private func read(_ path: String) throws -> EmbeddingMatrix {
        do {
            let array = try NumpyArray(contentsOf: path)
            guard array.shape.count == 2, array.shape[1] > 0 else {
                throw CommandFailure("\(path): features are rows, shape [n, dimensions]; this is \(array.shape)")
            }
            return try EmbeddingMatrix(array)
        } catch let failure as CommandFailure {
            throw failure
        } catch {
            throw CommandFailure("\(path): \(error)")
        }
    }
}
