internal import HTTP
internal import HTTPTypes

/// The description of a listener, route by route: the OpenAPI 3.1 document behind `GET /openapi.json`.
struct APIDescription: Sendable {
    /// The title of the document.
    let title: String
    /// The introduction of the document.
    let introduction: String
    /// Every route of the listener.
    let routes: [RouteDescription]
    /// The schemas of the wire types, by the names that the routes use.
    let schemas: [String: Schema]
    /// Whether the routes need a token or a session, except those that say otherwise.
    let needsToken: Bool
    /// The body of the request that a webhook's receiver gets; nil: the listener has none.
    var delivery: Content?

    /// The document.
    func json() throws -> JSONValue {
        var paths: [String: [String: JSONValue]] = [:]
        for route in routes {
            paths[route.pattern, default: [:]][route.method.rawValue.lowercased()] = try route.json(
                needsToken: needsToken)
        }
        var components: [String: JSONValue] = [
            "schemas": .object(schemas.mapValues(\.json)),
            "headers": .object(Self.headers),
            "responses": .object(
                Dictionary(
                    uniqueKeysWithValues: try Refusals.common.map {
                        (String($0.status.code), try Answer($0).json)
                    })),
        ]
        components["securitySchemes"] = [
            "token": [
                "type": "http", "scheme": "bearer",
                "description":
                    "A token's secret. The first token is the text in the file `admin-token` of the data folder.",
            ],
            "session": [
                "type": "apiKey", "in": "cookie", "name": .text(SessionCookie.name),
                "description": .text(
                    "The cookie of `POST /v1/session`; under TLS its name is `\(SessionCookie.secureName)`."),
            ],
        ]
        var document: [String: JSONValue] = [
            "openapi": "3.1.0",
            "info": ["title": .text(title), "version": "1", "description": .text(introduction)],
            "paths": .object(paths.mapValues(JSONValue.object)),
            "components": .object(components),
        ]
        if let delivery { document["webhooks"] = try Self.webhooks(delivery) }
        return .object(document)
    }

    /// The header fields that answers have.
    private static let headers: [String: JSONValue] = [
        "X-Request-Id": header("The request's id, as in the log and as a problem's `instance`.", "4f6a0c1d2e3b5a79"),
        "Cache-Control": header("Whether and how caches may keep the answer.", "no-store"),
        "ETag": header("The version of the answer, for `If-None-Match`.", #""3""#),
        "Location": header("The path of the new resource.", "/v1/queries/\(Examples.queryID)"),
        "X-Content-Type-Options": header("`nosniff`: clients must trust the media type.", "nosniff"),
        "Cross-Origin-Resource-Policy": header("`same-origin`: pages of other sites may not load it.", "same-origin"),
        "Accept-Ranges": header("`bytes`: parts may be asked for with `Range`.", "bytes"),
        "Content-Range": header("Which bytes these are, or how many there are.", "bytes 0-99/1234"),
        "Accept": [
            "description": "The media types that the route takes, if the body's type is wrong.",
            "schema": ["type": "string"], "example": "image/jpeg, image/png, multipart/form-data",
        ],
        "Accept-Encoding": [
            "description": "The only content coding that the route takes, if the body has another one.",
            "schema": ["type": "string"], "example": "identity",
        ],
        "WWW-Authenticate": header("The credentials that are needed.", #"Bearer realm="reid""#),
        "Set-Cookie": [
            "description": "The session's cookie, or the order to forget it.", "schema": ["type": "string"],
            "example": "reid_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict",
        ],
        "Retry-After": [
            "description": "Seconds after which to try again.",
            "schema": ["type": "integer", "minimum": 0], "example": 2,
        ],
    ]

    private static func header(_ description: String, _ example: String) -> JSONValue {
        [
            "description": .text(description), "required": true, "schema": ["type": "string"],
            "example": .text(example),
        ]
    }
}

extension APIDescription {
    /// The description of the query listener, with the limits of `configuration`.
    static func query(_ configuration: Service.Configuration) -> APIDescription {
        APIDescription(
            title: "reid: queries",
            introduction: """
                Finds a person again in galleries of images. Times are RFC 3339 in UTC; unknown query parameters and unknown \
                JSON members are refused with status 400. The admin listener has a description of its own.
                """,
            routes: searchDescriptions(configuration) + queryDescriptions(configuration)
                + galleryDescriptions(configuration) + imageDescriptions() + serviceDescriptions(configuration)
                + sessionDescriptions(),
            schemas: Components.shared.merging(Components.ofCalibrations) { $1 }.merging(
                Components.ofQueries(configuration)
            ) { $1 }
            .merging(Components.ofSessions) { $1 }, needsToken: configuration.queriesNeedToken,
            delivery: Content(
                type: "application/json", schema: .component("WebhookDelivery"),
                examples: ["usual": Examples.delivery(configuration.ranking)]))
    }

    /// The description of the admin listener, with the limits of `configuration`.
    static func admin(_ configuration: Service.Configuration) -> APIDescription {
        APIDescription(
            title: "reid: administration",
            introduction: """
                Creates, re-embeds and deletes galleries, enrolls batches of images, erases and holds images, backs up and compacts the database, \
                makes and deletes tokens, and lists the audit. Every route but this description needs a token. The query listener has a description of its own.
                """,
            routes: adminGalleryDescriptions() + erasureDescriptions(configuration)
                + batchDescriptions(configuration) + jobDescriptions(configuration) + tokenDescriptions(configuration)
                + auditDescriptions(configuration) + [.ofTheDescription],
            schemas: Components.shared.merging(Components.ofCalibrations) { $1 }.merging(Components.ofBatches) { $1 }
                .merging(Components.ofJobs) { $1 }.merging(Components.ofReembeddings) { $1 }
                .merging(Components.ofTokens) { $1 }.merging(Components.ofTheAudit) { $1 },
            needsToken: true)
    }
}
