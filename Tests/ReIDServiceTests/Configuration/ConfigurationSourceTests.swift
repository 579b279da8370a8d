import Embedding
import Foundation
import HTTP
import Logging
import Testing

@testable import ReIDService

@Suite struct ConfigurationSourceTests {
    @Test func `a file, the environment and the command line each set fields`() throws {
        var expected = Service.Configuration()
        expected.server.headBytes = 4096
        expected.server.idleSeconds = 0.5
        expected.ranking.rerank = false
        expected.modelPath = "m"
        expected.logLevel = .debug
        let file = """
            {"server": {"head_bytes": 4096, "idle_seconds": 0.5},
            "ranking": {"rerank": false}, "model_path": "m", "log": {"level": "debug"}}
            """
        #expect(try Service.Configuration(file: Array(file.utf8)) == expected)
        let environment = [
            "REID_SERVER_HEAD_BYTES": "4096", "REID_SERVER_IDLE_SECONDS": "0.5",
            "REID_RANKING_RERANK": "false", "REID_MODEL_PATH": "m", "REID_LOG_LEVEL": "debug", "PATH": "/bin",
        ]
        #expect(try Service.Configuration(environment: environment) == expected)
        let options = [
            (field: "server.head_bytes", value: "4096"),
            (field: "server.idle_seconds", value: "0.5"),
            (field: "ranking.rerank", value: "false"), (field: "model_path", value: "m"),
            (field: "log.level", value: "debug"),
        ]
        #expect(try Service.Configuration(options: options) == expected)
    }

    @Test(arguments: [
        (true, true, true, 4), (false, true, true, 4), (true, false, true, 4), (true, true, false, 3),
        (false, false, true, 4), (false, true, false, 3), (true, false, false, 2), (false, false, false, 8),
    ])
    func `an option wins over the environment, that over the file, and that over the default`(
        isInFile: Bool, isInEnvironment: Bool, isOption: Bool, workers: Int
    ) throws {
        let configuration = try Service.Configuration(
            file: isInFile ? Array(#"{"server": {"workers": 2, "backlog": 5}}"#.utf8) : nil,
            environment: isInEnvironment ? ["REID_SERVER_WORKERS": "3"] : [:],
            options: isOption ? [(field: "server.workers", value: "4")] : [])
        #expect(configuration.server.workers == workers)
        #expect(configuration.server.backlog == (isInFile ? 5 : 1024), "fields that nothing replaces stay")
    }

    @Test func `unknown names are refused in the environment and among the options`() {
        let variable = ConfigurationError.unknownField("REID_SERVER_WORKER", nearest: "REID_SERVER_WORKERS")
        #expect(throws: variable) { try Service.Configuration(environment: ["REID_SERVER_WORKER": "3"]) }
        let other = ConfigurationError.unknownField("REID_PORT", nearest: nil)
        #expect(throws: other) { try Service.Configuration(environment: ["REID_PORT": "tcp://10.0.0.1:80"]) }
        #expect(!other.description.contains("10.0.0.1"))
        let option = ConfigurationError.unknownField("server.worker", nearest: "server.workers")
        #expect(throws: option) { try Service.Configuration(options: [(field: "server.worker", value: "3")]) }
    }

    @Test func `a bad value is refused even where another source replaces it`() {
        let error = ConfigurationError.outOfRange(
            field: "server.workers", value: "0", allowed: "a whole number from 1 to 1024 threads")
        #expect(throws: error) {
            try Service.Configuration(
                file: Array(#"{"server": {"workers": 0}}"#.utf8), environment: ["REID_SERVER_WORKERS": "3"])
        }
        #expect(error.description.contains("server.workers") && error.description.contains("not 0"))
    }

    @Test(arguments: [
        (#"{"server": 5}"#, "server", "5", "an object"),
        (
            #"{"ranking": {"re_ranking": []}}"#, "ranking.re_ranking",
            "a list", "an object"
        ),
        (#"{"limits": {"wait": {"s": 1}}}"#, "limits.wait", "an object", "a whole number from 1 to 3600 s"),
        (#"{"limits": {"wait": "5"}}"#, "limits.wait", "'5'", "a whole number from 1 to 3600 s"),
    ])
    func `a value of the wrong type names its field and what is expected`(
        json: String, field: String, value: String, expected: String
    ) {
        #expect(throws: ConfigurationError.wrongType(field: field, value: value, expected: expected)) {
            try Service.Configuration(file: Array(json.utf8))
        }
    }

    @Test(arguments: [
        "", "{", "[1]", "5", #"{"server": {"workers": 3}"#, #"{"server": {"workers": 3,}}"#,
        #"{"server": {"workers": 3, "workers": 4}}"#, "\u{FEFF}{}",
    ])
    func `a file that is no JSON object is refused`(text: String) {
        #expect {
            try Service.Configuration(file: Array(text.utf8))
        } throws: { error in
            guard case ConfigurationError.malformedFile(let reason) = error else { return false }
            return !reason.isEmpty
        }
    }

    @Test func `null counts as absent, for a field and for a group`() throws {
        let file = #"{"server": null, "limits": {"wait": null}, "public_folder": null}"#
        #expect(try Service.Configuration(file: Array(file.utf8)) == Service.Configuration())
    }
}
