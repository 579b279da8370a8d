public import Imaging

/// One drawn picture of the demo gallery, with what a camera would know about it.
public struct DemoPicture: Sendable, Equatable {
    /// A file name in Market-1501's style, as "0002_c1s1_000451_03.jpg".
    public let name: String
    /// Who it is, four digits, as "0002".
    public let personID: String
    /// Which camera saw them, as "c1".
    public let cameraID: String
    /// When, in RFC 3339 UTC, as "2026-03-02T08:00:18Z".
    public let capturedAt: String
    /// The picture, 128×384.
    public let image: RGBImage
}

/// Draws a small gallery of invented pedestrians, each once per camera.
///
/// The same arguments give the same pictures, byte for byte; a person looks the same whatever the other counts are.
///
/// - Parameters:
///   - people: How many people, 1...9999.
///   - cameras: How many cameras, 1...99; each has its own background and light.
///   - seed: Chooses looks, poses and times.
/// - Returns: `people * cameras` pictures, by person, then camera.
public func drawDemoPeople(people: Int = 12, cameras: Int = 4, seed: UInt64 = 1) -> [DemoPicture] {
    precondition((1...9999).contains(people), "the demo has 1...9999 people, not \(people)")
    precondition((1...99).contains(cameras), "the demo has 1...99 cameras, not \(cameras)")
    let scenes = (1...cameras).map { DemoScene(camera: $0, seed: seed) }
    return (1...people).flatMap { person in
        let looks = DemoLooks(person: person, seed: seed)
        return scenes.map { scene in
            var random = SeededRandom(seed, person, scene.camera, 3)
            let sighting = DemoSighting(of: looks, at: scene, &random)
            // People pass the first camera from 08:00 on, one every 40 s, and the next about two minutes later.
            let seconds = person * 40 + scene.camera * 127 + Int(random.number(0...25))
            return DemoPicture(
                name: "\(digits(person, 4))_c\(scene.camera)s1_\(digits(seconds * 25 % 1_000_000, 6))_01.jpg",
                personID: digits(person, 4), cameraID: "c\(scene.camera)", capturedAt: time(seconds),
                image: sighting.draw(&random))
        }
    }
}

/// `value` with zeros before it, as file names sort.
private func digits(_ value: Int, _ count: Int) -> String {
    let text = String(value)
    return String(repeating: "0", count: max(0, count - text.count)) + text
}

/// RFC 3339 of a moment `seconds` after 08:00 on 2 March 2026; the largest demo ends five days later.
private func time(_ seconds: Int) -> String {
    let total = 8 * 3600 + seconds
    let (day, rest) = (2 + total / 86_400, total % 86_400)
    return "2026-03-\(digits(day, 2))T\(digits(rest / 3600, 2)):\(digits(rest / 60 % 60, 2)):\(digits(rest % 60, 2))Z"
}
