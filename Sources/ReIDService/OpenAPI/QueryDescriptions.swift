internal import Gallery
internal import HTTP
internal import HTTPTypes
internal import Imaging

/// `queryRoutes`.
func queryDescriptions(_ configuration: Service.Configuration) -> [RouteDescription] {
    let limits = configuration.limits
    let query = Examples.query(configuration.ranking)
    let unknown = GalleryError.unknownQuery(Examples.queryID)
    let ofAnotherModel = ServiceError.queryOfAnotherModel(query: Examples.queryID)
    return [
        RouteDescription(
            method: .post, pattern: "/v1/galleries/{gallery}/queries", name: "keepQuery",
            summary: "Keep a query: it is ranked at once, and again when the gallery changes if it is standing.",
            parameters: SearchOptionDescriptions(configuration).parameters(takesStanding: true),
            body: Content.images(atMost: limits.imagesPerSearch, options: "QueryOptions"),
            answers: [
                .json("The query is kept.", .component("Query"), example: query, status: .created, fields: [.location])
            ],
            refusals: Refusals.ofSearches + [
                GalleryError.tooManyQueries(limit: limits.keptQueries, ofToken: false),
                GalleryError.queriesTooLarge(limit: limits.keptQueryBytes),
            ]),
        RouteDescription(
            method: .get, pattern: "/v1/queries", name: "listQueries", summary: "List the kept queries, newest first.",
            parameters: Parameter.page(limits, cursors: "q"),
            answers: [
                .json(
                    "A page of queries.", .component("QueryPage"), example: ListAnswer(items: [query], next: nil))
            ],
            refusals: [GalleryError.invalidCursor("x")]),
        RouteDescription(
            method: .get, pattern: "/v1/queries/{query}", name: "getQuery", summary: "Get a kept query.",
            answers: [.json("The query.", .component("Query"), example: query)], refusals: [unknown]),
        RouteDescription(
            method: .delete, pattern: "/v1/queries/{query}", name: "deleteQuery",
            summary: "Delete a kept query with its images and its ranking.",
            answers: [.empty(.noContent, "It is deleted.")], refusals: [unknown]),
        RouteDescription(
            method: .get, pattern: "/v1/queries/{query}/image", name: "getQueryImage",
            summary: "Get an image of a kept query.",
            parameters: [
                .query("index", .integer("Which one, from 0.", in: 0...limits.imagesPerSearch - 1).usually(0))
            ] + Parameter.ofImages,
            answers: [
                .image("The image.", types: ImageFormat.common.map(\.rawValue)),
                .part(types: ImageFormat.common.map(\.rawValue)), .notModified,
            ],
            refusals: [unknown] + Refusals.ofRanges),
        RouteDescription(
            method: .get, pattern: "/v1/queries/{query}/ranking", name: "getRanking",
            summary: "Get a kept query's newest ranking, or wait for a newer one.",
            parameters: [
                .query(
                    "wait",
                    .integer(
                        "Seconds to wait for another ranking than `If-None-Match` names before answering 304.",
                        in: 0...limits.wait
                    ).usually(0)),
                .ifNoneMatch,
            ],
            answers: [
                .json(
                    "The ranking; its `ETag` is its revision.", .component("KeptRanking"),
                    example: Examples.ranking(configuration.ranking, isKept: true), fields: [.eTag]),
                .notModified,
            ], refusals: [unknown, ofAnotherModel]),
        RouteDescription(
            method: .get, pattern: "/v1/queries/{query}/events", name: "followRanking",
            summary: "Follow a kept query's rankings as server-sent events.",
            parameters: [.lastEventID],
            answers: [.events(Examples.ranking(configuration.ranking, isKept: true))],
            refusals: [unknown]),
        RouteDescription(
            method: .post, pattern: "/v1/queries/{query}/ranking", name: "rankAgain",
            summary: "Rank a kept query again, over its gallery as it is now.",
            answers: [
                .json(
                    "The ranking; its `ETag` is its revision.", .component("KeptRanking"),
                    example: Examples.ranking(configuration.ranking, isKept: true), fields: [.eTag])
            ], refusals: [unknown, ofAnotherModel]),
    ]
}

extension Parameter {
    /// The `If-None-Match` parameter.
    static let ifNoneMatch = Parameter(
        name: "If-None-Match", place: .header,
        schema: .text("The `ETag` of the answer that the client has; 304 if it is still the newest."),
        example: #""2""#)

    /// The `Last-Event-ID` parameter.
    static let lastEventID = Parameter(
        name: "Last-Event-ID", place: .header,
        schema: .text("The version that the client has; its ranking is not sent again."), example: "2")

    /// The parameters of a route that answers with an image.
    static let ofImages = [
        ifNoneMatch,
        Parameter(
            name: "Range", place: .header,
            schema: .text("The part that is wanted, one range of bytes; anything else gets the whole."),
            example: "bytes=0-99"),
        Parameter(
            name: "If-Range", place: .header,
            schema: .text("The `ETag` of the answer whose part is wanted; the whole if there is another one now."),
            example: #""2""#),
    ]

    /// The parameters of a list; its cursors begin with the letter `cursors`, or may be any text if that is nil.
    static func page(_ limits: Service.Configuration.Limits, cursors: Character?) -> [Parameter] {
        var cursor = Schema.option("`next` of the previous page; absent for the first page.")
        if let cursors { cursor.keywords["pattern"] = .text("^\(cursors)(0|[1-9a-z][0-9a-z]{0,11})$") }
        return [
            .query(
                "limit",
                .integer("The most items of a page.", in: 1...limits.results)
                    .usually(.number(Double(ListParameters.usualLimit)))),
            .query("cursor", cursor),
        ]
    }
}
