internal import Gallery
internal import HTTP
internal import HTTPTypes
internal import Imaging

/// `searchRoutes` and `embeddingRoutes`.
func searchDescriptions(_ configuration: Service.Configuration) -> [RouteDescription] {
    let limits = configuration.limits
    return [
        RouteDescription(
            method: .post, pattern: "/v1/galleries/{gallery}/search", name: "search",
            summary: "Rank a gallery's images by similarity to the person on these images.",
            parameters: SearchOptionDescriptions(configuration).parameters(takesStanding: false),
            body: Content.images(atMost: limits.imagesPerSearch, options: "SearchOptions"),
            answers: [
                .json(
                    "The ranking.", .component("Ranking"),
                    example: Examples.ranking(configuration.ranking, isKept: false))
            ], refusals: Refusals.ofSearches),
        RouteDescription(
            method: .post, pattern: "/v1/embeddings", name: "embed",
            summary: "Compute the embeddings of images; nothing is stored.",
            parameters: [
                .query("encoding", .choice("How vectors are written.", ["float", "base64"]).usually("float"))
            ],
            body: Content.images(atMost: limits.imagesPerEmbedding, options: nil),
            answers: [.json("The vectors.", .component("Embeddings"), example: Examples.embeddings)],
            refusals: Refusals.ofImages),
    ]
}

extension Content {
    /// One image, or a form with several images of the same person; `options` names the schema of the form's JSON part.
    static func images(atMost maximum: Int, options: String?) -> [Content] {
        var members = [
            "image": Schema.list("The images; each is a JPEG or a PNG.", of: .bytes, count: 1...maximum)
        ]
        var partTypes = ["image": ImageFormat.common.map(\.rawValue).joined(separator: ", ")]
        if let options {
            members["options"] = .component(options)
            partTypes["options"] = "application/json"
        }
        return ImageFormat.common.map { Content(type: $0.rawValue, schema: .bytes) } + [
            Content(
                type: "multipart/form-data",
                schema: .object("Images of one form.", members, optional: ["options"]), partTypes: partTypes)
        ]
    }
}

extension Refusals {
    /// The errors of a search, and of keeping a query.
    static let ofSearches: [any Error] =
        ofImages + faultsOfOptions + [GalleryError.unknownGallery("hall")]

    private static let faultsOfOptions: [ServiceError] = [
        .invalidParameter("limit", expected: wholeNumber(in: 1...1000)), .malformedJSON(part: "part 'options'"),
        .unknownMember(part: "part 'options'", pointer: "/color", known: ["limit", "rerank"]),
        .repeatedMember(part: "part 'options'", pointer: "/limit"),
        .invalidMember(part: "part 'options'", pointer: "/limit", expected: wholeNumber(in: 1...1000)),
        .repeatedPart(name: "options"), .noDirection,
        .notCalibrated(gallery: Examples.galleryName, missing: "It is not calibrated."),
        .galleryOfAnotherModel(gallery: Examples.galleryName, expected: Examples.model, served: "sha256:0000"),
    ]
}
