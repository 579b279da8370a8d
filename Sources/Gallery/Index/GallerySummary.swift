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
    /// How long it keeps images; nil: until they are erased on request.
    public let retention: Retention?
    /// The earliest capture time; nil if no image has one.
    public let capturedFrom: Timestamp?
    /// The latest capture time; nil if no image has one.
    public let capturedTo: Timestamp?
    /// The curves that give its searches probabilities; nil if it is not calibrated.
    public let calibration: GalleryCalibration?
    /// The gallery's revision, which goes up by one with every change of its images, of `cameraNormalization` and of its
    /// calibration.
    public let revision: Int64
    /// When the gallery was created.
    public let createdAt: Timestamp
}

/// The counts from which summaries are made; the writer updates them, so that a commit costs only the time for its own
/// images.
struct GalleryTally {
    private var people: [UInt32: Int] = [:]
    private var cameras: [UInt32: Int] = [:]
    private var range: (from: Timestamp, to: Timestamp)?

    mutating func add(person: UInt32?, camera: UInt32?, time: Timestamp?) {
        if let person { people[person, default: 0] += 1 }
        if let camera { cameras[camera, default: 0] += 1 }
        if let time { range = range.map { (min($0.from, time), max($0.to, time)) } ?? (time, time) }
    }

    /// Takes an image out; whether the range of times must be found anew.
    mutating func remove(person: UInt32?, camera: UInt32?, time: Timestamp?) -> Bool {
        if let person { people.decrement(person) }
        if let camera { cameras.decrement(camera) }
        return time != nil && (time == range?.from || time == range?.to)
    }

    mutating func setTimes(_ range: (from: Timestamp, to: Timestamp)?) { self.range = range }

    func summary(
        of gallery: GalleryFacts, images: Int, cameras names: [UInt32: String], means: CameraMeans<String>,
        calibration: GalleryCalibration?, revision: Int64
    ) -> GallerySummary {
        GallerySummary(
            name: gallery.name, model: gallery.model, dimensions: gallery.dimensions, images: images,
            people: people.count, cameras: cameras.keys.compactMap { names[$0] }.sorted(),
            camerasWithMean: means.cameras.sorted(), cameraNormalization: gallery.cameraNormalization,
            retention: gallery.retention, capturedFrom: range?.from, capturedTo: range?.to, calibration: calibration,
            revision: revision,
            createdAt: gallery.createdAt)
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
    /// These two can change.
    var cameraNormalization = true
    var retention: Retention?
    /// How often the gallery got another model.
    var modelChanges = 0

    /// Whether both are the same gallery with the same model, so that an index of one is an index of the other.
    func sharesIndex(with other: GalleryFacts) -> Bool { key == other.key && modelChanges == other.modelChanges }
}
