internal import ArgumentParser
internal import ReIDService

extension ImagesCommand {
    struct Hold: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Hold images of a gallery, so that nothing may erase them.",
            discussion: """
                Neither a request nor a job nor their age erases them, and their gallery cannot be deleted. Images that are
                enrolled later are not held.

                EXAMPLE:
                  reid images hold lobby --person 0042

                \(Reid.exitCodes)
                """)

        @OptionGroup var hold: HoldArguments

        mutating func run() throws { try hold.send("PUT", done: "held") }
    }

    struct Release: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lift the hold on images of a gallery.",
            discussion: "EXAMPLE:\n  reid images release lobby --person 0042\n\n\(Reid.exitCodes)")

        @OptionGroup var hold: HoldArguments

        mutating func run() throws { try hold.send("DELETE", done: "released") }
    }
}

/// Which images to hold, or to hold no longer.
struct HoldArguments: ParsableArguments {
    @Argument(help: "The gallery's name.")
    var gallery: String

    @OptionGroup var filter: ErasureArguments

    @OptionGroup var listener: AdminListener

    /// Asks the service for it, and prints what it did.
    func send(_ method: String, done: String) throws {
        let client = try listener.client()
        let request = try client.request(
            method, ["admin", "v1", "galleries", gallery, "hold"], query: filter.parameters)
        let answer: HoldAnswer = try client.send(request)
        print("\(done) \(answer.changed) of the \(answer.matching) images of the gallery \(gallery) that match")
    }
}
