import HTTPTypes
import InMemoryLogging
import Logging
import Testing

@testable import HTTP

@Suite struct AccessLogTests {
    let handler = InMemoryLogHandler()

    /// What one connection logs while it receives `pieces`.
    private func entries(
        _ pieces: String..., isOn: Bool = true, level: Logger.Level = .critical, wait count: Int = 1
    ) -> [InMemoryLogHandler.Entry] {
        var configuration = HTTPServer.Configuration()
        configuration.logsRequests = isOn
        var logger = Logger(label: "test") { _ in handler }
        logger.logLevel = level
        let client = MemoryConnection(configuration: configuration, logger: logger)
        client.receive(pieces.map { Array($0.utf8) })
        if isOn { #expect(client.wait { handler.entries.count >= count }) }
        client.receive([nil])
        return handler.entries
    }

    private func facts(_ entry: InMemoryLogHandler.Entry) -> [String: String] {
        entry.metadata.mapValues { "\($0)" }
    }

    @Test func `each request is one line with what happened, whatever the level`() throws {
        let lines = entries(
            "GET /hello?token=secret-1 HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer secret-2\r\n\r\n",
            "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\nsecret-3",
            "HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\n", "GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n", wait: 4)
        try #require(lines.count == 4)
        let expected = [
            ("GET", "/hello", "200", "5"), ("POST", "/echo", "200", "8"), ("HEAD", "/hello", "200", "0"),
        ]
        for (line, (method, path, status, bytes)) in zip(lines, expected) {
            let facts = facts(line)
            #expect(line.level == .info && line.message == "request")
            #expect(facts["method"] == method && facts["path"] == path && facts["status"] == status)
            #expect(facts["bytes"] == bytes && facts["peer"] == "192.0.2.1")
            #expect(facts["milliseconds"].flatMap(Double.init) != nil)
        }
        #expect(facts(lines[3])["status"] == "404" && facts(lines[3])["path"] == "/nowhere")
        #expect(Set(lines.map { facts($0)["id"] }).count == 4)
        #expect(!"\(lines)".contains("secret"))
    }

    @Test func `a reply made piece by piece is noted once, with the bytes of its body`() throws {
        let lines = entries("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n")
        try #require(lines.count == 1)
        #expect(facts(lines[0])["bytes"] == "11" && facts(lines[0])["status"] == "200")
    }

    @Test func `a request that is given up has a line too, without a status`() throws {
        let lines = entries("POST /job HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc", isOn: true, wait: 0)
        try #require(lines.count == 1)
        #expect(facts(lines[0])["path"] == "/job" && facts(lines[0])["status"] == "400")
    }

    @Test func `what is no request is noted as refused`() throws {
        let lines = entries("nonsense\r\n\r\n")
        try #require(lines.count == 1)
        #expect(lines[0].message == "refused")
        #expect(facts(lines[0])["status"] == "400" && facts(lines[0])["peer"] == "192.0.2.1")
    }

    @Test func `no path can break a line or forge another`() throws {
        let lines = entries("GET /a%0Ab%20%25%C3%A9 HTTP/1.1\r\nHost: a\r\n\r\n")
        try #require(lines.count == 1)
        #expect(facts(lines[0])["path"] == "/a%0Ab%20%25%C3%A9")
    }

    @Test func `nothing is noted unless it is asked for`() {
        #expect(entries("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n", isOn: false, level: .trace).isEmpty)
    }
}
