internal import Gallery
internal import HTTP
internal import HTTPTypes

/// `sessionRoutes`.
func sessionDescriptions() -> [RouteDescription] {
    [
        RouteDescription(
            method: .post, pattern: "/v1/session", name: "signIn",
            summary: "Sign in with a token: the answer's cookie stands for it until it ends.",
            body: [
                Content(
                    type: "application/json", schema: .component("SignIn"),
                    examples: ["usual": ["token": Examples.secret]])
            ],
            answers: [.empty(.noContent, "Signed in.", fields: [.setCookie, .cacheControl])],
            refusals: Refusals.ofObjects + [
                ServiceError.unauthorized(.unknown), ServiceError.forbidden(scope: Scope.query.rawValue),
                HTTPProblem(.lengthRequired, detail: "This request needs a body with its length."),
            ], isOpen: true),
        RouteDescription(
            method: .get, pattern: "/v1/session", name: "getSession", summary: "Get who asks.",
            answers: [.json("Who asks.", .component("Session"), example: Examples.session)]),
        RouteDescription(
            method: .delete, pattern: "/v1/session", name: "signOut",
            summary: "Sign out: the session ends, and the browser forgets its cookie.",
            answers: [.empty(.noContent, "Signed out.", fields: [.setCookie])]),
    ]
}

/// `tokenRoutes`.
func tokenDescriptions(_ configuration: Service.Configuration) -> [RouteDescription] {
    [
        RouteDescription(
            method: .post, pattern: "/admin/v1/tokens", name: "createToken",
            summary: "Make a token; its secret is shown this once.",
            body: [
                Content(
                    type: "application/json", schema: .component("TokenRequest"),
                    examples: ["usual": Examples.tokenRequest])
            ],
            answers: [
                .json(
                    "The token, with its secret.", .component("NewToken"), example: Examples.newToken, status: .created,
                    fields: [.location])
            ],
            refusals: Refusals.ofObjects + [
                GalleryError.duplicateTokenName("dock"), GalleryError.diskFull(path: ""),
                HTTPProblem(.lengthRequired, detail: "This request needs a body with its length."),
            ]),
        RouteDescription(
            method: .get, pattern: "/admin/v1/tokens", name: "listTokens", summary: "List the tokens, oldest first.",
            parameters: Parameter.page(configuration.limits, cursors: "k"),
            answers: [
                .json(
                    "A page of tokens.", .component("TokenPage"),
                    example: ListAnswer(items: [Examples.token], next: nil))
            ], refusals: [GalleryError.invalidCursor("x")]),
        RouteDescription(
            method: .delete, pattern: "/admin/v1/tokens/{token}", name: "deleteToken",
            summary: "Delete a token; no later request with it, or with a session of it, is answered.",
            answers: [.empty(.noContent, "It is deleted.")],
            refusals: [GalleryError.unknownToken(Examples.tokenID), ServiceError.tokenOfFile]),
    ]
}

extension Refusals {
    /// The refusals of a body that is one JSON object.
    static let ofObjects: [any Error] = [
        ServiceError.malformedJSON(part: "body"),
        ServiceError.unknownMember(part: "body", pointer: "/color", known: ["token"]),
        ServiceError.repeatedMember(part: "body", pointer: "/token"),
        ServiceError.invalidMember(part: "body", pointer: "/token", expected: "a token"),
    ]

    /// The refusals of a route that is not for anyone.
    static let ofGuarded: [ServiceError] =
        CredentialFault.allCases.map(ServiceError.unauthorized) + [.forbidden(scope: Scope.admin.rawValue)]
}

extension Components {
    /// The schema of a session.
    static let ofSessions: [String: Schema] = [
        "SignIn": .object("A token to sign in with.", ["token": .option("The token's secret.")]),
        "Session": .object(
            "Who asks.",
            [
                "name": .text("The name of the token, or `anonymous`."),
                "scopes": scopes,
                "galleries": galleries,
                "expires_at": .time("When the session or the token ends; null: never.").orNull,
                "signed_in": .flag("Whether there is a session or a token; false where none is required or shown."),
            ]),
    ]

    /// The schemas of tokens.
    static var ofTokens: [String: Schema] {
        let token: [String: Schema] = [
            "id": .text("The token's id."), "name": .text("The token's name."), "scopes": scopes,
            "galleries": galleries, "expires_at": .time("When it ends; null: never.").orNull,
            "created_at": .time("When it was made."),
        ]
        let subject = Schema.text("The subject of the client certificate that stands for it; absent: none does.")
        var shown = token
        shown["subject"] = subject
        shown["last_used_at"] = .time("When it was last used; null: never.").orNull
        var new = token
        new["subject"] = subject
        new["secret"] = .text("What to send as `Authorization: Bearer …`; it is not shown again.")
        var patterns = Schema.option("A name in which `*` stands for any characters.")
        patterns.keywords["pattern"] = "^[a-z0-9._*-]{1,64}$"
        var name = Schema.option(
            "A name for people, of at most \(TokenLimits.nameCharacters) characters; no two are the same.")
        name.keywords["maxLength"] = .number(Double(TokenLimits.nameCharacters))
        let certificate = Schema.option(
            "The subject of a client certificate that stands for it on the admin listener, as RFC 2253 writes it; null or "
                + "absent: none does.", bytes: TokenLimits.subjectBytes)
        return [
            "Token": .object("A token, without its secret.", shown, optional: ["subject"]),
            "NewToken": .object("A new token, with the only copy of its secret.", new, optional: ["subject"]),
            "TokenPage": .page(of: "Token"),
            "TokenRequest": .object(
                "A token to make.",
                [
                    "name": name,
                    "scopes": .list(
                        "What it allows; `admin` includes the others.", of: .choice("A scope.", Scope.names),
                        count: 1...TextLimits.count),
                    "galleries": .list(
                        "The galleries that it may use; null or absent: every gallery.", of: patterns,
                        count: 1...GalleryPattern.count
                    ).orNull,
                    "expires_at": .time("When it ends, in the future; null or absent: never.").orNull,
                    "subject": certificate.orNull,
                ], optional: ["galleries", "expires_at", "subject"]),
        ]
    }

    private static let scopes = Schema.list("What it allows.", of: .choice("A scope.", Scope.names))
    private static let galleries = Schema.list(
        "Patterns of the galleries that it may use, `*` for any characters; null: every gallery.",
        of: .text("A pattern.")
    ).orNull
}

extension Examples {
    static let tokenID = "t_" + idTail
    static let secret = "reid_" + String(repeating: "7d10", count: 16)
    static let token = TokenAnswer(
        id: tokenID, name: "dock", scopes: ["query"], galleries: ["lobby*"], expiresAt: nil, createdAt: time,
        lastUsedAt: time.adding(seconds: 60))
    static let newToken = TokenAnswer(
        id: tokenID, name: "dock", scopes: ["query"], galleries: ["lobby*"], expiresAt: nil, createdAt: time,
        secret: secret)
    static let tokenRequest: JSONValue = [
        "name": "dock", "scopes": ["query"], "galleries": ["lobby*"], "expires_at": .null,
    ]
    static let session = SessionAnswer(
        name: "dock", scopes: ["query"], galleries: nil, expiresAt: time.adding(seconds: 43_200), signedIn: true)
}
