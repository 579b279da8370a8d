import Dispatch
import Imaging
import Synchronization
import Testing

@testable import Synthesis

@Suite struct SyntheticPeopleTests {
    private static let world = SyntheticPeople(seed: 5)

    @Test func `the same seed gives the same bytes, and another seed others`() {
        let once = Self.world.picture(person: 3, camera: 2, sighting: 1)
        #expect(SyntheticPeople(seed: 5).picture(person: 3, camera: 2, sighting: 1) == once)
        #expect(SyntheticPeople(seed: 6).picture(person: 3, camera: 2, sighting: 1) != once)
    }

    @Test func `a picture does not depend on what was made before it`() {
        let alone = Self.world.picture(person: 4, camera: 1, sighting: 2)
        var maker = PictureMaker(Self.world)
        for person in 1...3 { _ = maker.picture(person: person, camera: person % 2 + 1, sighting: 1) }
        #expect(maker.picture(person: 4, camera: 1, sighting: 2) == alone)
    }

    @Test(arguments: [1, 3, 8])
    func `any number of threads gives the same pictures`(threads: Int) {
        let inOrder = (1...6).map { Self.world.picture(person: $0, camera: 1, sighting: 1) }
        let made = Mutex([Int: RGBImage]())
        let next = Mutex(1)
        DispatchQueue.concurrentPerform(iterations: threads) { _ in
            var maker = PictureMaker(Self.world)
            while true {
                let person = next.withLock { value in
                    defer { value += 1 }
                    return value
                }
                guard person <= 6 else { return }
                let picture = maker.picture(person: person, camera: 1, sighting: 1)
                made.withLock { $0[person] = picture }
            }
        }
        #expect(made.withLock { pictures in (1...6).map { pictures[$0] } } == inOrder)
    }

    @Test(arguments: 1...12)
    func `pictures are boxes around people at the resolution of video`(camera: Int) {
        var maker = PictureMaker(Self.world)
        for person in 1...3 {
            let picture = maker.picture(person: person, camera: camera, sighting: 1)
            #expect((12...400).contains(picture.width) && (32...700).contains(picture.height))
            #expect(picture.height > picture.width)
        }
    }

    @Test func `sightings of one person at one camera differ`() {
        var maker = PictureMaker(Self.world)
        let pictures = (1...4).map { maker.picture(person: 1, camera: 1, sighting: $0).pixels }
        #expect(Set(pictures).count == 4)
    }
}
