/// Asks a gallery for its own labeled images, to see what is true of the results that it shows.
///
/// A probability says something only about a population. Of all pairs of images nearly none show the same person; an
/// operator sees the few nearest. So here the population is what rankings show: every labeled image is a query, the images
/// of other cameras are searched, labeled or not, and the results that are labeled become pairs. A query whose person no
/// other camera has seen has no right answer, as in practice. From this follows what the probabilities hold for:
///
/// - a search of the whole gallery, as big as it is now: among twice as many people, wrong results are twice as many;
/// - queries like the labeled images, that is, one image, of a person who is as likely to be in the gallery as these;
/// - images of unknown people being images of other people. If they are not, then the probabilities are too low.
///
/// People are halved. A pair joins a half only if both of its people belong to it, so that the halves have nobody in common.
/// Each result of another person then stands for those that are left out: its weight is the number of images of other
/// people divided by the number of those that are labeled and belong to the half.
public struct CalibrationSearch: Sendable {
    /// How many results of a ranking become pairs, at least 1; what an operator sees.
    public var results = 20
    /// The most queries, at least 4; drawn evenly from each half's people with and without a right answer.
    public var queries = 2_000
    /// Whether images are compared without their camera's mean, as `VectorSnapshot.nearest` does.
    public var isNormalized = false
    /// How results are re-ranked, so that the distance of a pair is d*; nil: they are not.
    public var reRanking: ReRanking?
    /// How many of the nearest images are re-ranked; results past them become no pairs.
    public var candidates = ReRanking.usualCandidates
    /// The same seed draws the same halves and queries.
    public var seed: UInt64 = 1

    /// Queries that are compared with a gallery's codes together.
    private static let queriesAtOnce = 16

    /// A result: a row, and its distance as the ranking reports it.
    private typealias Shown = (row: Int, distance: Double)

    /// Creates a search for the plain distances of the 20 nearest images.
    public init() {}

    /// Searches, and returns the pairs of each half.
    ///
    /// Costs `queries` searches, on one thread, and re-rankings, on all cores, whatever the number of labeled images; holds at
    /// most `queries` · `results` pairs.
    ///
    /// - Parameters:
    ///   - labels: Whom the rows show.
    ///   - vectors: The rows. If `isNormalized`, every part needs `cameras`.
    ///   - isCancelled: Asked every few milliseconds while it searches, by any thread; true ends the work.
    /// - Returns: The pairs to fit a curve to, and those to check it on.
    /// - Throws: `CalibrationError.oneCamera`, `.tooFewLabels`, `.oneKind` or `.cancelled`.
    public func pairs(
        of labels: GalleryLabels, in vectors: VectorSnapshot, isCancelled: @Sendable () -> Bool = { false }
    ) throws(CalibrationError) -> (fit: PairSample, check: PairSample) {
        precondition(labels.rows.count == vectors.end, "labels of \(labels.rows.count) rows for \(vectors.end)")
        precondition(results > 0 && queries >= 4 && candidates > 0, "a search for nothing")
        let drawn = try CalibrationQueries(labels, limit: queries, seed: seed)
        var pairs: [CalibrationQueries.Half: [CalibrationPair]] = [:]
        for group in drawn.groups(atMost: Self.queriesAtOnce) {
            let answers: [[Shown]]
            do {
                answers = try ask(group, labels, vectors, isCancelled: isCancelled)
            } catch {
                // A search of rows that are there fails for no other reason.
                throw .cancelled
            }
            for (query, results) in zip(group, answers) {
                let half = drawn.halves[query.image.person]
                for result in results {
                    guard let person = labels.person(ofRow: result.row), drawn.halves[person] == half else { continue }
                    let isSame = person == query.image.person
                    pairs[half, default: []].append(
                        CalibrationPair(
                            distance: result.distance, isSamePerson: isSame,
                            weight: isSame ? query.weight : query.weight * query.othersWeight))
                }
            }
        }
        func sample(_ half: CalibrationQueries.Half) throws(CalibrationError) -> PairSample {
            let images = drawn.queries.map(\.image).filter { drawn.halves[$0.person] == half }
            let people = Set(images.map(\.person)).count { labels.isSeenTwice[$0] }
            return try PairSample(pairs[half] ?? [], people: people, images: images.count)
        }
        return (try sample(.fit), try sample(.check))
    }

    /// The results of queries of one camera.
    private func ask(
        _ queries: ArraySlice<CalibrationQueries.Query>, _ labels: GalleryLabels, _ vectors: VectorSnapshot,
        isCancelled: @Sendable () -> Bool
    ) throws(RankingError) -> [[Shown]] {
        guard let camera = queries.first?.image.camera else { return [] }
        let asked = queries.map { isNormalized ? vectors.normalized($0.image.row) : vectors[$0.image.row] }
        let found = try vectors.nearest(
            to: asked, count: reRanking == nil ? results : max(results, candidates),
            where: labels.rows(withoutCamera: camera), isNormalized: isNormalized, threads: 1, isCancelled: isCancelled)
        var answers: [[Shown]] = []
        for (query, matches) in zip(asked, found) {
            guard let reRanking else {
                answers.append(matches.map { ($0.row, Double($0.distance)) })
                continue
            }
            let reRanked = try reRank(
                matches, for: query, in: vectors, isNormalized: isNormalized, options: reRanking,
                candidates: candidates, isCancelled: isCancelled)
            answers.append(
                reRanked.prefix(results).compactMap { match in match.reRankedDistance.map { (match.row, $0) } })
        }
        return answers
    }
}
