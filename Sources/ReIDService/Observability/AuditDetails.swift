internal import CSPRModel
internal import Digests
internal import Gallery
internal import HTTP

/// The details of a search in the audit: what was asked, and what was shown.
struct SearchDetails: Encodable {
    /// The gallery that was searched.
    var gallery: String
    /// The gallery's model.
    var model: String
    /// The options, including defaults.
    var options: SearchOptions
    /// Whether the cameras' means were subtracted.
    var normalization: NormalizationAnswer?
    /// The SHA-256 of each image of the request, in hexadecimal; nil if the images were sent earlier.
    var images: [String]?
    /// Whether a kept query is ranked again whenever the gallery changes; nil for a search.
    var standing: Bool?
    /// The ids of the images in the ranking, best first.
    var shown: [String]

    init(_ answer: RankingAnswer, images: [ImageContent]? = nil, standing: Bool? = nil) throws {
        gallery = answer.gallery
        model = answer.model
        options = answer.options
        normalization = answer.cameraNormalization
        self.images = try images.map(digests)
        shown = answer.imageIDs
        self.standing = standing
    }
}

/// The details of a comparison in the audit: what was asked, and which enrolled images were shown.
struct ComparisonDetails: Encodable {
    /// The gallery that the comparison was made in; nil: none.
    var gallery: String?
    /// The model that made the vectors.
    var model: String
    /// The options as they were given.
    var options: ComparisonOptions
    /// The SHA-256 of each image of the request, in hexadecimal.
    var images: [String]
    /// The ids of the enrolled images.
    var shown: [String]

    init(_ answer: ComparisonAnswer, options: ComparisonOptions, images: [ImageContent]) throws {
        gallery = answer.gallery
        model = answer.model
        self.options = options
        self.images = try digests(images)
        shown = answer.images.compactMap(\.imageID)
    }
}

/// The details of a request for embeddings in the audit.
struct EmbeddingDetails: Encodable {
    /// The model that made the vectors.
    var model: String
    /// The SHA-256 of each image, in hexadecimal.
    var images: [String]

    init(_ images: [ImageContent], model: String) throws {
        self.model = model
        self.images = try digests(images)
    }
}

/// The SHA-256 of each image, in hexadecimal.
private func digests(_ images: [ImageContent]) throws -> [String] {
    try images.map { hexString(try SHA256.hash($0.bytes)) }
}

/// The details of a search that is not kept: its own, the request's id, and the token's id; with the same members as the
/// generic encoder writes.
private struct SearchRequestDetails: JSONWritable {
    let search: SearchDetails
    let request: ServerRequest

    func write(to writer: inout JSONWriter) {
        writer.object {
            $0.member("gallery", search.gallery)
            $0.member("images", search.images)
            $0.member("model", search.model)
            $0.member("normalization", search.normalization)
            $0.member("options", search.options)
            $0.member("request", request.id)
            $0.member("shown", search.shown)
            $0.member("standing", search.standing)
            $0.member("token", request.tokenID)
        }
    }
}

/// The details of a request: its own, the request's id, and the token's id.
private struct RequestDetails<Facts: Encodable>: Encodable {
    let facts: Facts
    let request: ServerRequest

    private enum Name: String, CodingKey {
        case request, token
    }

    func encode(to encoder: any Encoder) throws {
        try facts.encode(to: encoder)
        var members = encoder.container(keyedBy: Name.self)
        try members.encode(request.id, forKey: .request)
        try members.encodeIfPresent(request.tokenID, forKey: .token)
    }
}

extension AuditEvent {
    /// What a request does.
    ///
    /// - Parameters:
    ///   - action: what is done.
    ///   - target: the id or name of what it is done to.
    ///   - request: who asks, and from where.
    ///   - details: more facts, a JSON object; no secret, image or vector.
    /// - Throws: an `EncodingError` for details that are not JSON.
    init(_ action: AuditAction, of target: String, by request: ServerRequest, details: some Encodable) throws {
        self.init(
            action, of: target, by: request, text: try jsonBytes(RequestDetails(facts: details, request: request)))
    }

    /// A search, whose details are written without a generic encoder.
    init(_ search: SearchDetails, by request: ServerRequest) {
        self.init(
            .search, of: search.gallery, by: request, text: SearchRequestDetails(search: search, request: request).json)
    }

    private init(_ action: AuditAction, of target: String, by request: ServerRequest, text: [UInt8]) {
        self.init(
            action, actor: request.principal?.name ?? "anonymous", address: request.peer, target: target,
            details: String(decoding: text, as: UTF8.self), at: .now())
    }

    /// What the service does by itself.
    static func byService(_ action: AuditAction, of target: String, details: some Encodable) throws -> AuditEvent {
        AuditEvent(action, actor: "service", target: target, details: try text(details), at: .now())
    }

    /// The event with more details.
    func adding(_ more: some Encodable) throws -> AuditEvent {
        var members: [String: JSONValue] = try fromJSON(Array(details.utf8))
        members.merge(try fromJSON(try jsonBytes(more), as: [String: JSONValue].self)) { $1 }
        var event = self
        event.details = try text(members)
        return event
    }
}

/// A value as JSON text, in the form that the audit's digests need.
private func text(_ value: some Encodable) throws -> String { String(decoding: try jsonBytes(value), as: UTF8.self) }

extension ServerRequest {
    /// The id of the token of who asks; nil: nobody showed one.
    var tokenID: String? { principal.flatMap { $0.hasToken ? $0.id : nil } }
}
