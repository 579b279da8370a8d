extension RetrievalEvaluation {
    /// One query's scores.
    public struct QueryScore: Sendable, Equatable {
        /// The rank of the first right answer, from 1.
        public let firstRank: Int
        /// In 0...1.
        public let averagePrecision: Double
        /// The number of right answers over the rank of the last, in 0...1.
        public let inverseNegativePenalty: Double

        /// Scores the ranking of one query; nil where the gallery has no right answer.
        ///
        /// - Parameters:
        ///   - query: who the query shows.
        ///   - gallery: who each gallery image shows.
        ///   - distances: the distance from the query to each of them; smaller is more alike, none NaN.
        ///   - rule: how to score.
        public init?(of query: Sighting, among gallery: [Sighting], distances: [Double], rule: ScoringRule) {
            precondition(
                distances.count == gallery.count, "\(distances.count) distances to a gallery of \(gallery.count)")
            let ranks = ranksOfMatches(query, gallery: gallery, distances: distances, rule: rule)
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

/// The ranks, from 1 and ascending, at which the query's person appears.
///
/// Only the right answers are sorted; a rank is one more than the number of kept images before it.
private func ranksOfMatches(
    _ query: Sighting, gallery: [Sighting], distances: [Double], rule: ScoringRule
) -> [Int] {
    let matches = gallery.indices.filter { gallery[$0].person == query.person && isKept($0) }
        .sorted { (distances[$0], $0) < (distances[$1], $1) }
    guard let last = matches.last else { return [] }
    let farthest = distances[last]
    // before[p]: kept images that come after match p − 1 and before match p.
    var before = [Int](repeating: 0, count: matches.count + 1)
    for index in gallery.indices where distances[index] <= farthest {
        guard gallery[index].person != query.person, isKept(index) else { continue }
        var low = 0
        var high = matches.count
        while low < high {
            let middle = (low + high) / 2
            let match = matches[middle]
            if (distances[match], match) < (distances[index], index) { low = middle + 1 } else { high = middle }
        }
        before[low] += 1
    }
    var rank = 0
    return matches.indices.map { place in
        rank += before[place] + 1
        return rank
    }

    func isKept(_ index: Int) -> Bool {
        let other = gallery[index]
        if other.person == query.person, other.camera == query.camera { return false }
        return !(rule.ignoresJunk && other.person == Sighting.junkPerson)
    }
}
