internal import Gallery
internal import HTTPTypes

/// The route that re-embeds a gallery; `refusals` are those of every job.
func reembeddingDescription(refusals: [any Error]) -> RouteDescription {
    RouteDescription(
        method: .post, pattern: "/admin/v1/galleries/{gallery}/reembed", name: "reembed",
        summary:
            "Give a gallery vectors of the model being served, from its stored images, or make a copy that has them.",
        body: [
            Content(
                type: "application/json", schema: .component("ReembeddingRequest"),
                examples: ["copy": ["into": "lobby-new"]])
        ],
        requiresBody: false,
        answers: [
            .json(
                "The job is accepted; its result tells how many images have new vectors, and which are left behind.",
                .component("Job"), example: Examples.reembeddingJob, status: .accepted, fields: [.location])
        ],
        refusals: refusals + Refusals.ofObjects + [
            GalleryError.unknownGallery("hall"), GalleryError.sameModel(gallery: "hall", model: Examples.model),
            GalleryError.galleryExists("lobby-new"), ServiceError.galleriesLimited,
        ])
}

extension Components {
    /// The schemas of re-embeddings.
    static let ofReembeddings: [String: Schema] = [
        "ReembeddingRequest": .object(
            "Whether to make a copy.",
            [
                "into": Schema(keywords: [
                    "type": "string", "pattern": "^[a-z0-9][a-z0-9._-]{0,63}$",
                    "description": .text(
                        "The name of a new gallery, which becomes a copy with vectors of the model being served; absent: the "
                            + "gallery itself gets them."),
                ])
            ], optional: ["into"])
    ]
}

extension Examples {
    static let reembeddingJob = JobAnswer(
        id: jobID, kind: "reembedding", gallery: galleryName,
        parameters: ["model": .text(model), "from": "sha256:0000"],
        state: "queued", cancelRequested: false, done: 0, total: nil, unit: "images", unitsPerSecond: nil,
        estimatedEnd: nil, result: nil, reason: nil, createdBy: "ops", createdAt: time, startedAt: nil, finishedAt: nil)
}
