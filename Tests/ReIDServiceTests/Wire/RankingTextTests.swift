import Gallery
import HTTP
import HTTPTypes
import Randomness
import Testing

@testable import ReIDService

@Suite struct RankingTextTests {
    /// Texts with everything that JSON escapes, and much that it does not.
    private static let texts =
        (0..<0x30).map { "a\(Character(Unicode.Scalar(UInt8($0))))b" }
        + [
            "", "\"results\":[]", "\\", "/v1/images/i_1/content", "\u{7F}\u{80}\u{2028}\u{FFFD}", "Größe 🚶‍♀️", "e\u{301}",
        ]

    private func number(_ generator: inout SeededGenerator) -> Float {
        while true {
            let value =
                Bool.random(using: &generator)
                ? Float.random(in: 0...4, using: &generator)
                : Float(bitPattern: UInt32(truncatingIfNeeded: generator.next()))
            if value.isFinite { return value }
        }
    }

    private func answer(results: Int, _ generator: inout SeededGenerator) -> RankingAnswer {
        func text() -> String { Self.texts.randomElement(using: &generator) ?? "" }
        func maybe() -> String? { Bool.random(using: &generator) ? text() : nil }
        func time() -> Timestamp? {
            Bool.random(using: &generator)
                ? Timestamp(milliseconds: Int64.random(in: 0...4_000_000_000_000, using: &generator)) : nil
        }
        func image() -> PersonImage {
            PersonImage(
                imageID: text(), cameraID: maybe(), capturedAt: time(), name: maybe(), distance: number(&generator),
                rerankedDistance: Bool.random(using: &generator) ? Double(number(&generator)) / 3 : nil,
                probability: Bool.random(using: &generator) ? Double(number(&generator)) / 9 : nil,
                imageURL: maybe())
        }
        let rows = (0..<results).map { rank in
            RankingResult(
                rank: rank + 1, imageID: text(), personID: maybe(), cameraID: maybe(), capturedAt: time(),
                externalID: maybe(), name: maybe(), distance: number(&generator), similarity: -number(&generator),
                rerankedDistance: Bool.random(using: &generator) ? Double(number(&generator)) / 7 : nil,
                probability: Bool.random(using: &generator) ? Double(number(&generator)) / 9 : nil,
                imageURL: maybe(),
                vector: Bool.random(using: &generator) ? [0, 1, -0.5, number(&generator)] : nil,
                images: Bool.random(using: &generator) ? (0..<rank % 3).map { _ in image() } : nil,
                imageCount: Bool.random(using: &generator) ? rank : nil)
        }
        return RankingAnswer(
            queryID: maybe(), revision: nil, gallery: text(), model: text(), gallerySize: 7,
            options: options(&generator), cameraNormalization: normalization(&generator), results: rows,
            warnings: Bool.random(using: &generator) ? [text(), "\"results\":["] : nil,
            timing: RankingTiming(decode: 0.25, wait: 1, embed: 13.125, search: 1e-3, rerank: 0, total: 1234.5))
    }

    private func options(_ generator: inout SeededGenerator) -> SearchOptions {
        func text() -> String { Self.texts.randomElement(using: &generator) ?? "" }
        func isThere() -> Bool { Bool.random(using: &generator) }
        var options = SearchOptions(defaults: .init())
        options.rerank = isThere()
        options.lambda = Double(number(&generator))
        if isThere() { options.queryCamera = text() }
        if isThere() { options.cameraNormalization = isThere() }
        if isThere() { options.cameras = [text(), text()] }
        if isThere() { options.excludedCameras = [] }
        if isThere() { options.capturedFrom = Timestamp(milliseconds: 1_700_000_000_001) }
        if isThere() { options.capturedTo = Timestamp(milliseconds: 0) }
        if isThere() { options.person = text() }
        if isThere() { options.externalID = text() }
        if isThere() { options.minimumSimilarity = -0.5 }
        if isThere() { options.minimumProbability = 1 }
        if isThere() { options.grouping = .person }
        if isThere() { options.includeVectors = isThere() }
        return options
    }

    private func normalization(_ generator: inout SeededGenerator) -> NormalizationAnswer? {
        [
            nil, NormalizationAnswer(applied: false, queryMean: nil, cameras: 0),
            NormalizationAnswer(applied: true, queryMean: .camera, cameras: 3),
            NormalizationAnswer(applied: true, queryMean: .common, cameras: 40),
        ].randomElement(using: &generator) ?? nil
    }

    @Test(arguments: 0..<40)
    func `a ranking's text is what the encoder writes`(results: Int) throws {
        var generator = SeededGenerator(seed: UInt64(results))
        for _ in 0..<10 {
            let answer = answer(results: results, &generator)
            let (text, expected) = (answer.json, try jsonBytes(answer))
            #expect(String(decoding: text, as: UTF8.self) == String(decoding: expected, as: UTF8.self))
            #expect(text == expected)
            #expect(try fromJSON(text, as: RankingAnswer.self) == answer)
        }
    }

    @Test func `a search's details in the audit are what the encoder writes`() throws {
        var generator = SeededGenerator(seed: 41)
        let token = Principal(id: "t_1", name: "dock", scopes: [.query])
        for principal in [nil, token] {
            let request = try ServerRequest(method: .post, target: "/", id: "r\"1", principal: principal)
            for results in 0..<20 {
                var details = try SearchDetails(answer(results: results, &generator))
                if Bool.random(using: &generator) { details.images = ["00ff", "12"] }
                if Bool.random(using: &generator) { details.standing = true }
                let event = AuditEvent(details, by: request)
                let expected = try AuditEvent(.search, of: details.gallery, by: request, details: details)
                #expect(event.details == expected.details)
                #expect(event.details.contains("t_1") == (principal != nil))
                #expect(event.actor == expected.actor && event.target == expected.target)
            }
        }
    }
}
