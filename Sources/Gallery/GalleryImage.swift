/// What is known about one image of a gallery, without its bytes.
public struct GalleryImage: Sendable, Equatable {
    /// Position in the order of enrollment: a smaller key is an older image.
    ///
    /// Never used twice.
    public let key: Int64
    /// "i_" and 20 characters.
    public let id: String
    /// Name of the gallery that holds it.
    public let gallery: String
    /// SHA-256 of the enrolled bytes; no two images of a gallery share it.
    public let sha256: [UInt8]
    /// Who is shown, where known.
    public let personID: String?
    /// Which camera took it, where known.
    public let cameraID: String?
    /// When it was taken, where known.
    public let capturedAt: Timestamp?
    /// The name that the sender gave it.
    public let externalID: String?
    /// "image/jpeg" or "image/png"; nil for an image enrolled as a vector alone.
    public let mediaType: String?
    /// Pixels across; nil for an image enrolled as a vector alone.
    public let width: Int?
    /// Pixels down; nil for an image enrolled as a vector alone.
    public let height: Int?
    /// When it was committed.
    public let enrolledAt: Timestamp
}

/// The bytes of a stored image.
public struct ImageContent: Sendable, Equatable {
    /// The encoded file.
    public let bytes: [UInt8]
    /// "image/jpeg" or "image/png".
    public let mediaType: String

    /// Pairs an encoded file with its media type.
    public init(bytes: [UInt8], mediaType: String) {
        self.bytes = bytes
        self.mediaType = mediaType
    }
}

/// An image to enroll: its vector, and what is known about it.
public struct NewImage: Sendable, Equatable {
    /// SHA-256 of the enrolled bytes: 32 bytes.
    public let sha256: [UInt8]
    /// The crop to keep; nil where only a vector was sent.
    public let content: ImageContent?
    /// Pixels across.
    public let width: Int?
    /// Pixels down.
    public let height: Int?
    /// Unit vector of the gallery's dimensions.
    public let embedding: [Float]
    /// Identity of the model that made the vector; must be the gallery's.
    public let model: String
    /// Who is shown, where known.
    public let personID: String?
    /// Which camera took it, where known.
    public let cameraID: String?
    /// When it was taken, where known.
    public let capturedAt: Timestamp?
    /// The name that the sender gave it.
    public let externalID: String?

    /// Gathers an image to enroll.
    public init(
        sha256: [UInt8], content: ImageContent?, width: Int?, height: Int?, embedding: [Float], model: String,
        personID: String? = nil, cameraID: String? = nil, capturedAt: Timestamp? = nil, externalID: String? = nil
    ) {
        precondition(sha256.count == 32, "a SHA-256 has 32 bytes, not \(sha256.count)")
        self.sha256 = sha256
        self.content = content
        self.width = width
        self.height = height
        self.embedding = embedding
        self.model = model
        self.personID = personID
        self.cameraID = cameraID
        self.capturedAt = capturedAt
        self.externalID = externalID
    }
}
