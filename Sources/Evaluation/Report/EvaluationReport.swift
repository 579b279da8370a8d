public import CSPRModel
internal import Datasets
internal import Foundation
internal import Ranking

/// An evaluation as one self-contained HTML file: figures, rankings as images, attention.
///
/// Rankings and attention are drawn like Figs. 6 and 9 of Wan et al., "Concentrated Local Part Discovery With
/// Fine-Grained Part Representation for Person Re-Identification", IEEE TMM 2020.
public struct EvaluationReport {
    /// The number of queries whose rankings are shown, and of the answers shown for each.
    private static let (shownQueries, shownAnswers) = (8, 10)
    /// The number of queries whose attention is shown.
    private static let shownAttention = 6

    private let evaluation: DatasetEvaluation
    private let model: CSPRModel

    /// A report of an evaluation of `model`.
    public init(_ evaluation: DatasetEvaluation, model: CSPRModel) {
        self.evaluation = evaluation
        self.model = model
    }

    /// The file's text.
    ///
    /// Images are read again; an image that cannot be read any more is left out.
    ///
    /// - Throws: `EvaluationError.model` if the attention cannot be computed.
    public func html() throws(EvaluationError) -> String {
        let title = evaluation.set.kind.title
        let examples = RankingExamples(evaluation)
        let chosen = examples.chosen(Self.shownQueries)
        return """
            <!doctype html>
            <html lang="en">
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width">
            <title>\(title.escaped)</title>
            <style>\(Self.style)</style>
            <h1>\(title.escaped)</h1>
            \(summary)
            <h2>Figures</h2>
            \(table)
            <h2>Rankings</h2>
            \(examples.html(chosen, answers: Self.shownAnswers))
            \(try attention(chosen))
            </html>

            """
    }

    private var summary: String {
        let counts = evaluation.queryCounts
        let gallery = evaluation.tasks.reduce(0) { $0 + $1.gallery.count }
        var lines = [
            "\(counts.scored) of \(counts.all) queries have a right answer; \(counts.all - counts.scored) are left out of "
                + "the means. \(gallery) gallery images"
                + (evaluation.tasks.count > 1 ? ", over \(evaluation.tasks.count) tasks" : "") + ".",
            "Model \(model.identity)\(model.isTrained ? "" : ", which is untrained: its rankings are meaningless").",
        ]
        lines += evaluation.set.notes.map { "\($0)." }
        if let seed = evaluation.set.seed { lines.append("Seed of the random splits: \(seed).") }
        if !evaluation.skipped.isEmpty {
            lines.append("\(evaluation.skipped.count) images could not be decoded and were skipped.")
        }
        return lines.map { "<p>\($0.escaped)</p>" }.joined(separator: "\n")
    }

    private var table: String {
        var rows: [String] = []
        var names: [String] = []
        for view in evaluation.views {
            for ranking in RankingKind.allCases {
                guard let figures = evaluation.figures(view, ranking) else { continue }
                names = figures.named.map(\.name)
                let cells = figures.named.map { "<td>\(String(format: "%.2f %%", $0.value * 100))" }
                rows.append("<tr><th>\(view.title)<td>\(ranking.title)\(cells.joined())")
            }
        }
        let head = names.map { "<th>\($0)" }.joined()
        return "<table><tr><th>feature<th>ranking\(head)\n\(rows.joined(separator: "\n"))</table>"
    }

    private func attention(_ chosen: [Int]) throws(EvaluationError) -> String {
        let queries = evaluation.tasks[0].queries
        guard let drawing = try AttentionRows(model) else { return "" }
        let rows = try drawing.drawn(chosen.prefix(Self.shownAttention).map { queries[$0] })
        let images = rows.map { row in
            "<div class=\"attention\">"
                + row.enumerated().compactMap { place, image in
                    EmbeddedImage(image)?.element(place == 0 ? "the image" : "attention of branch \(place)")
                }.joined() + "</div>"
        }
        return """
            <h2>Attention</h2>
            <p>A row per image: the image, then each branch. Colors compare places of one map, not maps with each other.</p>
            \(images.joined(separator: "\n"))
            """
    }

    private static let style = """
        :root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;max-width:76rem;margin:2rem auto;padding:0 1rem}
        table{border-collapse:collapse}td,th{padding:.2rem .8rem;text-align:left;border-bottom:1px solid #8884}
        td{font-variant-numeric:tabular-nums}section{margin:1.5rem 0}.row,.attention{display:flex;gap:.4rem;align-items:center;
        overflow-x:auto;margin:.3rem 0}.name{flex:0 0 6rem}figure{margin:0;flex:none;text-align:center;font-size:12px}
        img{display:block;border:4px solid #8888;height:9rem}.right img{border-color:#1d9a3c}.wrong img{border-color:#d8322a}
        .attention img{border-width:0}
        """
}

extension String {
    /// The text with HTML's special characters escaped.
    var escaped: String {
        replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
            .replacingOccurrences(of: "\"", with: "&quot;")
    }
}
