/// Who an image shows, and which camera took it.
public struct Sighting: Sendable, Hashable {
    /// The person of junk images in Market-1501: bad detections, which count neither as right nor as wrong.
    public static let junkPerson = -1

    /// The person's number; `junkPerson` for junk, 0 for Market-1501's distractors, which are ordinary wrong answers.
    public let person: Int
    /// The camera's number.
    public let camera: Int

    /// A person seen by a camera.
    public init(person: Int, camera: Int) {
        self.person = person
        self.camera = camera
    }
}
