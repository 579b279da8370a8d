internal import Embedding
internal import Gallery
internal import HTTP
internal import HTTPTypes
internal import Imaging

/// One answer of a route.
struct Answer: Sendable {
    /// Its status.
    let status: HTTPResponse.Status
    /// When the answer is given, and what it contains.
    var description: String
    /// The answer's header fields, except those that frame a message and `ofEveryAnswer`.
    var fields: [HTTPField.Name] = []
    /// The forms of the body; empty if there is no body.
    var content: [Content] = []

    /// An answer without a body.
    static func empty(
        _ status: HTTPResponse.Status, _ description: String, fields: [HTTPField.Name] = []
    ) -> Answer {
        Answer(status: status, description: description, fields: fields)
    }

    /// An answer of one of the wire types.
    static func json(
        _ description: String, _ schema: Schema, example: any Encodable & Sendable,
        status: HTTPResponse.Status = .ok, fields: [HTTPField.Name] = []
    ) -> Answer {
        Answer(
            status: status, description: description, fields: [.cacheControl] + fields,
            content: [Content(type: "application/json", schema: schema, examples: ["usual": example])])
    }

    /// A stream of events; `ranking` is that of its example.
    static func events(_ ranking: RankingAnswer) -> Answer {
        let event = ServerSentEvent("ranking", id: "\(ranking.revision ?? 0)", data: ranking.json)
        return Answer(
            status: .ok,
            description:
                "A stream that goes on until the client leaves or an event `end` comes: `ranking`, whose `id` is the "
                + "version and whose data is a `KeptRanking`, at once unless the client has it, and whenever it changes; "
                + "`status`, whose data says in `error` why the query could not be ranked again, or null when that is over; "
                + "`end`, whose data says in `reason` why: "
                + StreamEnd.Reason.allCases.map { "`\($0.rawValue)`" }.joined(separator: ", ") + ".",
            fields: [.cacheControl],
            content: [
                Content(
                    type: ServerSentEvent.mediaType, schema: .text("Server-sent events (WHATWG HTML, section 9.2)."),
                    examples: ["usual": String(decoding: event.text, as: UTF8.self)])
            ])
    }

    /// An image with one of these media types and an `ETag`.
    static func image(_ description: String, types: [String]) -> Answer {
        Answer(
            status: .ok, description: description, fields: [.cacheControl, .eTag, .acceptRanges],
            content: types.map { Content(type: $0, schema: .bytes) })
    }

    /// A 206: the part of an image that `Range` asks for.
    static func part(types: [String]) -> Answer {
        Answer(
            status: .partialContent, description: "The bytes that `Range` asks for.",
            fields: [.cacheControl, .eTag, .acceptRanges, .contentRange],
            content: types.map { Content(type: $0, schema: .bytes) })
    }

    /// The header fields of every answer.
    static let ofEveryAnswer: [HTTPField.Name] = [.xRequestID, .xContentTypeOptions, .crossOriginResourcePolicy]

    /// A 304: the client has the answer already.
    static let notModified = Answer.empty(
        .notModified, "What `If-None-Match` names is the newest.", fields: [.cacheControl, .eTag])

    /// The answer in OpenAPI's form.
    var json: JSONValue {
        get throws {
            var headers: [String: JSONValue] = [:]
            for field in fields + Self.ofEveryAnswer {
                headers[field.rawName] = ["$ref": .text("#/components/headers/\(field.rawName)")]
            }
            var answer: [String: JSONValue] = ["description": .text(description), "headers": .object(headers)]
            if !content.isEmpty { answer["content"] = try Content.json(content) }
            return .object(answer)
        }
    }

    /// One answer that covers both; `other` has the same status.
    func merged(into other: Answer?) -> Answer {
        guard let other else { return self }
        var merged = other
        if !other.description.contains(description) { merged.description += " " + description }
        merged.fields += fields.filter { !other.fields.contains($0) }
        merged.content += content
        return merged
    }
}

extension Answer {
    /// The answer with a problem document; the problem is its example.
    init(_ problem: HTTPProblem) {
        let kind = problem.type.split(separator: ":").last.map(String.init) ?? ""
        self.init(
            status: problem.status, description: problem.title + ".",
            fields: [.cacheControl] + problem.fields.map(\.name),
            content: [
                Content(
                    type: "application/problem+json", schema: .component("Problem"),
                    examples: [kind == "blank" ? "usual" : kind: ProblemExample(problem: problem)])
            ])
    }
}

/// The document of a problem, as in a response.
private struct ProblemExample: Encodable, Sendable {
    let problem: HTTPProblem

    func encode(to encoder: any Encoder) throws {
        var document: JSONValue = .null
        if case .bytes(let bytes) = problem.response(instance: Examples.requestID).body {
            document = try fromJSON(bytes)
        }
        try document.encode(to: encoder)
    }
}

/// The problems that a listener may answer to any request.
enum Refusals {
    /// One problem for each status; all are found before a route's handler runs, except wrong parameters.
    static let common: [HTTPProblem] = [
        ServiceError.unknownParameter("color", known: ["cursor", "limit"]).problem,
        ServiceError.crossSite.problem, ServiceError.foreignHost("other.example.org").problem,
        HTTPProblem(.requestTimeout, detail: "The request's head took too long."),
        .contentTooLarge(limit: 0),
        .preconditionFailed("If-Match"),
        HTTPProblem(.uriTooLong, detail: "The target may have at most 8192 bytes."),
        HTTPProblem(
            .unsupportedMediaType, detail: "The body may not have a content coding.", parameter: "Content-Encoding",
            fields: [.acceptEncoding: "identity"]),
        HTTPProblem(.expectationFailed, detail: "Only 100-continue can be expected.", parameter: "Expect"),
        HTTPProblem(
            .tooManyRequests, detail: "There are too many connections from this address.", fields: [.retryAfter: "1"]),
        HTTPProblem(.requestHeaderFieldsTooLarge, detail: "There are more than 100 headers."),
        .internalError,
        .unknownMethod,
        .overloaded("The server is busy; try again.", retryAfterSeconds: 1),
        HTTPProblem(.httpVersionNotSupported, detail: "Only HTTP/1.1 and HTTP/1.0 are spoken here."),
    ]

    /// The problems that a route with a body adds.
    static let ofBodies: [any Error] = [
        HTTPProblem(.lengthRequired, detail: "This request needs a body with its length."),
        HTTPProblem.contentTooLarge(limit: Service.Configuration.Limits().searchBody), GalleryError.diskFull(path: ""),
    ]

    /// The problem of a route whose answers have ranges.
    static let ofRanges: [any Error] = [
        HTTPProblem(
            .rangeNotSatisfiable, detail: "The content has 100 bytes.", parameter: "Range",
            fields: [.contentRange: "bytes */100"])
    ]

    /// The problems that a route with images adds.
    static let ofImages: [any Error] = ofBodies + faultsOfImages + [EmbedderError.overloaded(queued: 256, limit: 256)]

    private static let faultsOfImages: [ServiceError] = [
        .emptyBody, .noImage, .tooManyImages(limit: 16), .unknownPart(name: "photo", known: ["image"]),
        .unsupportedMediaType(found: "text/plain", accepted: ImageUpload.accepted),
        .image(.unsupportedFormat, index: 0, count: 1),
        .image(.tooLarge(width: 50_000, height: 50_000, limit: 40_000_000), index: 0, count: 1),
        .tooManyPixels(200_000_000, limit: 160_000_000),
        .image(.corrupt(reason: "the data ends early"), index: 0, count: 1),
    ]
}
