internal import Datasets
internal import Ranking

/// The rankings of some queries as rows of images: by the global feature, and by the whole feature.
struct RankingExamples {
    private let evaluation: DatasetEvaluation
    private let task: RetrievalTask
    private let features: FeatureSet

    /// Examples of the first task.
    init(_ evaluation: DatasetEvaluation) {
        self.evaluation = evaluation
        task = evaluation.tasks[0]
        features = evaluation.features[0]
    }

    /// The queries to show.
    func chosen(_ count: Int) -> [Int] {
        func ranks(_ view: FeatureView) -> [Int?] {
            let scores = evaluation.evaluations[view]?[.plain]?[0].scores
            return scores?.map { $0?.firstRank } ?? []
        }
        let whole = ranks(evaluation.views.contains(.both) ? .both : .global)
        return Self.chosen(count, global: ranks(.global), whole: whole)
    }

    /// Chooses queries by the ranks of their first right answers: first those for which the branches made the
    /// difference, then some whose first answer was wrong, and some whose first answer was right.
    static func chosen(_ count: Int, global: [Int?], whole: [Int?]) -> [Int] {
        func queries(_ isMeant: (_ global: Int, _ whole: Int) -> Bool) -> [Int] {
            whole.indices.filter { query in
                guard let whole = whole[query], let global = global[query] else { return false }
                return isMeant(global, whole)
            }
        }
        let helped = queries { $0 > 1 && $1 == 1 }.sorted { (global[$0] ?? 0, $1) > (global[$1] ?? 0, $0) }
        let missed = queries { $1 > 1 }
        let found = queries { $0 == 1 && $1 == 1 }
        var chosen = Array(helped.prefix(count / 2))
        chosen += spread(missed, count / 4)
        chosen += spread(found, count - chosen.count)
        // If there are not enough of one kind, the others get more.
        let others = (helped + missed).filter { !chosen.contains($0) }
        return chosen + spread(others, count - chosen.count)
    }

    /// Up to `count` of the queries, evenly spread.
    private static func spread(_ queries: [Int], _ count: Int) -> [Int] {
        guard queries.count > count else { return queries }
        return (0..<count).map { queries[$0 * queries.count / count] }
    }

    /// One section per query with one row per feature; right answers have a green frame, wrong ones a red one.
    func html(_ queries: [Int], answers: Int) -> String {
        let views: [FeatureView] = evaluation.views.contains(.both) ? [.global, .both] : [.global]
        let parts = views.map { ($0, features.part(evaluation.configuration.columns(of: $0))) }
        let sections = queries.map { query in
            let rows = parts.map { view, part in
                "<div class=\"row\"><span class=\"name\">\(view.title)</span>\(row(query, part, answers))</div>"
            }
            let name = task.queries[query].path.split(separator: "/").suffix(2).joined(separator: "/")
            return "<section><h3>\(name.escaped)</h3>\(rows.joined(separator: "\n"))</section>"
        }
        return """
            <p>The query, then what is nearest to it by distance, without images of the query's person by its camera. Green: the same
            person; red: another. Queries that the branches' features brought to the first place come first.</p>
            \(sections.joined(separator: "\n"))
            """
    }

    private func row(_ query: Int, _ part: FeatureSet, _ answers: Int) -> String {
        let sought = task.queries[query].sighting
        let allowed = RowFilter(count: task.gallery.count) { row in
            let other = task.gallery[row].sighting
            return other != sought && other.person != Sighting.junkPerson
        }
        let matches = nearest(to: part.query[query], in: part.gallery, count: answers, where: allowed)
        let first = figure(
            task.queries[query], "query", "query, person \(sought.person), camera \(sought.camera)", "query")
        return first
            + matches.enumerated().map { place, match in
                let image = task.gallery[match.row]
                let isRight = image.sighting.person == sought.person
                let text = "rank \(place + 1), person \(image.sighting.person), camera \(image.sighting.camera)"
                return figure(
                    image, isRight ? "right" : "wrong", "\(text), \(isRight ? "right" : "wrong")", "\(place + 1)")
            }.joined()
    }

    private func figure(_ image: TestImage, _ kind: String, _ text: String, _ caption: String) -> String {
        let image = EmbeddedImage(image)?.element(text) ?? text.escaped
        return "<figure class=\"\(kind)\">\(image)<figcaption>\(caption)</figcaption></figure>"
    }
}
