import Foundation
import Testing

@Suite struct UsageTests {
    @Test(arguments: [
        ["serve"], ["init"], ["embed"], ["enroll"], ["search"], ["compare"], ["calibrate"], ["evaluate"], ["rerank"],
        ["model"], ["model", "show"],
        ["train"], ["synthesize"], ["health"], [], ["model", "convert"], ["galleries"], ["galleries", "list"],
        ["galleries", "show"], ["galleries", "create"], ["galleries", "delete"], ["batches"], ["batches", "list"],
        ["batches", "show"], ["batches", "items"], ["batches", "cancel"], ["images"], ["images", "list"],
        ["images", "show"], ["images", "delete"], ["tokens"], ["tokens", "create"], ["tokens", "list"],
        ["tokens", "delete"], ["erase"], ["images", "hold"], ["images", "release"], ["galleries", "retention"],
    ])
    func `every subcommand explains itself with an example`(command: [String]) throws {
        let outcome = try ReidProgram.run(command + ["--help"])
        #expect(outcome.status == 0)
        #expect(outcome.output.contains("EXAMPLE:"))
        #expect(outcome.output.contains("USAGE:"))
    }

    @Test(arguments: [[], ["enroll"], ["search"], ["galleries", "delete"], ["batches", "list"], ["images", "show"]])
    func `the help tells the exit codes`(command: [String]) throws {
        let outcome = try ReidProgram.run(command + ["--help"])
        for line in ["EXIT CODES:", "  1    failed", "  64   wrong usage", "  130  interrupted"] {
            #expect(outcome.output.contains(line))
        }
    }

