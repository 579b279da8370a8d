import Foundation
import Gallery
import HTTP
import HTTPTypes
import Logging
import Synchronization
import Testing

@testable import ReIDService

@Suite struct WebhookDeliveryTests {
    /// What a receiver was sent.
    private struct Request {
        let path: String
        let fields: HTTPFields
        let body: [UInt8]

        func field(_ name: String) -> String { HTTPField.Name(name).flatMap { fields[$0] } ?? "" }
    }

    /// What a receiver has got, and what it answers.
    private final class Inbox: Sendable {
        let requests = Mutex<[Request]>([])
        /// The status of its answers; 0: it answers nothing for a minute.
        let status: Atomic<Int>

        init(_ status: Int) { self.status = Atomic(status) }

        func take(_ request: ServerRequest) -> ServerResponse {
            let body = (try? request.body.bytes(limit: 1 << 20)) ?? []
            requests.withLock { $0.append(Request(path: request.path, fields: request.fields, body: body)) }
            let status = status.load(ordering: .acquiring)
            if status == 0 {
                for _ in 0..<6000 where !request.cancellation.isCancelled { Thread.sleep(forTimeInterval: 0.01) }
            }
            return ServerResponse(
                .init(code: status == 0 ? 200 : status), fields: status == 302 ? [.location: "/other"] : [:])
        }
    }

    /// A server that webhooks are delivered to.
    private final class Receiver: Sendable {
        private let inbox: Inbox
        private let server: HTTPServer
        let address: String

        init(_ status: Int = 200) throws {
            let inbox = Inbox(status)
            var router = Router()
            for path in ["/hook", "/other"] {
                router.add(Route(.post, path, access: .anyone, bodyLimit: 1 << 20) { .now(inbox.take($0)) })
            }
            self.inbox = inbox
            server = HTTPServer(router: router, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            address = try server.start(address: "127.0.0.1:0")
        }

        deinit { server.stop(grace: .zero) }

        var requests: [Request] { inbox.requests.withLock { $0 } }

        func answer(_ status: Int) { inbox.status.store(status, ordering: .releasing) }
    }

    private func withLobby(
        _ configure: (inout Service.Configuration) -> Void = { _ in }, _ body: (TestService) throws -> Void
    ) throws {
        try withService(configure: {
            $0.webhooks.allowed = ["127.0.0.0/8"]
            $0.webhooks.retrySeconds = 0.1
            $0.webhooks.seconds = 20
            configure(&$0)
        }) { service in
            try service.makeGallery("lobby")
            service.watchGalleries()
            service.service.webhooks.start()
            try body(service)
        }
    }

    private func keep(_ service: TestService, _ url: String, seed: UInt64 = 200) throws -> QueryAnswer {
        try service.keepStanding("&limit=3&name=Red%20coat&webhook_url=\(url)", seed: seed)
    }

    private func webhook(_ service: TestService, _ query: QueryAnswer) throws -> WebhookAnswer {
        try #require(
            try service.ask(.get, "/v1/queries/\(query.queryID)").decoded(as: QueryAnswer.self).webhook)
    }

    private func eventually(_ condition: () throws -> Bool) rethrows -> Bool {
        for _ in 0..<3000 {
            if try condition() { return true }
            Thread.sleep(forTimeInterval: 0.01)
        }
        return false
    }

