internal import Randomness

/// The part of a data set: people to train on, or people to test with.
public enum SyntheticSplit: String, Sendable, CaseIterable {
    /// `bounding_box_train`.
    case train
    /// `query` and `bounding_box_test`: other people, cameras and scenes.
    case test
}

/// The images of a data set in the layout of Market-1501, without their bytes.
///
/// The test split has one image of each person and camera in `query` and the others in `bounding_box_test`; if each
/// camera sees a person only once, the first camera's image is the query.
public struct MarketPlan: Sendable {
    /// One image to be made.
    public struct Image: Sendable, Equatable {
        /// The folder in the data set, such as "bounding_box_train".
        public let folder: String
        /// The file's name, such as "0002_c1s1_000451_01.jpg".
        public let name: String
        /// What `ImageMaker` takes.
        public let person: Int
        /// What `ImageMaker` takes.
        public let camera: Int
        /// What `ImageMaker` takes.
        public let sighting: Int
    }

    /// The highest numbers of people and of cameras, and of sightings of one person by one camera.
    public static let limits = (people: 99_999, cameras: 9_999, sightings: 99)

    /// The images, sorted by folder, person, camera and sighting.
    public let images: [Image]

    /// Plans a split.
    ///
    /// Precondition: counts are at least 1 (distractors at least 0) and within `limits`; `camerasPerPerson` is at most
    /// `cameras`.
    ///
    /// - Parameters:
    ///   - split: Which folders.
    ///   - people: How many people.
    ///   - cameras: How many cameras there are.
    ///   - camerasPerPerson: How many of them, chosen by `seed`, see each person; absent: all.
    ///   - sightings: How often each camera sees a person.
    ///   - distractors: People of the test split's gallery who are nobody's match, "0000", each seen once.
    ///   - seed: Chooses cameras.
    public init(
        split: SyntheticSplit, people: Int, cameras: Int, camerasPerPerson: Int? = nil, sightings: Int,
        distractors: Int = 0, seed: UInt64
    ) {
        let seen = camerasPerPerson ?? cameras
        precondition((1...Self.limits.people).contains(people + distractors), "\(people + distractors) people")
        precondition((1...Self.limits.cameras).contains(cameras), "\(cameras) cameras")
        precondition((1...Self.limits.sightings).contains(sightings), "\(sightings) sightings")
        precondition((1...cameras).contains(seen), "\(seen) of \(cameras) cameras")
        var images: [Image] = []
        for person in 1...people {
            var random = SeededGenerator(seed, person, 40)
            let places = (1...cameras).shuffled(using: &random).prefix(seen).sorted()
            for camera in places {
                for sighting in 1...sightings {
                    let isQuery = sightings > 1 ? sighting == 1 : camera == places[0]
                    let folder = split == .train ? "bounding_box_train" : (isQuery ? "query" : "bounding_box_test")
                    images.append(Self.image(folder, person, named: person, camera, sighting))
                }
            }
        }
        if split == .test, distractors > 0 {
            for person in people + 1...people + distractors {
                var random = SeededGenerator(seed, person, 41)
                let camera = Int(random.next() % UInt64(cameras)) + 1
                images.append(Self.image("bounding_box_test", person, named: 0, camera, 1))
            }
        }
        self.images =
            images.filter { $0.folder != "bounding_box_test" } + images.filter { $0.folder == "bounding_box_test" }
    }

    private static func image(
        _ folder: String, _ person: Int, named label: Int, _ camera: Int, _ sighting: Int
    ) -> Image {
        // Frame numbers count 25 per second; a later image has a higher number, and no two images of a camera have the
        // same one.
        let moment = person * 100 + sighting
        let name =
            "\(digits(label, 4))_c\(camera)s\(1 + moment / 1_000_000)_\(digits(moment % 1_000_000, 6))_01.jpg"
        return Image(folder: folder, name: name, person: person, camera: camera, sighting: sighting)
    }

    /// `value` with leading zeros, so that file names sort by number.
    private static func digits(_ value: Int, _ count: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: max(0, count - text.count)) + text
    }
}
