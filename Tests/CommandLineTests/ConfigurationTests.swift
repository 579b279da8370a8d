import Foundation
import Testing

/// Where `reid serve` takes its configuration from.
@Suite struct ConfigurationTests {
    let folder: TemporaryFolder
    let file: String

    init() throws {
        folder = try TemporaryFolder()
        file = folder.path("reid.json")
        let json = #"{"data_folder": "from-file", "server": {"workers": 2, "backlog": 5}, "log": {"level": "debug"}}"#
        try Data(json.utf8).write(to: URL(fileURLWithPath: file))
    }

    @Test func `options win over variables, variables over the file, and the file over defaults`() throws {
        let outcome = try ReidProgram.run(
            [
                "serve", "--print-configuration", "--configuration", file, "--data", "from-option", "--set",
                "limits.wait=7", "--set", "public_folder=a=b",
            ],
            variables: ["REID_SERVER_WORKERS": "3", "REID_DATA_FOLDER": "from-variable"])
        try #require(outcome.status == 0, "\(outcome.errors)")
        let printed = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any]
        let settings = try #require(printed)
        #expect(settings["data_folder"] as? String == "from-option")
        #expect(settings["public_folder"] as? String == "a=b")
        #expect(settings["enrollment_chunk"] as? Int == 16)
        let server = try #require(settings["server"] as? [String: Any])
        #expect(server["workers"] as? Int == 3 && server["backlog"] as? Int == 5)
        #expect((settings["limits"] as? [String: Any])?["wait"] as? Int == 7)
        #expect((settings["log"] as? [String: Any])?["level"] as? String == "debug")
        try Data(outcome.output.utf8).write(to: URL(fileURLWithPath: file))
        let again = try ReidProgram.run("serve", "--print-configuration", "--configuration", file)
        #expect(again.output == outcome.output)
        #expect(!FileManager.default.fileExists(atPath: "from-option"))
    }

    @Test func `a bad configuration is refused with what to change`() throws {
        func refuses(
            _ facts: [String], _ arguments: [String], _ variables: [String: String] = [:], status: Int32 = 1
        ) throws {
            let outcome = try ReidProgram.run(
                ["serve", "--print-configuration"] + arguments, variables: variables)
            #expect(outcome.status == status && outcome.output.isEmpty)
            #expect(facts.allSatisfy(outcome.errors.contains), "\(outcome.errors)")
        }
        try refuses(["REID_SERVER_WORKER;", "REID_SERVER_WORKERS"], [], ["REID_SERVER_WORKER": "3"])
        try refuses(["REID_SERVER_WORKERS", "'many'", "from 1 to 1024"], [], ["REID_SERVER_WORKERS": "many"])
        try refuses(["limits.wait", "from 1 to 3600", "not 0"], ["--set", "limits.wait=0"])
        try refuses(["limits.weight"], ["--set", "limits.weight=0"])
        try refuses(["FIELD=VALUE"], ["--set", "limits.wait"], status: 64)
        try refuses(["/nowhere/reid.json"], ["--configuration", "/nowhere/reid.json"])
        let broken = folder.path("broken.json")
        try Data("{\"server\": ".utf8).write(to: URL(fileURLWithPath: broken))
        try refuses(["not JSON"], ["--configuration", broken])
        try refuses(["server.read_ahead_bytes"], ["--set", "server.read_ahead_bytes=10"])
    }

    @Test func `the help says where the configuration comes from`() throws {
        let help = try ReidProgram.run("serve", "--help").output
        for word in ["--configuration", "--set <field=value>", "REID_SERVER_HEAD_BYTES", "server.head_bytes"] {
            #expect(help.contains(word))
        }
    }
}
