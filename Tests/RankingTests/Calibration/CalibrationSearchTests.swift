import Randomness
import Synchronization
import Testing

@testable import Ranking

/// A gallery whose images have labels, some of them unknown.
private struct LabeledGallery {
    static let dimensions = 8
    let rows: [[Float]]
    let people: [Int?]
    let cameras: [Int?]
    let snapshot: VectorSnapshot

    /// People with an image or two at some of `cameras` cameras; with `others`, also images of nobody known, and of no
    /// known camera.
    init(people count: Int, cameras: Int = 3, others: Bool = true, noise: Float = 0.3, seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        func vector() -> [Float] { (0..<Self.dimensions).map { _ in .random(in: -1...1, using: &generator) } }
        var images: [(row: [Float], person: Int?, camera: Int?)] = []
        for person in 0..<count {
            let center = unit(vector())
            let seen = others && person % 6 == 5 ? 1 : cameras
            for camera in 0..<seen {
                for _ in 0..<(others && person % 4 == 0 ? 2 : 1) {
                    images.append((unit(zip(center, vector()).map { $0 + noise * $1 }), person, camera))
                }
            }
        }
        if others {
            for number in 0..<count { images.append((unit(vector()), nil, number % cameras)) }
            for number in 0..<count / 4 { images.append((unit(vector()), number, nil)) }
            images.shuffle(using: &generator)
        }
        rows = images.map(\.row)
        people = images.map(\.person)
        self.cameras = images.map(\.camera)
        let table = MeanTable((0..<2).map { _ in vector() }, dimensions: Self.dimensions)
        snapshot = try Keeping(table: table).snapshot(rows, dimensions: Self.dimensions)
    }

    var labels: GalleryLabels {
        GalleryLabels(rows: rows.indices, end: snapshot.end, person: { people[$0] }, camera: { cameras[$0] })
    }

    /// The pairs by the words: every labeled image is a query, and a result joins if it is of the same half.
    func pairs(_ search: CalibrationSearch) throws -> [CalibrationQueries.Half: [CalibrationPair]] {
        let labels = labels
        let halves = try CalibrationQueries(labels, limit: .max, seed: search.seed).halves
        let half = { (row: Int) -> CalibrationQueries.Half? in
            cameras[row] == nil ? nil : labels.person(ofRow: row).map { halves[$0] }
        }
        let compared = snapshot.selecting(rows.indices, isNormalized: search.isNormalized)
        var pairs: [CalibrationQueries.Half: [CalibrationPair]] = [:]
        for query in rows.indices {
            guard let own = half(query) else { continue }
            let others = rows.indices.filter { cameras[$0] != cameras[query] }
            let found: [(row: Int, distance: Double)]
            if let options = search.reRanking {
                let filter = RowFilter(count: rows.count) { cameras[$0] != cameras[query] }
                found = try reRanked(
                    compared[query], in: compared, options: options, candidates: search.candidates, where: filter
                ).compactMap { match in match.reRankedDistance.map { (match.row, $0) } }
            } else {
                let all = distances(from: compared[query], to: compared)
                found = others.sorted { (all[$0], $0) < (all[$1], $1) }.map { ($0, Double(all[$0])) }
            }
            let wrong = others.filter { people[$0] != people[query] || cameras[$0] == nil }
            let inHalf = wrong.filter { half($0) == own }
            for (row, distance) in found.prefix(search.results) where half(row) == own {
                let isSame = people[row] == people[query]
                pairs[own, default: []].append(
                    .init(
                        distance: distance, isSamePerson: isSame,
                        weight: isSame ? 1 : Double(wrong.count) / Double(inHalf.count)))
            }
        }
        return pairs
    }
}

@Suite struct CalibrationSearchTests {
    static let searches: [CalibrationSearch] = [false, true].flatMap { isNormalized in
        [nil, ReRanking.cautious].map { reRanking in
            var search = CalibrationSearch()
            search.isNormalized = isNormalized
            search.reRanking = reRanking
            search.candidates = 12
            return search
        }
    }

