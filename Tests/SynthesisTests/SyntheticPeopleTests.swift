import Dispatch
import Imaging
import Synchronization
import Testing

@testable import Synthesis

@Suite struct SyntheticPeopleTests {
    private static let world = SyntheticPeople(seed: 5)

    @Test func `the same seed gives the same bytes, and another seed others`() {
        let once = Self.world.image(person: 3, camera: 2, sighting: 1)
        #expect(SyntheticPeople(seed: 5).image(person: 3, camera: 2, sighting: 1) == once)
        #expect(SyntheticPeople(seed: 6).image(person: 3, camera: 2, sighting: 1) != once)
    }

    @Test func `an image does not depend on what was made before it`() {
        let alone = Self.world.image(person: 4, camera: 1, sighting: 2)
        var maker = ImageMaker(Self.world)
        for person in 1...3 { _ = maker.image(person: person, camera: person % 2 + 1, sighting: 1) }
        #expect(maker.image(person: 4, camera: 1, sighting: 2) == alone)
    }

    @Test(arguments: [1, 3, 8])
    func `any number of threads gives the same images`(threads: Int) {
        let inOrder = (1...6).map { Self.world.image(person: $0, camera: 1, sighting: 1) }
        let made = Mutex([Int: RGBImage]())
        let next = Mutex(1)
        DispatchQueue.concurrentPerform(iterations: threads) { _ in
            var maker = ImageMaker(Self.world)
            while true {
                let person = next.withLock { value in
                    defer { value += 1 }
                    return value
                }
                guard person <= 6 else { return }
                let image = maker.image(person: person, camera: 1, sighting: 1)
                made.withLock { $0[person] = image }
            }
        }
        #expect(made.withLock { images in (1...6).map { images[$0] } } == inOrder)
    }

    @Test(arguments: 1...12)
    func `images are boxes around people at the resolution of video`(camera: Int) {
        var maker = ImageMaker(Self.world)
        for person in 1...3 {
            let image = maker.image(person: person, camera: camera, sighting: 1)
            #expect((12...400).contains(image.width) && (32...700).contains(image.height))
            #expect(image.height > image.width)
        }
    }

    @Test func `sightings of one person at one camera differ`() {
        var maker = ImageMaker(Self.world)
        let images = (1...4).map { maker.image(person: 1, camera: 1, sighting: $0).pixels }
        #expect(Set(images).count == 4)
    }

    @Test func `without people the same boxes show the scene alone`() {
        var maker = ImageMaker(Self.world)
        let image = maker.image(person: 2, camera: 1, sighting: 1)
        maker.showsPeople = false
        let empty = maker.image(person: 2, camera: 1, sighting: 1)
        #expect(empty.width == image.width && empty.height == image.height && empty != image)
        maker.showsPeople = true
        #expect(maker.image(person: 2, camera: 1, sighting: 1) == image)
    }
}
