internal import ArgumentParser
internal import Foundation

/// Asks the user before something is deleted.
struct DeletionOptions: ParsableArguments {
    @Flag(help: "Delete without asking; needed if standard input is not a terminal.")
    var yes = false

    func validate() throws {
        guard yes || isatty(STDIN_FILENO) == 1 else {
            throw ValidationError("give --yes to delete: standard input is not a terminal, so no question can be asked")
        }
    }

    /// Asks at the terminal whether to delete `what`, unless --yes was given; throws if the answer is no.
    func confirm(_ what: String) throws {
        guard !yes else { return }
        Terminal.tell("Delete \(what) for good? [y/N] ")
        let answer = readLine()?.trimmingCharacters(in: .whitespaces).lowercased()
        guard answer == "y" || answer == "yes" else { throw CommandFailure("nothing was deleted") }
    }
}
