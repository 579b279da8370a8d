import CoreMetrics
import Foundation
import HTTPTypes
import Testing

@testable import ReIDService

@Suite struct ExpositionTests {
    /// `promtool`, where Prometheus is installed.
    static let promtool = ["/usr/bin", "/usr/local/bin", "/opt/prometheus"].map { $0 + "/promtool" }
        .first(where: FileManager.default.isExecutableFile)

    /// The metrics of a service that listens, has a gallery and has answered requests; `record` may add to them.
    func metrics(record: (ServiceMetrics) -> Void = { _ in }) throws -> String {
        var text = ""
        try withService { service in
            // Enrolled before the service takes up batches itself.
            try service.makeGallery("lobby")
            try service.enroll(try SearchTests.images(), in: "lobby")
            try service.service.start()
            let address = "http://" + service.service.queryAddress
            #expect(try run(["/usr/bin/env", "curl", "-s", address + "/livez"]).output.contains("alive"))
            #expect(try run(["/usr/bin/env", "curl", "-s", address + "/v1/%22%5C%0A"]).output.contains("404"))
            record(service.context.metrics)
            text = try service.ask(.get, "/metrics").text
        }
        return text
    }

    @Test func `the metrics follow the format's grammar, each explained and in base units`() throws {
        let exposition = try Exposition(metrics())
        for family in exposition.families.values {
            #expect(family.help?.isEmpty == false, "\(family.name) has no help")
            #expect((family.kind == "counter") == family.name.hasSuffix("_total"), "\(family.name)")
            #expect(!family.name.contains("milli"))
            if family.kind == "histogram" { #expect(family.name.hasSuffix("_seconds")) }
        }
        func value(_ name: String) throws -> Double { try #require(exposition.families[name]?.samples.first).value }
        #expect(try value("reid_embedder_images_total") == 12)
        #expect(try value("reid_embedder_busy_seconds_total") > 0)
        #expect(try value("reid_embedder_busy_seconds_total") < 60)
        let build = try #require(exposition.families["reid_build_info"]?.samples.first)
        #expect(build.value == 1)
        #expect(Set(build.labels.keys) == ["version", "swift", "model"])
        #expect(build.labels["model"]?.hasPrefix("sha256:") == true)
        let requests = try #require(exposition.families["reid_http_requests_total"])
        #expect(requests.samples.contains { $0.labels["route"] == "/livez" && $0.labels["status"] == "200" })
    }

    @Test func `the process is described as the kernel counts it`() throws {
        let before = try #require(ProcessStatistics())
        let files = try (0..<5).map { _ in try FileHandle(forReadingFrom: URL(fileURLWithPath: "/dev/null")) }
        let after = try #require(ProcessStatistics())
        // Other tests run at the same time, so the count is compared only with the limit and with these five.
        #expect(after.openDescriptors >= files.count + 3)
        #expect(after.openDescriptors < after.maximumDescriptors)
        #expect(after.processorSeconds >= before.processorSeconds)
        #expect(after.residentBytes > 1 << 20 && after.residentBytes < after.virtualBytes)
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let peak = try #require(status.firstMatch(of: /VmHWM:\s*(\d+) kB/).flatMap { Int($0.1) })
        // The kernel adds up pages in lots, thread by thread.
        #expect(after.residentBytes <= peak << 10 + 64 << 20)
        // It tells the time of its own start in whole seconds, by a clock that is corrected now and then.
        #expect(abs(after.startSeconds - before.startSeconds) <= 2)
        #expect(after.startSeconds <= Date().timeIntervalSince1970 + 2)
        #expect(after.startSeconds > Date().timeIntervalSince1970 - 86_400)
    }

    @Test(arguments: [
        "a 1", "# TYPE a gauge\n", "# TYPE a gauge\na one\n", "# TYPE a gauge\nb 1\n", "# TYPE a gauge\na 1\na 2\n",
        "# TYPE a gauge\na{x=\"1\" 1\n", "# TYPE a gauge\na{x=\"\\t\"} 1\n", "# TYPE a gauge\na 1\n# HELP a late\n",
        "# TYPE a gauge\na 1\n# TYPE b gauge\nb 1\n# HELP a again\n", "# TYPE a apples\na 1\n", "\n",
        "# TYPE a histogram\na_bucket{le=\"1\"} 2\na_bucket{le=\"+Inf\"} 1\na_sum 1\na_count 1\n",
        "# TYPE a histogram\na_bucket{le=\"+Inf\"} 1\na_sum 1\na_count 2\n",
    ])
    func `what breaks the grammar is refused`(text: String) {
        #expect(throws: Exposition.Fault.self) { try Exposition(text) }
    }

    @Test(.enabled(if: promtool != nil, "promtool is not installed"))
    func `promtool finds nothing to complain of`() throws {
        let said = try run([try #require(Self.promtool), "check", "metrics"], input: metrics())
        #expect(said.status == 0)
        #expect(said.output.isEmpty, "\(said.output)")
    }

    /// Runs a program to its end; returns its status and its output.
    func run(_ command: [String], input text: String = "") throws -> (status: Int32, output: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: command[0])
        process.arguments = Array(command.dropFirst())
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        process.standardError = output
        try process.run()
        try input.fileHandleForWriting.write(contentsOf: Data(text.utf8))
        try input.fileHandleForWriting.close()
        let said = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, said)
    }
}
