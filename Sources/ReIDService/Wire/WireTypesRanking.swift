public import Gallery

/// The answer to a search, and the newest state of a kept query.
public struct RankingAnswer: Codable, Sendable, Equatable {
    /// The kept query; nil for a search that was not kept.
    public var queryID: String?
    /// Counts the changes of a kept query's ranking, from 1; nil for a search that was not kept.
    public var revision: Int64?
    /// The gallery's name.
    public var gallery: String
    /// The gallery's model, `sha256:…`.
    public var model: String
    /// Images in the gallery, whether the filters let them through or not.
    public var gallerySize: Int
    /// The options that were in force.
    public var options: SearchOptions
    /// Best first.
    public var results: [RankingResult]
    /// What a reader should know before trusting the order, such as an untrained model; nil: nothing.
    public var warnings: [String]?
    /// Where the time went.
    public var timing: RankingTiming

    private enum CodingKeys: String, CodingKey {
        case queryID = "query_id"
        case revision, gallery, model
        case gallerySize = "gallery_size"
        case options, results, warnings
        case timing = "timing_ms"
    }
}

/// One row of a ranking: an image, or a person represented by their best image.
public struct RankingResult: Codable, Sendable, Equatable {
    /// From 1.
    public var rank: Int
    /// The image's id.
    public var imageID: String
    /// Who is on it; null when unknown.
    public var personID: String?
    /// Which camera saw it; null when unknown.
    public var cameraID: String?
    /// When; null when unknown.
    public var capturedAt: Timestamp?
    /// The client's own id of the image; null when there is none.
    public var externalID: String?
    /// Squared Euclidean distance of the unit vectors, 0...4.
    public var distance: Float
    /// Cosine of the vectors, -1...1.
    public var similarity: Float
    /// Distance after k-reciprocal re-ranking; null when the search did not re-rank.
    public var rerankedDistance: Double?
    /// Path of the stored image on this listener; null for an image that was enrolled as a vector alone.
    public var imageURL: String?
    /// The feature vector, when the search asked for it.
    public var vector: [Float]?
    /// The person's best images, best first, when rows stand for persons.
    public var images: [PersonImage]?
    /// How many images of the person the search ranked, when rows stand for persons.
    public var imageCount: Int?

    private enum CodingKeys: String, CodingKey {
        case rank
        case imageID = "image_id"
        case personID = "person_id"
        case cameraID = "camera_id"
        case capturedAt = "captured_at"
        case externalID = "external_id"
        case distance, similarity
        case rerankedDistance = "reranked_distance"
        case imageURL = "image_url"
        case vector, images
        case imageCount = "image_count"
    }

    /// Writes what is unknown as null, and leaves out what was not asked for.
    public func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encode(rank, forKey: .rank)
        try fields.encode(imageID, forKey: .imageID)
        try fields.encode(personID, forKey: .personID)
        try fields.encode(cameraID, forKey: .cameraID)
        try fields.encode(capturedAt, forKey: .capturedAt)
        try fields.encode(externalID, forKey: .externalID)
        try fields.encode(distance, forKey: .distance)
        try fields.encode(similarity, forKey: .similarity)
        try fields.encode(rerankedDistance, forKey: .rerankedDistance)
        try fields.encode(imageURL, forKey: .imageURL)
        try fields.encodeIfPresent(vector, forKey: .vector)
        try fields.encodeIfPresent(images, forKey: .images)
        try fields.encodeIfPresent(imageCount, forKey: .imageCount)
    }
}

/// One image of a person in a ranking of persons.
public struct PersonImage: Codable, Sendable, Equatable {
    /// The image's id.
    public var imageID: String
    /// Which camera saw it; null when unknown.
    public var cameraID: String?
    /// When; null when unknown.
    public var capturedAt: Timestamp?
    /// Squared Euclidean distance of the unit vectors, 0...4.
    public var distance: Float
    /// Distance after re-ranking; null when the search did not re-rank.
    public var rerankedDistance: Double?
    /// Path of the stored image on this listener; null for an image that was enrolled as a vector alone.
    public var imageURL: String?

    private enum CodingKeys: String, CodingKey {
        case imageID = "image_id"
        case cameraID = "camera_id"
        case capturedAt = "captured_at"
        case distance
        case rerankedDistance = "reranked_distance"
        case imageURL = "image_url"
    }

    /// Writes what is unknown as null.
    public func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encode(imageID, forKey: .imageID)
        try fields.encode(cameraID, forKey: .cameraID)
        try fields.encode(capturedAt, forKey: .capturedAt)
        try fields.encode(distance, forKey: .distance)
        try fields.encode(rerankedDistance, forKey: .rerankedDistance)
        try fields.encode(imageURL, forKey: .imageURL)
    }
}

/// Where the time of one ranking went, in milliseconds.
public struct RankingTiming: Codable, Sendable, Equatable {
    /// Decoding the images.
    public var decode = 0.0
    /// Waiting for a network thread.
    public var wait = 0.0
    /// The forward pass.
    public var embed = 0.0
    /// Filtering the gallery and comparing with it; where the search re-ranks, the comparing counts as that.
    public var search = 0.0
    /// Re-ranking, with the comparisons that it starts from.
    public var rerank = 0.0
    /// From the parsed request to the finished ranking.
    public var total = 0.0
}
