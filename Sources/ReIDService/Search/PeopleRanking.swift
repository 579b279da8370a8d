internal import Gallery
internal import Ranking

/// A person in a ranking of people.
struct RankedPerson {
    /// The person's best images, the best first; at least one.
    let best: [RankedRow]
    /// The number of the person's images that were ranked.
    let imageCount: Int
}

/// Ranks known people by their best images.
struct PeopleRanking {
    let compared: Comparison
    let snapshot: GallerySnapshot
    let options: SearchOptions
    /// The rows that may appear; nil: all.
    let allowed: RowFilter?

    /// The most images that one row of a ranking of people shows.
    static let imagesPerPerson = 5
    /// How many more rows are looked at when those before do not show enough people.
    private static let growth = 8

    /// The people in the order of their best images.
    ///
    /// Looks at more and more of the nearest rows, until they show as many people as are asked for, or all.
    ///
    /// - Parameters:
    ///   - nearest: The nearest rows in their final order.
    ///   - isCancelled: Asked every few milliseconds; true ends the search.
    /// - Returns: As many as the options' limit, or fewer if there are not more.
    /// - Throws: `RankingError.cancelled`.
    func people(
        nearest: [RankedRow], isCancelled: @Sendable () -> Bool
    ) throws(RankingError) -> [RankedPerson] {
        var rows = nearest
        var people = order(of: rows)
        while people.count < options.limit, let last = rows.last, options.shows(last) {
            let count = Self.growth * rows.count
            let more = try compared.nearest(count, where: allowed, isCancelled: isCancelled)
            guard more.count > rows.count else { break }
            rows += more.dropFirst(rows.count).map { compared.row($0) }
            people = order(of: rows)
        }
        return try images(of: Array(people.prefix(options.limit)), ranked: nearest, isCancelled: isCancelled)
    }

    /// The people whom rows show, each once.
    private func order(of rows: [RankedRow]) -> [UInt32] {
        var seen: Set<UInt32> = []
        return rows.lazy.filter(options.shows).compactMap { snapshot.person(ofRow: $0.row) }.filter {
            seen.insert($0).inserted
        }
    }

    /// All images of these people: first the re-ranked ones in their order, then the others by distance.
    private func images(
        of people: [UInt32], ranked: [RankedRow], isCancelled: @Sendable () -> Bool
    ) throws(RankingError) -> [RankedPerson] {
        var filter = snapshot.rows(ofPeople: Set(people))
        if let allowed { filter = filter.intersection(allowed) }
        let reRanked = ranked.prefix { $0.reRankedDistance != nil }
        let known = Set(reRanked.map(\.row))
        let others = try compared.nearest(filter.allowedCount, where: filter, isCancelled: isCancelled)
            .filter { !known.contains($0.row) }
            .map { compared.row($0) }
        var images: [UInt32: [RankedRow]] = [:]
        for row in reRanked + others where options.shows(row) {
            if let person = snapshot.person(ofRow: row.row) { images[person, default: []].append(row) }
        }
        return people.compactMap { images[$0] }.map {
            RankedPerson(best: Array($0.prefix(Self.imagesPerPerson)), imageCount: $0.count)
        }
    }
}
