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
    /// Only images that are at least this old; nil: of any age.
    ///
    /// The index does not know when images were enrolled, so this costs a look at every row of the database's images.
    public var age: AgeLimit?

    /// Creates a filter; without conditions, every image matches.
    public init(
        cameras: Set<String> = [], excludedCameras: Set<String> = [], capturedFrom: Timestamp? = nil,
        capturedTo: Timestamp? = nil, person: String? = nil, externalID: String? = nil,
        ids: Set<String> = [], age: AgeLimit? = nil
    ) {
        self.cameras = cameras
        self.excludedCameras = excludedCameras
        self.capturedFrom = capturedFrom
        self.capturedTo = capturedTo
        self.person = person
        self.externalID = externalID
        self.ids = ids
        self.age = age
    }

    /// Whether the filter has no conditions.
    public var matchesEverything: Bool { self == ImageFilter() }
}

/// How old images must at least be.
public struct AgeLimit: Sendable, Codable, Equatable {
    /// The time by which images age.
    public enum Basis: String, Sendable, Codable, CaseIterable {
        /// The time when an image was captured.
        ///
        /// An image without it, or with one after its enrollment, which cannot be true, ages by its enrollment.
        case captured = "captured_at"
        /// The time when an image was enrolled.
        case enrolled = "enrolled_at"
    }

    /// The time by which they age.
    public let basis: Basis
    /// That time is this or earlier.
    public let latest: Timestamp

    /// Creates a limit.
    public init(_ basis: Basis, latest: Timestamp) {
        self.basis = basis
        self.latest = latest
    }
}
