internal import Gallery
internal import HTTP
internal import HTTPTypes
internal import Imaging

/// `searchRoutes`, `compareRoutes` and `embeddingRoutes`.
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
            method: .post, pattern: "/v1/compare", name: "compare",
            summary: "Tell how alike two images are, and how probably they show one person.",
            parameters: ComparisonOptions.descriptions.map { .query($0.name, $0.schema) },
            body: Content.images(atMost: ComparisonOptions.images, options: "ComparisonOptions", needsImage: false),
            requiresBody: false,
            answers: [.json("The comparison.", .component("Comparison"), example: Examples.comparison)],
            refusals: Refusals.ofComparisons),
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
    /// One image, or a form with several images; `options` names the schema of the form's JSON part.
    static func images(atMost maximum: Int, options: String?, needsImage: Bool = true) -> [Content] {
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
                schema: .object(
                    "Images of one form.", members, optional: needsImage ? ["options"] : ["image", "options"]),
                partTypes: partTypes)
        ]
    }
}

extension Refusals {
    /// The errors of a search, and of keeping a query.
    static let ofSearches: [any Error] =
        ofImages + faultsOfOptions + [GalleryError.unknownGallery("hall")]

    /// The errors of a comparison.
    static let ofComparisons: [any Error] =
        ofImages + faultsOfComparisons + [
            GalleryError.unknownGallery("hall"), GalleryError.unknownImage(Examples.imageID),
        ]

    private static let faultsOfComparisons: [ServiceError] = [
        .notTwoImages(uploaded: 1, enrolled: 0), .malformedJSON(part: "part 'options'"),
        .unknownMember(part: "part 'options'", pointer: "/color", known: ["gallery", "image_id"]),
        .repeatedMember(part: "part 'options'", pointer: "/gallery"),
        .invalidMember(part: "part 'options'", pointer: "/camera_normalization", expected: "true or false"),
        .invalidParameter("image_id", expected: "ids of images in one gallery"), .repeatedPart(name: "options"),
        .galleryOfAnotherModel(gallery: Examples.galleryName, expected: Examples.model, served: "sha256:0000"),
    ]

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

extension ComparisonOptions {
    /// One option in its two forms: a query parameter, and a member of a form's JSON part, where null counts as absent.
    struct Description {
        let name: String
        let schema: Schema
        let member: Schema

        init(_ name: String, _ schema: Schema, member: Schema? = nil) {
            self.name = name
            self.schema = schema
            self.member = member ?? schema.orNull
        }
    }

    /// The options.
    static var descriptions: [Description] {
        let id = Schema.option("The id of an enrolled image.")
        let ids = Schema.list("The ids of enrolled images of one gallery.", of: id, count: 0...images)
        return [
            Description(
                "gallery",
                .option("The gallery in which the images are compared; by default that of the enrolled images.")),
            Description(
                "image_id", ids, member: Schema(keywords: ["anyOf": [ids.json, id.json, ["type": "null"]]])),
            Description("query_camera", .option("The camera that took the request's first image.")),
            Description("other_camera", .option("The camera that took the request's second image.")),
            Description(
                "camera_normalization",
                .flag(
                    "Whether each camera's mean vector is subtracted before images are compared; by default as the gallery is "
                        + "set.")),
        ]
    }
}
