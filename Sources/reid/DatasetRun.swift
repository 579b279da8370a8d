internal import CSPRModel
internal import Datasets
internal import Evaluation
internal import Ranking
internal import Synchronization
internal import TensorFiles

/// The evaluation of a weight file on a data set.
struct DatasetRun {
    let kind: DatasetKind
    let folder: String
    /// The weight file; nil: the built-in weights.
    let model: String?
    let options: DatasetOptions
    let rules: EvaluationProtocol
    /// Whether rankings without the cameras' means are scored too.
    let normalizesCameras: Bool
    let json: Bool

    func run() throws {
        let set: TestSet
        do { set = try TestSet(kind, folder: folder, options: options.reading) } catch {
            throw CommandFailure("\(error)")
        }
        let network = try ModelText.open(orBuiltIn: model)
        if !network.isTrained {
            Terminal.complain("reid: \(model ?? DefaultWeights.title) is untrained: its rankings are meaningless")
        }
        let evaluation = try evaluate(set, network)
        try keep(evaluation, network)
        if json { return try Terminal.printJSON(DatasetAnswer(evaluation, network, rules, options)) }
        show(evaluation)
    }

    private func evaluate(_ set: TestSet, _ network: CSPRModel) throws -> DatasetEvaluation {
        var settings = DatasetEvaluation.Options()
        settings.protocol = rules
        settings.batch = options.batch
        settings.isStrict = options.strict
        settings.normalizesCameras = normalizesCameras
        let stop = StopSignals()
        let isStopped = stop.question
        let bars = Mutex<[DatasetEvaluation.Stage: ProgressBar]>([:])
        let skipped = Mutex(0)
        do {
            return try DatasetEvaluation.run(
                set, model: network, options: settings, isStopped: isStopped,
                progress: { stage, done, total in
                    let note = skipped.withLock { $0 > 0 ? "\($0) skipped" : "" }
                    bars.withLock { bars in
                        bars[stage, default: ProgressBar(stage.rawValue)].show(
                            done, of: total, note: stage == .embedding ? note : "")
                        if done == total { bars[stage]?.end() }
                    }
                },
                warn: {
                    skipped.withLock { $0 += 1 }
                    Terminal.complain("reid: \($0.path): \($0.reason); skipped")
                })
        } catch EvaluationError.stopped {
            throw stop.interruption("nothing was written; the same command starts again from the first image")
        } catch EvaluationError.model(let error) {
            throw CommandFailure("\(model ?? DefaultWeights.title): \(error)")
        } catch {
            throw CommandFailure("\(folder): \(error)")
        }
    }

    /// Writes the files that the options ask for.
    private func keep(_ evaluation: DatasetEvaluation, _ network: CSPRModel) throws {
        if let path = options.saveFeatures {
            let metadata = [
                "dataset": kind.rawValue, "model": network.identity, "task": evaluation.tasks[0].name,
                "seed": evaluation.set.seed.map { "\($0)" } ?? "",
            ]
            do { try evaluation.features[0].write(to: path, metadata: metadata.filter { !$0.value.isEmpty }) } catch {
                throw CommandFailure("\(path): \(error)")
            }
        }
        if let path = options.report {
            do {
                let html = try EvaluationReport(evaluation, model: network).html()
                try AtomicFile.replace(path, with: html.utf8)
            } catch let error as FileError {
                throw CommandFailure("\(error)")
            } catch {
                throw CommandFailure("\(path): \(describe(error))")
            }
        }
    }

    private func show(_ evaluation: DatasetEvaluation) {
        let counts = evaluation.queryCounts
        let gallery = evaluation.tasks.reduce(0) { $0 + $1.gallery.count }
        let tasks = evaluation.tasks.count
        print(
            "\(kind.title): \(counts.scored) of \(counts.all) queries have a right answer, \(counts.all - counts.scored) left out; "
                + "\(gallery) gallery images" + (tasks > 1 ? " of \(tasks) tasks together" : ""))
        for note in evaluation.set.notes { print("- \(note)") }
        if !evaluation.skipped.isEmpty {
            print("- \(evaluation.skipped.count) images could not be decoded and were skipped")
        }
        let rows = evaluation.views.flatMap { view in
            [false, true].flatMap { isNormalized in
                rules.rankings.compactMap { ranking in
                    evaluation.figures(view, ranking, isNormalized: isNormalized).map {
                        Terminal.row([view.title, Terminal.title(ranking, isNormalized: isNormalized)], $0)
                    }
                }
            }
        }
        print(Terminal.table(["feature", "ranking"] + Terminal.figureNames, rows))
    }
}

/// The figures of a data set, as JSON.
private struct DatasetAnswer: Encodable {
    struct Skipped: Encodable {
        let path: String
        let reason: String
    }

    let dataset: String
    let model: String
    let trained: Bool
    let ap: String
    let junk: String
    let k1: Int
    let k2: Int
    let lambda: Double
    /// How many nearest images each query alone was re-ranked with; nil: only with the whole gallery.
    let candidates: Int?
    let tasks: Int
    /// The number of queries of all tasks.
    let queries: Int
    let scoredQueries: Int
    let leftOut: Int
    let gallery: Int
    let skipped: [Skipped]
    let seed: UInt64?
    let notes: [String]
    /// The figures by kind of ranking.
    let global, local, both: [RankingKind: RetrievalFigures]?
    /// The figures without the cameras' means, by part of the feature and kind of ranking.
    let cameraNormalized: [String: [RankingKind: RetrievalFigures]]?

    enum CodingKeys: String, CodingKey {
        case dataset, model, trained, ap, junk, k1, k2, lambda, candidates, tasks, queries, gallery, skipped, seed,
            notes
        case global, local, both
        case scoredQueries = "scored_queries"
        case leftOut = "left_out"
        case cameraNormalized = "camera_normalized"
    }

    init(
        _ evaluation: DatasetEvaluation, _ network: CSPRModel, _ rules: EvaluationProtocol, _ options: DatasetOptions
    ) {
        dataset = evaluation.set.kind.rawValue
        (model, trained) = (network.identity, network.isTrained)
        ap = rules.averagePrecision == .trapezoid ? "market" : "common"
        junk = rules.keepsJunk ? "keep" : "drop"
        (k1, k2, lambda) = (rules.reRanking.k1, rules.reRanking.k2, rules.reRanking.lambda)
        candidates = rules.rankings.contains(.rerankedCandidates) ? rules.candidates : nil
        tasks = evaluation.tasks.count
        let counts = evaluation.queryCounts
        (queries, scoredQueries, leftOut) = (counts.all, counts.scored, counts.all - counts.scored)
        gallery = evaluation.tasks.reduce(0) { $0 + $1.gallery.count }
        skipped = evaluation.skipped.map { Skipped(path: $0.path, reason: $0.reason) }
        seed = evaluation.set.seed
        notes = evaluation.set.notes
        func figures(_ view: FeatureView, isNormalized: Bool = false) -> [RankingKind: RetrievalFigures]? {
            guard evaluation.views.contains(view) else { return nil }
            let known = rules.rankings.compactMap { ranking in
                evaluation.figures(view, ranking, isNormalized: isNormalized).map { (ranking, $0) }
            }
            return Dictionary(uniqueKeysWithValues: known)
        }
        let normalized = evaluation.views.map { ($0.rawValue, figures($0, isNormalized: true) ?? [:]) }
        cameraNormalized =
            evaluation.normalizedEvaluations.isEmpty ? nil : Dictionary(uniqueKeysWithValues: normalized)
        (global, local, both) = (figures(.global), figures(.local), figures(.both))
    }
}
