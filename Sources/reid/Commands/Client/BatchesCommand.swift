public import ArgumentParser
internal import Foundation
public import Gallery
internal import ReIDService

extension ItemState: ExpressibleByArgument {}

/// `reid batches`: what a running service is enrolling, and has enrolled.
struct BatchesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "batches",
        abstract: "List, show and cancel the batches that a running service enrolls.",
        discussion: """
            EXAMPLE:
              reid batches list
              reid batches items b_0123456789abcdef --state failed

            \(Reid.exitCodes)
            """,
        subcommands: [List.self, Show.self, Items.self, Cancel.self])

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the batches, newest first.",
            discussion: "EXAMPLE:\n  reid batches list --limit 10\n\n\(Reid.exitCodes)")

        @OptionGroup var listener: AdminListener

        @OptionGroup var options: ListOptions

        mutating func run() throws {
            let batches: ListAnswer<BatchAnswer> = try listener.client().list(["admin", "v1", "batches"], options)
            let header = ["id", "gallery", "state", "items", "enrolled", "duplicate", "failed", "created"]
            try options.show(batches, header) {
                [
                    $0.id, $0.gallery, $0.state, $0.received.map(String.init) ?? "-", "\($0.enrolled)",
                    "\($0.duplicate)", "\($0.failed)", $0.createdAt.rfc3339,
                ]
            }
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show the progress of one batch.",
            discussion: "EXAMPLE:\n  reid batches show b_0123456789abcdef\n\n\(Reid.exitCodes)")

        @Argument(help: "The batch's id.")
        var id: String

        @OptionGroup var listener: AdminListener

        @Flag(help: "The batch as one JSON object.")
        var json = false

        mutating func run() throws {
            let client = try listener.client()
            try client.send(client.request("GET", ["admin", "v1", "batches", id]), as: BatchAnswer.self).show(json)
        }
    }

    struct Items: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the results of a batch's items.",
            discussion: "EXAMPLE:\n  reid batches items b_0123456789abcdef --state failed\n\n\(Reid.exitCodes)")

        @Argument(help: "The batch's id.")
        var id: String

        @Option(help: "Only items with this result: enrolled, duplicate or failed.")
        var state: ItemState?

        @OptionGroup var listener: AdminListener

        @OptionGroup var options: ListOptions

        mutating func run() throws {
            let items: ListAnswer<BatchItemAnswer> = try listener.client().list(
                ["admin", "v1", "batches", id, "items"], query: state.map { [("state", $0.rawValue)] } ?? [], options)
            try options.show(items, ["item", "state", "file", "image", "reason", "detail"]) {
                ["\($0.index)", $0.state, $0.image ?? "-", $0.imageID ?? "-", $0.reason ?? "-", $0.detail ?? "-"]
            }
        }
    }

    struct Cancel: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Stop a batch after the items that are being processed; images that were enrolled stay.",
            discussion: "EXAMPLE:\n  reid batches cancel b_0123456789abcdef\n\n\(Reid.exitCodes)")

        @Argument(help: "The batch's id.")
        var id: String

        @OptionGroup var listener: AdminListener

        @Flag(help: "The batch as one JSON object.")
        var json = false

        mutating func run() throws {
            let client = try listener.client()
            let request = try client.request("POST", ["admin", "v1", "batches", id, "cancel"])
            try client.send(request, as: BatchAnswer.self).show(json)
        }
    }
}

extension BatchAnswer {
    /// Prints the batch for people, or as JSON.
    fileprivate func show(_ json: Bool) throws {
        if json { return try Terminal.printJSON(self) }
        let isStopping = cancelRequested && !isOver
        print(
            Terminal.facts([
                ("id", id), ("gallery", gallery), ("state", isStopping ? "\(state), to be cancelled" : state),
                ("items", received.map(String.init) ?? "-"), ("enrolled", "\(enrolled)"), ("duplicate", "\(duplicate)"),
                ("failed", "\(failed)"), ("items a second", itemsPerSecond.map { String(format: "%.1f", $0) } ?? "-"),
                ("estimated end", estimatedEnd?.rfc3339 ?? "-"), ("created", createdAt.rfc3339),
                ("started", startedAt?.rfc3339 ?? "-"), ("finished", finishedAt?.rfc3339 ?? "-"),
                ("reason", reason ?? "-"),
            ]))
        for warning in warnings ?? [] { Terminal.complain("warning: \(warning)") }
    }
}
