public import ArgumentParser
public import Gallery
internal import HTTP
internal import ReIDService

extension AgeLimit.Basis: ExpressibleByArgument {}

extension GalleriesCommand {
    struct Retention: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Set or lift how long a gallery keeps images.",
            discussion: """
                Older images are erased by themselves, except held ones. If the service says that it erases nothing because its
                clock went too far, look at the clock; if it is right, set the retention again.

                EXAMPLE:
                  reid galleries retention lobby --days 30
                  reid galleries retention lobby --days 0.5 --by enrolled_at
                  reid galleries retention lobby --off

                \(Reid.exitCodes)
                """)

        @Argument(help: "The gallery's name.")
        var name: String

        @Option(help: "Keep images for this many days, such as 30 or 0.5.")
        var days: Double?

        @Option(help: "The time from which they count: captured_at or enrolled_at.")
        var by = AgeLimit.Basis.captured

        @Flag(help: "Keep images until they are erased on request.")
        var off = false

        @OptionGroup var listener: AdminListener

        @Flag(help: "The gallery as one JSON object.")
        var json = false

        func validate() throws {
            guard (days == nil) == off else { throw ValidationError("give either --days or --off") }
            guard 0..<1e7 ~= days ?? 1 else { throw ValidationError("--days must be from 0 to less than 10,000,000") }
        }

        mutating func run() throws {
            let client = try listener.client()
            var request = try client.request(
                off ? "DELETE" : "PUT", ["admin", "v1", "galleries", name, "retention"])
            let gallery: GalleryAnswer
            if let days {
                request.add("Content-Type", "application/json")
                let seconds = Int((days * 86_400).rounded())
                let body = #"{"seconds": \#(seconds), "by": "\#(by.rawValue)"}"#
                gallery = try client.send(request, body: .bytes(Array(body.utf8)))
            } else {
                gallery = try client.send(request)
            }
            if json { return try Terminal.printJSON(gallery) }
            print("\(gallery.name) keeps images \(gallery.retention?.sentence ?? "until they are erased")")
        }
    }
}

extension RetentionAnswer {
    /// Such as "for 30 days by captured_at".
    var sentence: String {
        let days = Double(seconds) / 86_400
        return "for \(days == days.rounded() ? "\(Int(days)) days" : "\(seconds) seconds") by \(by)"
    }
}
