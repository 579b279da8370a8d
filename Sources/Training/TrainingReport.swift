internal import CSPRModel
internal import Foundation

/// A run's report: one self-contained HTML file with curves and attention images.
struct TrainingReport {
    private let records: [LogRecord]
    private let recipe: TrainingRecipe
    private let folder: RunFolder
    /// The number of epochs whose attention images are shown, spread over the run.
    private static let shownImages = 12

    init(_ records: [LogRecord], recipe: TrainingRecipe, folder: RunFolder) {
        self.records = records
        self.recipe = recipe
        self.folder = folder
    }

    func write() throws {
        try RunFolder.write(html.utf8, to: folder.report)
    }

    private var html: String {
        """
        <!doctype html>
        <html lang="en">
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width">
        <title>Training run</title>
        <style>\(Self.style)</style>
        <h1>Training run</h1>
        \(summary)
        <h2>Curves</h2>
        <div class="curves">\(curves)</div>
        <h2>Concentration of the attention maps</h2>
        \(concentration)
        <h2>What the branches attend to</h2>
        <p>A row per image: the image, then each branch. Colors compare places of one map, not maps with each other.</p>
        \(images)
        <h2>Recipe</h2>
        <pre>\(Self.escaped(recipeText))</pre>
        </html>
        """
    }

    private var summary: String {
        let epochs = records.filter { $0.kind == .epoch }
        guard let last = epochs.last else { return "<p>No epoch is complete yet.</p>" }
        let best = epochs.compactMap(\.cmc1).max()
        let first = records.first { $0.cmc1 != nil }?.cmc1
        var text = "<p>\(last.update) updates in \(Self.duration(last.seconds)); "
        text += "step \(last.step.rawValue), epoch \(last.epoch). "
        if let cmc1 = last.cmc1, let mAP = last.mAP {
            text += "Validation: CMC@1 \(Self.percent(cmc1)), mAP \(Self.percent(mAP))"
            text += best.map { " (best CMC@1 \(Self.percent($0))" } ?? ""
            text += first.map { "; \(Self.percent($0)) before training)" } ?? ")"
            text += "."
        }
        return text + "</p>"
    }

    private var curves: String {
        func updates(_ value: @escaping (LogRecord) -> Double?) -> [(Double, Double)] {
            records.filter { $0.kind == .update }.compactMap { record in
                value(record).map { (Double(record.update), $0) }
            }
        }
        func epochs(_ value: @escaping (LogRecord) -> Double?) -> [(Double, Double)] {
            records.filter { $0.kind != .update }.compactMap { record in
                value(record).map { (Double(record.update), $0) }
            }
        }
        let charts: [CurveChart] = [
            CurveChart("Total loss", [("total", updates { $0.losses?.total })]),
            CurveChart(
                "Classification",
                [
                    ("global", updates { $0.losses?.globalClassification }),
                    ("local", updates { $0.losses?.localClassification }),
                ]),
            CurveChart(
                "Concentration",
                [("ratio", updates { $0.losses?.ratio }), ("distribution", updates { $0.losses?.distribution })]),
            CurveChart(
                "Triplet",
                [("global", updates { $0.losses?.globalTriplet }), ("local", updates { $0.losses?.localTriplet })]),
            CurveChart(
                "Contrastive",
                [
                    ("global", updates { $0.losses?.globalContrastive }),
                    ("local", updates { $0.losses?.localContrastive }),
                ]),
            CurveChart(
                "Learning rate (log)",
                [
                    ("backbone", updates { $0.rate.flatMap(Self.logarithm) }),
                    ("local", updates { $0.localRate.flatMap(Self.logarithm) }),
                ]),
            CurveChart("Validation", [("CMC@1", epochs(\.cmc1)), ("mAP", epochs(\.mAP))]),
            CurveChart("Images per second", [("images/s", updates(\.imagesPerSecond))]),
        ]
        return charts.filter { !$0.isEmpty }.map(\.svg).joined(separator: "\n")
    }

