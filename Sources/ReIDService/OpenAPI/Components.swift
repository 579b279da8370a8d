internal import Gallery

/// The wire types as schemas, by the names that the routes' descriptions use.
enum Components {
    /// The schemas of the answers of both listeners.
    static let shared: [String: Schema] = [
        "Problem": .object(
            "A refusal, as RFC 9457 writes it.",
            [
                "type": .text(
                    "The kind of problem: `urn:reid:` and a word, or `about:blank` if the status says everything."),
                "title": .text("The kind of problem in a few words, always the same."),
                "status": .integer("The status of the answer.", in: 400...599),
                "detail": .text("What happened in this case."),
                "instance": .text("The request's id, as in `X-Request-Id`."),
                "pointer": .text("A JSON pointer to the wrong member; empty for the whole document."),
                "parameter": .text("The wrong query parameter, header field or form part."),
            ], optional: ["detail", "pointer", "parameter"]),
        "Gallery": .object(
            "A gallery with its counts.",
            [
                "name": .text("The gallery's name."),
                "model": .text("The model it is bound to: `sha256:` and the digest of the weight file."),
                "searchable": .flag(
                    "Whether this model is loaded; only then can the gallery be searched by image."),
                "needs_reembedding": .flag(
                    "Whether another model is being served, so that its images should be embedded again."),
                "images": .count("Images in it."),
                "people": .count("The number of different people that its images name."),
                "cameras": .list("Its cameras, sorted.", of: .text("A camera.")),
                "cameras_with_mean": .list(
                    "Those of its cameras that have a mean vector, because they have enough images; sorted.",
                    of: .text("A camera.")),
                "camera_normalization": .flag(
                    "Whether searches subtract the cameras' mean vectors unless they say otherwise."),
                "retention": retention.orNull,
                "captured_from": .time("The earliest capture time; null if no image has one.").orNull,
                "captured_to": .time("The latest capture time; null if no image has one.").orNull,
                "calibration": Schema.component("Calibration").orNull,
                "revision": .count("The gallery's revision, which counts its changes."),
                "created_at": .time("When it was created."),
                "running_batches": .list(
                    "The batches that are running or queued.", of: .component("RunningBatch")),
            ]),
        "RunningBatch": .object(
            "The progress of one batch.",
            [
                "id": .text("The batch's id."),
                "state": .choice("The batch's state.", ["queued", "running"]),
                "received": .count("The number of items in the batch; null until they have been counted.").orNull,
                "enrolled": .count("Items that became images."),
                "duplicate": .count("Items whose bytes were in the gallery already."),
                "failed": .count("Items that were refused."),
                "items_per_second": .number("Items finished per second since the batch began to run."),
            ]),
    ]

    /// How long a gallery keeps images.
    static let retention = Schema.object(
        "How long a gallery keeps images; null: until they are erased on request.",
        [
            "seconds": .integer("The seconds for which it keeps an image.", in: RetentionLimits.seconds),
            "by": .choice("The time from which they count.", of: AgeLimit.Basis.self),
        ])

    /// The schemas of the admin listener's answers about batches.
    static let ofBatches: [String: Schema] = [
        "Batch": .object(
            "A batch, with its progress.",
            [
                "id": .text("The batch's id."),
                "gallery": .text("The gallery it enrolls into."),
                "kind": .choice("How its body is packed.", of: BatchKind.self),
                "state": .choice("The batch's state.", of: BatchState.self),
                "cancel_requested": .flag("Whether the batch was asked to stop."),
                "bytes": .count("Bytes of its body."),
                "received": .count("The number of items in the batch; null until they have been counted.").orNull,
                "enrolled": .count("Items that became images."),
                "duplicate": .count("Items whose bytes were in the gallery already."),
                "failed": .count("Items that were refused, each with its own reason."),
                "items_per_second": .number(
                    "Items per second: of the last half minute while it runs, of the whole run afterwards; null if not measured."
                ).orNull,
                "estimated_end": .time("When the batch will be complete at this rate; null unless it runs.").orNull,
                "created_at": .time("When it was accepted."),
                "started_at": .time("When the batch started; null before that.").orNull,
                "finished_at": .time("When the batch was over; null before that.").orNull,
                "reason": .text("Why the batch failed as a whole; null if it did not.").orNull,
                "warnings": .list(
                    "Warnings about the batch as a whole; absent if there are none.", of: .text("A sentence.")),
            ], optional: ["warnings"]),
        "BatchItem": .object(
            "The result of one item of a batch.",
            [
                "index": .count("The item's index in the batch, from 0."),
                "image": .text("The file's name; null if it has none or the image was erased.").orNull,
                "state": .choice("The result.", of: ItemState.self),
                "image_id": .text("The image that the item became or repeats; null if there is none.").orNull,
                "reason": .choice("Why the item was refused; null if it was not.", of: ItemFailure.self).orNull,
                "detail": .text(
                    "A sentence that explains the reason and names the line or the file, or says what is doubtful about an image "
                        + "that was enrolled."
                ).orNull,
            ]),
        "BatchPage": .page(of: "Batch"),
        "BatchItemPage": .page(of: "BatchItem"),
        "ManifestLine": manifestLine,
    ]

    /// One line of a manifest, or of a batch that is NDJSON.
    private static let manifestLine: Schema = .object(
        "An item to enroll. In NDJSON it has `image_base64`, or `embedding` with its `model`; with files it names one.",
        [
            "image": .option("The name of the file that holds the image; only a label in NDJSON.").orNull,
            "external_id": .option("The client's own id for the image.").orNull,
            "person_id": .option("The person on the image.").orNull,
            "camera_id": .option("The camera that took the image.").orNull,
            "captured_at": .time("When.").orNull,
            "box": .list(
                "The part of the image to enroll: left, top, width and height in pixels.",
                of: .count("Pixels."), count: 4...4
            ).orNull,
            "embedding": .list("A feature vector computed elsewhere, of any length but 0.", of: .number("A value."))
                .orNull,
            "model": .text("The model that computed the vector: `sha256:` and a digest.").orNull,
            "image_base64": .text("The encoded image in base 64.").orNull,
        ],
        optional: [
            "image", "external_id", "person_id", "camera_id", "captured_at", "box", "embedding", "model",
            "image_base64",
        ])
}
