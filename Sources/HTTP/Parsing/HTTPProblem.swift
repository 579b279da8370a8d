import FoundationEssentials
public import HTTPTypes

/// An error with its reasons, as a problem document of RFC 9457 (`application/problem+json`).
public struct HTTPProblem: Error, Sendable, Equatable {
    /// The status, repeated in the body.
    public var status: HTTPResponse.Status
    /// A URI reference naming the kind of problem.
    public var type: String
    /// The kind of problem in a few words; always the same for one `type`.
    public var title: String
    /// What happened in this case.
    public var detail: String?
    /// A JSON pointer to the wrong member.
    public var pointer: String?
    /// The wrong query parameter or header field.
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

    /// The response with this problem document; `instance` is the request's id.
    public func response(instance: String) -> ServerResponse {
        let body = Document(
            type: type, title: title, status: status.code, detail: detail, instance: instance, pointer: pointer,
            parameter: parameter)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var fields = fields
        fields[.contentType] = "application/problem+json"
        fields[.cacheControl] = "no-store"
        // A struct of strings and one integer always encodes; if it did not, the status would still be sent.
        let bytes = (try? encoder.encode(body)).map { [UInt8]($0) } ?? []
        return ServerResponse(status, fields: fields, body: .bytes(bytes))
    }

    /// The members of a problem document; absent ones are left out.
    package struct Document: Codable, Sendable, Equatable {
        /// A URI reference naming the kind of problem.
        package let type: String
        /// The kind of problem in a few words.
        package let title: String
        /// The status of the response.
        package let status: Int
        /// What happened this time.
        package let detail: String?
        /// The request's id.
        package let instance: String
        /// A JSON pointer to the member at fault.
        package let pointer: String?
        /// The query parameter or header field at fault.
        package let parameter: String?
    }
}

extension HTTPProblem {
    /// A problem 400 with its reason.
    public static func badRequest(_ detail: String, parameter: String? = nil) -> HTTPProblem {
        HTTPProblem(.badRequest, detail: detail, parameter: parameter)
    }

    /// A problem 413 that names the limit in bytes.
    public static func contentTooLarge(limit: Int) -> HTTPProblem {
        HTTPProblem(
            .contentTooLarge,
            detail: limit == 0 ? "This route takes no body." : "The body may have at most \(limit) bytes.")
    }

    /// A problem 503 that says when to try again.
    public static func overloaded(_ detail: String, retryAfterSeconds: Int) -> HTTPProblem {
        HTTPProblem(.serviceUnavailable, detail: detail, fields: [.retryAfter: String(retryAfterSeconds)])
    }
}