    @Test(arguments: 0..<4)
    func `pairs are the labeled results of a search for each labeled image`(number: Int) throws {
        var search = Self.searches[number]
        let gallery = try LabeledGallery(people: 60, seed: UInt64(number))
        for results in search.reRanking == nil ? [5, 20, 1_000] : [5, 20] {
            search.results = results
            let found = try search.pairs(of: gallery.labels, in: gallery.snapshot)
            let expected = try gallery.pairs(search)
            for (half, sample) in [(CalibrationQueries.Half.fit, found.fit), (.check, found.check)] {
                let plain = try PairSample(expected[half] ?? [], people: sample.people, images: sample.images)
                #expect(sample == plain)
                #expect(sample.people >= 25)
            }
            #expect(found.fit.images + found.check.images == gallery.labels.images.count)
        }
    }

    @Test func `weights make up for the people of the other half and for those who are unknown`() throws {
        let gallery = try LabeledGallery(people: 66, seed: 5)
        var search = CalibrationSearch()
        search.results = 10_000
        let (fit, check) = try search.pairs(of: gallery.labels, in: gallery.snapshot)
        var (right, wrong) = (0.0, 0.0)
        for query in gallery.rows.indices {
            guard let person = gallery.people[query], let camera = gallery.cameras[query] else { continue }
            for row in gallery.rows.indices where gallery.cameras[row] != camera {
                if gallery.people[row] == person, gallery.cameras[row] != nil { right += 1 } else { wrong += 1 }
            }
        }
        #expect(fit.samePersonWeight + check.samePersonWeight == right)
        #expect(abs((fit.differentPeopleWeight + check.differentPeopleWeight) / wrong - 1) < 1e-12)
    }

    @Test func `probabilities of one gallery are true of whole rankings of another of its kind`() throws {
        var search = CalibrationSearch()
        search.results = 10
        let gallery = try LabeledGallery(people: 150, noise: 0.25, seed: 12)
        let (fit, check) = try search.pairs(of: gallery.labels, in: gallery.snapshot)
        let curve = try Calibration(fit: fit, check: check).curve
        // Everything that is shown for every labeled image; of those who are unknown the test knows that they are others.
        let other = try LabeledGallery(people: 150, noise: 0.25, seed: 13)
        var shown: [CalibrationPair] = []
        let matrix = matrix(other.rows, dimensions: LabeledGallery.dimensions)
        for query in other.labels.images {
            let filter = RowFilter(count: other.rows.count) { other.cameras[$0] != other.cameras[query.row] }
            shown += nearest(to: other.rows[query.row], in: matrix, count: 10, where: filter).map {
                let isSame = other.cameras[$0.row] != nil && other.people[$0.row] == other.people[query.row]
                return CalibrationPair(distance: Double($0.distance), isSamePerson: isSame)
            }
        }
        let whole = try PairSample(shown, people: 125, images: other.labels.images.count)
        let report = CalibrationReport(of: curve, on: whole)
        // The curve is as sure as 62 people can tell a share of a half, whose standard error is 0.06; where that matters are
        // about half of the results.
        #expect(report.expectedCalibrationError < 0.04)
        // Weights make up for the results that the halves leave out.
        let share = { (sample: PairSample) in sample.samePersonWeight / sample.weight }
        #expect(abs(share(fit) / share(whole) - 1) < 0.1 && abs(share(check) / share(whole) - 1) < 0.1)
        #expect(Double(fit.samePersonPairs) / Double(fit.pairs) > 1.5 * share(whole))
    }

    @Test func `few queries stand for all, and the same seed draws the same`() throws {
        // Everybody has one image at each camera, so that every query has as many right and wrong results.
        let gallery = try LabeledGallery(people: 80, others: false, seed: 6)
        var search = CalibrationSearch()
        search.results = 10_000
        let all = try search.pairs(of: gallery.labels, in: gallery.snapshot)
        search.queries = 40
        let few = try search.pairs(of: gallery.labels, in: gallery.snapshot)
        #expect((few.fit.images, few.check.images) == (10, 10))
        for (few, all) in [(few.fit, all.fit), (few.check, all.check)] {
            #expect(abs(few.samePersonWeight / all.samePersonWeight - 1) < 1e-12)
            #expect(abs(few.differentPeopleWeight / all.differentPeopleWeight - 1) < 1e-12)
        }
        let again = try search.pairs(of: gallery.labels, in: gallery.snapshot)
        #expect(again == few)
        search.seed = 2
        #expect(try search.pairs(of: gallery.labels, in: gallery.snapshot) != few)
    }