    /// The activation ratio, Σ candidates / Σ map = 1 − L_r, and the largest potential, L_d, at the start and at the
    /// end of the joint phase.
    private var concentration: String {
        let joint = records.compactMap { record in
            record.kind == .update && record.step == .joint ? record.losses : nil
        }
        let share = max(1, joint.count / 10)
        guard let before = Self.concentration(joint.prefix(1)), let after = Self.concentration(joint.suffix(share))
        else {
            return "<p>The joint phase has not begun.</p>"
        }
        func row(_ name: String, _ value: (ratio: Double, potential: Double)) -> String {
            "<tr><td>\(name)<td>\(String(format: "%.3f", value.ratio))<td>\(String(format: "%.3f", value.potential))"
        }
        return """
            <p>Activation ratio: the share of a map that lies in its candidates; higher is more concentrated. Potential: how far apart
            the strongest candidates lie; lower is more concentrated.</p>
            <table><tr><th><th>activation ratio<th>potential
            \(row("first batch", before))
            \(row("mean of the newest tenth", after))</table>
            """
    }

    private static func concentration(_ terms: some Collection<LossTerms>) -> (ratio: Double, potential: Double)? {
        let values = terms.compactMap { terms in
            terms.ratio.flatMap { ratio in terms.distribution.map { (1 - ratio, $0) } }
        }
        guard !values.isEmpty else { return nil }
        let sum = values.reduce((0.0, 0.0)) { ($0.0 + $1.0, $0.1 + $1.1) }
        return (sum.0 / Double(values.count), sum.1 / Double(values.count))
    }

    private var images: String {
        let epochs = records.filter { $0.kind != .update && $0.step == .joint }
        let existing = epochs.compactMap { record -> (Int, Data)? in
            let path = "\(folder.attention)/\(record.step.rawValue)-\(record.epoch).jpg"
            return FileManager.default.contents(atPath: path).map { (record.epoch, $0) }
        }
        guard !existing.isEmpty else { return "<p>None yet.</p>" }
        let step = max(1, (existing.count + Self.shownImages - 1) / Self.shownImages)
        let shown = existing.enumerated().filter {
            ($0.offset.isMultiple(of: step)) || $0.offset == existing.count - 1
        }
        return shown.map { _, image in
            "<figure><img alt=\"Attention after epoch \(image.0)\" src=\"data:image/jpeg;base64,"
                + "\(image.1.base64EncodedString())\"><figcaption>epoch \(image.0)</figcaption></figure>"
        }.joined(separator: "\n")
    }

    private var recipeText: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
        // Cannot fail: the recipe was encoded in this way when it was written to the run folder.
        return (try? String(decoding: encoder.encode(recipe), as: UTF8.self)) ?? ""
    }

    private static func logarithm(_ value: Float) -> Double? { value > 0 ? log10(Double(value)) : nil }

    static func percent(_ share: Double) -> String { String(format: "%.1f %%", 100 * share) }

    /// Hours and minutes, or minutes and seconds.
    static func duration(_ seconds: Double) -> String {
        let whole = Int(seconds.rounded())
        return whole >= 3600
            ? "\(whole / 3600) h \(whole / 60 % 60) min"
            : whole >= 60 ? "\(whole / 60) min \(whole % 60) s" : "\(whole) s"
    }

    private static func escaped(_ text: String) -> String {
        text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
    }

    private static let style = """
        :root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}
        .curves{display:grid;grid-template-columns:repeat(auto-fill,minmax(20rem,1fr));gap:1.5rem}svg{width:100%;height:auto}
        svg text{font:11px system-ui,sans-serif;fill:currentColor}table{border-collapse:collapse}td,th{padding:.2rem 1rem;
        text-align:left;border-bottom:1px solid #8884}figure{margin:1rem 0}img{max-width:100%}pre{overflow:auto;font-size:12px}
        """
}
