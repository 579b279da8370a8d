internal import Ranking

/// The options of a search, in each of their forms: query parameters, a form's JSON part, and the answer.
struct SearchOptionDescriptions {
    /// One option, with its schema and its default.
    private struct Option {
        let name: String
        let schema: Schema
        /// The default; nil: an absent option restricts nothing.
        var usual: JSONValue?
        var isList = false

        /// All values of a repeatable option.
        var list: Schema { .list(schema.description ?? "", of: schema, count: 0...TextLimits.count) }

        /// The option as a query parameter.
        var parameter: Parameter {
            let form = isList ? list : schema
            return .query(name, usual.map(form.usually) ?? form)
        }

        /// The option as a member of a JSON part, in which one value may stand for a list of one.
        var member: Schema {
            guard isList else { return schema.orNull }
            return Schema(keywords: ["anyOf": [list.json, schema.json, ["type": "null"]]])
        }
    }

    private let options: [Option]

    /// The options, with the limits and defaults of `configuration`.
    init(_ configuration: Service.Configuration) {
        let defaults = SearchOptions(defaults: configuration.ranking)
        let neighborhoods = ReRanking.neighborhoods
        options =
            [
                Option(
                    name: "limit", schema: .integer("The most results.", in: 1...configuration.limits.results),
                    usual: .number(Double(defaults.limit))),
                Option(
                    name: "rerank", schema: .flag("Whether results are ordered by re-ranked distance."),
                    usual: .flag(defaults.rerank)),
                Option(
                    name: "candidates",
                    schema: .integer(
                        "The number of nearest images that are re-ranked; the others follow in the order of their "
                            + "distances.", in: ReRanking.candidates),
                    usual: .number(Double(defaults.candidates))),
                Option(
                    name: "k1",
                    schema: .integer(
                        "The number of neighbors within which two images must have each other.", in: neighborhoods),
                    usual: .number(Double(defaults.k1))),
                Option(
                    name: "k2",
                    schema: .integer("The number of neighbors whose encodings are averaged.", in: neighborhoods),
                    usual: .number(Double(defaults.k2))),
                Option(
                    name: "lambda",
                    schema: .number("Share of the original distance in the re-ranked one.", in: 0...1),
                    usual: .number(defaults.lambda)),
                Option(
                    name: "query_camera",
                    schema: .option(
                        "The camera that took the query's images, whose mean is subtracted from the query; without it, and "
                            + "for a camera without a mean, the mean of the camera means is.")),
                Option(
                    name: "camera_normalization",
                    schema: .flag(
                        "Whether each camera's mean vector is subtracted before images are compared; by default as the "
                            + "gallery is set.")),
            ] + Self.filters + [
                Option(
                    name: "min_similarity",
                    schema: .number("Only results at least this similar (cosine).", in: -1...1)),
                Option(
                    name: "min_probability",
                    schema: .number(
                        "Only results at least this probable; the gallery must be calibrated for what the search does.",
                        in: 0...1)),
                Option(
                    name: "group_by",
                    schema: .choice("What one row stands for, if not an image.", of: SearchOptions.Grouping.self)),
                Option(name: "include_vectors", schema: .flag("Whether each result carries its feature vector.")),
            ]
    }

    /// The options that say which images may appear; lists of images have them too.
    private static let filters: [Option] = [
        Option(name: "camera", schema: .option("Only images of one of these cameras."), isList: true),
        Option(name: "exclude_camera", schema: .option("No image of one of these cameras."), isList: true),
        Option(name: "captured_from", schema: .time("Only images captured at this time or later.")),
        Option(
            name: "captured_to",
            schema: .time("Only images captured at this time or earlier; not before `captured_from`.")),
        Option(name: "person", schema: .option("Only images of this person.")),
        Option(name: "external_id", schema: .option("Only the images with this external id.")),
    ]

    /// Query parameters of a search; they win over a form's part.
    func parameters(takesStanding: Bool) -> [Parameter] {
        options.map(\.parameter)
            + (takesStanding
                ? [
                    .query("name", Self.name), .query("standing", Self.standing.usually(false)),
                    .query("expires_in", Self.lifetime),
                    .query("expires_at", Self.end), .query("webhook_url", Self.webhook),
                ] : [])
    }

    /// Query parameters of a listing of images.
    static var filterParameters: [Parameter] { filters.map(\.parameter) }

    /// Query parameters of an erasure of images, and of a hold.
    static var erasureParameters: [Parameter] {
        filterParameters + [
            Option(name: "id", schema: .option("Only the images with these ids."), isList: true).parameter,
            Option(name: "enrolled_to", schema: .time("Only images enrolled at this time or earlier.")).parameter,
        ]
    }

    /// The JSON of a form's part `options`; null counts as absent.
    func form(takesStanding: Bool) -> Schema {
        var members: [String: Schema] = [:]
        for option in options { members[option.name] = option.member }
        if takesStanding {
            members["name"] = Self.name.orNull
            members["standing"] = Self.standing.orNull
            members["expires_in"] = Self.lifetime.orNull
            members["expires_at"] = Self.end.orNull
            members["webhook_url"] = Self.webhook.orNull
        }
        return .object(
            "The options of the search; query parameters win over these.", members, optional: Set(members.keys))
    }

    /// The options of a search as they appear in its answer.
    var answer: Schema {
        var members: [String: Schema] = [:]
        for option in options { members[option.name] = option.isList ? option.list : option.schema }
        return .object(
            "The options of the search, including defaults; those that restrict nothing are left out.", members,
            optional: Set(options.filter { $0.usual == nil }.map(\.name)))
    }

    private static let name = Schema.option("What people call the query; several may have the same name.")
    private static let webhook = Schema.option(
        "The URL that the query's rankings are sent to when they change; only for a standing query, and as far as the service's "
            + "configuration allows it.")
    private static let lifetime = Schema.integer(
        "Seconds after which the query is deleted; not beside `expires_at`.", in: Question.lifetimes)
    private static let end = Schema.time("When the query is deleted; a time to come.")
    private static let standing = Schema.flag("Whether the query is ranked again whenever the gallery changes.")
}