    @Test func `both halves have half of the people, and of those without a right answer too`() throws {
        let labels = try LabeledGallery(people: 66, seed: 7).labels
        let drawn = try CalibrationQueries(labels, limit: 1_000, seed: 3)
        for isSeenTwice in [true, false] {
            let group = labels.isSeenTwice.indices.filter { labels.isSeenTwice[$0] == isSeenTwice }
            #expect(group.count > 8)
            let inCheck = group.count { drawn.halves[$0] == .check }
            #expect(inCheck == group.count / 2)
        }
        #expect(drawn.groups(atMost: 4).allSatisfy { $0.count <= 4 && Set($0.map(\.image.camera)).count == 1 })
        #expect(drawn.groups(atMost: 4).flatMap { $0 }.map(\.image.row) == drawn.queries.map(\.image.row))
    }

    @Test(arguments: [0, 1, 49, 50])
    func `too few people are refused with the number that is missing`(people: Int) throws {
        let gallery = try LabeledGallery(people: people, others: false, seed: 8)
        guard people < 50 else {
            let found = try CalibrationSearch().pairs(of: gallery.labels, in: gallery.snapshot)
            #expect((found.fit.people, found.check.people) == (25, 25))
            return
        }
        #expect(throws: CalibrationError.tooFewLabels(people: people, needed: 50 - people)) {
            try CalibrationSearch().pairs(of: gallery.labels, in: gallery.snapshot)
        }
    }

    @Test func `labels of one camera are refused`() throws {
        let gallery = try LabeledGallery(people: 60, cameras: 1, others: false, seed: 9)
        #expect(throws: CalibrationError.oneCamera) {
            try CalibrationSearch().pairs(of: gallery.labels, in: gallery.snapshot)
        }
    }

    @Test func `rows without an image are never searched`() throws {
        let gallery = try LabeledGallery(people: 66, seed: 10)
        let erased = Set(gallery.rows.indices.filter { $0 % 9 == 4 })
        let labels = GalleryLabels(
            rows: gallery.rows.indices.filter { !erased.contains($0) }, end: gallery.snapshot.end,
            person: { gallery.people[$0] }, camera: { gallery.cameras[$0] })
        let camera = try #require(labels.images.first?.camera)
        let filter = labels.rows(withoutCamera: camera)
        let name = gallery.cameras[try #require(labels.images.first?.row)]
        for row in gallery.rows.indices {
            #expect(filter[row] == (!erased.contains(row) && gallery.cameras[row] != name))
        }
        var search = CalibrationSearch()
        search.results = 10_000
        let (fit, check) = try search.pairs(of: labels, in: gallery.snapshot)
        #expect(fit.images + check.images == labels.images.count)
        #expect(labels.images.allSatisfy { !erased.contains($0.row) })
    }

    @Test(arguments: 0..<4)
    func `a search that is canceled stops wherever it is`(number: Int) throws {
        var search = Self.searches[number]
        search.queries = 40
        let gallery = try LabeledGallery(people: 55, others: false, seed: 11)
        func asked(canceledAt limit: Int) throws -> (count: Int, wasThrown: Bool) {
            let count = Atomic(0)
            do {
                _ = try search.pairs(of: gallery.labels, in: gallery.snapshot) {
                    count.wrappingAdd(1, ordering: .relaxed).newValue >= limit
                }
                return (count.load(ordering: .relaxed), false)
            } catch CalibrationError.cancelled {
                return (count.load(ordering: .relaxed), true)
            }
        }
        let whole = try asked(canceledAt: .max)
        #expect(!whole.wasThrown && whole.count > 20)
        for limit in [1, 2, whole.count / 3, whole.count / 2, whole.count] {
            let canceled = try asked(canceledAt: limit)
            #expect(canceled.wasThrown && canceled.count <= limit + 8)
        }
    }
}
