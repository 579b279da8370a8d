import COpenSSL
import Foundation
import Glibc
import HTTPTypes
import InMemoryLogging
import Logging
import Synchronization
import Testing

@testable import HTTP

/// What only a server with TLS does.
@Suite struct TLSServerTests {
    private let files: TestCertificates

    init() throws { files = try TestCertificates() }

    private func withTLS<R>(
        _ router: Router = testRouter(), _ tls: TLSContext? = nil, logger: Logger = quietLogger,
        configure: (inout HTTPServer.Configuration) -> Void = { _ in }, _ body: (HTTPServer, String) throws -> R
    ) throws -> R {
        var configuration = HTTPServer.Configuration()
        configuration.loops = 2
        configure(&configuration)
        let tls = try tls ?? TLSContext(files.server)
        let server = HTTPServer(configuration: configuration, router: router, tls: tls, logger: logger)
        let address = try server.start(address: "127.0.0.1:0")
        defer { server.stop(grace: .zero) }
        return try body(server, address)
    }

    private static let hello = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"

    // MARK: Handshakes

    @Test func `handshakes that do not end are closed in time, while others are served`() throws {
        try withTLS(configure: { $0.handshakeSeconds = 0.5 }) { server, address in
            let silent = try (0..<30).map { _ in try RawClient(address, nil) }
            let begun = try (0..<30).map { _ in
                let client = try RawClient(address, nil)
                // The head of a record that never ends.
                try client.send([0x16, 0x03, 0x01, 0x01, 0x00, 0x01])
                return client
            }
            let client = try RawClient(address, .init())
            try client.send(Self.hello)
            #expect(try client.reply().text == "hello")
            for client in silent + begun { #expect(client.isClosed()) }
            #expect(server.counters.timeouts == 60)
            try client.send(Self.hello)
            #expect(try client.reply().text == "hello")
        }
    }

    @Test func `a handshake beyond the limit ends the one that has waited longest, so that others are served`() throws {
        try withTLS(configure: { ($0.loops, $0.handshakes, $0.handshakeSeconds) = (1, 2, 60) }) { server, address in
            let silent = try (0..<5).map { _ in try RawClient(address, nil) }
            for client in silent.prefix(3) { #expect(client.isClosed()) }
            #expect(eventually { server.counters.connectionsOpen == 2 })
            #expect(server.counters.handshakesRefused == 3 && server.counters.connectionsAccepted == 5)
            // A complete handshake is not counted any more.
            let clients = try (0..<5).map { _ in
                let client = try RawClient(address, .init())
                try client.send(Self.hello)
                #expect(try client.reply().text == "hello")
                return client
            }
            #expect(silent[3].isClosed())
            #expect(eventually { server.counters.connectionsOpen == clients.count + 1 }, "one handshake still runs")
            #expect(server.counters.handshakes == 5 && server.counters.handshakesRefused == 4)
        }
    }

    @Test func `a conversation is the same when its bytes come one by one`() throws {
        try withTLS { _, address in
            for version in [TLS1_2_VERSION, TLS1_3_VERSION] {
                let relay = try Relay(to: address, piece: 1)
                let client = try RawClient(relay.address, .init(version: version))
                for _ in 0..<2 {
                    try client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabcde" + Self.hello)
                    #expect(try client.reply().text == "abcde")
                    #expect(try client.reply().text == "hello")
                }
            }
        }
    }

    // MARK: The end

    @Test func `a client that says that it has finished still gets its answer, and a goodbye`() throws {
        try withTLS { _, address in
            for version in [TLS1_2_VERSION, TLS1_3_VERSION] {
                let client = try RawClient(address, .init(version: version))
                try client.send("GET /stream HTTP/1.0\r\n\r\n")
                client.finish()
                #expect(try client.reply().text == "onetwothree")
                #expect(client.isClosed() && client.hasGoodbye)
            }
        }
    }

    @Test func `an idle connection and a refused one end with a goodbye`() throws {
        try withTLS(configure: { $0.idleSeconds = 0.2 }) { _, address in
            let client = try RawClient(address, .init())
            #expect(client.isClosed() && client.hasGoodbye)
            let bad = try RawClient(address, .init())
            try bad.send("BAD\r\n\r\n")
            #expect(try bad.reply().status == 400)
            #expect(bad.isClosed() && bad.hasGoodbye)
        }
    }

    @Test func `a long reply that ends with the connection has a goodbye after its last byte`() throws {
        let body = someBytes(6 << 20)
        var router = Router()
        router.add(
            Route(.get, "/long", access: .anyone) { _ in
                let left = Mutex(body[...])
                let stream = ResponseStream {
                    left.withLock { left in
                        defer { left = left.dropFirst(100_000) }
                        return left.isEmpty ? nil : Array(left.prefix(100_000))
                    }
                }
                return .now(ServerResponse(body: .stream(stream)))
            })
        try withTLS(router) { _, address in
            let client = try RawClient(address, .init())
            try client.send("GET /long HTTP/1.0\r\n\r\n")
            // The server fills every buffer on the way before the client begins to read.
            usleep(200_000)
            let reply = try client.reply()
            #expect(checksum(reply.body) == checksum(body) && client.hasGoodbye)
        }
    }

    @Test func `a reply that was cut short has no goodbye`() throws {
        struct Broken: Error {}
        var router = Router()
        router.add(
            Route(.get, "/short", access: .anyone) { _ in
                let left = Mutex(["some"])
                let stream = ResponseStream {
                    try left.withLock { left in
                        guard let next = left.popLast() else { throw Broken() }
                        return Array(next.utf8)
                    }
                }
                return .now(ServerResponse(body: .stream(stream)))
            })
        try withTLS(router) { _, address in
            let client = try RawClient(address, .init())
            try client.send("GET /short HTTP/1.0\r\n\r\n")
            #expect(try client.reply().text == "some")
            #expect(!client.hasGoodbye)
        }
    }

    // MARK: The wrong port

    @Test func `HTTP in clear to a port with TLS is told so in clear, and the log has one hint`() throws {
        let handler = InMemoryLogHandler()
        try withTLS(logger: Logger(label: "test") { _ in handler }) { server, address in
            for request in [Self.hello, "DELETE /nothing HTTP/1.1\r\nHost: a\r\n\r\n", "POST /echo HTTP/1.0\r\n\r\n"] {
                let client = try RawClient(address, nil)
                try client.send(request)
                let reply = try client.reply()
                #expect(reply.status == 400 && reply.text.contains("https://"))
                #expect(reply.field("Connection") == "close" && client.isClosed())
            }
            #expect(eventually { server.counters.connectionsOpen == 0 })
            #expect(server.counters.handshakesFailed == 3)
        }
        #expect(handler.entries.filter { $0.message.description.contains("https://") }.map(\.level) == [.warning])
    }

    @Test func `TLS to a port in clear is told so, and the log has one hint`() throws {
        let handler = InMemoryLogHandler()
        let server = HTTPServer(router: testRouter(), logger: Logger(label: "test") { _ in handler })
        let address = try server.start(address: "127.0.0.1:0")
        defer { server.stop(grace: .zero) }
        for _ in 0..<2 { #expect(throws: ClientError.self) { try RawClient(address, .init()) } }
        let client = try RawClient(address, nil)
        try client.send([0x16, 0x03, 0x01])
        let reply = try client.reply()
        #expect(reply.status == 400 && reply.text.contains("http://") && client.isClosed())
        #expect(eventually { server.counters.responses == [400: 3] && server.counters.connectionsOpen == 0 })
        #expect(handler.entries.filter { $0.message.description.contains("http://") }.map(\.level) == [.warning])
    }

    // MARK: Certificates

    @Test func `new connections get a new certificate, open ones go on, and a bad file changes nothing`() throws {
        let tls = try TLSContext(files.server)
        try withTLS(testRouter(), tls) { _, address in
            let old = try RawClient(address, .init())
            #expect(old.session?.serverName == "/CN=localhost")
            try files.makeSelfSigned("server", subject: "/CN=renewed")
            #expect(try RawClient(address, .init()).session?.serverName == "/CN=localhost")
            try tls.reload()
            #expect(tls.certificate.subject == "CN=renewed")
            #expect(try RawClient(address, .init()).session?.serverName == "/CN=renewed")
            try old.send(Self.hello)
            #expect(try old.reply().text == "hello")

            try files.write("nothing", to: "server.pem")
            #expect(throws: TLSError.noCertificate(path: files.server.certificate)) { try tls.reload() }
            #expect(tls.certificate.subject == "CN=renewed")
            #expect(try RawClient(address, .init()).session?.serverName == "/CN=renewed")
        }
    }

    @Test func `the certificates between the server's and the root are sent`() throws {
        try files.makeSelfSigned("root", subject: "/CN=Root", isAuthority: true)
        try files.makeSigned("leaf", subject: "/CN=localhost", by: "root")
        let chain = try ["leaf.pem", "root.pem"].map { try String(contentsOfFile: files.path($0), encoding: .utf8) }
        try files.write(chain.joined(), to: "chain.pem")
        let tls = try TLSContext(TLSFiles(certificate: files.path("chain.pem"), key: files.path("leaf.key")))
        try withTLS(testRouter(), tls) { _, address in
            let output = try run("openssl", ["s_client", "-connect", address, "-showcerts"]).output
            #expect(output.components(separatedBy: "BEGIN CERTIFICATE").count == 3)
            #expect(output.contains("s:CN = Root"))
        }
    }

    @Test func `a handler and the gate see the subject of a client's certificate, and whether TLS is spoken`() throws {
        try files.makeSelfSigned("authority", subject: "/CN=Authority", isAuthority: true)
        try files.makeSigned("dock", subject: "/O=Example/CN=dock", by: "authority")
        try files.makeSelfSigned("impostor", subject: "/CN=Authority", isAuthority: true)
        try files.makeSigned("stranger", subject: "/O=Example/CN=dock", by: "impostor")
        var named = files.server
        named.clientAuthority = files.path("authority.pem")
        let admitted = Mutex<[String?]>([])
        var router = Router()
        router.admit = { request, _ in
            let subject = request.clientCertificate
            admitted.withLock { $0.append(subject) }
        }
        router.add(
            Route(.get, "/who", access: .anyone, execution: .loop) { request in
                text("\(request.isSecure) \(request.clientCertificate ?? "nobody")")
            })
        let who = "GET /who HTTP/1.1\r\nHost: a\r\n\r\n"
        try withTLS(router, try TLSContext(named)) { server, address in
            for version in [TLS1_2_VERSION, TLS1_3_VERSION] {
                let dock = try RawClient(address, .init(version: version, certificate: files.path("dock.both")))
                try dock.send(who)
                #expect(try dock.reply().text == "true CN=dock,O=Example")
                let anonymous = try RawClient(address, .init(version: version))
                try anonymous.send(who)
                #expect(try anonymous.reply().text == "true nobody")
                // A client of TLS 1.3 learns only afterwards that its certificate was refused.
                #expect(throws: ClientError.self) {
                    let path = files.path("stranger.both")
                    let stranger = try RawClient(address, .init(version: version, certificate: path))
                    try stranger.send(who)
                    _ = try stranger.reply()
                }
            }
            #expect(admitted.withLock { $0 } == ["CN=dock,O=Example", nil, "CN=dock,O=Example", nil])
            #expect(eventually { server.counters.handshakesFailed == 2 })
        }
        try Transport.$current.withValue(.clear) {
            try withServer(router) { _, address in
                let client = try RawClient(address)
                try client.send(who)
                #expect(try client.reply().text == "false nobody")
            }
        }
    }
}
