public import CSPRModel
public import Gallery

/// A kept query.
public struct QueryAnswer: Codable, Sendable, Equatable {
    /// The query's id.
    public var queryID: String
    /// The gallery it asks.
    public var gallery: String
    /// How its ranking is made.
    public var options: SearchOptions
    /// Whether it is ranked again whenever the gallery changes.
    public var standing: Bool
    /// `ranked`: the ranking covers the gallery as it is; `stale`: the gallery has changed since.
    public var state: String
    /// When it was asked.
    public var createdAt: Timestamp
    /// The revision of its newest ranking, from 1.
    public var revision: Int64
    /// Path of its newest ranking.
    public var rankingURL: String
    /// How many images it was asked with.
    public var images: Int
    /// Path of its first image; `?index=` tells the others.
    public var imageURL: String

    private enum CodingKeys: String, CodingKey {
        case queryID = "query_id"
        case gallery, options, standing, state
        case createdAt = "created_at"
        case revision, images
        case rankingURL = "ranking_url"
        case imageURL = "image_url"
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
        /// The image's place in the request, from 0.
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
    /// What a reader should know before using them; nil: nothing.
    public var warnings: [String]?
}

/// The answer to `GET /v1/model`.
public struct ModelAnswer: Codable, Sendable, Equatable {
    /// What the model is called.
    public var name: String
    /// Its identity, `sha256:` and the digest of the weight file.
    public var sha256: String
    /// The network's architecture.
    public var config: CSPRConfiguration
    /// The length of a feature vector.
    public var dimensions: Int
    /// Attention branches, the values of `branch` in attention images; 0: no attention images.
    public var branches: Int
    /// Trained numbers in the file.
    public var parameters: Int
    /// How the file stores them, such as `F32`.
    public var precision: String
    /// Whether feature vectors are means over an image and its mirror image.
    public var mirrored: Bool
    /// False: the weights are random, and rankings mean nothing yet.
    public var trained: Bool
    /// The same in a sentence; nil when there is nothing to warn of.
    public var warnings: [String]?
    /// The options of a search that names none.
    public var defaults: SearchOptions
    /// What a search may send and ask for.
    public var limits: SearchLimits
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

    private enum CodingKeys: String, CodingKey {
        case imageBytes = "image_bytes"
        case imagePixels = "image_pixels"
        case images, results
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

    /// `ready` or `stopping`.
    public var status: String
    /// The model being served.
    public var model: Model
    /// The index being searched.
    public var index: Index
    /// What an operator should know; nil: nothing.
    public var warnings: [String]?
}

/// Sentences that answers carry when their numbers deserve doubt.
enum Warning {
    /// The warnings about `model`; nil: none.
    static func about(_ model: CSPRModel) -> [String]? {
        model.isTrained ? nil : ["The model is untrained: its weights are random, so rankings mean nothing yet."]
    }
}
