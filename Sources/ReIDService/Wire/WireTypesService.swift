public import CSPRModel
public import Gallery

/// A kept query.
public struct QueryAnswer: Codable, Sendable, Equatable {
    /// The query's id.
    public var queryID: String
    /// The gallery that the query searches.
    public var gallery: String
    /// What people call the query; null: nothing.
    public var name: String?
    /// The options of its rankings.
    public var options: SearchOptions
    /// Whether it is ranked again whenever the gallery changes.
    public var standing: Bool
    /// `ranked`: the ranking covers the gallery as it is; `stale`: the gallery has changed since.
    public var state: String
    /// Why the query could not be ranked again, as a sentence; null unless that failed since its newest ranking.
    public var error: String?
    /// When the query was kept.
    public var createdAt: Timestamp
    /// The id of the token that keeps it; null if none was shown.
    public var createdBy: String?
    /// When it is deleted; null: when it is asked for.
    public var expiresAt: Timestamp?
    /// The version of its newest ranking, from 1.
    public var revision: Int64
    /// The path of its newest ranking.
    public var rankingURL: String
    /// The number of its images.
    public var images: Int
    /// The path of its first image; `?index=` selects another one.
    public var imageURL: String
    /// Where its rankings are sent; null: nowhere.
    public var webhook: WebhookAnswer?

    private enum CodingKeys: String, CodingKey {
        case queryID = "query_id"
        case gallery, name, options, standing, state, error
        case createdAt = "created_at"
        case createdBy = "created_by"
        case expiresAt = "expires_at"
        case revision, images, webhook
        case rankingURL = "ranking_url"
        case imageURL = "image_url"
    }

    /// Writes what is unknown as null.
    public func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encode(queryID, forKey: .queryID)
        try fields.encode(gallery, forKey: .gallery)
        try fields.encode(name, forKey: .name)
        try fields.encode(options, forKey: .options)
        try fields.encode(standing, forKey: .standing)
        try fields.encode(webhook, forKey: .webhook)
        try fields.encode(state, forKey: .state)
        try fields.encode(error, forKey: .error)
        try fields.encode(createdAt, forKey: .createdAt)
        try fields.encode(createdBy, forKey: .createdBy)
        try fields.encode(expiresAt, forKey: .expiresAt)
        try fields.encode(revision, forKey: .revision)
        try fields.encode(images, forKey: .images)
        try fields.encode(rankingURL, forKey: .rankingURL)
        try fields.encode(imageURL, forKey: .imageURL)
    }
}

/// The answer to `POST /v1/embeddings`.
public struct EmbeddingAnswer: Codable, Sendable, Equatable {
    /// A vector in one of its two forms.
    public enum Vector: Codable, Sendable, Equatable {
        /// JSON numbers.
        case floats([Float])
        /// Base 64 of little-endian float32.
        case base64(String)

        /// Reads an array or a text.
        public init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let text = try? container.decode(String.self) {
                self = .base64(text)
            } else {
                self = .floats(try container.decode([Float].self))
            }
        }

        /// Writes an array or a text.
        public func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .floats(let floats): try container.encode(floats)
            case .base64(let text): try container.encode(text)
            }
        }
    }

    /// One image's vector.
    public struct Embedding: Codable, Sendable, Equatable {
        /// The image's index in the request, from 0.
        public var index: Int
        /// Its unit vector.
        public var vector: Vector
    }

    /// The model that made them, `sha256:…`.
    public var model: String
    /// The length of each vector.
    public var dimensions: Int
    /// In the order of the images.
    public var embeddings: [Embedding]
    /// Reasons to doubt the embeddings; nil if there are none.
    public var warnings: [String]?
}

/// The answer to `GET /v1/model`.
public struct ModelAnswer: Codable, Sendable, Equatable {
    /// The name of the network.
    public var name: String
    /// Its identity, `sha256:` and the digest of the weight file.
    public var sha256: String
    /// The network's architecture.
    public var config: CSPRConfiguration
    /// The length of a feature vector.
    public var dimensions: Int
    /// The number of attention branches, whose attention images can be read; 0 if there are none.
    public var branches: Int
    /// The number of learned parameters in the file.
    public var parameters: Int
    /// How the file stores them, such as `F32`.
    public var precision: String
    /// Whether feature vectors are means over an image and its mirror image.
    public var mirrored: Bool
    /// False: the weights are random, and rankings mean nothing yet.
    public var trained: Bool
    /// What the service uses to recognize images that do not show people; nil: it cannot.
    public var profile: ProfileAnswer?
    /// The same as a sentence; nil if the model is trained.
    public var warnings: [String]?
    /// The defaults of the options of a search.
    public var defaults: SearchOptions
    /// What a search may send and ask for.
    public var limits: SearchLimits
}

/// What the service uses to recognize images that do not show people.
public struct ProfileAnswer: Codable, Sendable, Equatable {
    /// The number of images of people that it was made from.
    public var images: Int
    /// The squared Mahalanobis distance beyond which an image earns a warning.
    public var limit: Double
    /// The share of the images of people that are beyond it.
    public var share: Double
}

/// What a search may send and ask for, from the service's configuration.
public struct SearchLimits: Codable, Sendable, Equatable {
    /// Bytes of one encoded image.
    public var imageBytes: Int
    /// Pixels of one decoded image.
    public var imagePixels: Int
    /// Images of one person in a search.
    public var images: Int
    /// Results of a ranking.
    public var results: Int
    /// Images that a search re-ranks.
    public var candidates: Int
    /// The largest k1 and k2.
    public var neighbors: Int

    private enum CodingKeys: String, CodingKey {
        case imageBytes = "image_bytes"
        case imagePixels = "image_pixels"
        case images, results, candidates, neighbors
    }
}

/// The answer to `GET /readyz`.
public struct ReadinessAnswer: Codable, Sendable, Equatable {
    /// What is known about the model.
    public struct Model: Codable, Sendable, Equatable {
        /// Its identity, `sha256:…`.
        public var sha256: String
        /// False: the weights are random.
        public var trained: Bool
    }

    /// What is known about the index.
    public struct Index: Codable, Sendable, Equatable {
        /// Galleries in memory.
        public var galleries: Int
        /// Images in them.
        public var images: Int
    }

    /// `ready`, `stopping`, or `unaudited` while searches are refused because the audit cannot be written.
    public var status: String
    /// The model being served.
    public var model: Model
    /// The index being searched.
    public var index: Index
    /// `running`; `held_up` while batches wait because of a fault, such as a full disk.
    public var enrollment: String
    /// Warnings for the operator; nil if there are none.
    public var warnings: [String]?
}

/// Warnings that answers carry when there is reason to doubt their numbers.
enum Warning {
    /// The warnings about `model`; nil: none.
    static func about(_ model: CSPRModel) -> [String]? {
        model.isTrained ? nil : ["The model is untrained: its weights are random, so rankings mean nothing yet."]
    }

    /// What is said of a batch with such images.
    static func unfamiliar(items: Int) -> String {
        "Images unlike those of people that the model was made for: \(items). They may show nobody; their items say so."
    }

    /// What is said of an image that is beyond the limit of the model's profile.
    static func unfamiliar(_ subject: String) -> String {
        "\(subject) is unlike the images of people that the model was made for; it may show nobody."
    }
}
