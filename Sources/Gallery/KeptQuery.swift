/// A query to keep.
public struct NewQuery: Sendable, Equatable {
    /// The gallery it looks through.
    public let gallery: String
    /// The search options, as JSON; not interpreted here.
    public let options: [UInt8]
    /// Whether its ranking follows the gallery (a watch list).
    public let isStanding: Bool
    /// The images of the person, 1 or more.
    public let images: [ImageContent]
    /// Their fused unit vector.
    public let vector: [Float]
    /// Identity of the model that made the vector; must be the gallery's.
    public let model: String

    /// Gathers a query to keep.
    public init(
        gallery: String, options: [UInt8], isStanding: Bool, images: [ImageContent], vector: [Float], model: String
    ) {
        precondition(!images.isEmpty, "a kept query has an image")
        self.gallery = gallery
        self.options = options
        self.isStanding = isStanding
        self.images = images
        self.vector = vector
        self.model = model
    }
}

/// A kept query as stored, without its images.
public struct QueryRecord: Sendable, Equatable {
    /// Position in the order of keeping.
    let key: Int64
    /// "q_" and 20 characters.
    public let id: String
    /// The gallery it looks through.
    public let gallery: String
    /// The search options, as JSON.
    public let options: [UInt8]
    /// Whether its ranking follows the gallery.
    public let isStanding: Bool
    /// Media types of its images, in order; `queryImage` reads one.
    public let mediaTypes: [String]
    /// The fused unit vector.
    public let vector: [Float]
    /// Identity of the model that made the vector.
    public let model: String
    /// When it was kept.
    public let createdAt: Timestamp
    /// The newest ranking's revision; 0 before the first.
    public let rankingRevision: Int64
}

/// The newest ranking of a kept query.
public struct StoredRanking: Sendable, Equatable {
    /// 1 for the first, then up by one whenever the content changed.
    public let revision: Int64
    /// The gallery's revision that it was computed from.
    public let galleryRevision: Int64
    /// As saved.
    public let content: [UInt8]
    /// When the content was saved.
    public let updatedAt: Timestamp
}
