import Datasets
import Foundation
import Ranking
import Synchronization
import Testing

@testable import Evaluation

/// Random features and labels, with the results of float64 programs of the literature's algorithms: see
/// `Fixtures/make_fixtures.py`.
struct ProtocolCase: Decodable, Sendable, CustomTestStringConvertible {
    let dimensions: Int
    let features: Data
    let queries: Int
    let person: [Int]
    let camera: [Int]
    let k1: Int
    let k2: Int
    let lambda: Double
    let expected: [String: [String: Double]]

    var testDescription: String { "\(queries) queries in \(person.count - queries)" }

    static func load() throws -> [ProtocolCase] {
        let url = try #require(Bundle.module.url(forResource: "Fixtures/protocol", withExtension: "json"))
        return try JSONDecoder().decode([ProtocolCase].self, from: Data(contentsOf: url))
    }

    var set: FeatureSet {
        get throws {
            let values = unsafe features.withUnsafeBytes { bytes in
                stride(from: 0, to: bytes.count, by: 4).map {
                    unsafe bytes.loadUnaligned(fromByteOffset: $0, as: Float.self)
                }
            }
            let all = try EmbeddingMatrix(elements: values, dimensions: dimensions)
            let sightings = zip(person, camera).map(Sighting.init)
            return FeatureSet(
                query: all.selecting(0..<queries), gallery: all.selecting(queries..<all.count),
                querySightings: Array(sightings[..<queries]), gallerySightings: Array(sightings[queries...]))
        }
    }
}

@Suite struct ProtocolTests {
    /// Both sides compute in double precision; only the order of sums may differ.
    static let tolerance = 1e-9

    @Test(arguments: [true, false], [true, false])
    func `figures are those of the literature's programs`(isMarket: Bool, keepsJunk: Bool) throws {
        for given in try ProtocolCase.load() {
            var rules = EvaluationProtocol()
            rules.averagePrecision = isMarket ? .trapezoid : .common
            rules.keepsJunk = keepsJunk
            rules.reRanking = try ReRanking(k1: given.k1, k2: given.k2, lambda: given.lambda)
            let found = try rules.score(given.set)
            for ranking in rules.rankings {
                let name = "\(ranking.rawValue) \(keepsJunk ? "keep" : "drop") \(isMarket ? "market" : "common")"
                let expected = try #require(given.expected[name])
                let evaluation = try #require(found[ranking])
                #expect(evaluation.validQueries == Int(expected["scored"] ?? -1), "\(given), \(name)")
                for (figure, value) in RetrievalFigures(meanOf: [evaluation]).named {
                    let difference = abs(value - (expected[figure] ?? .nan))
                    #expect(difference < Self.tolerance, "\(given), \(name), \(figure)")
                }
            }
        }
    }

    @Test func `only the rankings that are asked for are made`() throws {
        let set = try #require(ProtocolCase.load().first).set
        let all = try EvaluationProtocol().score(set)
        for rankings in [[RankingKind.plain], [.plain, .rerankedSingle], [.reranked]] {
            var rules = EvaluationProtocol()
            rules.rankings = rankings
            #expect(try rules.score(set) == all.filter { rankings.contains($0.key) })
        }
    }

    @Test func `with as many candidates as there are images, the whole gallery is re-ranked`() throws {
        for given in try ProtocolCase.load() {
            var rules = EvaluationProtocol()
            rules.rankings = [.rerankedSingle, .rerankedCandidates]
            rules.candidates = try given.set.gallery.count
            let found = try rules.score(given.set)
            #expect(found[.rerankedCandidates] == found[.rerankedSingle], "\(given)")
        }
    }

    @Test func `one candidate changes no ranking`() throws {
        for given in try ProtocolCase.load() {
            var rules = EvaluationProtocol()
            rules.rankings = [.plain, .rerankedCandidates]
            rules.candidates = 1
            let found = try rules.score(given.set)
            #expect(found[.rerankedCandidates] == found[.plain], "\(given)")
        }
    }

