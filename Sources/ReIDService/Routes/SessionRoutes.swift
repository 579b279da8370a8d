internal import Gallery
internal import HTTP
internal import HTTPTypes

/// `/v1/session`: a dashboard signs in with a token, asks who it is, and signs out.
func sessionRoutes(_ service: ServiceContext) -> [Route] {
    let gatekeeper = service.gatekeeper
    return [
        Route(.post, "/v1/session", access: .anyone, bodyLimit: TokenLimits.bodyBytes, requiresBody: true) { request in
            try QueryParameters(request.query).finish()
            return .now(
                try service.audit.change(.sessionCreate, of: "", by: request) {
                    try signIn(request, service, audit: $0)
                })
        },
        Route(.get, "/v1/session", access: .holder(of: .query)) { request in
            try QueryParameters(request.query).finish()
            let principal = request.principal ?? .anonymous
            return .now(
                try .json(
                    SessionAnswer(
                        name: principal.name,
                        scopes: Scope.names.filter { principal.scopes.contains(Scope(rawValue: $0)) },
                        galleries: principal.galleries, expiresAt: try gatekeeper.holder(request)?.expiresAt,
                        signedIn: principal.hasToken)))
        },
        Route(.delete, "/v1/session", access: .holder(of: .query)) { request in
            try QueryParameters(request.query).finish()
            try service.audit.change(.sessionDelete, of: request.tokenID ?? "", by: request) {
                if let secret = SessionCookie.secret(in: request.fields) { try gatekeeper.sessions.close(secret) }
                try service.store.appendAudit([$0])
            }
            service.streams.endForStrangers()
            return .now(ServerResponse(.noContent, fields: SessionCookie.clearing))
        },
    ]
}

/// Opens a session for the token in `{"token": "…"}`, and gives its cookie.
private func signIn(
    _ request: ServerRequest, _ service: ServiceContext, audit: AuditEvent
) throws -> ServerResponse {
    let gatekeeper = service.gatekeeper
    var members = try JSONMembers(parsing: try request.body.bytes(limit: TokenLimits.bodyBytes), part: "body")
    guard let secret = try members.text("token") else { throw members.invalid("token", expected: "a token") }
    try members.finish()
    let holder = try gatekeeper.signIn(secret, from: request.peer)
    guard holder.principal.holds(.query) else { throw ServiceError.forbidden(scope: Scope.query.rawValue) }
    var event = audit
    event.actor = holder.principal.name
    event.target = holder.principal.id
    try service.store.appendAudit([event])
    let session = try gatekeeper.sessions.open(token: holder.principal.id, tokenEnd: holder.expiresAt)
    let cookie = SessionCookie.setting(
        session.secret, seconds: session.seconds, isSecure: SessionCookie.isSecure(request))
    return ServerResponse(.noContent, fields: [.setCookie: cookie, .cacheControl: "no-store"])
}
