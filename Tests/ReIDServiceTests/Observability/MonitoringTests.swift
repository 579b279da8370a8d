import Foundation
import HTTP
import HTTPTypes
import Testing

@testable import ReIDService

/// The Grafana board and the alert rules in `deploy/monitoring`, held against the metrics that the service exports.
@Suite struct MonitoringTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "deploy/monitoring")

    /// A metric as an expression uses it.
    struct Use: Hashable {
        let name: String
        /// The labels that must have exactly one value.
        let equalities: [String: String]
        /// The names of all labels that select series.
        let labels: Set<String>
        /// Whether the expression takes the rate or the increase of the metric.
        let isRate: Bool
    }

    /// The uses of the service's metrics in a PromQL expression; metrics of other programs are left out.
    static func uses(in expression: String) -> [Use] {
        let pattern = /((?:rate|increase|irate)\()?\b((?:reid|process)_[a-z_]+)(?:\{((?:[^"}]|"[^"]*")*)\})?(\[)?/
        return expression.matches(of: pattern).map { match in
            var (equalities, labels) = ([String: String](), Set<String>())
            for matcher in (match.3 ?? "").matches(of: /([a-z_]+)(=~|!~|!=|=)"([^"]*)"/) {
                labels.insert(String(matcher.1))
                if matcher.2 == "=", !matcher.3.hasPrefix("$") { equalities[String(matcher.1)] = String(matcher.3) }
            }
            return Use(
                name: String(match.2), equalities: equalities, labels: labels,
                isRate: match.1 != nil && match.4 != nil)
        }
    }

    /// The board's expressions, those of its variables included.
    private static func boardExpressions() throws -> [String] {
        func collect(_ value: Any, into found: inout [String]) {
            if let members = value as? [String: Any] {
                for (name, member) in members {
                    if ["expr", "query"].contains(name), let text = member as? String {
                        found.append(text)
                    } else {
                        collect(member, into: &found)
                    }
                }
            } else if let items = value as? [Any] {
                for item in items { collect(item, into: &found) }
            }
        }
        var found: [String] = []
        let data = try Data(contentsOf: folder.appending(path: "grafana/reid.json"))
        collect(try JSONSerialization.jsonObject(with: data), into: &found)
        return found
    }

    /// The rules' expressions: the rest of a line after `expr:`, or the more indented lines below `expr: |`.
    private static func ruleExpressions() throws -> [String] {
        let lines = try String(contentsOf: folder.appending(path: "alerts.yml"), encoding: .utf8).split(
            separator: "\n", omittingEmptySubsequences: false)
        var (found, depth) = ([String](), Int?.none)
        for line in lines {
            let indentation = line.prefix { $0 == " " }.count
            if let start = line.firstRange(of: "expr: ") {
                found.append(String(line[start.upperBound...]))
                depth = indentation
            } else if let above = depth, indentation > above {
                found[found.count - 1] += String(line)
            } else {
                depth = nil
            }
        }
        return found
    }

    /// The service's metrics, each with at least one sample.
    private static func families() throws -> [String: Exposition.Family] {
        let text = try ExpositionTests().metrics { metrics in
            metrics.itemsFinished(outcome: "enrolled", count: 1)
            metrics.standingQueryRanked(after: .milliseconds(1))
            metrics.certificateExpires(ofListener: "query", at: 1_900_000_000)
            if let search = try? ServerRequest(method: .post, target: "/v1/galleries/lobby/search") {
                metrics.observer(ofListener: "query")("/v1/galleries/{gallery}/search", search, .ok, .zero)
            }
        }
        return try Exposition(text).families
    }

    @Test func `the board and the rules use metrics that the service exports, each as its type asks`() throws {
        let families = try Self.families()
        let board = try Self.boardExpressions()
        let rules = try Self.ruleExpressions()
        #expect(board.count > 25 && rules.count > 6)
        for expression in board + rules {
            for use in Self.uses(in: expression) {
                let base = use.name.replacing(/_(bucket|sum|count)$/, with: "")
                let family = try #require(families[use.name] ?? families[base], "\(use.name) in \(expression)")
                // A gauge has no rate. A counter's value means nothing without one, and neither does a bucket's.
                #expect((family.kind != "gauge") == use.isRate, "\(family.kind ?? "") \(use.name) in \(expression)")
                let samples = family.samples.filter { $0.name == use.name }
                #expect(!samples.isEmpty, "\(use.name) in \(expression)")
                let added: Set<String> = ["job", "instance"]
                let matching = samples.filter { sample in
                    use.labels.subtracting(added).isSubset(of: sample.labels.keys)
                        && use.equalities.allSatisfy { added.contains($0.key) || sample.labels[$0.key] == $0.value }
                }
                #expect(!matching.isEmpty, "no series of \(use.name) has these labels: \(expression)")
            }
        }
    }

    @Test func `a route that a rule names is a route of the service`() throws {
        let text = try String(contentsOf: Self.folder.appending(path: "alerts.yml"), encoding: .utf8)
        let named = Set(text.matches(of: /route="([^"]*)"/).map { String($0.1) })
        #expect(!named.isEmpty)
        try withService { service in
            guard case .object(let paths) = try service.ask(.get, "/openapi.json").object["paths"] else {
                Issue.record("the description has no paths")
                return
            }
            #expect(named.isSubset(of: paths.keys))
        }
    }

    @Test func `uses in an expression are found with their labels and their rates`() {
        let uses = Self.uses(
            in: #"sum by (le) (rate(reid_a_bucket{route="/{x}", job="$job"}[5m])) / reid_b{status=~"5.."} + node_c"#)
        #expect(
            uses == [
                .init(
                    name: "reid_a_bucket", equalities: ["route": "/{x}"], labels: ["route", "job"], isRate: true),
                .init(name: "reid_b", equalities: [:], labels: ["status"], isRate: false),
            ])
    }

    @Test(
        .enabled(if: ExpositionTests.promtool != nil, "promtool is not installed"),
        arguments: [
            ["check", "rules", "alerts.yml"], ["test", "rules", "alerts.test.yml"],
            ["check", "config", "--syntax-only", "prometheus.yml"],
        ])
    func `promtool accepts the configuration, and the alerts fire when they should`(arguments: [String]) throws {
        let command =
            try [#require(ExpositionTests.promtool)]
            + arguments.map { argument in
                argument.hasSuffix(".yml") ? Self.folder.appending(path: argument).path : argument
            }
        let said = try ExpositionTests().run(command)
        #expect(said.status == 0, "\(said.output)")
    }
}
