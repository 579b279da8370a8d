internal import ArgumentParser
internal import Foundation
internal import HTTP
internal import ReIDService

/// `reid backup`: has a running service copy its database.
struct BackupCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Back up the database of a running service to a file on its machine.",
        discussion: """
            The service copies its database while it goes on, checks the copy, and writes its SHA-256 beside it. The path must be
            absolute, inside DATA/backups or a folder that the field jobs.backup_folders names, and nothing may be there. The
            backup holds all images, kept queries, the audit and the tokens' hashes; keep it as safe as the data folder.
            The weights and the bodies of batches that are not complete are not in it.

            EXAMPLE:
              reid backup /srv/reid/backups/2026-11-22.sqlite

            \(Reid.exitCodes)
            """)

    @Argument(help: "The path of the new file, on the service's machine.")
    var path: String

    @OptionGroup var options: JobStartOptions

    mutating func run() throws {
        try options.run(["backup"], body: try JSONEncoder().encode(["path": path]))
    }
}

/// `reid compact`: has a running service rewrite its database.
struct CompactCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compact",
        abstract: "Rewrite the database of a running service as small as possible.",
        discussion: """
            Searches go on meanwhile; what changes something waits. Needs free space for what is in the database twice.

            EXAMPLE:
              reid compact

            \(Reid.exitCodes)
            """)

    @OptionGroup var options: JobStartOptions

    mutating func run() throws { try options.run(["compact"]) }
}

/// How a command starts a job.
struct JobStartOptions: ParsableArguments {
    @OptionGroup var listener: AdminListener

    @Flag(help: "Return once the service has accepted the job.")
    var noWait = false

    @Flag(help: "The job as one JSON object.")
    var json = false

    /// Asks for the job by the route of this path, and waits for its end unless told not to.
    func run(_ path: [String], query: [(name: String, value: String)] = [], body: Data? = nil) throws {
        let stop = StopSignals()
        let client = try listener.client(stop: stop)
        var request = try client.request("POST", ["admin", "v1"] + path, query: query)
        if body != nil { request.add("Content-Type", "application/json") }
        let job: JobAnswer = try client.send(request, body: body.map { .bytes([UInt8]($0)) })
        try (noWait ? job : client.finish(job, stop: stop)).show(asJSON: json)
    }
}
