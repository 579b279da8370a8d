internal import ArgumentParser
internal import HTTP

/// `reid health`: whether a service is ready.
struct HealthCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "health",
        abstract: "Ask a service on this machine whether it is ready, for the health check of a container.",
        discussion: """
            The exit code is 0 if GET /readyz says that it is. The service's certificate is not checked, because it is
            seldom for a loopback address.

            EXAMPLE:
              reid health --query https://127.0.0.1:8080

            \(Reid.exitCodes)
            """)

    @Option(help: "The query listener.")
    var query = "http://127.0.0.1:8080"

    mutating func run() throws {
        let client = try APIClient(base: query, checksCertificate: false, patience: .seconds(5))
        try client.exchange(client.request("GET", ["readyz"]))
    }
}
