/// An image of a gallery, with everything that is known about it except its bytes.
public struct GalleryImage: Sendable, Equatable {
    /// The position in the order of enrollment: an older image has a smaller key.
    ///
    /// A key is never used twice.
    public let key: Int64
    /// The id: "i_" and 20 characters.
    public let id: String
    /// The name of the image's gallery.
    public let gallery: String
    /// The SHA-256 of the enrolled bytes; no two images of a gallery have the same.
    public let sha256: [UInt8]
    /// The person on the image; nil if unknown.
    public let personID: String?
    /// The camera that took the image; nil if unknown.
    public let cameraID: String?
    /// When the image was taken; nil if unknown.
    public let capturedAt: Timestamp?
    /// The client's own id for the image; nil if it gave none.
    public let externalID: String?
    /// The file name that the image was enrolled under; nil if there was none.
    public let name: String?
    /// "image/jpeg" or "image/png"; nil for an image that was enrolled as a vector only.
    public let mediaType: String?
    /// The width in pixels; nil for an image that was enrolled as a vector only.
    public let width: Int?
    /// The height in pixels; nil for an image that was enrolled as a vector only.
    public let height: Int?
    /// When the image was enrolled.
    public let enrolledAt: Timestamp
    /// Whether the image is held, so that nothing may erase it.
    public let isHeld: Bool
}

/// An encoded image: its bytes and its media type.
public struct ImageContent: Sendable, Equatable {
    /// The encoded file.
    public let bytes: [UInt8]
    /// "image/jpeg" or "image/png".
    public let mediaType: String

    /// Joins an encoded file with its media type.
    public init(bytes: [UInt8], mediaType: String) {
        self.bytes = bytes
        self.mediaType = mediaType
    }
}

/// An image to enroll: its vector, and what is known about it.
public struct NewImage: Sendable, Equatable {
    /// SHA-256 of the enrolled bytes: 32 bytes.
    public let sha256: [UInt8]
    /// The image to store; nil if only a vector was sent.
    public let content: ImageContent?
    /// The width in pixels; nil if there is no image.
    public let width: Int?
    /// The height in pixels; nil if there is no image.
    public let height: Int?
    /// The embedding, of length 1, with the gallery's number of dimensions.
    public let embedding: [Float]
    /// The identity of the model that made the vector; it must be the gallery's model.
    public let model: String
    /// The person on the image; nil if unknown.
    public let personID: String?
    /// The camera that took the image; nil if unknown.
    public let cameraID: String?
    /// When the image was taken; nil if unknown.
    public let capturedAt: Timestamp?
    /// The client's own id for the image; nil if it gave none.
    public let externalID: String?
    /// The file name that the image is enrolled under; nil if there is none.
    public let name: String?
    /// What is doubtful about the image, as a sentence that is kept with the batch's item; nil: nothing.
    public let doubt: String?

    /// Creates a description of an image to enroll.
    public init(
        sha256: [UInt8], content: ImageContent?, width: Int?, height: Int?, embedding: [Float], model: String,
        personID: String? = nil, cameraID: String? = nil, capturedAt: Timestamp? = nil, externalID: String? = nil,
        name: String? = nil, doubt: String? = nil
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
        self.name = name
        self.doubt = doubt
    }
}
