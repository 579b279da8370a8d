/// Whether a gallery image is an answer to a query.
public enum Relevance: Sendable {
    /// The image is a right answer.
    case right
    /// The image is a wrong answer.
    case wrong
    /// The image is removed from the ranking before it is scored.
    case ignored
}

extension RetrievalEvaluation {
    /// The scores of one query's ranking.
    public struct QueryScore: Sendable, Equatable {
        /// The rank of the first right answer, from 1.
        public let firstRank: Int
        /// The average precision, in 0...1.
        public let averagePrecision: Double
        /// The number of right answers over the rank of the last, in 0...1.
        public let inverseNegativePenalty: Double

        /// Scores the ranking of one query; nil if the gallery has no right answer.
        ///
        /// - Parameters:
        ///   - relevance: whether each gallery image is an answer to the query.
        ///   - distances: the distance from the query to each gallery image; smaller is more similar, none is NaN.
        ///   - rule: how to score.
        public init?(relevance: [Relevance], distances: [Double], rule: ScoringRule) {
            precondition(
                distances.count == relevance.count, "\(distances.count) distances to a gallery of \(relevance.count)")
            let ranks = ranksOfRightAnswers(relevance, distances: distances)
            guard let first = ranks.first, let last = ranks.last else { return nil }
            var sum = 0.0
            for (place, rank) in ranks.enumerated() {
                let precision = Double(place + 1) / Double(rank)
                switch rule.averagePrecision {
                case .common: sum += precision
                case .trapezoid:
                    let previous = rank == 1 ? 1 : Double(place) / Double(rank - 1)
                    sum += (previous + precision) / 2
                }
            }
            firstRank = first
            averagePrecision = sum / Double(ranks.count)
            inverseNegativePenalty = Double(ranks.count) / Double(last)
        }
    }
}

/// The ranks, from 1 and ascending, of the right answers.
///
/// Only the right answers are sorted; a rank is one more than the number of images before it that are not ignored.
private func ranksOfRightAnswers(_ relevance: [Relevance], distances: [Double]) -> [Int] {
    let matches = relevance.indices.filter { relevance[$0] == .right }
        .sorted { (distances[$0], $0) < (distances[$1], $1) }
    guard let last = matches.last else { return [] }
    let farthest = distances[last]
    // before[p]: the number of wrong answers after right answer p − 1 and before right answer p.
    var before = [Int](repeating: 0, count: matches.count + 1)
    for index in relevance.indices where relevance[index] == .wrong && distances[index] <= farthest {
        let place = matches.indices.bisected { (distances[matches[$0]], matches[$0]) < (distances[index], index) }
        before[place] += 1
    }
    var rank = 0
    return matches.indices.map { place in
        rank += before[place] + 1
        return rank
    }
}
