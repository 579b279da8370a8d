internal import ArgumentParser
internal import Datasets
internal import Evaluation
internal import Foundation
internal import Ranking

/// `reid evaluate`: computes CMC, mAP and mINP of a network on a data set, or of a feature file.
struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Score rankings, plain and re-ranked: CMC@1/5/10/20, mAP, mINP.",
        discussion: """
            With --dataset, DIR is a data set as its authors published it, or with `folder` any folder of images: a
            manifest.ndjson, person/camera_anything.jpg, or names as in Market-1501; query and gallery within are taken as such. Its
            images are embedded with --model, by default with the built-in weights, and the global and local part of the feature are
            scored besides the whole.

            With --features, a safetensors file holds `query` and `gallery` (float32 rows) and `query_person`, `query_camera`,
            `gallery_person`, `gallery_camera` (int64). A .npy holds the rows of both, [n, dimensions] of float32 or float64; its
            manifest has a line for each, in their order, such as {"set": "query", "person_id": 12, "camera_id": 3}. `set` is query
            or gallery; person and camera are integers or strings, 12 being the same as "12". What else a manifest for enrollment
            tells of an image may stand there too.

            Gallery images of the query's person and camera are left out of its ranking, with --gallery cross all of its camera; person -1 is junk and is left out of
            everything. Means are over the queries that have a right answer.

            EXAMPLE:
              reid evaluate --dataset market1501 Market-1501-v15.09.15 --model model.safetensors --report report.html
              reid evaluate --dataset viper VIPeR --model model.safetensors --seed 1 --json
              reid evaluate --dataset folder people --queries all --gallery cross --camera-normalization
              reid evaluate --features features.safetensors --json
              reid evaluate --features features.npy --manifest features.ndjson
            """)

    @Option(help: "A safetensors file of features and labels, or a .npy of features, of any network.")
    var features: String?

    @Option(help: "The labels of a .npy's rows; by default its own path, with .ndjson for .npy.")
    var manifest: String?

    @Option(help: "market1501, dukemtmc, cuhk03, msmt17, viper, cuhk01, 3dpes or folder.")
    var dataset: DatasetKind?

    @Argument(help: ArgumentHelp("The data set's folder.", valueName: "dir"))
    var folder: String?

    @Option(help: "The weight file to evaluate; default: the built-in weights.")
    var model: String?

    @OptionGroup var datasetOptions: DatasetOptions

    @OptionGroup var outputOptions: OutputOptions

    @OptionGroup var scoring: ScoringOptions

    @OptionGroup var options: ReRankingOptions

    @Flag(help: "One JSON object instead of a table.")
    var json = false

    func validate() throws {
        guard (features == nil) != (dataset == nil) else {
            throw ValidationError("give either --features FILE, or --dataset NAME DIR")
        }
        guard manifest == nil || isArray else {
            throw ValidationError("--manifest goes with --features FILE.npy; a safetensors file has its own labels")
        }
        guard (dataset == nil) == (folder == nil) else { throw ValidationError("--dataset and its folder go together") }
        guard dataset != nil || model == nil else { throw ValidationError("--model goes with --dataset") }
        guard dataset == .folder || datasetOptions.queries == nil else {
            throw ValidationError("--queries goes with --dataset folder; the others have their own queries")
        }
        guard dataset != nil || datasetOptions.areUnused else {
            throw ValidationError(
                "--report, --save-features, --seed, --splits, --queries, --detected and --strict go with --dataset")
        }
    }

    mutating func run() throws {
        let rules = try scoring.evaluationProtocol(options.reRanking())
        if let features { return try evaluate(features: features, by: rules) }
        guard let dataset, let folder else { return }
        try outputOptions.check(datasetOptions.report, datasetOptions.saveFeatures)
        try DatasetRun(
            kind: dataset, folder: folder, model: model, options: datasetOptions, rules: rules,
            normalizesCameras: scoring.cameraNormalization, json: json
        )
        .run()
    }

    /// Whether --features names a .npy.
    private var isArray: Bool { features?.lowercased().hasSuffix(".npy") == true }

    private func read(_ path: String) throws(FeatureSetError) -> FeatureSet {
        guard isArray else { return try FeatureSet(contentsOf: path) }
        return try FeatureSet(array: path, manifest: manifest ?? path.dropLast(4) + ".ndjson")
    }

    private func evaluate(features path: String, by rules: EvaluationProtocol) throws {
        let figures: [RankingKind: RetrievalFigures]
        let normalized: [RankingKind: RetrievalFigures]
        let (queries, scored, gallery): (Int, Int, Int)
        do {
            let set = try read(path)
            let evaluations = try rules.score(set)
            figures = evaluations.mapValues { RetrievalFigures(meanOf: [$0]) }
            normalized =
                scoring.cameraNormalization
                ? try rules.score(set.cameraNormalized).mapValues { RetrievalFigures(meanOf: [$0]) } : [:]
            (queries, scored) = (set.query.count, evaluations[.plain]?.validQueries ?? 0)
            gallery = (rules.keepsJunk ? set : set.withoutJunk()).gallery.count
        } catch FeatureSetError.manifest(let error) {
            throw CommandFailure("\(error)")
        } catch {
            throw CommandFailure("\(path): \(error)")
        }
        if json {
            return try Terminal.printJSON(
                FeatureAnswer(queries: queries, scored: scored, gallery: gallery, figures, normalized))
        }
        print(
            "\(scored) of \(queries) queries have a right answer among \(gallery) images; \(queries - scored) left out")
        let rows = [(figures, false), (normalized, true)].flatMap { figures, isNormalized in
            rules.rankings.compactMap { ranking in
                figures[ranking].map { Terminal.row([Terminal.title(ranking, isNormalized: isNormalized)], $0) }
            }
        }
        print(Terminal.table([""] + Terminal.figureNames, rows))
    }
}

