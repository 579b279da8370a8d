public import Imaging
public import Ranking

/// What a client of the service may send and ask for; each limit is tested.
public struct ServiceLimits: Codable, Sendable, Equatable {
    /// Bytes of one encoded image.
    public var imageBytes = 20 << 20
    /// Pixels of one decoded image; guards memory against small files that expand.
    public var imagePixels = 40_000_000
    /// Pixels along one side of an image.
    public var imageSide = 30_000
    /// Bytes of the body of a search, a kept query or an embedding request.
    public var searchBody = 64 << 20
    /// Images of one person in a search.
    public var imagesPerSearch = 16
    /// Images in an embedding request.
    public var imagesPerEmbedding = 64
    /// Results of a ranking and items of a list.
    public var results = 1000
    /// Bytes of the body of a batch.
    public var batchBody = 16 << 30
    /// Seconds for which a poll may be held.
    public var wait = 60

    /// The defaults.
    public init() {}

    /// Reads limits; one that is absent keeps its default.
    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        try fields.read(.imageBytes, into: &imageBytes)
        try fields.read(.imagePixels, into: &imagePixels)
        try fields.read(.imageSide, into: &imageSide)
        try fields.read(.searchBody, into: &searchBody)
        try fields.read(.imagesPerSearch, into: &imagesPerSearch)
        try fields.read(.imagesPerEmbedding, into: &imagesPerEmbedding)
        try fields.read(.results, into: &results)
        try fields.read(.batchBody, into: &batchBody)
        try fields.read(.wait, into: &wait)
    }

    /// The part that guards the image decoder.
    public var image: ImageLimits {
        var limits = ImageLimits()
        limits.bytes = imageBytes
        limits.pixels = imagePixels
        limits.side = imageSide
        return limits
    }

    func validate() throws(ConfigurationError) {
        let positive = [
            ("image_bytes", imageBytes), ("image_pixels", imagePixels), ("image_side", imageSide),
            ("search_body", searchBody), ("images_per_search", imagesPerSearch),
            ("images_per_embedding", imagesPerEmbedding), ("results", results), ("batch_body", batchBody),
            ("wait", wait),
        ]
        for (field, value) in positive where value < 1 {
            throw .outOfRange(field: "limits." + field, allowed: "1 or more")
        }
    }

    private enum CodingKeys: String, CodingKey {
        case imageBytes = "image_bytes"
        case imagePixels = "image_pixels"
        case imageSide = "image_side"
        case searchBody = "search_body"
        case imagesPerSearch = "images_per_search"
        case imagesPerEmbedding = "images_per_embedding"
        case results
        case batchBody = "batch_body"
        case wait
    }
}

/// The options of a search that names none.
public struct RankingDefaults: Codable, Sendable, Equatable {
    /// Results of a ranking.
    public var limit = 20
    /// Whether rankings are re-ranked.
    public var rerank = true
    /// k1, k2 and λ.
    public var reRanking = ReRanking.cautious

    /// The defaults.
    public init() {}

    /// Reads options; one that is absent keeps its default.
    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        try fields.read(.limit, into: &limit)
        try fields.read(.rerank, into: &rerank)
        try fields.read(.reRanking, into: &reRanking)
    }

    func validate(maximumResults: Int) throws(ConfigurationError) {
        guard 1...maximumResults ~= limit else {
            throw .outOfRange(field: "ranking.limit", allowed: "1...\(maximumResults)")
        }
    }

    private enum CodingKeys: String, CodingKey {
        case limit, rerank
        case reRanking = "re_ranking"
    }
}

extension KeyedDecodingContainer {
    /// Replaces `value` by what the file gives for `key`, if it gives anything.
    func read<Value: Decodable>(_ key: Key, into value: inout Value) throws {
        if let found = try decodeIfPresent(Value.self, forKey: key) { value = found }
    }
}
