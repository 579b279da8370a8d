import Foundation
import Gallery
import HTTP
import HTTPTypes
import Testing

@testable import ReIDService

/// The service as clients see it: both listeners run, and curl sends the requests.
@Suite struct WireSocketTests {
    /// The reply that curl received.
    private struct Reply {
        let status: Int
        let head: String
        let body: [UInt8]

        func decoded<Value: Decodable>(as type: Value.Type = Value.self) throws -> Value {
            try JSONDecoder().decode(type, from: Data(body))
        }
    }

    private func curl(_ service: TestService, _ arguments: String...) throws -> Reply {
        let head = service.folder + "/head-\(UUID().uuidString)"
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["curl", "--silent", "--max-time", "60", "--dump-header", head] + arguments
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let body = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        let text = try String(contentsOfFile: head, encoding: .utf8)
        let last = text.components(separatedBy: "\r\n\r\n").filter { !$0.isEmpty }.last ?? ""
        let reply = Reply(
            status: Int(last.split(separator: " ").dropFirst().first ?? "") ?? 0, head: last, body: [UInt8](body))
        try check(reply, to: arguments, service)
        return reply
    }

    /// The reply must be as its listener describes it.
    private func check(_ reply: Reply, to arguments: [String], _ service: TestService) throws {
        let url = try #require(arguments.last)
        let admin = "http://" + service.service.adminAddress
        let api = url.hasPrefix(admin) ? DescribedAPI.admin : DescribedAPI.query
        let target = String(url.dropFirst(7).drop { $0 != "/" })
        let hasBody = arguments.contains("-F") || arguments.contains("--data-binary")
        var fields = HTTPFields()
        for line in reply.head.components(separatedBy: "\r\n").dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            let name = try #require(HTTPField.Name(String(parts.first ?? "")))
            fields.append(
                HTTPField(name: name, value: parts.last.map { $0.trimmingCharacters(in: .whitespaces) } ?? ""))
        }
        let method: HTTPRequest.Method = arguments.first == "-X" ? .put : hasBody ? .post : .get
        for fault in try api(service.context.configuration).faults(
            of: (reply.status, fields, reply.body), to: method, target, isWhole: true)
        {
            Issue.record("\(method) \(target) answered \(reply.status): \(fault)")
        }
    }

    private func withListening(_ body: (TestService, _ query: String, _ admin: String) throws -> Void) throws {
        try withService { service in
            try service.service.start()
            try body(service, "http://" + service.service.queryAddress, "http://" + service.service.adminAddress)
        }
    }

    @Test func `one query end to end: a gallery is made, a batch enrolled, an image found again`() throws {
        try withListening { service, query, admin in
            let token = "Authorization: " + (try service.authorization)
            #expect(try curl(service, "-X", "PUT", "-H", token, admin + "/admin/v1/galleries/lobby").status == 201)
            let lines = try (0..<5).map { index in
                let image = Data(try TestImage(seed: UInt64(index)).bytes).base64EncodedString()
                return #"{"image_base64": "\#(image)", "person_id": "p\#(index)", "camera_id": "c1"}"#
            }
            let path = service.folder + "/batch.ndjson"
            try lines.joined(separator: "\n").write(toFile: path, atomically: false, encoding: .utf8)
            let accepted = try curl(
                service, "-H", token, "-H", "Content-Type: application/x-ndjson", "--data-binary", "@" + path,
                admin + "/admin/v1/galleries/lobby/batches")
            #expect(accepted.status == 202, "\(String(decoding: accepted.body, as: UTF8.self))")
            for _ in 0..<3000 where try service.store.gallery("lobby").images < 5 {
                Thread.sleep(forTimeInterval: 0.02)
            }

            let image = service.folder + "/query.png"
            try Data(try TestImage(seed: 3).bytes).write(to: URL(fileURLWithPath: image))
            let raw = try curl(
                service, "-H", "Content-Type: image/png", "--data-binary", "@" + image,
                query + "/v1/galleries/lobby/search?limit=2")
            #expect(raw.status == 200)
            let ranking: RankingAnswer = try raw.decoded()
            #expect(ranking.results.count == 2)
            #expect(ranking.results.first?.personID == "p3")
            let form = try curl(
                service, "-F", "image=@" + image, "-F", "options={\"limit\": 2}", query + "/v1/galleries/lobby/search"
            )
            #expect(try form.decoded(as: RankingAnswer.self).results == ranking.results)
            let content = try curl(service, query + (ranking.results.first?.imageURL ?? ""))
            #expect(content.body == (try TestImage(seed: 3).bytes))
        }
    }

    @Test func `a poll waits at the socket until an enrollment changes the ranking`() throws {
        try withListening { service, query, _ in
            try service.makeGallery("lobby")
            let image = service.folder + "/query.png"
            try Data(try TestImage(seed: 3).bytes).write(to: URL(fileURLWithPath: image))
            let kept = try curl(
                service, "-F", "image=@" + image, query + "/v1/galleries/lobby/queries?standing=true")
            #expect(kept.status == 201)
            let path = try kept.decoded(as: QueryAnswer.self).rankingURL
            let unchanged = try curl(service, "-H", "If-None-Match: \"1\"", query + path + "?wait=1")
            #expect(unchanged.status == 304)
            #expect(unchanged.body.isEmpty)
            DispatchQueue.global().asyncAfter(deadline: .now() + 0.3) {
                // A failure shows as a poll that times out.
                _ = try? service.enrollThroughRouter(seed: 3, in: "lobby")
            }
            let changed = try curl(service, "-H", "If-None-Match: \"1\"", query + path + "?wait=60")
            #expect(changed.status == 200)
            #expect(changed.head.contains("\"2\""))
            #expect(try changed.decoded(as: RankingAnswer.self).results.count == 1)
        }
    }

    @Test func `without the token a body is refused before it is sent`() throws {
        try withListening { service, _, admin in
            let path = service.folder + "/large"
            try Data(count: 3 << 20).write(to: URL(fileURLWithPath: path))
            let reply = try curl(
                service, "-H", "Content-Type: application/x-tar", "-H", "Expect: 100-continue", "--data-binary",
                "@" + path, admin + "/admin/v1/galleries/lobby/batches")
            #expect(reply.status == 401)
            #expect(reply.head.lowercased().contains("www-authenticate: bearer"))
            #expect(try FileManager.default.contentsOfDirectory(atPath: service.context.folder.spool).isEmpty)
        }
    }

    @Test func `every answer names its request, and metrics count it`() throws {
        try withListening { service, query, _ in
            for path in ["/livez", "/v1/nothing", "/v1/galleries?color=red"] {
                let reply = try curl(service, query + path)
                #expect(reply.head.lowercased().contains("x-request-id: "))
            }
            let metrics = String(decoding: try curl(service, query + "/metrics").body, as: UTF8.self)
            #expect(metrics.contains(#"route="/livez",status="200"} 1"#))
            #expect(metrics.contains(#"reid_http_responses_total{listener="query",status="404"} 1"#))
        }
    }

    @Test func `a port in use stops the start with the address`() throws {
        try withListening { service, query, _ in
            let address = service.service.queryAddress
            let second = try TestService { $0.queryAddress = address }
            defer { second.close() }
            #expect(throws: StartError.cannotListen(listener: "query", address: address, .addressInUse(address))) {
                try second.service.start()
            }
        }
    }
}

extension TestService {
    /// Enrolls one image through the admin listener's route.
    func enrollThroughRouter(seed: UInt64, in gallery: String) throws -> Int {
        let image = Data(try TestImage(seed: seed).bytes).base64EncodedString()
        return try askAdmin(
            .post, "/admin/v1/galleries/\(gallery)/batches", fields: [.contentType: "application/x-ndjson"],
            body: Array("{\"image_base64\": \"\(image)\"}\n".utf8)
        ).status.code
    }
}
