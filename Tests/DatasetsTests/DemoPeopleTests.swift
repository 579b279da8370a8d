import Datasets
import Imaging
import Testing

@Suite struct DemoPeopleTests {
    private static let pictures = drawDemoPeople(people: 2, cameras: 3, seed: 1)

    @Test func `the same seed draws the same bytes, and another seed others`() {
        let few = drawDemoPeople(people: 1, cameras: 2, seed: 1)
        #expect(few == Array(Self.pictures.prefix(2)))
        #expect(drawDemoPeople(people: 1, cameras: 1, seed: 2)[0].image != few[0].image)
    }

    @Test func `there is a picture of each person from each camera`() {
        #expect(Self.pictures.map(\.personID) == ["0001", "0002"].flatMap { [$0, $0, $0] })
        #expect(Self.pictures.map(\.cameraID) == [1, 2].flatMap { _ in ["c1", "c2", "c3"] })
        #expect(Self.pictures.allSatisfy { $0.image.width == 128 && $0.image.height == 384 })
    }

    @Test func `names are Market-1501's and agree with person and camera`() {
        for picture in Self.pictures {
            #expect(picture.name.wholeMatch(of: /\d{4}_c\ds1_\d{6}_01\.jpg/) != nil, "\(picture.name)")
            #expect(picture.name.hasPrefix("\(picture.personID)_\(picture.cameraID)s1_"))
        }
        #expect(Set(Self.pictures.map(\.name)).count == Self.pictures.count)
    }

    @Test func `times are RFC 3339 and go on from camera to camera`() {
        for picture in Self.pictures {
            #expect(picture.capturedAt.wholeMatch(of: /2026-03-02T08:\d\d:\d\dZ/) != nil, "\(picture.capturedAt)")
        }
        for person in ["0001", "0002"] {
            let times = Self.pictures.filter { $0.personID == person }.map(\.capturedAt)
            #expect(times == times.sorted() && Set(times).count == 3)
        }
    }

    @Test func `cameras see different colours of one person, and people differ at one camera`() {
        func meanDifference(_ a: RGBImage, _ b: RGBImage) -> Double {
            Double(zip(a.pixels, b.pixels).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }) / Double(a.pixels.count)
        }
        #expect(meanDifference(Self.pictures[0].image, Self.pictures[1].image) > 10)
        #expect(meanDifference(Self.pictures[0].image, Self.pictures[3].image) > 3)
    }
}
