internal import Gallery
internal import HTTPTypes
internal import Ranking

/// The route that calibrates a gallery; `refusals` are those of every job.
func calibrationDescription(refusals: [any Error]) -> RouteDescription {
    RouteDescription(
        method: .post, pattern: "/admin/v1/galleries/{gallery}/calibrate", name: "calibrate",
        summary: "Fit probabilities to the distances of a gallery's searches, from its labeled images.",
        answers: [
            .json(
                "The job is accepted; its result tells how good the probabilities are.", .component("Job"),
                example: Examples.calibrationJob, status: .accepted, fields: [.location])
        ],
        refusals: refusals + [
            GalleryError.unknownGallery("hall"), CalibrationError.tooFewLabels(people: 12, needed: 38),
            CalibrationError.oneCamera,
        ])
}

extension Components {
    /// The schemas of a gallery's calibration.
    static let ofCalibrations: [String: Schema] = [
        "Calibration": .object(
            "For which searches a gallery's rankings have probabilities, and how good these are.",
            [
                "created_at": .time("When the gallery was calibrated."),
                "images": .count("Its images then."),
                "stale": .flag("Whether it has grown by half since, or belongs to another model now."),
                "searches": .list("The searches.", of: .component("CalibratedSearch")),
            ]),
        "CalibratedSearch": .object(
            "Searches whose results have a probability, and how good it is for other people than it was fitted to.",
            [
                "camera_normalization": .flag("Whether the cameras' means are subtracted."),
                "reranking": Schema.object(
                    "The options of the re-ranking; null: without.",
                    [
                        "k1": .count("The number of neighbors within which two images must have each other."),
                        "k2": .count("The number of neighbors whose encodings are averaged."),
                        "lambda": .number("The share of the original distance in the re-ranked one.", in: 0...1),
                        "candidates": .count("The number of nearest images that are re-ranked."),
                    ]
                ).orNull,
                "curve": .choice("The kind of the curve.", ["isotonic", "logistic"]),
                "expected_calibration_error": share(
                    "The mean difference between a probability and the share of results that show the person."),
                "brier_score": share("The mean of (probability − truth)²."),
                "area_under_roc": share("The chance that a result of the person is nearer than one of another."),
                "pairs": .count("The results that were looked at."),
                "same_person_pairs": .count("Those that show the query's person."),
                "people": .count("The people who were searched for and are in the gallery."),
                "images": .count("The images that were searched for."),
                "rates": .list(
                    "What happens where only results with at least some probability are believed.",
                    of: .object(
                        "What happens at a probability.",
                        [
                            "probability": share("The probability."),
                            "match_rate": share("The share of the results of the same person that are believed."),
                            "false_match_rate": share("The share of the results of others that are believed."),
                        ])),
            ]),
    ]

    private static func share(_ description: String) -> Schema { .number(description, in: 0...1) }
}

extension Examples {
    static let calibration = CalibrationAnswer(
        createdAt: time, images: 18_204, stale: false,
        searches: [
            CalibratedSearch(
                cameraNormalization: true,
                reranking: .init(k1: 20, k2: 6, lambda: 0.3, candidates: 500), curve: "isotonic",
                expectedCalibrationError: 0.013, brierScore: 0.04, areaUnderROC: 0.98, pairs: 20_000,
                samePersonPairs: 4_100, people: 375, images: 1000,
                rates: [.init(probability: 0.5, matchRate: 0.84, falseMatchRate: 0.02)], roc: nil)
        ])

    static let calibrationJob = JobAnswer(
        id: jobID, kind: "calibration", gallery: galleryName, parameters: [:], state: "queued", cancelRequested: false,
        done: 0, total: nil, unit: "passes", unitsPerSecond: nil, estimatedEnd: nil, result: nil, reason: nil,
        createdBy: "ops", createdAt: time, startedAt: nil, finishedAt: nil)
}
