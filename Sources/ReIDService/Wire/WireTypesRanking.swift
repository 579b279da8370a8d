public import Gallery

/// A ranking: the answer to a search, and to a poll of a kept query.
public struct RankingAnswer: Codable, Sendable, Equatable {
    /// The kept query's id; nil for a search.
    public var queryID: String?
    /// The version of a kept query's ranking, which counts its changes from 1; nil for a search.
    public var revision: Int64?
    /// The gallery's name.
    public var gallery: String
    /// The gallery's model, `sha256:…`.
    public var model: String
    /// The number of images in the gallery, without regard to filters.
    public var gallerySize: Int
    /// The options of the search, including defaults.
    public var options: SearchOptions
    /// Whether the cameras' means were subtracted; nil for a kept ranking of an earlier release.
    public var cameraNormalization: NormalizationAnswer?
    /// Best first.
    public var results: [RankingResult]
    /// Reasons to doubt the order, such as an untrained model; nil if there are none.
    public var warnings: [String]?
    /// The times of the steps of the search.
    public var timing: RankingTiming

    private enum CodingKeys: String, CodingKey {
        case queryID = "query_id"
        case revision, gallery, model
        case gallerySize = "gallery_size"
        case options
        case cameraNormalization = "camera_normalization"
        case results, warnings
        case timing = "timing_ms"
    }
}

/// What a search did about the differences between cameras.
public struct NormalizationAnswer: Codable, Sendable, Equatable {
    /// The mean that was subtracted from the query.
    public enum QueryMean: String, Codable, Sendable, CaseIterable {
        /// That of its own camera.
        case camera
        /// The mean of the camera means, because the query's camera is not known or has no mean.
        case common
    }

    /// Whether the means were subtracted from the images and the query before they were compared.
    public var applied: Bool
    /// Which mean was subtracted from the query; null if none was.
    public var queryMean: QueryMean?
    /// The number of the gallery's cameras that have a mean; without any, nothing is subtracted.
    public var cameras: Int

    private enum CodingKeys: String, CodingKey {
        case applied
        case queryMean = "query_mean"
        case cameras
    }

    /// Writes no mean as null.
    public func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encode(applied, forKey: .applied)
        try fields.encode(queryMean, forKey: .queryMean)
        try fields.encode(cameras, forKey: .cameras)
    }
}

/// One row of a ranking: an image, or a person represented by their best image.
public struct RankingResult: Codable, Sendable, Equatable {
    /// The rank, from 1.
    public var rank: Int
    /// The image's id.
    public var imageID: String
    /// The person on the image; null if unknown.
    public var personID: String?
    /// The camera that took the image; null if unknown.
    public var cameraID: String?
    /// When the image was taken; null if unknown.
    public var capturedAt: Timestamp?
    /// The client's own id for the image; null if there is none.
    public var externalID: String?
    /// The file name that the image was enrolled under; null if there is none.
    public var name: String?
    /// Squared Euclidean distance of the unit vectors that were compared, 0...4.
    public var distance: Float
    /// Cosine of the vectors that were compared, -1...1.
    public var similarity: Float
    /// The distance after k-reciprocal re-ranking; null if the search did not re-rank, and past its candidates.
    public var rerankedDistance: Double?
    /// The probability that the image shows the query's person; null where the gallery is not calibrated for the search.
    public var probability: Double?
    /// The path of the image's bytes on the query listener; null for an image that was enrolled as a vector only.
    public var imageURL: String?
    /// The embedding as it was enrolled, if the search asked for it.
    public var vector: [Float]?
    /// The person's best images, the best first, if rows stand for persons.
    public var images: [PersonImage]?
    /// The number of the person's images that were ranked, if rows stand for persons.
    public var imageCount: Int?

    private enum CodingKeys: String, CodingKey {
        case rank
        case imageID = "image_id"
        case personID = "person_id"
        case cameraID = "camera_id"
        case capturedAt = "captured_at"
        case externalID = "external_id"
        case name, distance, similarity
        case rerankedDistance = "reranked_distance"
        case probability
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
        try fields.encode(name, forKey: .name)
        try fields.encode(distance, forKey: .distance)
        try fields.encode(similarity, forKey: .similarity)
        try fields.encode(rerankedDistance, forKey: .rerankedDistance)
        try fields.encode(probability, forKey: .probability)
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
    /// The camera that took the image; null if unknown.
    public var cameraID: String?
    /// When the image was taken; null if unknown.
    public var capturedAt: Timestamp?
    /// The file name that the image was enrolled under; null if there is none.
    public var name: String?
    /// Squared Euclidean distance of the unit vectors that were compared, 0...4.
    public var distance: Float
    /// The distance after re-ranking; null if the search did not re-rank, and past its candidates.
    public var rerankedDistance: Double?
    /// The probability that the image shows the query's person; null where the gallery is not calibrated for the search.
    public var probability: Double?
    /// The path of the image's bytes on the query listener; null for an image that was enrolled as a vector only.
    public var imageURL: String?

    private enum CodingKeys: String, CodingKey {
        case imageID = "image_id"
        case cameraID = "camera_id"
        case capturedAt = "captured_at"
        case name, distance
        case rerankedDistance = "reranked_distance"
        case probability
        case imageURL = "image_url"
    }

    /// Writes what is unknown as null.
    public func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encode(imageID, forKey: .imageID)
        try fields.encode(cameraID, forKey: .cameraID)
        try fields.encode(capturedAt, forKey: .capturedAt)
        try fields.encode(name, forKey: .name)
        try fields.encode(distance, forKey: .distance)
        try fields.encode(rerankedDistance, forKey: .rerankedDistance)
        try fields.encode(probability, forKey: .probability)
        try fields.encode(imageURL, forKey: .imageURL)
    }
}

/// The times of one ranking in milliseconds.
public struct RankingTiming: Codable, Sendable, Equatable {
    /// Decoding the images.
    public var decode = 0.0
    /// Waiting for a network thread.
    public var wait = 0.0
    /// The forward pass.
    public var embed = 0.0
    /// Filtering the gallery, and comparing the query with it.
    public var search = 0.0
    /// Re-ranking the candidates.
    public var rerank = 0.0
    /// The time from the parsed request to the finished ranking.
    public var total = 0.0
}
