internal import Gallery
internal import HTTP
internal import HTTPTypes
internal import TensorFiles

/// The descriptions of `adminRoutes`, except those of batches, of erasures and of jobs.
func adminGalleryDescriptions() -> [RouteDescription] {
    let ofAnotherModel = GalleryError.modelMismatch(expected: Examples.model, found: "sha256:0000")
    return [
        RouteDescription(
            method: .put, pattern: "/admin/v1/galleries/{gallery}", name: "createGallery",
            summary: "Create a gallery that is bound to the model being served.",
            body: [
                Content(
                    type: "application/json",
                    schema: .object("An empty object, for clients that must send a body.", [:]))
            ],
            requiresBody: false,
            answers: [
                .json("The gallery is new.", .component("Gallery"), example: Examples.gallery, status: .created),
                .json("The gallery existed already.", .component("Gallery"), example: Examples.gallery),
            ],
            refusals: [
                invalidGalleryName, ofAnotherModel, ServiceError.malformedJSON(part: "body"),
                ServiceError.unknownMember(part: "body", pointer: "/model", known: []), GalleryError.diskFull(path: ""),
            ]),
        RouteDescription(
            method: .patch, pattern: "/admin/v1/galleries/{gallery}", name: "changeGallery",
            summary: "Change a gallery's settings.",
            body: [
                Content(
                    type: "application/json",
                    schema: .object(
                        "The settings to change.",
                        [
                            "camera_normalization": .flag(
                                "Whether searches subtract the cameras' mean vectors unless they say otherwise.")
                        ]),
                    examples: ["usual": ["camera_normalization": false]])
            ],
            answers: [.json("The gallery.", .component("Gallery"), example: Examples.gallery)],
            refusals: Refusals.ofObjects + [
                GalleryError.unknownGallery("hall"), GalleryError.diskFull(path: ""),
                HTTPProblem(.lengthRequired, detail: "This request needs a body with its length."),
            ]),
        RouteDescription(
            method: .delete, pattern: "/admin/v1/galleries/{gallery}", name: "deleteGallery",
            summary: "Delete a gallery with its images, its queries and its batches.",
            answers: [.empty(.noContent, "It is deleted.")],
            refusals: [
                GalleryError.unknownGallery("hall"), GalleryError.imagesAreHeld(gallery: "hall", count: 12),
            ]),
    ]
}

/// `batchRoutes`.
func batchDescriptions(_ configuration: Service.Configuration) -> [RouteDescription] {
    let limits = configuration.limits
    let unknown = GalleryError.unknownBatch(Examples.batchID)
    return [
        RouteDescription(
            method: .post, pattern: "/admin/v1/galleries/{gallery}/batches", name: "enrollBatch",
            summary: "Enroll a batch of images; when it is answered it is durable, and it is processed afterwards.",
            parameters: [
                Parameter(
                    name: "Idempotency-Key", place: .header,
                    schema: .idempotencyKey,
                    example: "cameras-2026-11-22")
            ],
            body: Content.ofBatches,
            answers: [
                .json(
                    "The batch is accepted.", .component("Batch"), example: Examples.batch, status: .accepted,
                    fields: [.location])
            ], refusals: Refusals.ofBatches),
        RouteDescription(
            method: .get, pattern: "/admin/v1/batches", name: "listBatches", summary: "List the batches, newest first.",
            parameters: Parameter.page(limits, cursors: "b"),
            answers: [
                .json(
                    "A page of batches.", .component("BatchPage"),
                    example: ListAnswer(items: [Examples.batch], next: nil))
            ], refusals: [GalleryError.invalidCursor("x")]),
        RouteDescription(
            method: .get, pattern: "/admin/v1/batches/{batch}", name: "getBatch", summary: "Get a batch.",
            answers: [.json("The batch.", .component("Batch"), example: Examples.batch)], refusals: [unknown]),
        RouteDescription(
            method: .get, pattern: "/admin/v1/batches/{batch}/items", name: "listBatchItems",
            summary: "List the results of a batch's items.",
            parameters: [.query("state", .choice("Only items of this state.", of: ItemState.self))]
                + Parameter.page(limits, cursors: "t"),
            answers: [
                .json(
                    "A page of items.", .component("BatchItemPage"),
                    example: ListAnswer(items: [Examples.batchItem], next: nil))
            ], refusals: [unknown, GalleryError.invalidCursor("x")]),
        RouteDescription(
            method: .post, pattern: "/admin/v1/batches/{batch}/cancel", name: "cancelBatch",
            summary: "Cancel a batch; images that were enrolled stay.",
            answers: [
                .json("The batch is over.", .component("Batch"), example: Examples.batch),
                .json(
                    "The batch stops after the items that are being processed.", .component("Batch"),
                    example: Examples.batch, status: .accepted
                ),
            ],
            refusals: [
                unknown, GalleryError.invalidTransition(batch: Examples.batchID, from: .completed, to: .cancelled),
            ]),
    ]
}

