internal import Gallery
internal import HTTP
internal import HTTPTypes

/// The routes that set and lift how long a gallery keeps images.
func retentionRoutes(_ service: ServiceContext) -> [Route] {
    [
        Route(
            .put, "/admin/v1/galleries/{gallery}/retention", access: .holder(of: .admin),
            bodyLimit: RetentionLimits.bodyBytes, requiresBody: true
        ) { request in
            .now(
                try setRetention(request, service) {
                    var members = try JSONMembers(
                        parsing: try request.body.bytes(limit: RetentionLimits.bodyBytes), part: "body")
                    return try Retention(from: &members)
                })
        },
        Route(.delete, "/admin/v1/galleries/{gallery}/retention", access: .holder(of: .admin)) { request in
            .now(try setRetention(request, service) { nil })
        },
    ]
}

/// The limits of a retention.
enum RetentionLimits {
    /// Bytes of a body that sets one.
    static let bodyBytes = 1024
    /// The seconds for which a gallery may keep images: a minute to a hundred years.
    static let seconds = 60...3_155_760_000
    /// What the seconds must be.
    static let expectation =
        wholeNumber(in: seconds) + "; DELETE the retention to keep images until they are erased on request"
}

extension Retention {
    /// Reads a retention; both members are needed.
    fileprivate init(from members: inout JSONMembers) throws(ServiceError) {
        let seconds = try members.number("seconds", in: -1e15...1e15)
        let basis: AgeLimit.Basis? = try members.choice("by")
        try members.finish()
        guard let seconds, let whole = Int(exactly: seconds), RetentionLimits.seconds ~= whole else {
            throw members.invalid("seconds", expected: RetentionLimits.expectation)
        }
        guard let basis else { throw members.invalid("by", expected: "one of 'captured_at', 'enrolled_at'") }
        self.init(seconds: Int64(whole), basis: basis)
    }
}

private func setRetention(
    _ request: ServerRequest, _ service: ServiceContext, _ read: () throws -> Retention?
) throws -> ServerResponse {
    try QueryParameters(request.query).finish()
    let name = request.parameters["gallery"] ?? ""
    // Whoever may not know of the gallery learns nothing from how the body is judged.
    _ = try service.audit.change(.retentionSet, of: name, by: request) { _ in
        try service.store.gallery(request.visibleGallery())
    }
    let retention = try read()
    let details: [String: JSONValue] = [
        "gallery": .text(name), "seconds": retention.map { .number(Double($0.seconds)) } ?? .null,
        "by": .optional(retention?.basis.rawValue),
    ]
    let gallery = try service.audit.change(.retentionSet, of: name, by: request, details: details) {
        try service.store.setRetention(retention, of: request.visibleGallery(), audit: $0)
    }
    service.resumeRetention(of: name)
    return try .json(try service.describe(gallery))
}
