public import ArgumentParser
internal import Foundation
public import Gallery
internal import HTTP
internal import ReIDService

extension AuditAction: ExpressibleByArgument {}

/// `reid audit`: who did what, and what was shown.
struct AuditCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "List, check and export the audit of a service.",
        discussion: """
            EXAMPLE:
              reid audit list --action search --limit 20
              reid audit verify

            \(Reid.exitCodes)
            """,
        subcommands: [List.self, Verify.self, Export.self])

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the rows of the audit, newest first.",
            discussion: "EXAMPLE:\n  reid audit list --gallery lobby\n\n\(Reid.exitCodes)")

        @OptionGroup var filter: AuditArguments

        @OptionGroup var listener: AdminListener

        @OptionGroup var options: ListOptions

        mutating func run() throws {
            let rows: ListAnswer<AuditAnswer> = try listener.client().list(
                ["admin", "v1", "audit"], query: filter.parameters, options)
            try options.show(rows, ["sequence", "at", "actor", "address", "action", "target", "outcome"]) {
                ["\($0.sequence)", $0.at.rfc3339, $0.actor, $0.address, $0.action, $0.target, $0.outcome]
            }
        }
    }

    struct Export: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write the rows of the audit as lines of JSON, oldest first.",
            discussion: "EXAMPLE:\n  reid audit export --after 1200 > audit.ndjson\n\n\(Reid.exitCodes)")

        @Option(help: "Only the rows after the row with this sequence.")
        var after: Int64 = 0

        @OptionGroup var filter: AuditArguments

        @OptionGroup var listener: AdminListener

        mutating func run() throws {
            try listener.client().audit(after: after, filter.parameters) { lines, _ in
                try FileHandle.standardOutput.write(contentsOf: lines)
            }
        }
    }

    struct Verify: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Check that no row of the audit was changed, removed or inserted.",
            discussion: """
                Prints the number of rows and the digest of the last. Keep that digest elsewhere: a later check with --digest
                shows that the rows up to it are still the same.

                EXAMPLE:
                  reid audit verify
                  reid audit verify --data /srv/reid

                \(Reid.exitCodes)
                """)

        @Option(help: "Read the database in this data folder, instead of asking a service.")
        var data: String?

        @Option(help: "The digest of a row, from an earlier check; it must still be there.")
        var digest: String?

        @OptionGroup var listener: AdminListener

        mutating func run() throws {
            var verifier = AuditVerifier(noted: digest)
            do {
                if let data {
                    try verifier.check(databaseAt: DataFolder(data).database)
                } else {
                    try listener.client().audit { _, rows in
                        for row in rows { try verifier.check(row.record) }
                    }
                }
                try verifier.finish()
            } catch let broken as BrokenAudit {
                throw CommandFailure("\(broken)")
            } catch let error as GalleryError {
                throw CommandFailure("\(error)")
            }
            print("\(verifier.count) rows in order; the last has the digest \(verifier.lastDigest)")
        }
    }
}

/// The filters on the rows of the audit.
struct AuditArguments: ParsableArguments {
    @Option(help: "Only this action, such as search or gallery.delete.")
    var action: AuditAction?

    @Option(help: "Only what was done with the token of this name.")
    var actor: String?

    @Option(help: "Only what was done to this gallery, image, query, batch or token.")
    var target: String?

    @Option(help: "Only what was done to this gallery or to what is in it.")
    var gallery: String?

    @Option(help: "Only at this time or later, such as 2026-11-22T10:00:00Z.")
    var from: Timestamp?

    @Option(help: "Only at this time or earlier.")
    var to: Timestamp?

    /// The filters as query parameters of the service.
    var parameters: [(name: String, value: String)] {
        [
            ("action", action?.rawValue), ("actor", actor), ("target", target), ("gallery", gallery),
            ("from", from?.rfc3339), ("to", to?.rfc3339),
        ].compactMap { name, value in value.map { (name, $0) } }
    }
}

extension APIClient {
    /// Reads the rows of the audit after `after`, oldest first, a thousand at a time: as lines, and decoded.
    fileprivate func audit(
        after: Int64 = 0, _ filter: [(name: String, value: String)] = [], _ body: (Data, [AuditAnswer]) throws -> Void
    ) throws {
        var last = after
        while true {
            let query = filter + [("format", "ndjson"), ("limit", "1000"), ("after", "\(last)")]
            let lines = try exchange(request("GET", ["admin", "v1", "audit"], query: query)).body
            let rows = try lines.split(separator: 0x0A).map { line in
                do { return try JSONDecoder().decode(AuditAnswer.self, from: Data(line)) } catch {
                    throw CommandFailure("the audit cannot be read after row \(last): \(error)")
                }
            }
            guard let newest = rows.last else { return }
            try body(Data(lines), rows)
            last = newest.sequence
        }
    }
}
