internal import Gallery
internal import Ranking

/// How one search compares vectors: as they are, or without the means of their cameras.
struct Comparison {
    /// Whether the search asks for normalization; if it does not say, its gallery decides.
    let isWanted: Bool
    /// What was done.
    let normalization: NormalizationAnswer

    /// What the distances mean.
    let probabilities: Probabilities

    private let snapshot: GallerySnapshot
    private let options: SearchOptions
    /// The query's vector as it is compared.
    private let query: [Float]

    /// Prepares `vector`, a unit vector, for comparisons; without any camera mean, vectors are compared as they are.
    init(of vector: [Float], in snapshot: GallerySnapshot, options: SearchOptions) {
        self.snapshot = snapshot
        self.options = options
        probabilities = Probabilities(of: options, in: snapshot)
        let means = snapshot.cameraMeans
        isWanted = options.cameraNormalization ?? snapshot.cameraNormalization
        guard options.isNormalized(in: snapshot) else {
            normalization = NormalizationAnswer(applied: false, queryMean: nil, cameras: means.cameras.count)
            query = vector
            return
        }
        let isKnown = options.queryCamera.map(means.cameras.contains) ?? false
        normalization = NormalizationAnswer(
            applied: true, queryMean: isKnown ? .camera : .common, cameras: means.cameras.count)
        query = means.normalized(vector, of: options.queryCamera)
    }

    /// A row of a ranking that is not re-ranked there.
    func row(_ match: Match) -> RankedRow {
        RankedRow(
            row: match.row, distance: match.distance, reRankedDistance: nil,
            probability: probabilities.probability(distance: match.distance, reRankedDistance: nil))
    }

    /// A row of a re-ranked ranking.
    func row(_ match: ReRankedMatch) -> RankedRow {
        RankedRow(
            row: match.row, distance: match.distance, reRankedDistance: match.reRankedDistance,
            probability: probabilities.probability(
                distance: match.distance, reRankedDistance: match.reRankedDistance))
    }

    /// The distance to a vector that is not in the gallery, of an image of `camera`; nil: it is not known.
    func distance(to vector: [Float], of camera: String?) -> Float {
        squaredDistance(
            query, normalization.applied ? snapshot.cameraMeans.normalized(vector, of: camera) : vector)
    }

    /// The nearest images, best first.
    ///
    /// - Parameters:
    ///   - count: how many.
    ///   - allowed: the rows that may appear; nil: all.
    ///   - isCancelled: asked every few milliseconds; true ends the search.
    /// - Returns: the rows with their distances.
    /// - Throws: `RankingError.cancelled`.
    func nearest(
        _ count: Int, where allowed: RowFilter?, isCancelled: @Sendable () -> Bool
    ) throws(RankingError) -> [Match] {
        try snapshot.vectors.nearest(
            to: query, count: count, where: allowed, isNormalized: normalization.applied, isCancelled: isCancelled)
    }

    /// The matches of `nearest` with the candidates re-ranked.
    func reRank(_ matches: [Match], isCancelled: @Sendable () -> Bool) throws(RankingError) -> [ReRankedMatch] {
        try Ranking.reRank(
            matches, for: query, in: snapshot.vectors, isNormalized: normalization.applied,
            options: options.reRanking, candidates: options.candidates, isCancelled: isCancelled)
    }
}