    @Test(arguments: RankingKind.allCases)
    func `work that is stopped gives no figures`(ranking: RankingKind) throws {
        let set = try #require(ProtocolCase.load().first).set
        var rules = EvaluationProtocol()
        rules.rankings = [ranking]
        #expect(throws: EvaluationError.stopped) { try rules.score(set) { true } }
        // Stopped in the middle, at one of the first questions that rankings and re-ranking ask.
        for limit in [2, 3, 5] {
            let asked = Atomic(0)
            #expect(throws: EvaluationError.stopped) {
                try rules.score(set) { asked.wrappingAdd(1, ordering: .relaxed).newValue >= limit }
            }
        }
    }

    @Test func `figures of several tasks are their means`() throws {
        let evaluations = try ProtocolCase.load().prefix(2).map { given in
            try #require(EvaluationProtocol().score(given.set)[.plain])
        }
        let mean = RetrievalFigures(meanOf: evaluations)
        let each = evaluations.map { RetrievalFigures(meanOf: [$0]) }
        #expect(mean.mAP == (each[0].mAP + each[1].mAP) / 2 && mean.cmc1 == (each[0].cmc1 + each[1].cmc1) / 2)
    }

    @Test func `a query that nobody answers is an error when there is no other`() throws {
        let row = try EmbeddingMatrix(elements: [1, 0], dimensions: 2)
        let seen = [Sighting(person: 1, camera: 1)]
        let set = FeatureSet(query: row, gallery: row, querySightings: seen, gallerySightings: seen)
        #expect(throws: EvaluationError.nothingToScore(.noValidQuery(queries: 1))) {
            try EvaluationProtocol().score(set)
        }
    }
}

@Suite struct RelevanceTests {
    static let query = Sighting(person: 4, camera: 1)

    @Test(arguments: [
        (4, 2, Relevance.right, Relevance.right), (4, 1, .ignored, .ignored), (5, 1, .wrong, .wrong),
        (0, 1, .wrong, .wrong), (-1, 1, .wrong, .ignored), (-1, 2, .wrong, .ignored),
    ])
    func `the same person by another camera is right, and junk is wrong or ignored`(
        person: Int, camera: Int, expected: Relevance, ignoringJunk: Relevance
    ) {
        let image = Sighting(person: person, camera: camera)
        #expect(Relevance(of: image, to: Self.query, ignoringJunk: false) == expected)
        #expect(Relevance(of: image, to: Self.query, ignoringJunk: true) == ignoringJunk)
    }
}

@Suite struct FeatureSetTests {
    @Test func `a set that is written is read again`() throws {
        let set = try #require(ProtocolCase.load().last).set
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("set-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try set.write(to: path, metadata: ["model": "m"])
        let read = try FeatureSet(contentsOf: path)
        #expect(read.querySightings == set.querySightings && read.gallerySightings == set.gallerySightings)
        #expect((0..<set.query.count).allSatisfy { read.query[$0] == set.query[$0] })
        #expect((0..<set.gallery.count).allSatisfy { read.gallery[$0] == set.gallery[$0] })
    }

    @Test func `a part of the features is of length one`() throws {
        let rows = try EmbeddingMatrix(elements: [0.6, 0.8, 3, 4, 0, 0, 0, 2], dimensions: 4)
        let seen = [Sighting(person: 1, camera: 1), Sighting(person: -1, camera: 2)]
        let set = FeatureSet(query: rows, gallery: rows, querySightings: seen, gallerySightings: seen)
        let part = set.part(2..<4)
        #expect(part.query[0] == [0.6, 0.8] && part.gallery[1] == [0, 1])
        // Zeros have no direction.
        #expect(set.part(0..<2).query[1] == [0, 0])
        #expect(set.part(0..<4).query[0] == [0.6, 0.8, 3, 4])
        #expect(set.withoutJunk().gallerySightings == [seen[0]] && set.withoutJunk().query.count == 2)
    }
}
