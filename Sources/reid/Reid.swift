internal import ArgumentParser
internal import Foundation
internal import ReIDService

/// The command line; each subcommand has its own file.
///
/// Exit codes: 0 success, 1 failure, 2 wrong usage.
@main
struct Reid: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reid",
        abstract: "Person re-identification: where else was this person seen?",
        discussion: "EXAMPLE:\n  reid serve --data ./data\n  reid search image.jpg --gallery demo",
        version: Release.version,
        subcommands: [
            ServeCommand.self, InitCommand.self, EmbedCommand.self, EnrollCommand.self, SearchCommand.self,
            EvaluateCommand.self, RerankCommand.self, ModelCommand.self, TrainCommand.self,
            SynthesizeCommand.self,
        ])

    static func main() {
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch let failure as CommandFailure {
            Terminal.complain("reid: \(failure.message)")
            Foundation.exit(1)
        } catch {
            let message = fullMessage(for: error)
            let code = exitCode(for: error)
            if code == .success {
                if !message.isEmpty { print(message) }
                Foundation.exit(0)
            }
            Terminal.complain(message)
            Foundation.exit(code == .validationFailure ? 2 : 1)
        }
    }
}

/// Why a command failed, as a message for the terminal.
struct CommandFailure: Error {
    let message: String

    init(_ message: String) { self.message = message }
}
