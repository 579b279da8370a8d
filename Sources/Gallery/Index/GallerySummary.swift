import Ranking

/// A gallery's properties and counts.
public struct GallerySummary: Sendable, Equatable {
    /// Its name.
    public let name: String
    /// The identity of the model that made the gallery's vectors.
    public let model: String
    /// The number of values of a vector.
    public let dimensions: Int
    /// The number of images.
    public let images: Int
    /// The number of different people that the images name.
    public let people: Int
    /// The cameras that the images name, sorted.
    public let cameras: [String]
    /// Those of them that have a mean vector, sorted.
    public let camerasWithMean: [String]
    /// Whether searches subtract the cameras' means unless they say otherwise.
    public let cameraNormalization: Bool
    /// The earliest capture time; nil if no image has one.
    public let capturedFrom: Timestamp?
    /// The latest capture time; nil if no image has one.
    public let capturedTo: Timestamp?
    /// The gallery's revision, which goes up by one with every change of its images and of `cameraNormalization`.
    public let revision: Int64
    /// When the gallery was created.
    public let createdAt: Timestamp
}

/// The counts from which summaries are made; the writer updates them, so that a commit costs only the time for its own
/// images.
struct GalleryTally {
    private var people: [String: Int] = [:]
    private var cameras: [String: Int] = [:]
    private var times: [Timestamp: Int] = [:]
    private var range: (from: Timestamp, to: Timestamp)?

    mutating func add(_ image: GalleryImage) {
        if let person = image.personID { people[person, default: 0] += 1 }
        if let camera = image.cameraID { cameras[camera, default: 0] += 1 }
        guard let time = image.capturedAt else { return }
        times[time, default: 0] += 1
        range = range.map { (min($0.from, time), max($0.to, time)) } ?? (time, time)
    }

    mutating func remove(_ image: GalleryImage) {
        if let person = image.personID { people.decrement(person) }
        if let camera = image.cameraID { cameras.decrement(camera) }
        guard let time = image.capturedAt else { return }
        times.decrement(time)
        guard times[time] == nil, let range, time == range.from || time == range.to else { return }
        self.range = times.keys.min().flatMap { from in times.keys.max().map { (from, $0) } }
    }

    func summary(
        of gallery: GalleryFacts, images: Int, means: CameraMeans<String>, revision: Int64
    ) -> GallerySummary {
        GallerySummary(
            name: gallery.name, model: gallery.model, dimensions: gallery.dimensions, images: images,
            people: people.count, cameras: cameras.keys.sorted(), camerasWithMean: means.cameras.sorted(),
            cameraNormalization: gallery.cameraNormalization, capturedFrom: range?.from, capturedTo: range?.to,
            revision: revision, createdAt: gallery.createdAt)
    }
}

extension Dictionary where Value == Int {
    fileprivate mutating func decrement(_ key: Key) {
        guard let count = self[key] else { return }
        self[key] = count > 1 ? count - 1 : nil
    }
}

/// The properties of a gallery that do not depend on its images.
struct GalleryFacts: Sendable, Equatable {
    let key: Int64
    let name: String
    let model: String
    let dimensions: Int
    let createdAt: Timestamp
    /// The only one that can change.
    var cameraNormalization = true
}
