internal import ArgumentParser
internal import Foundation
internal import Gallery
internal import HTTP
internal import ReIDService

/// `reid tokens`: who may use a running service.
struct TokensCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokens",
        abstract: "Make, list and delete the tokens of a running service.",
        discussion: """
            EXAMPLE:
              reid tokens create dock --scope query --gallery 'lobby*'
              reid tokens list
              reid tokens delete t_0123456789abcdef --yes

            \(Reid.exitCodes)
            """,
        subcommands: [Create.self, List.self, Delete.self])

    struct Create: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a token, and print its secret, which is not shown again.",
            discussion: """
                Standard output holds the secret alone, or with --json the whole token.

                EXAMPLE:
                  reid tokens create dock --scope query --gallery 'lobby*' --gallery yard
                  reid tokens create ingest --scope enroll --expires 2030-01-01T00:00:00Z > ingest-token

                \(Reid.exitCodes)
                """)

        @Argument(help: "A name for people; no two tokens have the same.")
        var name: String

        @Option(help: "What it allows: query, enroll or admin, which includes the others; repeatable.")
        var scope: [String]

        @Option(help: "Galleries that it may use, with * for any characters; repeatable. [default: every gallery]")
        var gallery: [String] = []

        @Option(help: "When it ends, such as 2030-01-01T00:00:00Z. [default: never]")
        var expires: Timestamp?

        @Option(help: "The subject of the client certificate that stands for it, such as CN=dock. [default: none does]")
        var subject: String?

        @OptionGroup var listener: AdminListener

        @Flag(help: "The token as one JSON object.")
        var json = false

        private struct Body: Encodable {
            let name: String
            let scopes: [String]
            let galleries: [String]?
            let expires_at: Timestamp?
            let subject: String?
        }

        mutating func run() throws {
            let client = try listener.client()
            var request = try client.request("POST", ["admin", "v1", "tokens"])
            request.add("Content-Type", "application/json")
            let body = Body(
                name: name, scopes: scope, galleries: gallery.isEmpty ? nil : gallery, expires_at: expires,
                subject: subject)
            let token: TokenAnswer = try client.send(request, body: .bytes([UInt8](try JSONEncoder().encode(body))))
            if json { return try Terminal.printJSON(token) }
            guard let secret = token.secret else {
                throw CommandFailure("the service made the token \(token.id), but did not say its secret")
            }
            print(secret)
            Terminal.complain("made the token \(token.name) (\(token.id)); its secret is not shown again")
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the tokens, oldest first, without their secrets.",
            discussion: "EXAMPLE:\n  reid tokens list --json\n\n\(Reid.exitCodes)")

        @OptionGroup var listener: AdminListener

        @OptionGroup var options: ListOptions

        mutating func run() throws {
            let tokens: ListAnswer<TokenAnswer> = try listener.client().list(["admin", "v1", "tokens"], options)
            try options.show(tokens, ["id", "name", "scopes", "galleries", "expires", "last used", "created"]) {
                [
                    $0.id, $0.name, $0.scopes.joined(separator: ","), $0.galleries?.joined(separator: ",") ?? "*",
                    $0.expiresAt?.rfc3339 ?? "never", $0.lastUsedAt?.rfc3339 ?? "never", $0.createdAt.rfc3339,
                ]
            }
        }
    }

    struct Delete: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Delete a token: whoever holds it is refused from now on.",
            discussion: "EXAMPLE:\n  reid tokens delete t_0123456789abcdef --yes\n\n\(Reid.exitCodes)")

        @Argument(help: "The token's id.")
        var id: String

        @OptionGroup var listener: AdminListener

        @OptionGroup var deletion: DeletionOptions

        mutating func run() throws {
            let client = try listener.client()
            let request = try client.request("DELETE", ["admin", "v1", "tokens", id])
            try deletion.confirm("the token \(id)")
            try client.exchange(request)
            Terminal.complain("deleted the token \(id)")
        }
    }
}
