internal import Gallery
internal import Ranking

/// Ranks a gallery by distance to one embedding; searches and kept queries share it, so that their results cannot
/// differ.
struct Search {
    /// The gallery's snapshot.
    let snapshot: GallerySnapshot
    /// Which images may appear, in which order, and how many.
    let options: SearchOptions

    /// One ranked image.
    private struct RankedRow {
        let row: Int
        let distance: Float
        let reRankedDistance: Double?

        /// Cosine of unit vectors, 1 − d / 2.
        var similarity: Float { 1 - distance / 2 }
    }

    /// The most images that one row of a ranking of persons shows.
    static let imagesPerPerson = 5

    /// Ranks the gallery for `vector`; the answer has the times of searching and re-ranking.
    ///
    /// Asks `isCancelled` every few milliseconds, by any thread; throws `RankingError.cancelled` if that is true.
    func answer(
        for vector: [Float], warnings: [String]?, isCancelled: @Sendable () -> Bool
    ) throws -> RankingAnswer {
        var timing = RankingTiming()
        let clock = ContinuousClock()
        let start = clock.now
        let allowed = snapshot.rows(matching: options.filter)
        let needsAll = options.grouping != nil || options.minimumSimilarity != nil
        let count = needsAll ? snapshot.images.count : options.limit
        let compared = Comparison(of: vector, in: snapshot, options: options)
        let matches = try compared.nearest(
            options.rerank ? max(count, options.candidates) : count, where: allowed, isCancelled: isCancelled)
        timing.search = (clock.now - start).wireMilliseconds
        var rows: [RankedRow]
        if options.rerank {
            let reRanked = try compared.reRank(matches, isCancelled: isCancelled)
            rows = reRanked.prefix(count).map {
                RankedRow(row: $0.row, distance: $0.distance, reRankedDistance: $0.reRankedDistance)
            }
            timing.rerank = (clock.now - start).wireMilliseconds - timing.search
        } else {
            rows = matches.map { RankedRow(row: $0.row, distance: $0.distance, reRankedDistance: nil) }
        }
        if let minimum = options.minimumSimilarity { rows = rows.filter { Double($0.similarity) >= minimum } }
        var options = options
        options.cameraNormalization = compared.isWanted
        return RankingAnswer(
            queryID: nil, revision: nil, gallery: snapshot.name, model: snapshot.model,
            gallerySize: snapshot.images.count, options: options, cameraNormalization: compared.normalization,
            results: options.grouping == .person ? people(in: rows) : images(of: rows), warnings: warnings,
            timing: timing)
    }

    private func images(of rows: [RankedRow]) -> [RankingResult] {
        rows.prefix(options.limit).enumerated().map { result($1, rank: $0 + 1) }
    }

    /// One result for each known person, in the order of their best images.
    private func people(in rows: [RankedRow]) -> [RankingResult] {
        var order: [String] = []
        var images: [String: [RankedRow]] = [:]
        for row in rows {
            guard let person = snapshot.images[row.row].personID else { continue }
            if images[person] == nil { order.append(person) }
            images[person, default: []].append(row)
        }
        return order.prefix(options.limit).enumerated().compactMap { index, person in
            guard let found = images[person], let best = found.first else { return nil }
            var result = result(best, rank: index + 1)
            result.imageCount = found.count
            result.images = found.prefix(Self.imagesPerPerson).map(personImage)
            return result
        }
    }

    private func result(_ row: RankedRow, rank: Int) -> RankingResult {
        let image = snapshot.images[row.row]
        return RankingResult(
            rank: rank, imageID: image.id, personID: image.personID, cameraID: image.cameraID,
            capturedAt: image.capturedAt, externalID: image.externalID, name: image.name, distance: row.distance,
            similarity: row.similarity, rerankedDistance: row.reRankedDistance, imageURL: image.contentURL,
            vector: options.includeVectors == true ? snapshot.embeddings[row.row] : nil)
    }

    private func personImage(_ row: RankedRow) -> PersonImage {
        let image = snapshot.images[row.row]
        return PersonImage(
            imageID: image.id, cameraID: image.cameraID, capturedAt: image.capturedAt, name: image.name,
            distance: row.distance, rerankedDistance: row.reRankedDistance, imageURL: image.contentURL)
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
