import Datasets
import Testing

@Suite struct MarketNameTests {
    @Test func `a name says person, camera, sequence, frame and box`() throws {
        let name = try #require(MarketName("gallery/0002_c1s1_000451_03.jpg"))
        #expect(name.personID == "0002")
        #expect(name.cameraID == "c1")
        #expect(name.sequence == 1)
        #expect(name.frame == 451)
        #expect(name.box == 3)
    }

    @Test func `junk has no person and a distractor keeps its number`() throws {
        #expect(try #require(MarketName("-1_c3s2_000001_00.jpg")).personID == nil)
        #expect(try #require(MarketName("0000_c6s4_123456_12.png")).personID == "0000")
    }

    @Test(arguments: [
        "", ".jpg", "a.jpg", "0002_c1s1_000451_03", "0002_c1s1_000451_03.txt", "0002_c1_000451_03.jpg",
        "0002_1s1_000451_03.jpg", "0002_c1s1_000451.jpg", "0002_c1s1_000451_03_1.jpg", "x002_c1s1_000451_03.jpg",
        "-2_c1s1_000451_03.jpg", "0002_cs1_000451_03.jpg", "0002_c1s_000451_03.jpg", "0002_c1s1__03.jpg",
        "0002_c1s1s1_000451_03.jpg", "٣_c1s1_000451_03.jpg",
    ])
    func `another name is left alone`(name: String) { #expect(MarketName(name) == nil) }

    @Test(arguments: [
        ("in/0005_c2_f0046985.jpg", true), ("0000_045_12_0303morning_0006_2.jpg", true), ("-1_c2_000451.png", true),
        ("0001_c1_1.png", true), ("0002_c1s1_000451_03.jpg", true), ("20261122_100000_001.jpg", false),
        ("a.jpg", false), ("lobby_c1_0001.jpg", false), ("0002_camera_1.jpg", false), ("", false),
    ])
    func `a name like a data set's is told from others`(name: String, isAlike: Bool) {
        #expect(MarketName.resembles(name) == isAlike)
    }
}
