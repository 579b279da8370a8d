import Foundation
import Gallery
import HTTPTypes
import Testing

@testable import HTTP
@testable import ReIDService

@Suite struct EventTests {
    private func withLobby(
        _ configure: (inout Service.Configuration) -> Void = { _ in }, _ body: (TestService) throws -> Void
    ) throws {
        try withService(configure: configure) { service in
            try service.makeGallery("lobby")
            try service.enroll(try SearchTests.images(), in: "lobby")
            service.watchGalleries()
            try body(service)
        }
    }

    @Test func `a stream begins with the ranking that a poll would get, unless the client has it`() throws {
        try withLobby { service in
            let query = try service.keepStanding()
            let ranking = try service.ask(.get, query.rankingURL)
            for id in [nil, "0", "2", "one"] {
                var stream = try service.stream(of: query, after: id)
                let events = try stream.next()
                #expect(stream.text.hasPrefix("retry: 3000\n\n"))
                #expect(events.map(\.name) == ["ranking"] && events.first?.id == "1")
                #expect(try events.first?.data == ranking.text)
            }
            var resumed = try service.stream(of: query, after: "1")
            #expect(try resumed.next().isEmpty && resumed.text == "retry: 3000\n\n")
            #expect(try service.ask(.get, "/v1/queries/q_none/events").status == .notFound)
        }
    }

    @Test func `a new ranking comes once, to every stream, also to one that had the last`() throws {
        try withLobby { service in
            let query = try service.keepStanding("&limit=1", seed: 200)
            var streams = [try service.stream(of: query), try service.stream(of: query, after: "1")]
            for index in streams.indices { _ = try streams[index].next() }
            let added = try service.enroll([try TestImage(seed: 200)], in: "lobby")
            for index in streams.indices {
                let events = try streams[index].next()
                #expect(events.map(\.name) == ["ranking"] && events.first?.id == "2")
                let ranking: RankingAnswer = try fromJSON(Array((events.first?.data ?? "").utf8))
                #expect(ranking.results.map(\.imageID) == added && ranking.revision == 2)
            }
            #expect(service.context.streams.count == 2)
            for stream in streams { stream.body.finish() }
            #expect(service.context.streams.count == 0)
        }
    }

    @Test func `a client that is slow gets the newest ranking alone`() throws {
        try withLobby { service in
            let query = try service.keepStanding("&limit=1", seed: 200)
            var stream = try service.stream(of: query, after: "1")
            _ = try stream.next()
            for version in 2...5 { service.context.streams.offer([0x7B], version: Int64(version), to: query.queryID) }
            service.context.streams.offer([0x7B], version: 4, to: query.queryID)
            #expect(try stream.next().map(\.id) == ["5"])
        }
    }

    @Test func `a stream ends with its query, and with its gallery`() throws {
        try withLobby { service in
            let queries = try (0..<2).map { try service.keepStanding(seed: $0) }
            var streams = try queries.map { try service.stream(of: $0) }
            for index in streams.indices { _ = try streams[index].next() }
            #expect(try service.ask(.delete, "/v1/queries/\(queries[0].queryID)").status == .noContent)
            #expect(try streams[0].next() == [Event(name: "end", data: #"{"reason":"deleted"}"#)])
            #expect(streams[0].hasEnded && !streams[1].hasEnded)
            #expect(try service.askAdmin(.delete, "/admin/v1/galleries/lobby").status == .noContent)
            #expect(try streams[1].next() == [Event(name: "end", data: #"{"reason":"deleted"}"#)])
        }
    }

