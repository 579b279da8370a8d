import FoundationEssentials
public import HTTPTypes

/// A refusal with its reasons, as RFC 9457 writes them: `application/problem+json`.
public struct HTTPProblem: Error, Sendable, Equatable {
    /// The status, repeated in the body.
    public var status: HTTPResponse.Status
    /// A URI reference naming the kind of problem.
    public var type: String
    /// The kind of problem in a few words, the same every time.
    public var title: String
    /// What happened this time.
    public var detail: String?
    /// A JSON pointer to the member at fault.
    public var pointer: String?
    /// The query parameter or header field at fault.
    public var parameter: String?
    /// More header fields, such as `Allow` and `Retry-After`.
    public var fields: HTTPFields

    /// Creates a problem; the title defaults to the status's reason phrase.
    public init(
        _ status: HTTPResponse.Status, type: String = "about:blank", title: String? = nil, detail: String? = nil,
        pointer: String? = nil, parameter: String? = nil, fields: HTTPFields = [:]
    ) {
        self.status = status
        self.type = type
        self.title = title ?? status.reasonPhrase
        self.detail = detail
        self.pointer = pointer
        self.parameter = parameter
        self.fields = fields
    }

    /// The response that tells it; `instance` is the request's id.
    public func response(instance: String) -> ServerResponse {
        let body = Body(
            type: type, title: title, status: status.code, detail: detail, instance: instance, pointer: pointer,
            parameter: parameter)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var fields = fields
        fields[.contentType] = "application/problem+json"
        fields[.cacheControl] = "no-store"
        // A struct of strings and one integer always encodes; were that ever untrue, the status still tells.
        let bytes = (try? encoder.encode(body)).map { [UInt8]($0) } ?? []
        return ServerResponse(status, fields: fields, body: .bytes(bytes))
    }

    /// The members of a problem document; absent ones are left out.
    private struct Body: Encodable {
        let type: String
        let title: String
        let status: Int
        let detail: String?
        let instance: String
        let pointer: String?
        let parameter: String?
    }
}

extension HTTPProblem {
    /// A 400 with its reason.
    public static func badRequest(_ detail: String, parameter: String? = nil) -> HTTPProblem {
        HTTPProblem(.badRequest, detail: detail, parameter: parameter)
    }

    /// A 413 naming the limit in bytes.
    public static func contentTooLarge(limit: Int) -> HTTPProblem {
        HTTPProblem(
            .contentTooLarge,
            detail: limit == 0 ? "This route takes no body." : "The body may have at most \(limit) bytes.")
    }

    /// A 503 that says when to try again.
    public static func overloaded(_ detail: String, retryAfterSeconds: Int) -> HTTPProblem {
        HTTPProblem(.serviceUnavailable, detail: detail, fields: [.retryAfter: String(retryAfterSeconds)])
    }
}
