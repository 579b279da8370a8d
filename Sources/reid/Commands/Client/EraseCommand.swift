internal import ArgumentParser

/// `reid erase`: has a running service erase images until no byte of them is left.
struct EraseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "erase",
        abstract: "Erase the images of a gallery that match filters, until no byte of them is on the service's disk.",
        discussion: """
            This is a job: it goes on if this command, or the service, is stopped, and can be cancelled; what is erased stays
            erased. Held images stay. At least one filter is needed.

            EXAMPLE:
              reid erase lobby --camera c1 --captured-to 2026-10-31T23:59:59Z
              reid erase lobby --person 0042 --yes

            \(Reid.exitCodes)
            """)

    @Argument(help: "The gallery's name.")
    var gallery: String

    @OptionGroup var filter: ErasureArguments

    @OptionGroup var options: JobStartOptions

    @OptionGroup var deletion: DeletionOptions

    func validate() throws {
        guard !filter.parameters.isEmpty else {
            throw ValidationError("say which images: at least one filter is needed")
        }
    }

    mutating func run() throws {
        try deletion.confirm("the images of the gallery \(gallery) with \(filter.sentence)")
        try options.run(["galleries", gallery, "erase"], query: filter.parameters)
    }
}
