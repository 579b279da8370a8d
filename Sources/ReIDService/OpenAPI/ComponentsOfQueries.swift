internal import CSPRModel
internal import NeuralNetwork

extension Components {
    /// The schemas of the query listener's answers.
    static func ofQueries(_ configuration: Service.Configuration) -> [String: Schema] {
        ofImages.merging(ofRankings(configuration)) { $1 }.merging(ofTheModel) { $1 }
    }

    private static let ofImages: [String: Schema] = [
        "GalleryPage": .page(of: "Gallery"),
        "ImagePage": .page(of: "Image"),
        "QueryPage": .page(of: "Query"),
        "Image": .object(
            "What is known about one enrolled image.",
            [
                "image_id": .text("The image's id."),
                "gallery": .text("The gallery it is in."),
                "person_id": .text("The person on the image; null if unknown.").orNull,
                "camera_id": .text("The camera that took the image; null if unknown.").orNull,
                "captured_at": .time("When the image was taken; null if unknown.").orNull,
                "external_id": .text("The client's own id for the image; null if there is none.").orNull,
                "name": fileName,
                "sha256": .text("The SHA-256 of the enrolled bytes, in hexadecimal."),
                "media_type": .choice(
                    "The stored image's type; null for an image that was enrolled as a vector only.",
                    ["image/jpeg", "image/png"]
                ).orNull,
                "width": .count("The width of the stored image in pixels; null if there is none.").orNull,
                "height": .count("The height of the stored image in pixels; null if there is none.").orNull,
                "enrolled_at": .time("When the image was enrolled."),
                "held": .flag("Whether the image is held, so that nothing may erase it."),
                "image_url": .text("The path of the image's bytes on the query listener; null if there are none.")
                    .orNull,
            ]),
        "PersonImage": .object(
            "One image of a person in a ranking of persons.",
            [
                "image_id": .text("The image's id."),
                "camera_id": .text("The camera that took the image; null if unknown.").orNull,
                "captured_at": .time("When the image was taken; null if unknown.").orNull,
                "name": fileName, "distance": distance, "reranked_distance": rerankedDistance,
                "probability": probability,
                "image_url": imageURL,
            ]),
        "RankingResult": .object(
            "One row of a ranking: an image, or a person represented by their best image.",
            [
                "rank": .integer("From 1.", in: 1...Int(Int32.max)),
                "image_id": .text("The image's id."),
                "person_id": .text("The person on the image; null if unknown.").orNull,
                "camera_id": .text("The camera that took the image; null if unknown.").orNull,
                "captured_at": .time("When the image was taken; null if unknown.").orNull,
                "external_id": .text("The client's own id for the image; null if there is none.").orNull,
                "name": fileName,
                "distance": distance, "reranked_distance": rerankedDistance, "probability": probability,
                "image_url": imageURL,
                "similarity": .number("Cosine of the vectors that were compared, -1 to 1."),
                "vector": .list(
                    "The embedding as it was enrolled, if the search asked for it.", of: .number("A value.")),
                "images": .list(
                    "The person's best images, the best first, if rows stand for persons.",
                    of: .component("PersonImage")),
                "image_count": .count("The number of the person's images that were ranked, if rows stand for persons."),
            ], optional: ["vector", "images", "image_count"]),
    ]

    private static let fileName =
        Schema.text("The file name that the image was enrolled under; null if there is none.").orNull
    private static let distance = Schema.number(
        "Squared Euclidean distance of the unit vectors that were compared, 0 to 4.")
    private static let rerankedDistance =
        Schema.number("The distance after k-reciprocal re-ranking; null if the image was not re-ranked.").orNull
    private static let probability = Schema.number(
        "The probability that the image shows the query's person; null where the gallery is not calibrated for what the search "
            + "does.", in: 0...1
    ).orNull
    private static let imageURL =
        Schema.text("The path of the image's bytes on this listener; null for an image enrolled as a vector only.")
        .orNull

