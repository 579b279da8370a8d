internal import ArgumentParser
internal import Foundation
internal import ReIDService

/// The command line; each subcommand has its own file.
@main
struct Reid: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reid",
        abstract: "Person re-identification: where else was this person seen?",
        discussion: """
            EXAMPLE:
              reid serve --data ./data
              reid search image.jpg --gallery demo

            \(exitCodes)
            """,
        version: Release.version,
        groupedSubcommands: [
            CommandGroup(
                name: "Service",
                subcommands: [
                    ServeCommand.self, EnrollCommand.self, SearchCommand.self, CompareCommand.self,
                    CalibrateCommand.self,
                    GalleriesCommand.self,
                    BatchesCommand.self, ImagesCommand.self, TokensCommand.self, AuditCommand.self, JobsCommand.self,
                    EraseCommand.self, BackupCommand.self, RestoreCommand.self, CompactCommand.self, HealthCommand.self,
                ]),
            CommandGroup(
                name: "Network",
                subcommands: [
                    InitCommand.self, TrainCommand.self, ModelCommand.self, EmbedCommand.self, EvaluateCommand.self,
                    RerankCommand.self, SynthesizeCommand.self,
                ]),
        ])

    /// The exit codes, as the help of the commands lists them.
    static let exitCodes = """
        EXIT CODES:
          0    done
          1    failed; standard error says why
          64   wrong usage
          130  interrupted by Ctrl-C; standard error says how to continue
        """

    static func main() {
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch let failure as CommandFailure {
            Terminal.complain("reid: \(failure.message)")
            Foundation.exit(failure.code)
        } catch {
            let message = fullMessage(for: error)
            let code = exitCode(for: error)
            if code == .success {
                if !message.isEmpty { print(message) }
            } else {
                Terminal.complain(message)
            }
            Foundation.exit(code.rawValue)
        }
    }
}

/// Why a command failed, as a message for the terminal.
struct CommandFailure: Error {
    let message: String
    /// The exit code of the program.
    let code: Int32

    init(_ message: String, code: Int32 = 1) {
        self.message = message
        self.code = code
    }
}
