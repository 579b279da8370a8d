internal import Gallery
internal import Ranking

/// Makes results of ranked rows: reads from the store what is shown of their images.
struct ShownRows {
    let store: GalleryStore
    let snapshot: GallerySnapshot
    let options: SearchOptions

    /// A result for each row, in their order; images that were erased meanwhile are left out.
    func images(_ rows: [RankedRow]) throws -> [RankingResult] {
        let images = try details(of: rows)
        var results: [RankingResult] = []
        for row in rows {
            guard let image = images[snapshot.key(ofRow: row.row)] else { continue }
            results.append(result(row, image, rank: results.count + 1))
        }
        return results
    }

    /// A result for each person, in their order, with their best images.
    func people(_ people: [RankedPerson]) throws -> [RankingResult] {
        let images = try details(of: people.flatMap(\.best))
        var results: [RankingResult] = []
        for person in people {
            let best = person.best.compactMap { row in images[snapshot.key(ofRow: row.row)].map { (row, $0) } }
            guard let (row, image) = best.first else { continue }
            var result = result(row, image, rank: results.count + 1)
            result.imageCount = person.imageCount
            result.images = best.map { row, image in
                PersonImage(
                    imageID: image.id, cameraID: image.cameraID, capturedAt: image.capturedAt, name: image.name,
                    distance: row.distance, rerankedDistance: row.reRankedDistance, probability: row.probability,
                    imageURL: image.contentURL)
            }
            results.append(result)
        }
        return results
    }

    private func details(of rows: [RankedRow]) throws -> [Int64: GalleryImage] {
        try store.images(withKeys: rows.map { snapshot.key(ofRow: $0.row) })
    }

    private func result(_ row: RankedRow, _ image: GalleryImage, rank: Int) -> RankingResult {
        RankingResult(
            rank: rank, imageID: image.id, personID: image.personID, cameraID: image.cameraID,
            capturedAt: image.capturedAt, externalID: image.externalID, name: image.name, distance: row.distance,
            similarity: row.similarity, rerankedDistance: row.reRankedDistance, probability: row.probability,
            imageURL: image.contentURL,
            vector: options.includeVectors == true ? snapshot.vectors[row.row] : nil)
    }
}
