internal import Gallery
internal import HTTP
internal import HTTPTypes

/// `erasureRoutes`.
func erasureDescriptions(_ configuration: Service.Configuration) -> [RouteDescription] {
    let refusals: [any Error] = [
        GalleryError.unknownGallery("hall"), ServiceError.noFilter(known: FilterOptions.names),
        ServiceError.invalidParameter("captured_to", expected: "no earlier than captured_from"),
        GalleryError.diskFull(path: ""),
    ]
    let ofHold = [
        Answer.json(
            "What was done.",
            .object(
                "What was done.",
                [
                    "matching": .count("The images that match the filters."),
                    "changed": .count("Those of them that were not so before."),
                ]), example: HoldAnswer(matching: 40, changed: 38))
    ]
    return [
        RouteDescription(
            method: .delete, pattern: "/admin/v1/images/{image}", name: "deleteImage",
            summary: "Erase an image from the disk, the index and every ranking.",
            answers: [.empty(.noContent, "It is deleted.")],
            refusals: [GalleryError.unknownImage(Examples.imageID), GalleryError.imageIsHeld(Examples.imageID)]),
        RouteDescription(
            method: .delete, pattern: "/admin/v1/galleries/{gallery}/images", name: "deleteImages",
            summary:
                "Erase those images of a gallery that match the filters, of which at least one is needed; not held ones.",
            parameters: SearchOptionDescriptions.erasureParameters,
            answers: [
                .json(
                    "They are erased: from now on nothing shows them. Up to \(GalleryStore.imagesWipedAtOnce) are wiped from "
                        + "the disk already; more are wiped in the background, also after a restart.",
                    .object(
                        "What was done.",
                        [
                            "erased": .count("The number of images that were erased."),
                            "wiping": .count(
                                "How many of them still have to be wiped from the disk; reid_images_to_wipe of /metrics "
                                    + "tells how many of all galleries are left."),
                            "held": .count("The images that match but are held, so that they stay."),
                        ]),
                    example: ErasureAnswer(erased: 25_000, wiping: 25_000))
            ],
            refusals: refusals),
        RouteDescription(
            method: .post, pattern: "/admin/v1/galleries/{gallery}/erase", name: "eraseImages",
            summary:
                "Erase those images of a gallery that match the filters by a job, which is over when no byte of them is left.",
            parameters: SearchOptionDescriptions.erasureParameters,
            answers: [
                .json(
                    "The job is accepted; its result tells how many images it erased, and how many are held.",
                    .component("Job"), example: Examples.erasureJob, status: .accepted, fields: [.location])
            ], refusals: refusals + [GalleryError.tooManyJobs(limit: configuration.jobs.waiting)]),
        RouteDescription(
            method: .put, pattern: "/admin/v1/galleries/{gallery}/hold", name: "holdImages",
            summary: "Hold those images of a gallery that match the filters, so that nothing may erase them.",
            parameters: SearchOptionDescriptions.erasureParameters, answers: ofHold, refusals: refusals),
        RouteDescription(
            method: .delete, pattern: "/admin/v1/galleries/{gallery}/hold", name: "releaseImages",
            summary: "Lift the hold on those images of a gallery that match the filters.",
            parameters: SearchOptionDescriptions.erasureParameters, answers: ofHold, refusals: refusals),
        RouteDescription(
            method: .put, pattern: "/admin/v1/galleries/{gallery}/retention", name: "setRetention",
            summary: "Set how long a gallery keeps images: older ones are erased by themselves, except held ones.",
            body: [
                Content(
                    type: "application/json", schema: Components.retention,
                    examples: ["usual": RetentionAnswer(seconds: 2_592_000, by: "captured_at")])
            ],
            answers: [.json("The gallery.", .component("Gallery"), example: Examples.gallery)],
            refusals: Refusals.ofObjects + [
                GalleryError.unknownGallery("hall"), GalleryError.diskFull(path: ""),
                HTTPProblem(.lengthRequired, detail: "This request needs a body with its length."),
            ]),
        RouteDescription(
            method: .delete, pattern: "/admin/v1/galleries/{gallery}/retention", name: "liftRetention",
            summary: "Let a gallery keep images until they are erased on request.",
            answers: [.json("The gallery.", .component("Gallery"), example: Examples.gallery)],
            refusals: [GalleryError.unknownGallery("hall"), GalleryError.diskFull(path: "")]),
    ]
}

extension Examples {
    static let erasureJob = JobAnswer(
        id: jobID, kind: "erasure", gallery: galleryName, parameters: ["camera": ["c1"]], state: "queued",
        cancelRequested: false, done: 0, total: nil, unit: "images", unitsPerSecond: nil, estimatedEnd: nil,
        result: nil, reason: nil, createdBy: "ops", createdAt: time, startedAt: nil, finishedAt: nil)
}
