/// How alike two images are: the answer to a comparison.
public struct ComparisonAnswer: Codable, Sendable, Equatable {
    /// One of the two images.
    public struct Image: Codable, Sendable, Equatable {
        /// The enrolled image's id; null for an image of the request.
        public var imageID: String?
        /// The person on the enrolled image; null if unknown.
        public var personID: String?
        /// The camera that took the image; null if unknown.
        public var cameraID: String?
        /// The mean that was subtracted from its vector; null if none was.
        public var mean: NormalizationAnswer.QueryMean?

        private enum CodingKeys: String, CodingKey {
            case imageID = "image_id"
            case personID = "person_id"
            case cameraID = "camera_id"
            case mean
        }

        /// Writes what is unknown as null.
        public func encode(to encoder: any Encoder) throws {
            var fields = encoder.container(keyedBy: CodingKeys.self)
            try fields.encode(imageID, forKey: .imageID)
            try fields.encode(personID, forKey: .personID)
            try fields.encode(cameraID, forKey: .cameraID)
            try fields.encode(mean, forKey: .mean)
        }
    }

    /// The gallery that the comparison was made in; null: none.
    public var gallery: String?
    /// The model that made the vectors, `sha256:…`.
    public var model: String
    /// Whether the cameras' means were subtracted before the vectors were compared.
    public var cameraNormalization: Bool
    /// The two images, those of the request first.
    public var images: [Image]
    /// Squared Euclidean distance of the unit vectors that were compared, 0...4.
    public var distance: Float
    /// Cosine of the vectors that were compared, -1...1.
    public var similarity: Float
    /// The probability that a search of the gallery gives a result at this distance; null if it is not known.
    public var probability: Double?
    /// Why there is no probability; null if there is one.
    public var reason: String?
    /// Reasons to doubt the numbers; nil if there are none.
    public var warnings: [String]?

    private enum CodingKeys: String, CodingKey {
        case gallery, model
        case cameraNormalization = "camera_normalization"
        case images, distance, similarity, probability, reason, warnings
    }

    /// Writes what is unknown as null, and leaves out `warnings` if there are none.
    public func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encode(gallery, forKey: .gallery)
        try fields.encode(model, forKey: .model)
        try fields.encode(cameraNormalization, forKey: .cameraNormalization)
        try fields.encode(images, forKey: .images)
        try fields.encode(distance, forKey: .distance)
        try fields.encode(similarity, forKey: .similarity)
        try fields.encode(probability, forKey: .probability)
        try fields.encode(reason, forKey: .reason)
        try fields.encodeIfPresent(warnings, forKey: .warnings)
    }
}
