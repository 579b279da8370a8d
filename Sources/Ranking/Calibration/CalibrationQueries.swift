internal import Randomness

/// The labeled images that are asked for, and the half that each person belongs to.
///
/// Both follow from the seed, and from the numbers of people and rows: a person more changes the place of few others.
struct CalibrationQueries {
    /// Half of the people.
    enum Half: Int, CaseIterable {
        case fit, check
    }

    /// An image that is asked for.
    struct Query {
        let image: GalleryLabels.Image
        /// How many labeled images it stands for, at least 1.
        let weight: Double
        /// How many results of other people one such result of its half stands for, at least 1.
        let othersWeight: Double
    }

    /// The half of each person.
    let halves: [Half]
    /// By camera, and then by row.
    let queries: [Query]

    /// Halves people and draws queries; O(labeled images · log).
    ///
    /// People whom two cameras have seen are halved, and so are the others. From each of these four groups images are drawn
    /// evenly, if there are more than a quarter of `limit`.
    ///
    /// - Throws: `CalibrationError.oneCamera` or `.tooFewLabels`.
    init(_ labels: GalleryLabels, limit: Int, seed: UInt64) throws(CalibrationError) {
        try labels.check()
        let keys = labels.isSeenTwice.indices.map { SeededGenerator.seed(seed, [0, $0]) }
        var halves = [Half](repeating: .fit, count: keys.count)
        for isSeenTwice in [true, false] {
            let group = keys.indices.filter { labels.isSeenTwice[$0] == isSeenTwice }.sorted { keys[$0] < keys[$1] }
            for (place, person) in group.enumerated() where !place.isMultiple(of: 2) { halves[person] = .check }
        }
        self.halves = halves
        let others = OthersInHalf(labels, halves)
        var groups: [[(key: UInt64, image: GalleryLabels.Image)]] = Array(repeating: [], count: 4)
        for image in labels.images {
            let group = 2 * halves[image.person].rawValue + (labels.isSeenTwice[image.person] ? 1 : 0)
            groups[group].append((SeededGenerator.seed(seed, [1, image.row]), image))
        }
        queries = groups.flatMap { group in
            let drawn = group.sorted { $0.key < $1.key }.prefix(max(1, limit / 4))
            let weight = Double(group.count) / Double(drawn.count)
            return drawn.map {
                Query(image: $0.image, weight: weight, othersWeight: others.weight(for: $0.image))
            }
        }.sorted { ($0.image.camera, $0.image.row) < ($1.image.camera, $1.image.row) }
    }

    /// The queries in groups of one camera and at most `count` queries.
    func groups(atMost count: Int) -> [ArraySlice<Query>] {
        var groups: [ArraySlice<Query>] = []
        for (place, query) in queries.enumerated() {
            if let last = groups.last, last.count < count, last.last?.image.camera == query.image.camera {
                groups[groups.count - 1] = queries[last.startIndex...place]
            } else {
                groups.append(queries[place...place])
            }
        }
        return groups
    }
}

/// How many images of other people there are for each labeled one in a half.
private struct OthersInHalf {
    /// A person at a camera.
    private struct Sighting: Hashable {
        let person: Int
        let camera: Int
    }

    private let labels: GalleryLabels
    private let halves: [CalibrationQueries.Half]
    /// The labeled images of each half, of each half by camera, of each person, and of each person by camera.
    private var ofHalf = [0, 0]
    private var ofHalfByCamera: [[Int]]
    private var ofPerson: [Int]
    private var ofSighting: [Sighting: Int] = [:]

    init(_ labels: GalleryLabels, _ halves: [CalibrationQueries.Half]) {
        self.labels = labels
        self.halves = halves
        ofHalfByCamera = Array(repeating: Array(repeating: 0, count: labels.rowsOfCamera.count), count: 2)
        ofPerson = Array(repeating: 0, count: halves.count)
        for image in labels.images {
            let half = halves[image.person].rawValue
            ofHalf[half] += 1
            ofHalfByCamera[half][image.camera] += 1
            ofPerson[image.person] += 1
            ofSighting[Sighting(person: image.person, camera: image.camera), default: 0] += 1
        }
    }

    /// All images of other people at other cameras, divided by those that are labeled and of a person in the query's half.
    ///
    /// Images of unknown people count as images of other people.
    func weight(for query: GalleryLabels.Image) -> Double {
        let half = halves[query.person].rawValue
        let own = ofPerson[query.person] - (ofSighting[Sighting(person: query.person, camera: query.camera)] ?? 0)
        let all = labels.rows.allowedCount - labels.rowsOfCamera[query.camera].count - own
        let inHalf = ofHalf[half] - ofHalfByCamera[half][query.camera] - own
        return inHalf > 0 ? Double(all) / Double(inHalf) : 1
    }
}
