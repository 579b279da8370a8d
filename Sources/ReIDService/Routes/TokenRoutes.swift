internal import Gallery
internal import HTTP
internal import HTTPTypes

/// The routes that make, list and delete tokens; only for a token with the scope `admin` that is for every gallery.
func tokenRoutes(_ service: ServiceContext) -> [Route] {
    let tokens = service.gatekeeper.tokens
    return [
        Route(
            .post, "/admin/v1/tokens", access: .holder(of: .admin), bodyLimit: TokenLimits.bodyBytes, requiresBody: true
        ) { request in
            try QueryParameters(request.query).finish()
            try request.requireEveryGallery()
            return .now(
                try service.audit.change(.tokenCreate, of: "", by: request) { try create(request, tokens, audit: $0) })
        },
        Route(.get, "/admin/v1/tokens", access: .holder(of: .admin)) { request in
            let page = try ListParameters(request, limits: service.configuration.limits)
            try request.requireEveryGallery()
            let found = try tokens.tokens(limit: page.limit, cursor: page.cursor)
            return .now(
                try .json(
                    ListAnswer(
                        items: found.items.map { TokenAnswer($0, lastUsedAt: $1) }, next: found.next)))
        },
        Route(.delete, "/admin/v1/tokens/{token}", access: .holder(of: .admin)) { request in
            try QueryParameters(request.query).finish()
            try request.requireEveryGallery()
            let id = request.parameters["token"] ?? ""
            try service.audit.change(.tokenDelete, of: id, by: request) { try tokens.delete(id, audit: $0) }
            service.streams.endForStrangers()
            return .now(ServerResponse(.noContent))
        },
    ]
}

/// The limits of the description of a token.
enum TokenLimits {
    /// Bytes of a body that makes a token, or signs in.
    static let bodyBytes = 64 << 10
    /// Characters of a token's name.
    static let nameCharacters = 100
    static let nameExpectation = "a text of 1 to \(nameCharacters) characters without control characters"
    /// Bytes of a certificate's subject.
    static let subjectBytes = 1000
    static let scopesExpectation = "a list of one or more of " + Scope.names.map { "'\($0)'" }.joined(separator: ", ")
}

/// Makes a token from `{"name", "scopes", "galleries", "expires_at", "subject"}`; answers with its secret, once.
private func create(
    _ request: ServerRequest, _ tokens: TokenBook, audit: AuditEvent
) throws -> ServerResponse {
    var members = try JSONMembers(parsing: try request.body.bytes(limit: TokenLimits.bodyBytes), part: "body")
    guard let name = try? members.text("name", bytes: 4 * TokenLimits.nameCharacters),
        name.count <= TokenLimits.nameCharacters
    else {
        throw members.invalid("name", expected: TokenLimits.nameExpectation)
    }
    guard let scopes = try? members.texts("scopes"), !scopes.isEmpty, scopes.allSatisfy(Scope.names.contains) else {
        throw members.invalid("scopes", expected: TokenLimits.scopesExpectation)
    }
    let galleries: [String]?
    do { galleries = try members.texts("galleries") } catch {
        throw members.invalid("galleries", expected: GalleryPattern.expectation)
    }
    if let galleries, galleries.isEmpty || !galleries.allSatisfy(GalleryPattern.isValid) {
        throw members.invalid("galleries", expected: GalleryPattern.expectation)
    }
    let expiresAt = try members.time("expires_at")
    if let expiresAt, expiresAt <= .now() {
        throw members.invalid("expires_at", expected: "a time to come, or null")
    }
    let subject = try members.text("subject", bytes: TokenLimits.subjectBytes)
    try members.finish()
    let facts: [String: JSONValue] = ["name": .text(name), "scopes": .list(scopes.map(JSONValue.text))]
    let (token, secret) = try tokens.create(
        name: name, scopes: Scope.names.filter(scopes.contains), galleries: galleries, expiresAt: expiresAt,
        subject: subject, audit: audit.adding(facts))
    return try .json(
        TokenAnswer(token, secret: secret), status: .created, fields: [.location: "/admin/v1/tokens/" + token.id])
}

extension TokenAnswer {
    init(_ token: TokenRecord, lastUsedAt: Timestamp? = nil, secret: String? = nil) {
        self.init(
            id: token.id, name: token.name, scopes: token.scopes, galleries: token.galleries,
            expiresAt: token.expiresAt, createdAt: token.createdAt, lastUsedAt: lastUsedAt,
            secret: secret, subject: token.subject)
    }
}
