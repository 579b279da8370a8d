/// What a gallery holds, in numbers.
public struct GallerySummary: Sendable, Equatable {
    /// Its name.
    public let name: String
    /// Identity of the model its vectors come from.
    public let model: String
    /// Length of its vectors.
    public let dimensions: Int
    /// Images enrolled.
    public let images: Int
    /// Different people named by its images.
    public let people: Int
    /// Cameras named by its images, sorted.
    public let cameras: [String]
    /// The earliest capture, where any image has a time.
    public let capturedFrom: Timestamp?
    /// The latest capture, where any image has a time.
    public let capturedTo: Timestamp?
    /// Goes up by one with every change of its images.
    public let revision: Int64
    /// When it was created.
    public let createdAt: Timestamp
}

/// Running counts behind a summary, kept by the writer alone so that a commit costs its own images only.
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

    func summary(of gallery: GalleryFacts, images: Int, revision: Int64) -> GallerySummary {
        GallerySummary(
            name: gallery.name, model: gallery.model, dimensions: gallery.dimensions, images: images,
            people: people.count, cameras: cameras.keys.sorted(), capturedFrom: range?.from, capturedTo: range?.to,
            revision: revision, createdAt: gallery.createdAt)
    }
}

extension Dictionary where Value == Int {
    fileprivate mutating func decrement(_ key: Key) {
        guard let count = self[key] else { return }
        self[key] = count > 1 ? count - 1 : nil
    }
}

/// What never changes about a gallery.
struct GalleryFacts: Sendable, Equatable {
    let key: Int64
    let name: String
    let model: String
    let dimensions: Int
    let createdAt: Timestamp
}
