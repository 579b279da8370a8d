public import Gallery
internal import Ranking

/// The options of a search: which images may appear, in which order, and how many.
///
/// As JSON, members are in snake_case, and members that restrict nothing are left out.
public struct SearchOptions: Codable, Sendable, Equatable {
    /// What one row of a ranking stands for.
    public enum Grouping: String, Codable, Sendable, CaseIterable {
        /// One known person, with their best images.
        case person
    }

    /// The most results, 1...1000.
    public var limit: Int
    /// Whether results are ordered by re-ranked distance instead of distance.
    public var rerank: Bool
    /// The number of nearest images that are re-ranked, 1...4000; the others follow in the order of their distances.
    public var candidates: Int
    /// The number of neighbors within which two images must have each other, 1...100.
    public var k1: Int
    /// The number of neighbors whose encodings are averaged, 1...100.
    public var k2: Int
    /// The share of the original distance in the re-ranked one, 0...1.
    public var lambda: Double
    /// The camera that took the query's images; nil: it is not known.
    public var queryCamera: String?
    /// Whether the cameras' means are subtracted before vectors are compared; nil: as the gallery is set.
    public var cameraNormalization: Bool?
    /// Only images of one of these cameras; nil: of any.
    public var cameras: [String]?
    /// No image of one of these cameras.
    public var excludedCameras: [String]?
    /// Only images captured at this time or later.
    public var capturedFrom: Timestamp?
    /// Only images captured at this time or earlier.
    public var capturedTo: Timestamp?
    /// Only images of this person.
    public var person: String?
    /// Only the images with this external id.
    public var externalID: String?
    /// Only results at least this similar (cosine, -1...1).
    public var minimumSimilarity: Double?
    /// Only results at least this probable, 0...1.
    public var minimumProbability: Double?
    /// Rows stand for persons instead of images.
    public var grouping: Grouping?
    /// Whether each result carries its feature vector.
    public var includeVectors: Bool?

    /// The defaults of the options of a search.
    public init(defaults: Service.Configuration.Ranking) {
        limit = defaults.limit
        rerank = defaults.rerank
        candidates = defaults.candidates
        k1 = defaults.k1
        k2 = defaults.k2
        lambda = defaults.lambda
    }

    /// Replaces the options that `source` has; the others stay.
    mutating func read(from source: inout some OptionSource, limits: Service.Configuration.Limits) throws(ServiceError)
    {
        limit = try source.integer("limit", in: 1...limits.results) ?? limit
        rerank = try source.flag("rerank") ?? rerank
        candidates = try source.integer("candidates", in: ReRanking.candidates) ?? candidates
        k1 = try source.integer("k1", in: ReRanking.neighborhoods) ?? k1
        k2 = try source.integer("k2", in: ReRanking.neighborhoods) ?? k2
        lambda = try source.number("lambda", in: 0...1) ?? lambda
        queryCamera = try source.text("query_camera") ?? queryCamera
        cameraNormalization = try source.flag("camera_normalization") ?? cameraNormalization
        let filter = try FilterOptions(from: &source)
        cameras = filter.cameras ?? cameras
        excludedCameras = filter.excludedCameras ?? excludedCameras
        capturedFrom = filter.capturedFrom ?? capturedFrom
        capturedTo = filter.capturedTo ?? capturedTo
        person = filter.person ?? person
        externalID = filter.externalID ?? externalID
        minimumSimilarity = try source.number("min_similarity", in: -1...1) ?? minimumSimilarity
        minimumProbability = try source.number("min_probability", in: 0...1) ?? minimumProbability
        grouping = try source.choice("group_by") ?? grouping
        includeVectors = try source.flag("include_vectors") ?? includeVectors
    }

    /// k1, k2 and λ together; options read by `read` are always within range.
    var reRanking: ReRanking {
        get throws(RankingError) { try ReRanking(k1: k1, k2: k2, lambda: lambda) }
    }

    /// The images that may appear.
    var filter: ImageFilter {
        FilterOptions(
            cameras: cameras, excludedCameras: excludedCameras, capturedFrom: capturedFrom, capturedTo: capturedTo,
            person: person, externalID: externalID
        ).filter
    }