    /// The HMAC-SHA-256 that OpenSSL's own program computes.
    private func openssl(_ text: [UInt8], key: String) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["openssl", "dgst", "-sha256", "-hmac", key]
        let (entry, output) = (Pipe(), Pipe())
        process.standardInput = entry
        process.standardOutput = output
        try process.run()
        try entry.fileHandleForWriting.write(contentsOf: Data(text))
        try entry.fileHandleForWriting.close()
        let said = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return said.split(separator: " ").last.map { $0.trimmingCharacters(in: .newlines) } ?? ""
    }

    @Test func `a ranking that changes is delivered, signed so that openssl agrees`() throws {
        let receiver = try Receiver()
        try withLobby { service in
            let query = try keep(service, "http://\(receiver.address)/hook")
            let secret = try #require(query.webhook?.secret)
            #expect(secret.hasPrefix("reid_hook_") && query.webhook?.deliveredRevision == 1)
            #expect(query.webhook?.nextAttemptAt == nil && query.webhook?.attemptedAt == nil)
            let added = try service.enroll([try TestImage(seed: 200)], in: "lobby")
            #expect(try eventually { try webhook(service, query).deliveredRevision == 2 })
            let request = try #require(receiver.requests.first)
            #expect(
                receiver.requests.count == 1 && request.path == "/hook"
                    && request.fields[.contentType] == "application/json")
            let delivery: WebhookDelivery = try fromJSON(request.body)
            #expect(delivery.name == "Red coat" && delivery.gallery == "lobby" && delivery.queryID == query.queryID)
            #expect(delivery.revision == 2 && delivery.ranking.results.map(\.imageID) == added)
            let ranking = try service.ask(.get, query.rankingURL).decoded(as: RankingAnswer.self)
            #expect(delivery.ranking == ranking)
            let document = try DescribedAPI.query(service.context.configuration).document
            #expect(
                JSONSchemaValidator(document: document).faults(
                    of: try fromJSON(request.body), against: ["$ref": "#/components/schemas/WebhookDelivery"]) == [])
            #expect(request.field("X-Reid-Delivery") == query.queryID + "-2")
            let time = request.field("X-Reid-Timestamp")
            #expect(abs(Date().timeIntervalSince1970 - (Double(time) ?? 0)) < 120)
            let code = try openssl(Array((time + ".").utf8) + request.body, key: secret)
            #expect(code.count == 64 && request.field("X-Reid-Signature") == "sha256=" + code)
            let listed = try service.ask(.get, "/v1/queries")
            #expect(try !listed.text.contains(secret))
            let now = try webhook(service, query)
            #expect(now.status == 200 && now.error == nil && now.attempts == 0 && now.secret == nil)
            let rows = try service.store.audit(limit: 20).items.filter { $0.action == "webhook.deliver" }
            #expect(rows.map(\.target) == [query.queryID] && rows.first?.outcome == "ok")
            #expect(
                try service.ask(.get, "/metrics").text.contains(
                    #"reid_webhook_deliveries_total{outcome="delivered"} 1"#))
        }
    }

    @Test func `a receiver that fails gets the newest ranking again and again, until it takes it`() throws {
        let receiver = try Receiver(500)
        try withLobby { service in
            let query = try keep(service, "http://\(receiver.address)/hook")
            try service.enroll([try TestImage(seed: 200)], in: "lobby")
            #expect(try eventually { try webhook(service, query).attempts > 1 })
            let failing = try webhook(service, query)
            #expect(failing.status == 500 && failing.error == "The receiver answered 500.")
            #expect(failing.deliveredRevision == 1 && failing.nextAttemptAt != nil)
            try service.enroll([try TestImage(seed: 201)], in: "lobby")
            receiver.answer(204)
            #expect(try eventually { try webhook(service, query).deliveredRevision == 3 })
            let last = try #require(receiver.requests.last)
            #expect(try fromJSON(last.body, as: WebhookDelivery.self).revision == 3)
            let now = try webhook(service, query)
            #expect(now.attempts == 0 && now.nextAttemptAt == nil && now.status == 204)
        }
    }

    @Test func `a receiver that never answers delays no other for long`() throws {
        let (silent, other) = (try Receiver(0), try Receiver())
        try withLobby({ ($0.webhooks.workers, $0.webhooks.seconds) = (1, 0.3) }) { service in
            let queries = try [silent, silent, other].map { try keep(service, "http://\($0.address)/hook") }
            try service.enroll([try TestImage(seed: 200)], in: "lobby")
            #expect(try eventually { try webhook(service, queries[2]).deliveredRevision == 2 })
            #expect(try eventually { try webhook(service, queries[0]).error == "No answer in time." })
            // It is heard at once although the others are still being tried.
            try service.enroll([try TestImage(seed: 201)], in: "lobby")
            #expect(try eventually { try webhook(service, queries[2]).deliveredRevision == 3 })
            #expect(try webhook(service, queries[0]).deliveredRevision == 1)
        }
    }

    @Test func `a redirect is not followed`() throws {
        let receiver = try Receiver(302)
        try withLobby { service in
            let query = try keep(service, "http://\(receiver.address)/hook")
            try service.enroll([try TestImage(seed: 200)], in: "lobby")
            #expect(try eventually { try webhook(service, query).error == "The receiver answered 302." })
            #expect(receiver.requests.allSatisfy { $0.path == "/hook" })
        }
    }

    @Test func `what was not taken before a stop is delivered after the next start`() throws {
        let receiver = try Receiver(503)
        let configure: (inout Service.Configuration) -> Void = {
            ($0.webhooks.allowed, $0.webhooks.retrySeconds) = (["127.0.0.1"], 0.1)
        }
        let first = try TestService(configure: configure)
        try first.makeGallery("lobby")
        first.watchGalleries()
        first.service.webhooks.start()
        let query = try keep(first, "http://\(receiver.address)/hook")
        try first.enroll([try TestImage(seed: 200)], in: "lobby")
        #expect(eventually { !receiver.requests.isEmpty })
        first.service.stop(grace: .zero)
        receiver.answer(200)
        let second = try TestService(in: first.folder, configure: configure)
        defer { second.close() }
        second.service.webhooks.start()
        #expect(try eventually { try webhook(second, query).deliveredRevision == 2 })
    }

    @Test func `a name that leads to this machine is refused when it is delivered, and nothing is sent`() throws {
        let receiver = try Receiver()
        let port = receiver.address.split(separator: ":")[1]
        try withLobby({ $0.webhooks.allowed = ["localhost"] }) { service in
            let query = try keep(service, "https://localhost:\(port)/hook")
            try service.enroll([try TestImage(seed: 200)], in: "lobby")
            let error = "No address of the host localhost is allowed."
            #expect(try eventually { try webhook(service, query).error == error })
            #expect(receiver.requests.isEmpty)
        }
    }

    @Test func `a webhook needs a standing query, a URL and an allowed address`() throws {
        try withService(configure: { $0.webhooks.allowed = ["desk.example.org"] }) { service in
            try service.makeGallery("lobby")
            let image = try TestImage(seed: 1).bytes
            for (parameters, said) in [
                ("webhook_url=https://desk.example.org/", "unless the query is standing"),
                ("standing=true&webhook_url=desk", "a URL such as"),
                ("standing=true&webhook_url=http://desk.example.org/", "webhooks.allowed"),
                ("standing=true&webhook_url=https://127.0.0.1/", "webhooks.allowed"),
            ] {
                let refused = try service.post("/v1/galleries/lobby/queries?\(parameters)", image: image)
                #expect(refused.status == .badRequest && refused.said.contains(said), "\(parameters): \(refused.said)")
            }
            let form = FormPart.options(#"{"standing": true, "webhook_url": "https://desk.example.org/a"}"#)
            let kept = try service.post("/v1/galleries/lobby/queries", form: [.image(image), form])
            #expect(try kept.decoded(as: QueryAnswer.self).webhook?.url == "https://desk.example.org/a")
        }
    }
}