/// The figures of a feature file, as JSON.
private struct FeatureAnswer: Encodable {
    struct Figures: Encodable {
        let cmc1, cmc5, cmc10, mAP, mINP: Double

        enum CodingKeys: String, CodingKey {
            case cmc1 = "CMC@1"
            case cmc5 = "CMC@5"
            case cmc10 = "CMC@10"
            case mAP, mINP
        }

        init(_ figures: RetrievalFigures) {
            (cmc1, cmc5, cmc10) = (figures.cmc1, figures.cmc5, figures.cmc10)
            (mAP, mINP) = (figures.mAP, figures.mINP)
        }
    }

    let queries: Int
    let scoredQueries: Int
    let gallery: Int
    let plain, reranked, rerankedSingle, rerankedCandidates: Figures?
    /// The figures without the cameras' means, by kind of ranking.
    let cameraNormalized: [String: Figures]?

    enum CodingKeys: String, CodingKey {
        case queries, gallery, plain, reranked
        case scoredQueries = "scored_queries"
        case rerankedSingle = "reranked_single"
        case rerankedCandidates = "reranked_candidates"
        case cameraNormalized = "camera_normalized"
    }

    init(
        queries: Int, scored: Int, gallery: Int, _ figures: [RankingKind: RetrievalFigures],
        _ normalized: [RankingKind: RetrievalFigures]
    ) {
        (self.queries, scoredQueries, self.gallery) = (queries, scored, gallery)
        plain = figures[.plain].map(Figures.init)
        reranked = figures[.reranked].map(Figures.init)
        rerankedSingle = figures[.rerankedSingle].map(Figures.init)
        rerankedCandidates = figures[.rerankedCandidates].map(Figures.init)
        let named = normalized.map { ($0.key.rawValue, Figures($0.value)) }
        cameraNormalized = named.isEmpty ? nil : Dictionary(uniqueKeysWithValues: named)
    }
}

extension Terminal {
    /// The columns of a table of figures.
    static let figureNames = ["CMC@1", "CMC@5", "CMC@10", "CMC@20", "mAP", "mINP"]

    /// A ranking's name in tables.
    static func title(_ ranking: RankingKind, isNormalized: Bool) -> String {
        ranking.title + (isNormalized ? ", cameras normalized" : "")
    }

    /// A row of a table of figures, in percent.
    static func row(_ names: [String], _ figures: RetrievalFigures) -> [String] {
        names + figures.named.map { String(format: "%.2f%%", $0.value * 100) }
    }
}
