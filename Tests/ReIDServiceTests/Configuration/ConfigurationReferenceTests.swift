import Foundation
import Testing

@testable import ReIDService

/// Compares the article on configuration with the list of fields.
@Suite struct ConfigurationReferenceTests {
    static let article = URL(fileURLWithPath: #filePath)
        .appendingPathComponent("../../../../Sources/ReIDService/Documentation.docc/Configuration.md").standardized

    @Test func `the configuration reference says what the code does`() throws {
        let rendered = try ConfigurationReference().text
        if ProcessInfo.processInfo.environment["WRITE_CONFIGURATION_REFERENCE"] != nil {
            try Data(rendered.utf8).write(to: Self.article)
        }
        let kept = try String(contentsOf: Self.article, encoding: .utf8)
        #expect(
            kept == rendered,
            "WRITE_CONFIGURATION_REFERENCE=1 swift test --filter ConfigurationReferenceTests writes it again")
        for field in ConfigurationField.all {
            #expect(kept.contains("`\(field.name)`") && kept.contains("`\(field.variable)`"))
        }
    }
}

/// The article: how sources combine, then a table for each group of fields.
struct ConfigurationReference {
    private let defaults = Service.Configuration()

    var text: String {
        get throws {
            let groups = [
                ("General", ""), ("Tokens", "tokens."), ("Log", "log."), ("Audit", "audit."), ("TLS", "tls."),
                ("Network", "embedder."),
                ("Limits of requests", "limits."),
                ("Streams of events", "events."), ("Webhooks", "webhooks."),
                ("Jobs", "jobs."), ("Rankings", "ranking."), ("Listeners", "server."),
            ]
            let tables = groups.map { title, prefix in
                let fields = ConfigurationField.all.filter {
                    prefix.isEmpty ? !$0.name.contains(".") : $0.name.hasPrefix(prefix)
                }
                return "\n## \(title)\n\n" + header + fields.map(row).joined()
            }
            let count = tables.joined().matches(of: /`REID_/).count
            try #require(count == ConfigurationField.all.count, "every field is in one table")
            return introduction + tables.joined()
        }
    }

    private let header = """
        | Field | Default | Unit | Range | Variable | Meaning |
        |---|---|---|---|---|---|

        """

    private func row(_ field: ConfigurationField) -> String {
        let cells = [
            "`\(field.name)`", preset(field), field.unit ?? "", range(field), "`\(field.variable)`", field.summary,
        ]
        return "| " + cells.joined(separator: " | ") + " |\n"
    }

    private func preset(_ field: ConfigurationField) -> String {
        if let words = field.statedDefault { return words }
        return switch field.value(in: defaults) {
        case .number(let number): readable(number, field.unit)
        case .flag(let flag): "`\(flag)`"
        case .text(let text): "`\(text)`"
        case .null, .list, .object, nil: "none"
        }
    }

    private func range(_ field: ConfigurationField) -> String {
        switch field.kind {
        case .whole(_, let range):
            "\(range.lowerBound) to \(readable(Double(range.upperBound), field.unit))"
        case .real(_, let range):
            "\(readable(range.lowerBound, field.unit)) to \(readable(range.upperBound, field.unit))"
        case .flag, .path, .optionalPath, .address, .level, .list: field.expectation
        }
    }

    /// A number as it is typed; bytes also in the largest unit that makes it whole.
    private func readable(_ number: Double, _ unit: String?) -> String {
        guard let whole = Int(exactly: number) else { return "\(number)" }
        let units = [(1 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")]
        guard unit == "bytes", let (size, name) = units.first(where: { whole > 0 && whole % $0.0 == 0 }) else {
            return "\(whole)"
        }
        return "\(whole) (\(whole / size) \(name))"
    }

    private let introduction = """
        # Configuration

        Every field of the service: its default, unit, range and environment variable.

        ## Overview

        `reid serve` takes each value from the first of these sources that gives it:

        1. an option: `--set server.workers=16`, or one of `--data`, `--query-address`, `--admin-address`, `--model`,
           `--previous-model`, `--public`, `--tls-certificate`, `--tls-key` and `--admin-client-ca`;
        2. an environment variable: `REID_SERVER_WORKERS=16`;
        3. the JSON file that `--configuration` names: `{"server": {"workers": 16}}`;
        4. the default.

        A name without a field is refused, in the file, among the options, and in the environment where it begins with
        `REID_`. A value of the wrong type or out of its range is refused too, even where another source replaces it. The
        service starts with a whole configuration or not at all. `reid serve --print-configuration` shows what takes effect,
        in the form of a configuration file.

        Numbers, `true` and `false` are written as in JSON, paths and addresses in the environment and among the options
        without quotes, and the entries of a list with commas between them. In the file, `null` counts as absent. No field
        holds a credential.

        Kubernetes sets variables such as `REID_PORT` in each pod beside a service that is named `reid`; set
        `enableServiceLinks: false`, or give the service another name.

        The access log (`log.access`) writes one line of JSON for each request; <doc:Operating> names its members.

        The tables below are written by a test from the list of fields in the code:
        `WRITE_CONFIGURATION_REFERENCE=1 swift test --filter ConfigurationReferenceTests`.

        """
}
