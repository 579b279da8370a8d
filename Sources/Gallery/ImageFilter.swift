/// Which images of a gallery a search or a listing looks at; every condition must hold.
public struct ImageFilter: Sendable, Equatable {
    /// Only these cameras; empty means all.
    public var cameras: Set<String>
    /// Never these cameras.
    public var excludedCameras: Set<String>
    /// Captured at this moment or later; images without a time are left out.
    public var capturedFrom: Timestamp?
    /// Captured at this moment or earlier; images without a time are left out.
    public var capturedTo: Timestamp?
    /// Only this person.
    public var person: String?
    /// Only this external id.
    public var externalID: String?

    /// Gathers conditions; with none, every image matches.
    public init(
        cameras: Set<String> = [], excludedCameras: Set<String> = [], capturedFrom: Timestamp? = nil,
        capturedTo: Timestamp? = nil, person: String? = nil, externalID: String? = nil
    ) {
        self.cameras = cameras
        self.excludedCameras = excludedCameras
        self.capturedFrom = capturedFrom
        self.capturedTo = capturedTo
        self.person = person
        self.externalID = externalID
    }

    /// Whether nothing is asked for.
    public var matchesEverything: Bool { self == ImageFilter() }

    /// Whether `image` meets every condition.
    public func matches(_ image: GalleryImage) -> Bool {
        if let person, image.personID != person { return false }
        if let externalID, image.externalID != externalID { return false }
        if !cameras.isEmpty {
            guard let camera = image.cameraID, cameras.contains(camera) else { return false }
        }
        if !excludedCameras.isEmpty, let camera = image.cameraID, excludedCameras.contains(camera) { return false }
        if capturedFrom != nil || capturedTo != nil {
            guard let time = image.capturedAt else { return false }
            if let capturedFrom, time < capturedFrom { return false }
            if let capturedTo, time > capturedTo { return false }
        }
        return true
    }
}
