import Testing

@testable import HTTP

@Suite struct ExcerptTests {
    @Test(arguments: [0, 1, 99, 100])
    func `a short text is quoted whole`(length: Int) {
        let text = String(repeating: "é", count: length)
        #expect(excerpt(text) == text)
    }

    @Test(arguments: [101, 100_000])
    func `of a long text the beginning is quoted`(length: Int) {
        #expect(excerpt(String(repeating: "é", count: length)) == String(repeating: "é", count: 100) + "…")
    }

    @Test func `characters that combine without end are counted one by one`() {
        let text = "e" + String(repeating: "\u{301}", count: 100_000)
        #expect(excerpt(text).unicodeScalars.count == 101)
    }

    @Test func `a problem of a form cuts the name of its part`() {
        let problem = MultipartError.partTooLarge(name: String(repeating: "n", count: 100_000), limit: 5).problem
        #expect((problem.detail ?? "").count < 200)
    }
}
