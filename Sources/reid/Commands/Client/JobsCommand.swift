public import ArgumentParser
public import Gallery
internal import ReIDService

extension JobKind: ExpressibleByArgument {}
extension BatchState: ExpressibleByArgument {}

/// `reid jobs`: the long work that a running service does, and has done.
struct JobsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jobs",
        abstract:
            "List, show, wait for and cancel the jobs of a running service: backups, erasures, batches and others.",
        discussion: """
            EXAMPLE:
              reid jobs list --state running
              reid jobs wait j_0123456789abcdef

            \(Reid.exitCodes)
            """,
        subcommands: [List.self, Show.self, Wait.self, Cancel.self])

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the jobs, batches included, newest first.",
            discussion: "EXAMPLE:\n  reid jobs list --kind backup\n\n\(Reid.exitCodes)")

        @Option(
            help:
                "Only jobs of this kind: enrollment, compaction, backup, calibration, erasure, retention or reembedding."
        )
        var kind: JobKind?

        @Option(help: "Only jobs in this state: queued, running, completed, cancelled or failed.")
        var state: JobState?

        @Option(help: "Only jobs that work on this gallery.")
        var gallery: String?

        @OptionGroup var listener: AdminListener

        @OptionGroup var options: ListOptions

        mutating func run() throws {
            let query = [("kind", kind?.rawValue), ("state", state?.rawValue), ("gallery", gallery)]
                .compactMap { name, value in value.map { (name: name, value: $0) } }
            let jobs: ListAnswer<JobAnswer> = try listener.client().list(
                ["admin", "v1", "jobs"], query: query, options)
            try options.show(jobs, ["id", "kind", "gallery", "state", "done", "total", "unit", "created", "by"]) {
                [
                    $0.id, $0.kind, $0.gallery ?? "-", $0.state, "\($0.done)", $0.total.map(String.init) ?? "-",
                    $0.unit,
                    $0.createdAt.rfc3339, $0.createdBy ?? "-",
                ]
            }
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show the progress of one job, and what came of it.",
            discussion: "EXAMPLE:\n  reid jobs show j_0123456789abcdef\n\n\(Reid.exitCodes)")

        @OptionGroup var job: JobArguments

        mutating func run() throws { try job.answer(by: job.listener.client()).show(asJSON: job.json) }
    }

    struct Wait: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Wait for the end of a job; ends with 1 unless it is completed.",
            discussion: "EXAMPLE:\n  reid jobs wait j_0123456789abcdef\n\n\(Reid.exitCodes)")

        @OptionGroup var job: JobArguments

        mutating func run() throws {
            let stop = StopSignals()
            let client = try job.listener.client(stop: stop)
            try client.finish(job.answer(by: client), stop: stop).show(asJSON: job.json)
        }
    }

    struct Cancel: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Stop a job, or a batch, before its next unit; what is done stays done.",
            discussion: "EXAMPLE:\n  reid jobs cancel j_0123456789abcdef\n\n\(Reid.exitCodes)")

        @OptionGroup var job: JobArguments

        mutating func run() throws {
            let client = try job.listener.client()
            let request = try client.request("POST", ["admin", "v1", "jobs", job.id, "cancel"])
            try client.send(request, as: JobAnswer.self).show(asJSON: job.json)
        }
    }
}

/// One job, and the service that has it.
struct JobArguments: ParsableArguments {
    @Argument(help: "The job's id, or a batch's.")
    var id: String

    @OptionGroup var listener: AdminListener

    @Flag(help: "The job as one JSON object.")
    var json = false

    /// The job as the service tells it.
    func answer(by client: APIClient) throws -> JobAnswer {
        try client.send(client.request("GET", ["admin", "v1", "jobs", id]))
    }
}