    @Test func `a stream ends when its token is deleted, and when its session signs out`() throws {
        try withLobby({ $0.tokens.required = true }) { service in
            let secrets = try ["one", "two"].map { try service.token($0) }
            let kept = try service.send(
                .post, "/v1/galleries/lobby/queries?standing=true", token: secrets[0],
                fields: [.contentType: "image/png"], body: try TestImage(seed: 1).bytes)
            let query: QueryAnswer = try kept.decoded()
            let signedIn = try service.send(
                .post, "/v1/session", body: Array(#"{"token": "\#(secrets[1])"}"#.utf8))
            let cookie = String(try #require(signedIn.fields[.setCookie]).prefix { $0 != ";" })
            let credentials: [HTTPFields] = [
                [.authorization: "Bearer " + secrets[0]], [.cookie: cookie], [.authorization: "Bearer " + secrets[1]],
            ]
            var streams = try credentials.map { try service.stream(of: query, fields: $0) }
            for index in streams.indices { _ = try streams[index].next() }
            let end = Event(name: "end", data: #"{"reason":"unauthorized"}"#)

            #expect(try service.send(.delete, "/v1/session", fields: [.cookie: cookie]).status == .noContent)
            #expect(try streams[1].next() == [end])
            #expect(!streams[0].hasEnded && !streams[2].hasEnded)
            let id = try #require(try service.store.tokens().first { $0.name == "one" }?.id)
            #expect(try service.askAdmin(.delete, "/admin/v1/tokens/\(id)").status == .noContent)
            #expect(try streams[0].next() == [end])
            #expect(!streams[2].hasEnded)
        }
    }

    @Test func `a heartbeat is a comment, and ends the stream of a token that has expired`() throws {
        try withLobby({ $0.tokens.required = true }) { service in
            let secret = try service.token()
            let kept = try service.send(
                .post, "/v1/galleries/lobby/queries", token: secret, fields: [.contentType: "image/png"],
                body: try TestImage(seed: 1).bytes)
            let short = try service.token("short", expiresAt: Timestamp.now().adding(seconds: 1))
            var stream = try service.stream(of: try kept.decoded(), fields: [.authorization: "Bearer " + short])
            _ = try stream.next()
            stream.body.onSilence(stream.body)
            #expect(try stream.next().isEmpty && stream.text.hasSuffix(":\n\n"))
            let ends = { () -> Bool in
                stream.body.onSilence(stream.body)
                _ = try? stream.next()
                return stream.hasEnded
            }
            for _ in 0..<3000 where !ends() { Thread.sleep(forTimeInterval: 0.01) }
            #expect(stream.text.hasSuffix("event: end\ndata: {\"reason\":\"unauthorized\"}\n\n"))
        }
    }

    @Test func `curl sees events as they come, comes back where it was, and is told when the service stops`() throws {
        try withService { service in
            try service.service.start()
            try service.makeGallery("lobby")
            let query = try service.keepStanding()
            let url = "http://\(service.service.queryAddress)/v1/queries/\(query.queryID)/events"
            let first = try Curl(url)
            let data = try service.ask(.get, query.rankingURL).text
            let seen = "retry: 3000\n\nid: 1\nevent: ranking\ndata: \(data)\n\n"
            #expect(first.read(seen.utf8.count) == seen)
            let second = try Curl(url, "Last-Event-ID: 1")
            #expect(second.read(13) == "retry: 3000\n\n")
            _ = try service.enrollThroughRouter(seed: 3, in: "lobby")
            #expect(first.read(21) == "id: 2\nevent: ranking\n")
            #expect(second.read(21) == "id: 2\nevent: ranking\n")
            service.service.stop(grace: .seconds(30))
            let end = "event: end\ndata: {\"reason\":\"stopping\"}\n\n"
            for curl in [first, second] {
                #expect(curl.rest().hasSuffix("\n\n" + end))
                #expect(curl.status == 0)
            }
        }
    }

    @Test func `beyond the limit of streams the answer is 503`() throws {
        try withService(configure: { $0.server.streams = 0 }) { service in
            try service.service.start()
            try service.makeGallery("lobby")
            let query = try service.keepStanding()
            let curl = try Curl("http://\(service.service.queryAddress)/v1/queries/\(query.queryID)/events", "A: b")
            #expect(curl.rest().contains(#""status":503"#))
            #expect(service.context.streams.count == 0)
        }
    }
}

/// A server-sent event as a client reads it.
struct Event: Equatable {
    var name = "message"
    var id: String?
    var data = ""
}

/// A stream of events that a test reads in place of a connection.
struct EventReader {
    let body: LiveBody
    private(set) var text = ""
    private(set) var hasEnded = false

    init(_ body: LiveBody) { self.body = body }

    /// The events that have come since the last call; waits for any bytes.
    mutating func next() throws -> [Event] {
        for _ in 0..<30_000 {
            let (bytes, isLast) = body.take()
            hasEnded = isLast
            if !bytes.isEmpty || isLast {
                let news = String(decoding: bytes, as: UTF8.self)
                text += news
                return Self.events(in: news)
            }
            Thread.sleep(forTimeInterval: 0.002)
        }
        throw TestFailure.replyIsHeld
    }

    /// Reads events as WHATWG HTML, section 9.2.6, says; only what is dispatched counts.
    private static func events(in text: String) -> [Event] {
        text.components(separatedBy: "\n\n").compactMap { block in
            var event = Event()
            var lines: [Substring] = []
            for line in block.split(separator: "\n") where !line.hasPrefix(":") {
                let parts = line.split(separator: ":", maxSplits: 1)
                let value = parts[1].dropFirst(parts[1].hasPrefix(" ") ? 1 : 0)
                switch parts[0] {
                case "event": event.name = String(value)
                case "id": event.id = String(value)
                case "data": lines.append(value)
                default: break
                }
            }
            event.data = lines.joined(separator: "\n")
            return lines.isEmpty ? nil : event
        }
    }
}

extension TestService {
    /// Keeps a standing query of image `seed` in the gallery `lobby`.
    func keepStanding(_ parameters: String = "", seed: UInt64 = 100) throws -> QueryAnswer {
        try post("/v1/galleries/lobby/queries?standing=true" + parameters, image: try TestImage(seed: seed).bytes)
            .decoded()
    }

    /// Opens a stream of a kept query.
    func stream(of query: QueryAnswer, after id: String? = nil, fields: HTTPFields = [:]) throws -> EventReader {
        var fields = fields
        fields[.lastEventID] = id
        let response = try send(.get, "/v1/queries/\(query.queryID)/events", fields: fields)
        #expect(response.fields[.contentType] == "text/event-stream")
        guard case .live(let body) = response.body else { throw TestFailure.bodyIsNotInMemory }
        return EventReader(body)
    }
}

/// curl, whose output is read while it runs.
private final class Curl {
    private let process = Process()
    private let output = Pipe()

    init(_ url: String, _ field: String = "Accept: text/event-stream") throws {
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["curl", "--silent", "--no-buffer", "--max-time", "60", "--header", field, url]
        process.standardOutput = output
        try process.run()
    }

    /// The next bytes that it prints.
    func read(_ count: Int) -> String {
        var data = Data()
        while data.count < count, let more = try? output.fileHandleForReading.read(upToCount: count - data.count),
            !more.isEmpty
        {
            data += more
        }
        return String(decoding: data, as: UTF8.self)
    }

    /// Everything else that it prints.
    func rest() -> String {
        String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    }

    /// How it ended.
    var status: Int32 {
        process.waitUntilExit()
        return process.terminationStatus
    }
}
