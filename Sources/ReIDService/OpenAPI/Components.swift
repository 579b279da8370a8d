internal import Gallery

/// The wire types as schemas, by the names that the routes' descriptions use.
enum Components {
    /// The schemas of the answers of both listeners.
    static let shared: [String: Schema] = [
        "Problem": .object(
            "A refusal, as RFC 9457 writes it.",
            [
                "type": .text(
                    "The kind of problem: `urn:reid:` and a word, or `about:blank` where the status says it all."),
                "title": .text("The kind of problem in a few words, the same every time."),
                "status": .integer("The status, as in the head of the answer.", in: 400...599),
                "detail": .text("What happened this time."),
                "instance": .text("The request's id, as in `X-Request-Id`."),
                "pointer": .text("A JSON pointer to the member at fault; empty for the whole document."),
                "parameter": .text("The query parameter, header field or form part at fault."),
            ], optional: ["detail", "pointer", "parameter"]),
        "Gallery": .object(
            "One gallery in numbers.",
            [
                "name": .text("The gallery's name."),
                "model": .text("The model it is bound to: `sha256:` and the digest of the weight file."),
                "searchable": .flag("Whether that is the model being served; only then can it be searched by image."),
                "images": .count("Images in it."),
                "people": .count("Known persons in it."),
                "cameras": .list("Its cameras, sorted.", of: .text("A camera.")),
                "captured_from": .time("The earliest known time of capture; null when none is known.").orNull,
                "captured_to": .time("The latest known time of capture; null when none is known.").orNull,
                "revision": .count("Counts the gallery's changes."),
                "created_at": .time("When it was created."),
                "running_batches": .list(
                    "Batches that are being enrolled or wait for it.", of: .component("RunningBatch")),
            ]),
        "RunningBatch": .object(
            "The progress of one batch.",
            [
                "id": .text("The batch's id."),
                "state": .choice("Whether it has begun.", ["queued", "running"]),
                "received": .count("Items in the batch; null until its container has been read.").orNull,
                "enrolled": .count("Items that became images."),
                "duplicate": .count("Items whose bytes were in the gallery already."),
                "failed": .count("Items that were refused."),
                "items_per_second": .number("Items finished per second since the batch began to run."),
            ]),
    ]

    /// The schemas of the admin listener's answers about batches.
    static let ofBatches: [String: Schema] = [
        "Batch": .object(
            "A batch on its way into a gallery.",
            [
                "id": .text("The batch's id."),
                "gallery": .text("The gallery it enrolls into."),
                "kind": .choice("How its body is packed.", of: BatchKind.self),
                "state": .choice("Where it is on its way.", of: BatchState.self),
                "cancel_requested": .flag("Whether it stops at the next chance."),
                "bytes": .count("Bytes of its body."),
                "received": .count("Items in it; null until its body has been read through.").orNull,
                "enrolled": .count("Items that became images."),
                "duplicate": .count("Items whose bytes were in the gallery already."),
                "failed": .count("Items that were refused, each with a reason of its own."),
                "items_per_second": .number(
                    "Items finished per second: lately while it runs, over all once finished; null if not measured."
                ).orNull,
                "estimated_end": .time("When it will be done at this rate; null unless it runs.").orNull,
                "created_at": .time("When it was accepted."),
                "started_at": .time("When it first ran; null before.").orNull,
                "finished_at": .time("When it came to its end; null before.").orNull,
                "reason": .text("Why it failed as a whole; null unless it did.").orNull,
                "warnings": .list(
                    "What about the batch as a whole looks wrong; absent where nothing does.", of: .text("A sentence.")),
            ], optional: ["warnings"]),
        "BatchItem": .object(
            "What became of one item of a batch.",
            [
                "index": .count("Its place in the batch, from 0."),
                "image": .text("The file's name; null when it has none or the image has been erased.").orNull,
                "state": .choice("What became of it.", of: ItemState.self),
                "image_id": .text("The image that it became or repeats; null if there is none.").orNull,
                "reason": .choice("Why it was refused; null unless it was.", of: ItemFailure.self).orNull,
                "detail": .text("A sentence about that, which names the line or the file.").orNull,
            ]),
        "BatchPage": .page(of: "Batch"),
        "BatchItemPage": .page(of: "BatchItem"),
        "ManifestLine": manifestLine,
    ]

    /// One line of a manifest, or of a batch that is NDJSON.
    private static let manifestLine: Schema = .object(
        "An item to enroll. In NDJSON it brings `image_base64`, or `embedding` with its `model`; beside files it names one.",
        [
            "image": .option("The name of the file that holds the image; only a label in NDJSON.").orNull,
            "external_id": .option("The sender's own id of the image.").orNull,
            "person_id": .option("Who is on it.").orNull,
            "camera_id": .option("Which camera saw it.").orNull,
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
