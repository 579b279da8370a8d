import Datasets
import Randomness
import Ranking
import Testing

@testable import Evaluation

/// Two cameras of which each sees 40 people once; the second one adds the same large vector to all of its images.
@Suite struct CameraTests {
    let set: FeatureSet
    let sightings: [Sighting]

    init() throws {
        var generator = SeededGenerator(seed: 3)
        let people = (0..<40).map { _ in (0..<8).map { _ in Float.random(in: -0.3...0.3, using: &generator) } }
        let rows = people + people.map { $0.enumerated().map { $0.offset == 0 ? $0.element + 1 : $0.element } }
        let noisy = rows.map { $0.map { $0 + Float.random(in: -0.01...0.01, using: &generator) } }
        let matrix = try EmbeddingMatrix(elements: noisy.flatMap { $0 }, dimensions: 8)
        sightings = (0..<80).map { Sighting(person: $0 % 40 + 1, camera: $0 / 40) }
        set = FeatureSet(query: matrix, gallery: matrix, querySightings: sightings, gallerySightings: sightings)
    }

    @Test func `without the cameras' means, people are found across cameras`() throws {
        var rules = EvaluationProtocol()
        rules.rankings = [.plain]
        let plain = try #require(try rules.score(set)[.plain])
        let normalized = try #require(try rules.score(set.cameraNormalized)[.plain])
        #expect(plain.cumulativeMatch(at: 1) < 0.1, "every image is nearer to the others of its camera")
        #expect(normalized.cumulativeMatch(at: 1) == 1)
        #expect(plain.validQueries == 80 && normalized.validQueries == 80)
    }

    @Test func `across cameras, each query is ranked as in a gallery of the other camera alone`() throws {
        var rules = EvaluationProtocol()
        rules.reRanking = try ReRanking(k1: 4, k2: 2, lambda: 0.5)
        rules.candidates = 10
        rules.rankings = RankingKind.allCases
        var expected: [RankingKind: [Double]] = [:]
        for camera in [0, 1] {
            let (queries, others) = (camera * 40..<camera * 40 + 40, (1 - camera) * 40..<(1 - camera) * 40 + 40)
            let part = FeatureSet(
                query: set.query.selecting(queries), gallery: set.gallery.selecting(others),
                querySightings: Array(sightings[queries]), gallerySightings: Array(sightings[others]))
            for (ranking, evaluation) in try rules.score(part) {
                expected[ranking, default: []] += evaluation.scores.map { $0?.averagePrecision ?? -1 }
            }
        }
        rules.isAcrossCameras = true
        let found = try rules.score(set)
        for ranking in RankingKind.allCases {
            let scores = try #require(found[ranking]).scores.map { $0?.averagePrecision ?? -1 }
            #expect(scores == expected[ranking], "\(ranking)")
        }
    }

    @Test func `a query whose camera took all images of the gallery has no answer`() throws {
        var rules = EvaluationProtocol()
        (rules.isAcrossCameras, rules.rankings) = (true, RankingKind.allCases)
        let one = FeatureSet(
            query: set.query, gallery: set.gallery.selecting(0..<40), querySightings: sightings,
            gallerySightings: Array(sightings[..<40]))
        let plain = try #require(try rules.score(one)[.plain])
        #expect(plain.scores[..<40].allSatisfy { $0 == nil } && plain.scores[40...].allSatisfy { $0 != nil })
    }
}
