internal import ArgumentParser
internal import Gallery
internal import ReIDService

/// `reid images`: the images in the galleries of a running service.
struct ImagesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "images",
        abstract: "List, show, delete and hold the images of a running service's galleries.",
        discussion: """
            EXAMPLE:
              reid images list lobby --person 0002 --camera c1
              reid images delete i_0123456789abcdef --yes
              reid images delete lobby --camera c1 --captured-to 2026-10-31T23:59:59Z

            \(Reid.exitCodes)
            """,
        subcommands: [List.self, Show.self, Delete.self, Hold.self, Release.self])

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the images of a gallery that match the filters.",
            discussion: "EXAMPLE:\n  reid images list lobby --captured-from 2026-11-22T10:00:00Z\n\n\(Reid.exitCodes)")

        @Argument(help: "The gallery's name.")
        var gallery: String

        @OptionGroup var filter: FilterArguments

        @OptionGroup var listener: QueryListener

        @OptionGroup var options: ListOptions

        mutating func run() throws {
            let images: ListAnswer<ImageAnswer> = try listener.client().list(
                ["v1", "galleries", gallery, "images"], query: filter.parameters, options)
            try options.show(
                images, ["image", "person", "camera", "captured at", "external id", "file", "size", "enrolled", "held"]
            ) {
                [
                    $0.imageID, $0.personID ?? "-", $0.cameraID ?? "-", $0.capturedAt?.rfc3339 ?? "-",
                    $0.externalID ?? "-", $0.name ?? "-", $0.size, $0.enrolledAt.rfc3339,
                    $0.held ? "yes" : "no",
                ]
            }
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show what is known about one image.",
            discussion: "EXAMPLE:\n  reid images show i_0123456789abcdef\n\n\(Reid.exitCodes)")

        @Argument(help: "The image's id.")
        var id: String

        @OptionGroup var listener: QueryListener

        @Flag(help: "The image's metadata as one JSON object.")
        var json = false

        mutating func run() throws {
            let client = try listener.client()
            let image: ImageAnswer = try client.send(client.request("GET", ["v1", "images", id]))
            if json { return try Terminal.printJSON(image) }
            print(
                Terminal.facts([
                    ("image", image.imageID), ("gallery", image.gallery), ("person", image.personID ?? "-"),
                    ("camera", image.cameraID ?? "-"), ("captured at", image.capturedAt?.rfc3339 ?? "-"),
                    ("external id", image.externalID ?? "-"), ("file", image.name ?? "-"), ("size", image.size),
                    ("media type", image.mediaType ?? "-"), ("sha256", image.sha256),
                    ("enrolled", image.enrolledAt.rfc3339), ("held", image.held ? "yes" : "no"),
                    ("content", image.imageURL.map { listener.query + $0 } ?? "-"),
                ]))
        }
    }

    struct Delete: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Delete one image, or the images of a gallery that match filters.",
            discussion: """
                They are deleted from the gallery, its rankings and the disk. With filters, the number of images is printed.
                Held images stay. `reid erase` does the same as a job, and waits until no byte of them is left.

                EXAMPLE:
                  reid images delete i_0123456789abcdef --yes
                  reid images delete lobby --camera c1 --captured-to 2026-10-31T23:59:59Z
                  reid images delete lobby --id i_0123456789abcdef --id i_fedcba9876543210

                \(Reid.exitCodes)
                """)

        @Argument(help: "The image's id; with filters, the gallery's name.")
        var target: String

        @OptionGroup var filter: ErasureArguments

        @OptionGroup var listener: AdminListener

        @OptionGroup var deletion: DeletionOptions

        mutating func run() throws {
            let client = try listener.client()
            let parameters = filter.parameters
            guard !parameters.isEmpty else {
                let request = try client.request("DELETE", ["admin", "v1", "images", target])
                try deletion.confirm("the image \(target)")
                try client.exchange(request)
                return Terminal.complain("deleted the image \(target)")
            }
            let request = try client.request(
                "DELETE", ["admin", "v1", "galleries", target, "images"], query: parameters)
            try deletion.confirm("the images of the gallery \(target) with \(filter.sentence)")
            let answer: ErasureAnswer = try client.send(request)
            print("deleted \(answer.erased) images of the gallery \(target)")
            if answer.held > 0 { Terminal.complain("\(answer.held) more are held, so they stay") }
            if answer.wiping > 0 { Terminal.complain("the service still wipes them from its disk") }
        }
    }
}

extension ImageAnswer {
    /// Columns and rows, for people.
    fileprivate var size: String {
        guard let width, let height else { return "-" }
        return "\(width)x\(height)"
    }
}
