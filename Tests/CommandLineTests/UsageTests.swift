import Foundation
import Testing

@Suite struct UsageTests {
    @Test(arguments: [
        ["serve"], ["init"], ["embed"], ["enroll"], ["search"], ["evaluate"], ["rerank"], ["model"], ["model", "show"],
        ["train"], ["synthesize"], [],
    ])
    func `every subcommand explains itself with an example`(command: [String]) throws {
        let outcome = try ReidProgram.run(command + ["--help"])
        #expect(outcome.status == 0)
        #expect(outcome.output.contains("EXAMPLE:"))
        #expect(outcome.output.contains("USAGE:"))
    }

    @Test(arguments: [
        ["serve", "--no-such-option"], ["init"], ["embed", "--model", "m"], ["rerank", "--query", "q"], ["nonsense"],
        ["embed", "--model", "m", "--tensor", "t"],
        ["rerank", "--query", "q", "--gallery", "g", "--output", "d", "--lambda", "2"],
        ["init", "--output", "unused", "--config", #"{"depth": 3}"#],
    ])
    func `wrong usage ends with 2 and a message`(arguments: [String]) throws {
        let outcome = try ReidProgram.run(arguments)
        #expect(outcome.status == 2)
        #expect(!outcome.errors.isEmpty)
        #expect(outcome.output.isEmpty)
    }

    @Test(arguments: ["net.json", #"{"width": 3"#, "[1]"])
    func `a configuration that is no JSON object is shown with what was expected`(text: String) throws {
        let outcome = try ReidProgram.run("init", "--output", "unused", "--config", text)
        #expect(outcome.status == 2)
        #expect(outcome.errors.contains("--config: expected a JSON object") && outcome.errors.contains(text))
    }

    @Test(
        arguments: [
            ["rerank", "--query", "q", "--gallery", "g", "--output", "d"], ["evaluate", "--features", "f"],
            ["search", "p.jpg", "--gallery", "g"],
        ],
        [
            ("--k1", "0"), ("--k1", "1001"), ("--k2", "0"), ("--k2", "1001"), ("--lambda", "1.01"),
            ("--lambda", "nan"),
        ])
    func `an option out of the service's range ends with 2 and is named`(
        command: [String], option: (name: String, value: String)
    ) throws {
        let outcome = try ReidProgram.run(command + [option.name, option.value])
        #expect(outcome.status == 2)
        #expect(outcome.errors.contains(option.name + " is "), "\(outcome.errors)")
    }

    @Test(arguments: [
        ["model", "show", "/nowhere/model.safetensors"], ["embed", "--model", "/nowhere/model.safetensors", "a.jpg"],
        ["evaluate", "--features", "/nowhere/f.safetensors"], ["enroll", "/nowhere", "--gallery", "g"],
        ["search", "/nowhere/p.jpg", "--gallery", "g"],
        ["rerank", "--query", "/nowhere/q.npy", "--gallery", "/nowhere/g.npy", "--output", "d.npy"],
    ])
    func `a failure ends with 1 and names the file`(arguments: [String]) throws {
        let outcome = try ReidProgram.run(arguments)
        #expect(outcome.status == 1)
        #expect(outcome.errors.contains("/nowhere") || outcome.errors.contains("admin-token"))
    }
}
