import Gallery
import Testing

@Suite struct GalleryNameTests {
    @Test(arguments: ["a", "0", "lobby", "lobby-2.west_wing", String(repeating: "a", count: 64)])
    func `a plain name is accepted`(text: String) {
        #expect(GalleryName(text)?.rawValue == text)
    }

    @Test(arguments: [
        "", ".", "..", "-a", "_a", ".a", "Lobby", "a/b", "a b", "é", "a\0", "a\n", String(repeating: "a", count: 65),
    ])
    func `a name that could mean something else is refused`(text: String) {
        #expect(GalleryName(text) == nil)
    }
}
