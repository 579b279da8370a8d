import CSPRModel
import Embedding
import Foundation
import HTTP
import Ranking
import Testing

@testable import ReIDService

@Suite struct WireConfigurationTests {
    @Test func `the defaults are sound`() throws {
        try Service.Configuration().validate()
    }

    @Test func `a file may give only some fields`() throws {
        let json = """
            {"data_folder": "d", "limits": {"image_bytes": 5}, "ranking": {"limit": 7}, "embedder": {"threads": 3},
            "server": {"idle_seconds": 5, "workers": 3}}
            """
        let configuration = try Service.Configuration(file: Array(json.utf8))
        var expected = Service.Configuration()
        expected.dataFolder = "d"
        expected.limits.imageBytes = 5
        expected.ranking.limit = 7
        expected.embedder.threads = 3
        expected.server.idleSeconds = 5
        expected.server.workers = 3
        #expect(configuration == expected)
    }

    @Test func `what a file does not say about re-ranking stays cautious`() throws {
        func reRanking(_ configuration: Service.Configuration) throws -> ReRanking {
            try SearchOptions(defaults: configuration.ranking).reRanking
        }
        let configuration = try Service.Configuration(file: Array(#"{"ranking": {"re_ranking": {"k1": 20}}}"#.utf8))
        #expect(try reRanking(configuration) == ReRanking(k1: 20, k2: 2, lambda: 0.7))
        #expect(try reRanking(Service.Configuration()) == .cautious)
    }

    @Test(arguments: [
        (#"{"limitz": {}}"#, "limitz", "limits"),
        (#"{"server": {"idle_second": 3}}"#, "server.idle_second", "server.idle_seconds"),
        (
            #"{"limits": {"wait": 5}, "ranking": {"re_ranking": {"k1": 9, "k3": 1}}}"#, "ranking.re_ranking.k3",
            "ranking.re_ranking.k1"
        ),
        (#"{"head_bytes": 3}"#, "head_bytes", "server.head_bytes"), (#"{"color": null}"#, "color", nil),
        (#"{"server.workers": 3}"#, #""server.workers""#, "server.workers"),
    ])
    func `a field that there is not is refused by name, with the one that was meant`(
        json: String, field: String, nearest: String?
    ) {
        let error = ConfigurationError.unknownField(field, nearest: nearest)
        #expect(throws: error) { try Service.Configuration(file: Array(json.utf8)) }
        #expect(error.description.contains(field) && error.description.contains(nearest ?? "no"))
    }

    @Test(arguments: [
        (#"{"k1": 0}"#, "k1", "0"), (#"{"k1": 101}"#, "k1", "101"), (#"{"k2": 0}"#, "k2", "0"),
        (#"{"lambda": 1.1}"#, "lambda", "1.1"),
    ])
    func `re-ranking that no search may ask for is refused in a file too`(json: String, name: String, value: String) {
        #expect {
            try Service.Configuration(file: Array(#"{"ranking": {"re_ranking": \#(json)}}"#.utf8))
        } throws: { error in
            guard case ConfigurationError.outOfRange("ranking.re_ranking." + name, value, _) = error else {
                return false
            }
            return true
        }
    }

    @Test func `a file names every field the same way`() throws {
        let json = #"{"server": {"idle_seconds": 5, "body_memory_total": 9}, "model_path": null, "public_folder": "p"}"#
        let configuration = try Service.Configuration(file: Array(json.utf8))
        #expect(configuration.server.idleSeconds == 5 && configuration.server.bodyMemoryTotal == 9)
        #expect(configuration.modelPath == nil && configuration.publicFolder == "p")
        let text = String(decoding: try JSONEncoder().encode(Service.Configuration()), as: UTF8.self)
        #expect(text.contains("\"idle_seconds\":"))
        #expect(text.matches(of: /"[a-z0-9_]*[A-Z][A-Za-z0-9_]*":/).isEmpty, "every name is in snake_case")
    }

    @Test func `a configuration survives its own JSON`() throws {
        var configuration = Service.Configuration()
        configuration.publicFolder = "p"
        configuration.ranking.rerank = false
        let data = try JSONEncoder().encode(configuration)
        #expect(try Service.Configuration(file: Array(data)) == configuration)
    }

    @Test(arguments: ["0.0.0.0:8080", "[::]:8080", "192.168.1.2:8080", "127.0.0.1.example.org:80"])
    func `a query listener that others can reach asks for tokens`(address: String) throws {
        var configuration = Service.Configuration()
        configuration.queryAddress = address
        try configuration.validate()
        #expect(configuration.queriesNeedToken)
    }

    @Test(arguments: ["127.0.0.1:0", "127.8.9.1:65535", "localhost:8080", "[::1]:8080"])
    func `a query listener on loopback asks for tokens only if it is told to`(address: String) throws {
        var configuration = Service.Configuration()
        configuration.queryAddress = address
        try configuration.validate()
        #expect(!configuration.queriesNeedToken)
        configuration.tokens.required = true
        #expect(configuration.queriesNeedToken)
    }

    @Test(arguments: [
        "", "8080", ":8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "::1:80", "a:+1",
    ])
    func `what is no address is refused`(address: String) {
        var configuration = Service.Configuration()
        configuration.adminAddress = address
        let error = ConfigurationError.outOfRange(
            field: "admin_address", value: "'\(address)'", allowed: "an address such as 127.0.0.1:8080 or [::1]:8080")
        #expect(throws: error) { try configuration.validate() }
    }

    @Test func `a field out of range is named`() {
        func expectFault(_ field: String, _ value: String, _ change: (inout Service.Configuration) -> Void) {
            var configuration = Service.Configuration()
            change(&configuration)
            #expect {
                try configuration.validate()
            } throws: { error in
                guard case ConfigurationError.outOfRange(field, value, _) = error else { return false }
                return true
            }
        }
        expectFault("limits.image_bytes", "0") { $0.limits.imageBytes = 0 }
        expectFault("limits.wait", "0") { $0.limits.wait = 0 }
        expectFault("ranking.limit", "1001") { $0.ranking.limit = 1001 }
        expectFault("embedder.threads", "0") { $0.embedder.threads = 0 }
        expectFault("standing_query_delay", "-1") { $0.standingQueryDelay = -1 }
        expectFault("enrollment_chunk", "0") { $0.enrollmentChunk = 0 }
        expectFault("enrollment_commit_items", "0") { $0.enrollmentCommitItems = 0 }
        expectFault("enrollment_commit_delay", "-1") { $0.enrollmentCommitDelay = -1 }
        expectFault("data_folder", "''") { $0.dataFolder = "" }
        expectFault("server.read_ahead_bytes", "100") { $0.server.readAheadBytes = 100 }
        expectFault("server.head_seconds", "inf") { $0.server.headSeconds = .infinity }
        expectFault("server.body_stall_seconds", "nan") { $0.server.bodyStallSeconds = .nan }
    }
}
