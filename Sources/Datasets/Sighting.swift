/// Who an image shows, and which camera took it.
public struct Sighting: Sendable, Hashable {
    /// The person of junk images in Market-1501: bad detections that count neither for nor against a ranking.
    public static let junkPerson = -1

    /// The person's number; `junkPerson` for junk, 0 for Market-1501's distractors, which are ordinary wrong answers.
    public let person: Int
    /// The camera's number.
    public let camera: Int

    /// A person before a camera.
    public init(person: Int, camera: Int) {
        self.person = person
        self.camera = camera
    }
}
