import Foundation
import Testing

/// The built `reid`, run as a user would.
enum ReidProgram {
    /// The program beside the test bundle.
    static var url: URL {
        URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath().deletingLastPathComponent()
            .appendingPathComponent("reid")
    }

    struct Outcome {
        let status: Int32
        let output: String
        let errors: String
    }

    /// Runs to the end.
    static func run(_ arguments: String..., program: URL = url) throws -> Outcome {
        try run(arguments, program: program)
    }

    static func run(
        _ arguments: [String], program: URL = url, input: FileHandle = .nullDevice, variables: [String: String] = [:]
    ) throws -> Outcome {
        try StartedProgram(arguments, program: program, input: input, variables: variables).end()
    }
}

/// A program that is running.
final class StartedProgram {
    private let process = Process()
    private let folder: TemporaryFolder

    init(
        _ arguments: [String], program: URL = ReidProgram.url, input: FileHandle = .nullDevice,
        variables: [String: String] = [:]
    ) throws {
        folder = try TemporaryFolder()
        process.executableURL = program
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(variables) { _, new in new }
        // Files instead of pipes: a full pipe would stop the program.
        for name in ["output", "errors"] { try Data().write(to: folder.url.appendingPathComponent(name)) }
        process.standardInput = input
        process.standardOutput = try FileHandle(forWritingTo: folder.url.appendingPathComponent("output"))
        process.standardError = try FileHandle(forWritingTo: folder.url.appendingPathComponent("errors"))
        try process.run()
    }

    /// Presses Ctrl-C as soon as `isReached` is true for the text on standard error, or the program has ended.
    func interrupt(when isReached: (String) throws -> Bool) throws {
        while process.isRunning, try !isReached(text("errors")) { usleep(2_000) }
        process.interrupt()
    }

    /// Waits for the end.
    func end() throws -> ReidProgram.Outcome {
        process.waitUntilExit()
        return ReidProgram.Outcome(
            status: process.terminationStatus, output: try text("output"), errors: try text("errors"))
    }

    private func text(_ name: String) throws -> String {
        String(decoding: try Data(contentsOf: folder.url.appendingPathComponent(name)), as: UTF8.self)
    }
}

/// A folder that is removed on deinit.
final class TemporaryFolder {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("reid-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func path(_ name: String) -> String { url.appendingPathComponent(name).path }
}

/// A small network, so that tests need no time for a large one.
enum SmallModel {
    static let configuration = """
        {"width": 4, "height": 96, "width_px": 32, "branches": 3, "branch_dim": 6, "global_dim": 20,
        "candidate_ratios": [0.2, 0.3, 0.4]}
        """

    static func write(to path: String, seed: Int = 3) throws {
        let outcome = try ReidProgram.run("init", "--output", path, "--seed", "\(seed)", "--config", configuration)
        try #require(outcome.status == 0, "\(outcome.errors)")
    }
}

/// A running `reid serve` on free ports; deinit kills it.
final class RunningService {
    let query: String
    let admin: String
    let tokenFile: String
    let process: Process

    /// Starts the service; without a model it uses the default weights.
    init(data: String, model: String?, extra: [String] = []) throws {
        process = Process()
        process.executableURL = ReidProgram.url
        process.arguments =
            ["serve", "--data", data, "--query-address", "127.0.0.1:0", "--admin-address", "127.0.0.1:0"]
            + (model.map { ["--model", $0] } ?? []) + extra
        let output = Pipe()
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        var line: [UInt8] = []
        while let byte = try output.fileHandleForReading.read(upToCount: 1)?.first, byte != UInt8(ascii: "\n") {
            line.append(byte)
        }
        let ready = try #require(
            try JSONSerialization.jsonObject(with: Data(line)) as? [String: String],
            "no line of JSON: \(String(decoding: line, as: UTF8.self))")
        query = try #require(ready["query"])
        admin = try #require(ready["admin"])
        tokenFile = try #require(ready["token_file"])
    }

    deinit { kill() }

    /// Kills the service, as a power cut would.
    func kill() {
        guard process.isRunning else { return }
        Foundation.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// Asks the service to stop, and waits; returns its exit code.
    func terminate() -> Int32 {
        process.terminate()
        process.waitUntilExit()
        return process.terminationStatus
    }

    /// Runs curl; returns the status and the body as JSON.
    func curl(_ arguments: String..., url: String) throws -> (status: Int, json: [String: Any]) {
        let token = try String(contentsOfFile: tokenFile, encoding: .utf8).trimmingCharacters(
            in: .whitespacesAndNewlines)
        let outcome = try ReidProgram.run(
            ["--silent", "--max-time", "60", "--write-out", "\n%{http_code}", "-H", "Authorization: Bearer \(token)"]
                + arguments + [url],
            program: URL(fileURLWithPath: "/usr/bin/curl"))
        let lines = outcome.output.split(separator: "\n", omittingEmptySubsequences: false)
        let body = lines.dropLast().joined(separator: "\n")
        let json = body.isEmpty ? nil : try JSONSerialization.jsonObject(with: Data(body.utf8))
        return (Int(lines.last ?? "") ?? 0, json as? [String: Any] ?? [:])
    }
}