    private static func ofRankings(_ configuration: Service.Configuration) -> [String: Schema] {
        let options = SearchOptionDescriptions(configuration)
        let ranking: [String: Schema] = [
            "gallery": .text("The gallery's name."),
            "model": .text("The gallery's model: `sha256:` and the digest of the weight file."),
            "gallery_size": .count("The number of images in the gallery, without regard to filters."),
            "options": .component("RankingOptions"),
            "camera_normalization": .component("CameraNormalization"),
            "results": .list("Best first.", of: .component("RankingResult")),
            "warnings": warnings,
            "timing_ms": .component("RankingTiming"),
            "query_id": .text("The kept query."),
            "revision": .integer(
                "The version of the query's ranking, which counts its changes.", in: 1...Int(Int32.max)),
        ]
        return [
            "Ranking": .object(
                "The gallery's images, the most similar to the query first.",
                ranking.filter { !["query_id", "revision"].contains($0.key) }, optional: ["warnings"]),
            "KeptRanking": .object(
                "The newest ranking of a kept query; one of an earlier release has no `camera_normalization`.", ranking,
                optional: ["warnings", "camera_normalization"]),
            "CameraNormalization": .object(
                "What the search did about the differences between cameras.",
                [
                    "applied": .flag(
                        "Whether each camera's mean vector was subtracted from its images, and one from the query, before they "
                            + "were compared."),
                    "query_mean": .choice(
                        "Which mean was subtracted from the query: `camera`, that of its own camera, or `common`, the mean of "
                            + "the camera means; null if none was.", of: NormalizationAnswer.QueryMean.self
                    ).orNull,
                    "cameras": .count("The gallery's cameras that have a mean; without any, nothing is subtracted."),
                ]),
            "Comparison": comparison,
            "ComparisonOptions": .object(
                "The options of a comparison; query parameters win over these.",
                Dictionary(uniqueKeysWithValues: ComparisonOptions.descriptions.map { ($0.name, $0.member) }),
                optional: Set(ComparisonOptions.descriptions.map(\.name))),
            "RankingTiming": .object(
                "The times of one ranking in milliseconds.",
                [
                    "decode": .number("Decoding the images."),
                    "wait": .number("Waiting for a network thread."),
                    "embed": .number("The forward pass."),
                    "search": .number("Filtering the gallery, and comparing with it."),
                    "rerank": .number("Re-ranking the candidates."),
                    "total": .number("From the parsed request to the finished ranking."),
                ]),
            "RankingOptions": options.answer,
            "SearchOptions": options.form(takesStanding: false),
            "QueryOptions": options.form(takesStanding: true),
            "Query": .object(
                "A kept query.",
                [
                    "query_id": .text("The query's id."),
                    "gallery": .text("The gallery that the query searches."),
                    "name": .text("What people call the query; null: nothing.").orNull,
                    "options": .component("RankingOptions"),
                    "standing": .flag("Whether it is ranked again whenever the gallery changes."),
                    "state": .choice(
                        "`ranked`: the ranking covers the gallery as it is; `stale`: the gallery has changed since.",
                        ["ranked", "stale"]),
                    "error": .text(
                        "Why the query could not be ranked again, as a sentence; null unless that failed since its newest ranking."
                    ).orNull,
                    "created_at": .time("When the query was kept."),
                    "created_by": .text("The id of the token that keeps it; null if none was shown.").orNull,
                    "expires_at": .time("When it is deleted; null: when it is asked for.").orNull,
                    "revision": .count("The version of its newest ranking."),
                    "ranking_url": .text("Path of its newest ranking."),
                    "images": .count("The number of its images."),
                    "image_url": .text("The path of its first image; `?index=` selects another one."),
                    "webhook": .component("Webhook").orNull,
                ]),
        ].merging(ofWebhooks) { $1 }
    }

    private static let comparison: Schema = .object(
        "How alike two images are.",
        [
            "gallery": .text("The gallery that the comparison was made in; null: none.").orNull,
            "model": .text("The model that made the vectors: `sha256:` and the digest of the weight file."),
            "camera_normalization": .flag(
                "Whether the cameras' means were subtracted before the vectors were compared."),
            "images": .list(
                "The two images, those of the request first.",
                of: .object(
                    "One of the images.",
                    [
                        "image_id": .text("The enrolled image's id; null for an image of the request.").orNull,
                        "person_id": .text("The person on the enrolled image; null if unknown.").orNull,
                        "camera_id": .text("The camera that took the image; null if unknown.").orNull,
                        "mean": .choice(
                            "Which mean was subtracted: `camera`, that of its camera, or `common`, the mean of the camera "
                                + "means; null if none was.", of: NormalizationAnswer.QueryMean.self
                        ).orNull,
                    ]), count: 2...2),
            "distance": distance,
            "similarity": .number("Cosine of the vectors that were compared, -1 to 1."),
            "probability": Schema.number(
                "The probability that a search of the gallery gives a result at this distance: that both images show one "
                    + "person; null if it is not known.", in: 0...1
            ).orNull,
            "reason": .text("Why there is no probability; null if there is one.").orNull,
            "warnings": warnings,
        ], optional: ["warnings"])

    private static let warnings = Schema.list(
        "Reasons to doubt the numbers; absent if there are none.",
        of: .text("A sentence."))

