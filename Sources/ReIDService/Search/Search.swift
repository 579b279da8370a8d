internal import Gallery
internal import Ranking

/// Ranks a gallery by distance to one embedding; searches and kept queries share it, so that their results cannot
/// differ.
struct Search {
    /// Knows the images of the gallery.
    let store: GalleryStore
    /// The gallery's snapshot.
    let snapshot: GallerySnapshot
    /// Which images may appear, in which order, and how many.
    let options: SearchOptions

    /// Ranks the gallery for `vector`; the answer has the times of searching and re-ranking.
    ///
    /// An image that is erased meanwhile is left out. Asks `isCancelled` every few milliseconds, by any thread; throws
    /// `RankingError.cancelled` if that is true.
    func answer(
        for vector: [Float], warnings: [String]?, isCancelled: @Sendable () -> Bool
    ) throws -> RankingAnswer {
        var timing = RankingTiming()
        let clock = ContinuousClock()
        let start = clock.now
        let allowed = try store.rows(of: snapshot, matching: options.filter)
        let compared = Comparison(of: vector, in: snapshot, options: options)
        let first = options.rerank ? max(options.limit, options.candidates) : options.limit
        let matches = try compared.nearest(first, where: allowed, isCancelled: isCancelled)
        timing.search = (clock.now - start).wireMilliseconds
        let rows: [RankedRow]
        if options.rerank {
            rows = try compared.reRank(matches, isCancelled: isCancelled).map { compared.row($0) }
            timing.rerank = (clock.now - start).wireMilliseconds - timing.search
        } else {
            rows = matches.map { compared.row($0) }
        }
        let shown = ShownRows(store: store, snapshot: snapshot, options: options)
        let results: [RankingResult]
        if options.grouping == .person {
            let people = PeopleRanking(compared: compared, snapshot: snapshot, options: options, allowed: allowed)
            results = try shown.people(people.people(nearest: rows, isCancelled: isCancelled))
        } else {
            results = try shown.images(Array(rows.filter(options.shows).prefix(options.limit)))
        }
        let best = results.first?.probability ?? rows.first?.probability
        let warnings = (warnings ?? []) + compared.probabilities.warnings(best: best)
        var options = options
        options.cameraNormalization = compared.isWanted
        return RankingAnswer(
            queryID: nil, revision: nil, gallery: snapshot.name, model: snapshot.model,
            gallerySize: snapshot.imageCount, options: options, cameraNormalization: compared.normalization,
            results: results, warnings: warnings.isEmpty ? nil : warnings, timing: timing)
    }
}

/// One ranked image.
struct RankedRow {
    let row: Int
    let distance: Float
    let reRankedDistance: Double?
    /// The probability that it shows the query's person; nil if it is not known.
    let probability: Double?

    /// Cosine of unit vectors, 1 − d / 2.
    var similarity: Float { 1 - distance / 2 }
}

extension SearchOptions {
    /// Whether a row is similar and probable enough to appear; one without a probability is not, if there is a minimum.
    func shows(_ row: RankedRow) -> Bool {
        minimumSimilarity.map { Double(row.similarity) >= $0 } ?? true
            && minimumProbability.map { least in row.probability.map { $0 >= least } ?? false } ?? true
    }
}

extension GalleryImage {
    /// The path of the image's bytes on the query listener; nil if only a vector was enrolled.
    var contentURL: String? { mediaType == nil ? nil : "/v1/images/\(id)/content" }
}

extension Duration {
    /// Milliseconds, rounded to microseconds.
    var wireMilliseconds: Double { (Double(nanoseconds) / 1000).rounded() / 1000 }
}
