internal import ArgumentParser
internal import Foundation

/// Whom to trust when an address begins with `https://`.
struct TrustOptions: ParsableArguments {
    @Option(help: "A PEM file with the certificates to trust for https. [default: those of the system]")
    var ca: String?
}

/// The address of the query listener, and the file with a token for it.
struct QueryListener: ParsableArguments {
    @Option(help: "The query listener.")
    var query = "http://127.0.0.1:8080"

    @Option(help: "The file with a token, where the service asks for one.")
    var tokenFile: String?

    @OptionGroup var trust: TrustOptions

    /// A client of this listener, which sends the token if there is one.
    func client() throws -> APIClient {
        try APIClient(base: query, authorities: trust.ca, token: try tokenFile.map(AdminListener.token))
    }
}

/// The address of the admin listener, and the file with a token for it.
struct AdminListener: ParsableArguments {
    @Option(help: "The admin listener.")
    var admin = "http://127.0.0.1:8081"

    @Option(help: "The file with a token.")
    var tokenFile = "data/admin-token"

    @OptionGroup var trust: TrustOptions

    /// A client that sends the token; `stop` ends a request that waits for its answer.
    func client(stop: StopSignals? = nil) throws -> APIClient {
        try APIClient(base: admin, authorities: trust.ca, token: try Self.token(in: tokenFile), stop: stop)
    }

    /// The token in the file at `path`, without the line end.
    static func token(in path: String) throws -> String {
        do {
            return try String(contentsOfFile: path, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
        } catch {
            throw CommandFailure("\(path): \(describe(error)) (the service prints the path of its token at start)")
        }
    }
}
