internal import ArgumentParser
internal import Foundation
internal import Gallery
internal import HTTP
internal import ReIDService

/// `reid galleries`: the galleries of a running service.
struct GalleriesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "galleries",
        abstract: "List, show, create, change and delete the galleries of a running service.",
        discussion: "EXAMPLE:\n  reid galleries list\n  reid galleries create lobby\n\n\(Reid.exitCodes)",
        subcommands: [List.self, Show.self, Create.self, Change.self, Retention.self, Reembed.self, Delete.self])

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the galleries by name.",
            discussion: "EXAMPLE:\n  reid galleries list --json\n\n\(Reid.exitCodes)")

        @OptionGroup var listener: QueryListener

        @OptionGroup var options: ListOptions

        mutating func run() throws {
            let galleries: ListAnswer<GalleryAnswer> = try listener.client().list(["v1", "galleries"], options)
            try options.show(galleries, ["name", "images", "people", "cameras", "running batches", "created"]) {
                [
                    $0.name, "\($0.images)", "\($0.people)", "\($0.cameras.count)", "\($0.runningBatches.count)",
                    $0.createdAt.rfc3339,
                ]
            }
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show one gallery: its images, people, cameras, model and unfinished batches.",
            discussion: "EXAMPLE:\n  reid galleries show lobby\n\n\(Reid.exitCodes)")

        @Argument(help: "The gallery's name.")
        var name: String

        @OptionGroup var listener: QueryListener

        @Flag(help: "The gallery as one JSON object.")
        var json = false

        mutating func run() throws {
            let client = try listener.client()
            let gallery: GalleryAnswer = try client.send(client.request("GET", ["v1", "galleries", name]))
            if json { return try Terminal.printJSON(gallery) }
            let batches = gallery.runningBatches.map { "\($0.id) (\($0.state))" }
            print(
                Terminal.facts([
                    ("name", gallery.name), ("images", "\(gallery.images)"), ("people", "\(gallery.people)"),
                    ("cameras", gallery.cameras.isEmpty ? "-" : gallery.cameras.joined(separator: ", ")),
                    (
                        "cameras with a mean",
                        gallery.camerasWithMean.isEmpty ? "-" : gallery.camerasWithMean.joined(separator: ", ")
                    ),
                    ("camera normalization", gallery.cameraNormalization ? "on" : "off"),
                    ("calibrated", gallery.calibration?.summary ?? "no"),
                    ("keeps images", gallery.retention?.sentence ?? "until they are erased"),
                    ("captured from", gallery.capturedFrom?.rfc3339 ?? "-"),
                    ("captured to", gallery.capturedTo?.rfc3339 ?? "-"),
                    ("model", gallery.model),
                    ("searchable", gallery.searchable ? "yes" : "no: another model is being served"),
                    ("needs re-embedding", gallery.needsReembedding ? "yes" : "no"),
                    ("revision", "\(gallery.revision)"), ("created", gallery.createdAt.rfc3339),
                    ("running batches", batches.isEmpty ? "-" : batches.joined(separator: ", ")),
                ]))
        }
    }

    struct Create: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Create a gallery that is bound to the model being served; one that exists is left as it is.",
            discussion: "EXAMPLE:\n  reid galleries create lobby --token-file data/admin-token\n\n\(Reid.exitCodes)")

        @Argument(help: "The gallery's name: lowercase letters, digits, '.', '_' and '-'.")
        var name: String

        @OptionGroup var listener: AdminListener

        @Flag(help: "The gallery as one JSON object.")
        var json = false

        mutating func run() throws {
            let client = try listener.client()
            let request = try client.request("PUT", ["admin", "v1", "galleries", name])
            let gallery: GalleryAnswer = try client.send(request)
            if json { return try Terminal.printJSON(gallery) }
            print("\(gallery.name) is there, with \(gallery.images) images")
        }
    }

    struct Change: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Change the settings of a gallery.",
            discussion: """
                EXAMPLE:
                  reid galleries change lobby --no-camera-normalization

                \(Reid.exitCodes)
                """)

        @Argument(help: "The gallery's name.")
        var name: String

        @Flag(
            inversion: .prefixedNo,
            help: "Whether searches subtract the mean of each camera's images unless they say otherwise.")
        var cameraNormalization: Bool

        @OptionGroup var listener: AdminListener

        @Flag(help: "The gallery as one JSON object.")
        var json = false

        mutating func run() throws {
            let client = try listener.client()
            var request = try client.request("PATCH", ["admin", "v1", "galleries", name])
            request.add("Content-Type", "application/json")
            let body = #"{"camera_normalization": \#(cameraNormalization)}"#
            let gallery: GalleryAnswer = try client.send(request, body: .bytes(Array(body.utf8)))
            if json { return try Terminal.printJSON(gallery) }
            print("\(gallery.name): camera normalization is \(gallery.cameraNormalization ? "on" : "off")")
        }
    }

    struct Reembed: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give a gallery vectors of the model being served, computed from its stored images.",
            discussion: """
                Searches go on with the old vectors until all new ones are there, if the service was started with
                --previous-model. Images that were enrolled as vectors only move to the gallery NAME.left-behind. With --into the
                gallery stays as it is, and a copy gets the new vectors.

                EXAMPLE:
                  reid galleries reembed lobby
                  reid galleries reembed lobby --into lobby-new

                \(Reid.exitCodes)
                """)

        @Argument(help: "The gallery's name.")
        var name: String

        @Option(help: "The name of a new gallery, which becomes a copy.")
        var into: String?

        @OptionGroup var options: JobStartOptions

        mutating func run() throws {
            try options.run(
                ["galleries", name, "reembed"], body: try into.map { try JSONEncoder().encode(["into": $0]) })
        }
    }

    struct Delete: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Delete a gallery with all its images.",
            discussion: "EXAMPLE:\n  reid galleries delete lobby --yes\n\n\(Reid.exitCodes)")

        @Argument(help: "The gallery's name.")
        var name: String

        @OptionGroup var listener: AdminListener

        @OptionGroup var deletion: DeletionOptions

        mutating func run() throws {
            let client = try listener.client()
            let request = try client.request("DELETE", ["admin", "v1", "galleries", name])
            try deletion.confirm("the gallery \(name) with all its images")
            try client.exchange(request)
            Terminal.complain("deleted the gallery \(name)")
        }
    }
}

extension CalibrationAnswer {
    /// When the gallery was calibrated, and whether that is out of date.
    fileprivate var summary: String {
        "\(createdAt.rfc3339), with \(images) images" + (stale ? ": out of date, `reid calibrate` does it again" : "")
    }
}