extension Content {
    /// The forms that a batch's body may have.
    fileprivate static let ofBatches: [Content] = [
        Content(type: "application/x-tar", schema: .bytes),
        Content(
            type: "application/x-ndjson", schema: .lines,
            examples: [
                "usual": #"{"image_base64": "/9j/4AAQSkZJRg==", "person_id": "0042", "camera_id": "c3"}"# + "\n"
            ]),
        Content(type: "application/vnd.safetensors", schema: .embeddings),
        Content(
            type: "multipart/form-data",
            schema: .object(
                "The manifest and the files that it names, in any order.",
                [
                    "manifest": .lines,
                    "image": .list("Image files.", of: .bytes),
                ], optional: ["image"]),
            partTypes: ["manifest": "application/x-ndjson", "image": "image/jpeg, image/png"]),
    ]
}

extension Refusals {
    /// The reasons for which a whole batch may be refused.
    fileprivate static let ofBatches: [any Error] =
        ofBodies + faultsOfContainers + [
            invalidIdempotencyKey, GalleryError.unknownGallery("hall"),
            GalleryError.idempotencyConflict(key: "cameras-2026-11-22"),
            GalleryError.modelMismatch(expected: Examples.model, found: "sha256:0000"),
            GalleryError.dimensionMismatch(expected: 512, found: 2048),
            ServiceError.galleryOfAnotherModel(
                gallery: Examples.galleryName, expected: Examples.model, served: "sha256:0000"),
            ServiceError.unsupportedMediaType(found: "text/plain", accepted: ["application/x-tar"]),
        ]

    private static let faultsOfContainers: [ContainerError] = [
        .badChecksum(offset: 512), .truncated(member: "0042_c3s1_000451_00.jpg", offset: 512),
        .duplicateName(name: "a.jpg", offset: 1536), .unexpectedPart(name: "photo", offset: 0), .noManifest, .empty,
        .compressed(.gzip),
        .tooManyItems(limit: IngestionLimits.items), .safetensors(.notSafetensors), .missingTensor(name: "embeddings"),
        .unexpectedTensor(name: "features"), .unusableTensor(name: "embeddings", type: "F64", shape: [1000, 512]),
        .unexpectedMetadata(name: "weights"), .noModel, .wrongItemCount(rows: 1000, items: 999),
    ]
}

extension Schema {
    /// A manifest; OpenAPI 3.1 cannot describe the lines of a text.
    fileprivate static var lines: Schema {
        var lines = text("Lines of JSON; each is a `ManifestLine`. At least one is not blank.")
        lines.keywords["pattern"] = #"[^ \t\r\n]"#
        return lines
    }

    /// A file with embeddings.
    fileprivate static var embeddings: Schema {
        var file = text(
            "A safetensors file: the tensor `embeddings`, [rows, dimensions] of F32 or F16; the tensor `items`, U8, lines of "
                + "JSON about the rows, each a `ManifestLine` without image and embedding; `model` in the metadata.")
        file.keywords["format"] = "binary"
        return file
    }

    /// The key that a client gives a request.
    fileprivate static var idempotencyKey: Schema {
        var key = option("A key of the client's own: the same request with the same key is enrolled once.")
        key.keywords["pattern"] = "^[!-~]([ -~]*[!-~])?$"
        return key
    }
}