    private static let ofTheModel: [String: Schema] = [
        "Embeddings": .object(
            "Feature vectors of images.",
            [
                "model": .text("The model that made them: `sha256:` and the digest of the weight file."),
                "dimensions": .count("The length of each vector."),
                "embeddings": .list("In the order of the images.", of: .component("Embedding")),
                "warnings": warnings,
            ], optional: ["warnings"]),
        "Embedding": .object(
            "One image's vector.",
            [
                "index": .count("The image's index in the request, from 0."),
                "vector": Schema(keywords: [
                    "description": "Its unit vector, as `encoding` asks for it.",
                    "oneOf": [
                        Schema.list("Its values.", of: .number("A value.")).json,
                        Schema.text("Its values as little-endian float32, in base 64.").json,
                    ],
                ]),
            ]),
        "Model": .object(
            "The network being served.",
            [
                "name": .text("The name of the network."),
                "sha256": .text("Its identity: `sha256:` and the digest of the weight file."),
                "config": .component("ModelConfiguration"),
                "dimensions": .count("The length of a feature vector."),
                "branches": .count(
                    "The number of attention branches, which `branch` of attention images selects from."),
                "parameters": .count("The number of learned parameters in the file."),
                "precision": .text("How the file stores them, such as `F32`."),
                "mirrored": .flag("Whether feature vectors are means over an image and its mirror image."),
                "trained": .flag("False: the weights are random, and rankings are meaningless."),
                "profile": Schema.object(
                    "What the service uses to recognize images that do not show people; absent: it cannot.",
                    [
                        "images": .count("Images of people that it was made from."),
                        "limit": .number("The squared Mahalanobis distance beyond which an image earns a warning."),
                        "share": .number("The share of images of people that are beyond it.", in: 0...1),
                    ]),
                "warnings": warnings,
                "defaults": .component("RankingOptions"),
                "limits": .component("SearchLimits"),
            ], optional: ["profile", "warnings"]),
        "SearchLimits": .object(
            "The limits of a search.",
            [
                "image_bytes": .count("Bytes of one encoded image."),
                "image_pixels": .count("Pixels of one decoded image."),
                "images": .count("Images of one search."),
                "results": .count("Results of one search."),
                "candidates": .count("Images that one search re-ranks."),
                "neighbors": .count("The largest k1 and k2."),
            ]),
        "ModelConfiguration": .object(
            "The network's architecture.",
            [
                "block": .choice("The kind of residual block.", of: ResidualBlock.self),
                "depths": .list("Blocks in each stage.", of: .count("Blocks."), count: 4...4),
                "width": .count("Channels of the stem."),
                "last_stride": .count("Stride of the fourth stage."),
                "ibn": .choice(
                    "Where the backbone normalizes by the statistics of each image alone; absent: nowhere.",
                    of: InstanceNormUse.self),
                "local_stage": .count("The stage whose output the attention branches read."),
                "branches": .count("Attention branches."),
                "branch_dim": .count("Length of one branch's feature."),
                "global_dim": .count("Length of the global feature."),
                "attention": .choice("How the branches compute their attention.", of: CSPRConfiguration.Attention.self),
                "descriptor": .text("Letters of S (statistical), P (positional) and R (relational)."),
                "pooling": .choice(
                    "How the global branch pools; absent: the mean.", of: CSPRConfiguration.Pooling.self),
                "barycenters": .choice(
                    "What the positional part is; absent: means.", of: CSPRConfiguration.Barycenters.self),
                "candidate_ratios": .list(
                    "The share of positions that each branch concentrates on.", of: .number("A share.", in: 0...1)),
                "height": .count("Rows of the network's input."),
                "width_px": .count("Columns of the network's input."),
                "identities": .count("Classes of the classifiers that training added."),
            ], optional: ["ibn", "pooling", "barycenters"]),
        "Readiness": .object(
            "Whether the service takes requests, and with what.",
            [
                "status": .choice(
                    "`stopping`: it was told to stop; `unaudited`: searches are refused, because the audit cannot be written.",
                    ["ready", "stopping", "unaudited"]),
                "model": .object(
                    "The model being served.",
                    [
                        "sha256": .text("Its identity."),
                        "trained": .flag("False: the weights are random."),
                    ]),
                "index": .object(
                    "The index being searched.",
                    ["galleries": .count("Galleries in memory."), "images": .count("Images in them.")]),
                "enrollment": .choice(
                    "`held_up`: batches wait because of a fault, which `warnings` names.", ["running", "held_up"]),
                "warnings": warnings,
            ], optional: ["warnings"]),
        "Liveness": .object("The process answers.", ["status": .choice("Always the same.", ["alive"])]),
    ]
}