    private enum CodingKeys: String, CodingKey {
        case limit, rerank, candidates, k1, k2, lambda
        case queryCamera = "query_camera"
        case cameraNormalization = "camera_normalization"
        case cameras = "camera"
        case excludedCameras = "exclude_camera"
        case capturedFrom = "captured_from"
        case capturedTo = "captured_to"
        case person
        case externalID = "external_id"
        case minimumSimilarity = "min_similarity"
        case minimumProbability = "min_probability"
        case grouping = "group_by"
        case includeVectors = "include_vectors"
    }
}

extension SearchOptions {
    /// Decodes options, also those that an earlier release has stored: without `candidates`, and with larger k1 and k2.
    public init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: CodingKeys.self)
        let deepest = ReRanking.neighborhoods.upperBound
        limit = try members.decode(Int.self, forKey: .limit)
        rerank = try members.decode(Bool.self, forKey: .rerank)
        candidates = try members.decodeIfPresent(Int.self, forKey: .candidates) ?? ReRanking.usualCandidates
        k1 = min(try members.decode(Int.self, forKey: .k1), deepest)
        k2 = min(try members.decode(Int.self, forKey: .k2), deepest)
        lambda = try members.decode(Double.self, forKey: .lambda)
        queryCamera = try members.decodeIfPresent(String.self, forKey: .queryCamera)
        cameraNormalization = try members.decodeIfPresent(Bool.self, forKey: .cameraNormalization)
        cameras = try members.decodeIfPresent([String].self, forKey: .cameras)
        excludedCameras = try members.decodeIfPresent([String].self, forKey: .excludedCameras)
        capturedFrom = try members.decodeIfPresent(Timestamp.self, forKey: .capturedFrom)
        capturedTo = try members.decodeIfPresent(Timestamp.self, forKey: .capturedTo)
        person = try members.decodeIfPresent(String.self, forKey: .person)
        externalID = try members.decodeIfPresent(String.self, forKey: .externalID)
        minimumSimilarity = try members.decodeIfPresent(Double.self, forKey: .minimumSimilarity)
        minimumProbability = try members.decodeIfPresent(Double.self, forKey: .minimumProbability)
        grouping = try members.decodeIfPresent(Grouping.self, forKey: .grouping)
        includeVectors = try members.decodeIfPresent(Bool.self, forKey: .includeVectors)
    }
}

/// Conditions on the images of a gallery, with the same names in searches, lists and erasures.
struct FilterOptions: Codable, Sendable, Equatable {
    var cameras: [String]?
    var excludedCameras: [String]?
    var capturedFrom: Timestamp?
    var capturedTo: Timestamp?
    var person: String?
    var externalID: String?
    /// Only images with these ids; only erasures and holds have it.
    var ids: [String]?
    /// Only images enrolled at this time or earlier; only erasures and holds have it.
    var enrolledTo: Timestamp?

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case cameras = "camera"
        case excludedCameras = "exclude_camera"
        case capturedFrom = "captured_from"
        case capturedTo = "captured_to"
        case person
        case externalID = "external_id"
        case ids = "id"
        case enrolledTo = "enrolled_to"
    }

    /// The names of all conditions.
    static let names = CodingKeys.allCases.map(\.rawValue)
}

extension FilterOptions {
    /// The conditions as a filter of the gallery.
    var filter: ImageFilter {
        ImageFilter(
            cameras: Set(cameras ?? []), excludedCameras: Set(excludedCameras ?? []), capturedFrom: capturedFrom,
            capturedTo: capturedTo, person: person, externalID: externalID, ids: Set(ids ?? []),
            age: enrolledTo.map { AgeLimit(.enrolled, latest: $0) })
    }

    init(from source: inout some OptionSource) throws(ServiceError) {
        cameras = try source.texts("camera")
        excludedCameras = try source.texts("exclude_camera")
        capturedFrom = try source.time("captured_from")
        capturedTo = try source.time("captured_to")
        person = try source.text("person")
        externalID = try source.text("external_id")
        if let capturedFrom, let capturedTo, capturedTo < capturedFrom {
            throw source.invalid("captured_to", expected: "no earlier than captured_from")
        }
    }
}
