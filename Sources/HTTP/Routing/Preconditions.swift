import HTTPTypes

extension ServerResponse {
    /// The response as the request's preconditions and its range make it, in the order of RFC 9110, section 13.2.2.
    ///
    /// It applies to answers of `GET` with a strong `ETag`: 412 if `If-Match` does not have the tag, and 304 if
    /// `If-None-Match` has it. If the answer has `Accept-Ranges: bytes` too, it is a part (206) or a 416 as `Range` asks,
    /// unless `If-Range` names another version. There are no modification dates here, so a date in `If-Range` is never met,
    /// and other conditions with dates are ignored.
    func conditioned(by request: ServerRequest, isHead: Bool) -> ServerResponse {
        guard request.method == .get, status == .ok || status == .notModified,
            let tag = fields[.eTag].flatMap(EntityTag.init(strong:))
        else { return self }
        if let field = request.fields[.ifMatch], !tag.isMatched(byIfMatch: field) {
            return HTTPProblem.preconditionFailed("If-Match").response(instance: request.id)
        }
        guard status == .ok else { return self }
        if tag.isMatched(byIfNoneMatch: request.fields[.ifNoneMatch]) {
            var fields = fields
            for name in [HTTPField.Name.contentType, .contentEncoding, .contentLanguage] { fields[name] = nil }
            return ServerResponse(.notModified, fields: fields)
        }
        // Only GET has ranges (RFC 9110, section 14.2).
        guard !isHead, fields[.acceptRanges] == "bytes", let size = body.size else { return self }
        if let field = request.fields[.ifRange], EntityTag(strong: field) != tag { return self }
        return part(ByteRange(request.fields[.range], size: size), of: size, request)
    }

    private func part(_ range: ByteRange?, of size: Int, _ request: ServerRequest) -> ServerResponse {
        switch range {
        case nil: return self
        case .unsatisfiable:
            return HTTPProblem(
                .rangeNotSatisfiable, detail: "The content has \(size) bytes.", parameter: "Range",
                fields: [.contentRange: "bytes */\(size)"]
            ).response(instance: request.id)
        case .part(let range):
            var response = self
            response.status = .partialContent
            response.fields[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(size)"
            if case .bytes(let bytes) = body {
                response.body = .bytes(Array(bytes[range]))
            } else {
                response.part = range
            }
            return response
        }
    }
}

extension ResponseBody {
    /// The number of bytes, if it is known and parts can be sent.
    fileprivate var size: Int? {
        switch self {
        case .bytes(let bytes): bytes.count
        case .file(let file): file.size
        case .empty, .stream, .live: nil
        }
    }
}

extension HTTPProblem {
    /// A problem 412: a precondition of the request is not met.
    package static func preconditionFailed(_ field: String) -> HTTPProblem {
        HTTPProblem(.preconditionFailed, detail: "What \(field) asks for is not so.", parameter: field)
    }

    /// Refuses a request that may change something, if its preconditions cannot be met.
    ///
    /// What such requests change has no entity tags here, so no tag in `If-Match` can be the current one; and `*` in
    /// `If-None-Match` asks that there be nothing yet, which only a `PUT` can want and only its handler can know.
    /// It comes before the handler, so it is also the answer where the handler would find nothing (404): a request that is
    /// not performed is never wrong (RFC 9110, section 13.1.1).
    static func checkPreconditions(_ method: HTTPRequest.Method, _ fields: HTTPFields) throws(HTTPProblem) {
        guard method != .get, method != .head, method != .options else { return }
        if let field = fields[.ifMatch], field != "*" { throw preconditionFailed("If-Match") }
        if method != .put, fields[.ifNoneMatch] == "*" { throw preconditionFailed("If-None-Match") }
    }
}
