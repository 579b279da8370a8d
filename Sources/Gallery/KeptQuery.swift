/// A query to store.
public struct NewQuery: Sendable, Equatable {
    /// The gallery that the query searches.
    public let gallery: String
    /// What people call the query; nil: nothing.
    public let name: String?
    /// The search options as JSON; this module does not interpret them.
    public let options: [UInt8]
    /// Whether the query is ranked again whenever the gallery changes.
    public let isStanding: Bool
    /// The query's images, 1 or more, of the same person.
    public let images: [ImageContent]
    /// The embedding that the images stand for together, of length 1.
    public let vector: [Float]
    /// The identity of the model that made the vector; it must be the gallery's model.
    public let model: String
    /// Warnings about that model, each a sentence on one line.
    public let warnings: [String]
    /// The id of the token that keeps it; nil: nobody showed one.
    public let createdBy: String?
    /// When it is deleted; nil: never.
    public let expiresAt: Timestamp?
    /// Where its rankings are to be sent; nil: nowhere.
    public let webhook: NewWebhook?

    /// Creates a description of a query to store.
    public init(
        gallery: String, name: String? = nil, options: [UInt8], isStanding: Bool, images: [ImageContent],
        vector: [Float], model: String, warnings: [String] = [], createdBy: String? = nil, expiresAt: Timestamp? = nil,
        webhook: NewWebhook? = nil
    ) {
        precondition(!images.isEmpty, "a kept query has an image")
        self.gallery = gallery
        self.name = name
        self.options = options
        self.isStanding = isStanding
        self.images = images
        self.vector = vector
        self.model = model
        self.warnings = warnings
        self.createdBy = createdBy
        self.expiresAt = expiresAt
        self.webhook = webhook
    }
}

/// How much may be kept; a query beyond it is refused.
public struct KeptQueryLimits: Sendable, Equatable {
    /// Queries in all.
    public var queries = Int.max
    /// Queries that one token keeps.
    public var queriesPerToken = Int.max
    /// Bytes of all images and rankings together.
    public var bytes = Int.max

    /// No limits.
    public init() {}
}

/// The first ranking of a query, to store with it.
public struct NewRanking: Sendable, Equatable {
    /// The ranking as JSON; this module does not interpret it.
    public let content: [UInt8]
    /// The revision of the snapshot that was ranked.
    public let galleryRevision: Int64
    /// The ids of the images that the ranking shows.
    public let images: [String]

    /// Describes a ranking to store.
    public init(content: [UInt8], galleryRevision: Int64, images: [String]) {
        self.content = content
        self.galleryRevision = galleryRevision
        self.images = images
    }
}

/// A kept query as it is stored, without its images.
public struct QueryRecord: Sendable, Equatable {
    /// The position in the order in which queries were stored.
    let key: Int64
    /// The id: "q_" and 20 characters.
    public let id: String
    /// The gallery that the query searches.
    public let gallery: String
    /// What people call the query; nil: nothing.
    public let name: String?
    /// The search options as JSON.
    public let options: [UInt8]
    /// Whether the query is ranked again whenever the gallery changes.
    public let isStanding: Bool
    /// The media types of the query's images, in order; `queryImage` reads an image.
    public let mediaTypes: [String]
    /// The embedding that the images stand for together, of length 1.
    public let vector: [Float]
    /// Identity of the model that made the vector.
    public let model: String
    /// Warnings about that model.
    public let warnings: [String]
    /// When the query was stored.
    public let createdAt: Timestamp
    /// The version of the newest ranking; 0 before the first.
    public let rankingRevision: Int64
    /// The revision of the gallery that the stored ranking covers; nil: no ranking is stored.
    public let rankedRevision: Int64?
    /// The id of the token that keeps it; nil: nobody showed one.
    public let createdBy: String?
    /// When it is deleted; nil: never.
    public let expiresAt: Timestamp?
    /// Where its rankings are sent; nil: nowhere.
    public let webhook: WebhookRecord?
}

/// The newest ranking of a kept query.
public struct StoredRanking: Sendable, Equatable {
    /// The ranking's version: 1 for the first, one more whenever the content changes.
    public let revision: Int64
    /// The revision of the gallery that was ranked.
    public let galleryRevision: Int64
    /// The ranking as JSON, as it was saved.
    public let content: [UInt8]
}
