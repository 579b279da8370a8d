internal import Gallery
internal import HTTP
internal import HTTPTypes
internal import Synchronization

/// `GET /admin/v1/audit`: who did what, and what was shown.
func auditRoutes(_ service: ServiceContext) -> [Route] {
    [
        Route(.get, "/admin/v1/audit", access: .holder(of: .admin)) { request in
            var parameters = QueryParameters(request.query)
            let filter = try AuditFilter(from: &parameters)
            let format: AuditFormat? = try parameters.choice("format")
            let limit = try parameters.integer("limit", in: 1...service.configuration.limits.results)
            let page = try ListParameters(&parameters, limits: service.configuration.limits)
            service.audit.flush()
            if format ?? AuditFormat(acceptedBy: request) == .ndjson {
                guard page.cursor == nil else { throw parameters.invalid("cursor", expected: "absent from lines") }
                return .now(try export(filter, limit: limit, service))
            }
            let found = try service.store.audit(filter, limit: page.limit, cursor: page.cursor)
            return .now(try .json(ListAnswer(items: try found.items.map(AuditAnswer.init), next: found.next)))
        }
    ]
}

/// How the audit is written.
enum AuditFormat: String, CaseIterable {
    /// A page, newest first.
    case json
    /// All rows, one per line, oldest first.
    case ndjson

    /// What the request's `Accept` asks for.
    init(acceptedBy request: ServerRequest) {
        self = request.fields[.accept]?.contains(Self.mediaType) == true ? .ndjson : .json
    }

    static let mediaType = "application/x-ndjson"

    /// The largest number that JSON readers keep exactly.
    static let lastSequence = (1 << 53) - 1
}

/// The rows that are there now, at most `limit`, as lines that are read while they are sent.
private func export(
    _ filter: AuditFilter, limit: Int?, _ service: ServiceContext
) throws -> ServerResponse {
    let end = try service.store.audit(limit: 1).items.first?.sequence ?? 0
    let place = Mutex((last: filter.after ?? 0, left: limit ?? Int.max))
    let stream = ResponseStream {
        let (last, left) = place.withLock { $0 }
        guard left > 0 else { return nil }
        let rows = try service.store.audit(filter, after: last, limit: min(left, 500)).filter { $0.sequence <= end }
        guard let newest = rows.last else { return nil }
        place.withLock { $0 = (newest.sequence, left - rows.count) }
        return try rows.flatMap { try jsonBytes(AuditAnswer($0)) + [0x0A] }
    }
    return ServerResponse(
        .ok, fields: [.contentType: AuditFormat.mediaType, .cacheControl: "no-store"], body: .stream(stream))
}

extension AuditFilter {
    /// Reads the filters from a request.
    init(from parameters: inout QueryParameters) throws(ServiceError) {
        self.init()
        action = try parameters.choice("action")
        actor = try parameters.text("actor")
        target = try parameters.text("target")
        gallery = try parameters.text("gallery")
        from = try parameters.time("from")
        to = try parameters.time("to")
        after = try parameters.integer("after", in: 0...AuditFormat.lastSequence).map(Int64.init)
    }
}
