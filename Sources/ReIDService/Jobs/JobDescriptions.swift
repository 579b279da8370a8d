internal import Gallery
internal import HTTP
internal import HTTPTypes

/// `jobRoutes`.
func jobDescriptions(_ configuration: Service.Configuration) -> [RouteDescription] {
    let unknown = GalleryError.unknownJob(Examples.jobID)
    let refusals: [any Error] = [
        ServiceError.galleriesLimited, GalleryError.tooManyJobs(limit: configuration.jobs.waiting),
        GalleryError.diskFull(path: ""),
    ]
    return [
        RouteDescription(
            method: .get, pattern: "/admin/v1/jobs", name: "listJobs",
            summary: "List the jobs, batches included, newest first.",
            parameters: [
                .query("kind", .choice("Only jobs of this kind.", of: JobKind.self)),
                .query("state", .choice("Only jobs in this state.", of: JobState.self)),
                .query("gallery", .option("Only jobs that work on this gallery.")),
            ] + Parameter.pageOfJobs(configuration.limits),
            answers: [
                .json(
                    "A page of jobs.", .component("JobPage"), example: ListAnswer(items: [Examples.job], next: nil))
            ], refusals: [GalleryError.invalidCursor("x")]),
        RouteDescription(
            method: .get, pattern: "/admin/v1/jobs/{job}", name: "getJob", summary: "Get a job, or a batch as one.",
            answers: [.json("The job.", .component("Job"), example: Examples.job)], refusals: [unknown]),
        RouteDescription(
            method: .post, pattern: "/admin/v1/jobs/{job}/cancel", name: "cancelJob",
            summary: "Cancel a job, or a batch; units that are done stay done.",
            answers: [
                .json("The job is over.", .component("Job"), example: Examples.job),
                .json(
                    "The job ends before its next unit.", .component("Job"), example: Examples.job, status: .accepted),
            ],
            refusals: [
                unknown, GalleryError.jobIsOver(Examples.jobID, state: .completed),
                GalleryError.invalidTransition(batch: Examples.batchID, from: .completed, to: .cancelled),
            ]),
        RouteDescription(
            method: .post, pattern: "/admin/v1/compact", name: "compact",
            summary: "Rewrite the database as small as possible; changes wait meanwhile.",
            answers: [accepted], refusals: refusals),
        RouteDescription(
            method: .post, pattern: "/admin/v1/backup", name: "backUp",
            summary: "Copy the database to a file on the server while the service runs, and check the copy.",
            body: [
                Content(
                    type: "application/json", schema: .component("BackupRequest"),
                    examples: ["usual": ["path": "/srv/backups/reid.sqlite"]])
            ],
            answers: [accepted],
            refusals: Refusals.ofObjects + refusals + [
                GalleryError.alreadyThere(path: "/srv/backups/reid.sqlite"),
                HTTPProblem(.lengthRequired, detail: "This request needs a body with its length."),
            ]),
        calibrationDescription(refusals: Array(refusals.dropFirst())),
        reembeddingDescription(refusals: Array(refusals.dropFirst())),
    ]
}

private let accepted = Answer.json(
    "The job is accepted.", .component("Job"), example: Examples.job, status: .accepted, fields: [.location])

extension Parameter {
    /// The parameters of a page of jobs, whose cursors name a place among the jobs and one among the batches.
    fileprivate static func pageOfJobs(_ limits: Service.Configuration.Limits) -> [Parameter] {
        page(limits, cursors: nil).map { parameter in
            guard parameter.name == "cursor" else { return parameter }
            var cursor = parameter.schema
            cursor.keywords["pattern"] = #"^j(0|[1-9a-z][0-9a-z]{0,11})\.(0|[1-9a-z][0-9a-z]{0,11})$"#
            return .query("cursor", cursor)
        }
    }
}

extension Components {
    /// The schemas of jobs.
    static let ofJobs: [String: Schema] = [
        "Job": .object(
            "Long work, with its progress.",
            [
                "id": .text("The job's id; that of the batch for an enrollment."),
                "kind": .choice("What it does.", of: JobKind.self),
                "gallery": .text("The gallery that it works on; null: on all.").orNull,
                "parameters": anyObject("What was asked for, such as the path of a backup."),
                "state": .choice("The job's state.", of: JobState.self),
                "cancel_requested": .flag("Whether the job was asked to stop."),
                "done": .count("The units that are done."),
                "total": .count("The units in all; null until they are known.").orNull,
                "unit": .choice("What the units are.", Set(JobKind.allCases.map(\.unit)).sorted()),
                "units_per_second": .number("Units per second of the last half minute; null unless it runs.").orNull,
                "estimated_end": .time("When the job will be complete at this rate; null unless it runs.").orNull,
                "result": anyObject(
                    "What came of it, such as the size and the SHA-256 of a backup; null unless it is completed."
                ).orNull,
                "reason": .text("Why it failed; null if it did not.").orNull,
                "created_by": .text("The name of the token with which it was asked for; null for a batch.").orNull,
                "created_at": .time("When it was accepted."),
                "started_at": .time("When it started; null before that.").orNull,
                "finished_at": .time("When it was over; null before that.").orNull,
            ]),
        "JobPage": .page(of: "Job"),
        "BackupRequest": .object(
            "Where to write a backup.",
            [
                "path": .option(
                    "An absolute path on the server where nothing is yet, inside one of the folders for backups.",
                    bytes: BackupWork.pathBytes)
            ]),
    ]

    private static func anyObject(_ description: String) -> Schema {
        Schema(keywords: ["type": "object", "description": .text(description)])
    }
}

extension Examples {
    static let jobID = "j_" + idTail
    static let job = JobAnswer(
        id: jobID, kind: "backup", gallery: nil, parameters: ["path": "/srv/backups/reid.sqlite"], state: "running",
        cancelRequested: false, done: 4_194_304, total: 83_886_080, unit: "bytes", unitsPerSecond: 41_943_040,
        estimatedEnd: time.adding(seconds: 2), result: nil, reason: nil, createdBy: "ops", createdAt: time,
        startedAt: time, finishedAt: nil)
}
