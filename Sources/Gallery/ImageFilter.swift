/// Conditions on the images of a search or a listing; an image must meet all of them.
public struct ImageFilter: Sendable, Equatable {
    /// Only images of these cameras; empty: of all cameras.
    public var cameras: Set<String>
    /// No images of these cameras.
    public var excludedCameras: Set<String>
    /// Only images captured at this time or later; images without a time are left out.
    public var capturedFrom: Timestamp?
    /// Only images captured at this time or earlier; images without a time are left out.
    public var capturedTo: Timestamp?
    /// Only images of this person; nil: of anybody.
    public var person: String?
    /// Only images with this external id; nil: with any.
    public var externalID: String?
    /// Only the images with these ids; empty: with any.
    public var ids: Set<String>

    /// Creates a filter; without conditions, every image matches.
    public init(
        cameras: Set<String> = [], excludedCameras: Set<String> = [], capturedFrom: Timestamp? = nil,
        capturedTo: Timestamp? = nil, person: String? = nil, externalID: String? = nil,
        ids: Set<String> = []
    ) {
        self.cameras = cameras
        self.excludedCameras = excludedCameras
        self.capturedFrom = capturedFrom
        self.capturedTo = capturedTo
        self.person = person
        self.externalID = externalID
        self.ids = ids
    }

    /// Whether the filter has no conditions.
    public var matchesEverything: Bool { self == ImageFilter() }
}