    /// Wrong usages, by the command whose usage is to be shown.
    static let wrong: [(command: String, arguments: [String])] = [
        ("serve", ["serve", "--no-such-option"]), ("init", ["init"]), ("embed", ["embed", "--model", "m"]),
        ("rerank", ["rerank", "--query", "q"]), ("<subcommand>", ["nonsense"]),
        ("embed", ["embed", "--model", "m", "--tensor", "t"]),
        ("rerank", ["rerank", "--query", "q", "--gallery", "g", "--output", "d", "--lambda", "2"]),
        ("init", ["init", "--output", "unused", "--config", #"{"depth": 3}"#]),
        ("model <subcommand>", ["model", "look"]),
        ("model show", ["model", "show"]), ("train", ["train", "data", "--run", "r", "--batch", "1"]),
        ("train", ["train", "data", "--run", "r", "--schedule", "never"]), ("embed", ["embed"]),
        ("evaluate", ["evaluate", "--features", "f", "--k1", "0"]),
        ("evaluate", ["evaluate", "--features", "f", "--candidates", "0"]),
        ("evaluate", ["evaluate", "--features", "f", "--candidates", "4001"]),
        ("evaluate", ["evaluate", "--features", "f", "--rerank", "pool", "--candidates", "9"]),
        ("search", ["search", "a.jpg", "--gallery", "g", "--candidates", "4001"]), ("search", ["search", "a.jpg"]),
        ("search", ["search", "--gallery", "g"]), ("search", ["search", "a.jpg", "--gallery", "g", "--limit", "0"]),
        ("search", ["search", "a.jpg", "--gallery", "g", "--min-similarity", "2"]),
        ("search", ["search", "a.jpg", "--gallery", "g", "--min-probability", "-1"]),
        ("search", ["search", "a.jpg", "--gallery", "g", "--captured-from", "yesterday"]),
        ("search", ["search", "a.jpg", "--gallery", "g", "--group-by", "camera"]),
        ("search", ["search", "a.jpg", "--gallery", "g", "--include-vectors"]),
        ("compare", ["compare", "a.jpg"]), ("calibrate", ["calibrate"]),
        ("galleries delete", ["galleries", "delete", "g"]), ("images delete", ["images", "delete", "i"]),
        ("erase", ["erase", "lobby", "--yes"]), ("erase", ["erase", "lobby", "--camera", "c1"]),
        ("galleries retention", ["galleries", "retention", "lobby"]),
        ("galleries retention", ["galleries", "retention", "lobby", "--off", "--days", "3"]),
        ("tokens create", ["tokens", "create", "dock"]), ("tokens delete", ["tokens", "delete", "t"]),
        ("tokens create", ["tokens", "create", "dock", "--scope", "query", "--expires", "tomorrow"]),
        ("batches items", ["batches", "items", "b", "--state", "lost"]),
        ("images list", ["images", "list", "g", "--limit", "0"]),
        (
            "images list",
            [
                "images", "list", "g", "--captured-from", "2026-01-02T00:00:00Z", "--captured-to",
                "2026-01-01T00:00:00Z",
            ]
        ),
    ]

    @Test(arguments: wrong)
    func `wrong usage ends with 64, a message and the command's usage`(
        command: String, arguments: [String]
    ) throws {
        let outcome = try ReidProgram.run(arguments)
        #expect(outcome.status == 64)
        #expect(outcome.errors.hasPrefix("Error: "))
        #expect(outcome.errors.contains("\nUsage: reid \(command)"), "\(outcome.errors)")
        #expect(outcome.output.isEmpty)
    }

    @Test(arguments: ["net.json", #"{"width": 3"#, "[1]"])
    func `a configuration that is no JSON object is shown with what was expected`(text: String) throws {
        let outcome = try ReidProgram.run("init", "--output", "unused", "--config", text)
        #expect(outcome.status == 64)
        #expect(outcome.errors.contains("--config: expected a JSON object") && outcome.errors.contains(text))
    }

    @Test(
        arguments: [
            ["rerank", "--query", "q", "--gallery", "g", "--output", "d"], ["evaluate", "--features", "f"],
            ["search", "p.jpg", "--gallery", "g"],
        ],
        [
            ("--k1", "0"), ("--k1", "101"), ("--k2", "0"), ("--k2", "101"), ("--lambda", "1.01"),
            ("--lambda", "nan"),
        ])
    func `an option out of the service's range ends with 64 and is named`(
        command: [String], option: (name: String, value: String)
    ) throws {
        let outcome = try ReidProgram.run(command + [option.name, option.value])
        #expect(outcome.status == 64)
        #expect(outcome.errors.contains(option.name + " is "), "\(outcome.errors)")
    }

    @Test(arguments: [
        ["model", "show", "/nowhere/model.safetensors"], ["embed", "--model", "/nowhere/model.safetensors", "a.jpg"],
        ["evaluate", "--features", "/nowhere/f.safetensors"], ["enroll", "/nowhere", "--gallery", "g"],
        ["search", "/nowhere/p.jpg", "--gallery", "g"],
        ["rerank", "--query", "/nowhere/q.npy", "--gallery", "/nowhere/g.npy", "--output", "d.npy"],
        ["galleries", "list", "--token-file", "/nowhere/t"], ["tokens", "list", "--token-file", "/nowhere/t"],
        ["batches", "list", "--token-file", "/nowhere/t"], ["galleries", "create", "g", "--token-file", "/nowhere/t"],
    ])
    func `a failure ends with 1 and names the file`(arguments: [String]) throws {
        let outcome = try ReidProgram.run(arguments)
        #expect(outcome.status == 1)
        #expect(outcome.errors.contains("/nowhere") || outcome.errors.contains("admin-token"))
    }

    @Test(arguments: [
        ["galleries", "list"], ["galleries", "show", "g"], ["images", "list", "g"], ["images", "show", "i"],
    ])
    func `a service that is not running is named, with what to look at`(command: [String]) throws {
        // Port 1 is reserved, and nobody listens there.
        let outcome = try ReidProgram.run(command + ["--query", "http://127.0.0.1:1"])
        #expect(outcome.status == 1 && outcome.output.isEmpty)
        #expect(outcome.errors.hasPrefix("reid: http://127.0.0.1:1: "))
        #expect(outcome.errors.contains("is the service running?"))
    }

    @Test(arguments: [
        ["model", "show"], ["embed", "a.jpg", "--model"], ["evaluate", "--features"],
    ])
    func `a file of another kind is refused as what it is not`(command: [String]) throws {
        let outcome = try ReidProgram.run(command + ["/etc/passwd"])
        #expect(outcome.status == 1)
        #expect(outcome.errors == "reid: /etc/passwd: this is not a safetensors file\n")
    }
}
