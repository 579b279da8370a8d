import Gallery
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
            options: SearchOptions(defaults: .init()), cameraNormalization: nil, results: rows,
            warnings: [text(), "\"results\":["], timing: RankingTiming())
    }

    @Test(arguments: 0..<40)
    func `a ranking's text is what the encoder writes`(results: Int) throws {
        var generator = SeededGenerator(seed: UInt64(results))
        for _ in 0..<10 {
            let answer = answer(results: results, &generator)
            let (text, expected) = (try answer.text, try jsonBytes(answer))
            #expect(String(decoding: text, as: UTF8.self) == String(decoding: expected, as: UTF8.self))
            #expect(text == expected)
            #expect(try fromJSON(text, as: RankingAnswer.self) == answer)
        }
    }
}
