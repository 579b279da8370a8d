import Foundation
import HTTPTypes
import Synchronization
import Testing

@testable import HTTP

/// The client of the command line against the server, over both streams.
@Suite(.overBothStreams) struct HTTPClientTests {
    private func client(_ address: String, patience: Duration = .seconds(60)) throws -> HTTPClient {
        let port = try #require(UInt16(address.split(separator: ":").last ?? ""))
        let isSecure = Transport.of(address) == .tls
        return HTTPClient(
            host: "127.0.0.1", port: port, isSecure: isSecure,
            authorities: isSecure ? try TestCertificates.shared.get().server.certificate : nil, patience: patience)
    }

    @Test func `an answer is read, whatever tells its length`() throws {
        try withServer { _, address in
            let client = try client(address)
            let hello = try client.send("GET", "/hello")
            #expect(hello.status == 200 && hello.body == Array("hello".utf8))
            #expect(try client.send("GET", "/stream").body == Array("onetwothree".utf8))
            let nothing = try client.send("DELETE", "/nothing")
            #expect(nothing.status == 204 && nothing.body.isEmpty)
            #expect(try client.send("GET", "/nowhere").status == 404)
        }
    }

    @Test func `bytes, a file and header fields arrive whole`() throws {
        let folder = try TemporaryFolder()
        let body = someBytes(5 << 20)
        try Data(body).write(to: URL(fileURLWithPath: folder.path + "/body"))
        var router = testRouter()
        router.add(
            Route(.get, "/field", access: .anyone) { request in text(request.fields[.userAgent] ?? "none") })
        try withServer(router) { _, address in
            let client = try client(address)
            let expected = "file \(body.count) \(checksum(body))"
            for body in [HTTPClient.Body.bytes(body), .file(path: folder.path + "/body")] {
                let answer = try client.send("POST", "/job", body: body)
                #expect(String(decoding: answer.body, as: UTF8.self) == expected)
            }
            let field = try client.send("GET", "/field", fields: [("User-Agent", "reid")])
            #expect(field.body == Array("reid".utf8))
            #expect(throws: HTTPClientError.self) { try client.send("POST", "/job", body: .file(path: "/nowhere")) }
        }
    }

    @Test func `the refusal of a body that is still being sent is seen`() throws {
        try withServer { _, address in
            let answer = try client(address).send("POST", "/needs", body: .bytes(someBytes(20 << 20)))
            #expect(answer.status == 413)
        }
    }

    @Test func `a caller can give up, and so does a client that has waited long enough`() throws {
        let release = Signal()
        let running = Signal()
        var router = Router()
        router.add(
            Route(.get, "/slow", access: .anyone) { _ in
                running.raise()
                #expect(release.wait())
                return text("done")
            })
        try withServer(router) { _, address in
            let patient = try client(address)
            let isRunning = Mutex(false)
            #expect(throws: HTTPClientError.cancelled) {
                try patient.send("GET", "/slow") {
                    isRunning.withLock { isRunning in
                        if !isRunning { isRunning = running.wait() }
                        return isRunning
                    }
                }
            }
            release.raise()
            let hasty = try client(address, patience: .milliseconds(300))
            #expect(throws: HTTPClientError.timedOut) { try hasty.send("GET", "/slow") }
            release.raise()
        }
    }

    @Test func `a port where nobody listens and a host that is not known are told`() {
        #expect(throws: HTTPClientError.system(call: "connect", code: ECONNREFUSED)) {
            try HTTPClient(host: "127.0.0.1", port: 1, isSecure: false).send("GET", "/")
        }
        #expect(throws: HTTPClientError.unknownHost("no such host")) {
            try HTTPClient(host: "no such host", port: 1, isSecure: false).send("GET", "/")
        }
    }
}

/// Whom the client trusts.
@Suite struct ClientTrustTests {
    private let files: TestCertificates

    init() throws { files = try TestCertificates() }

    /// Asks a server with a certificate; returns the status.
    private func ask(_ certificate: TLSFiles, host: String = "127.0.0.1", trusting authorities: String?) throws -> Int {
        let server = HTTPServer(router: testRouter(), tls: try TLSContext(certificate), logger: quietLogger)
        let address = try server.start(address: "127.0.0.1:0")
        defer { server.stop(grace: .zero) }
        let port = try #require(UInt16(address.split(separator: ":").last ?? ""))
        return try HTTPClient(host: host, port: port, isSecure: true, authorities: authorities).send("GET", "/hello")
            .status
    }

    @Test func `a server is trusted by its own certificate or its authority's, and by no other`() throws {
        #expect(try ask(files.server, trusting: files.server.certificate) == 200)
        #expect(try ask(files.server, host: "localhost", trusting: files.server.certificate) == 200)
        let other = try files.makeSelfSigned("other", subject: "/CN=other", isAuthority: true)
        for authorities in [nil, other.certificate] {
            let error = #expect(throws: HTTPClientError.self) { try ask(files.server, trusting: authorities) }
            guard case .untrusted = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
        }
        #expect(throws: HTTPClientError.unusableAuthorities(path: "/nowhere")) {
            try ask(files.server, trusting: "/nowhere")
        }
    }

    @Test func `a certificate for another host is not trusted`() throws {
        // It names nothing but its subject, which is not the address.
        let named = try files.makeSelfSigned("named", subject: "/CN=reid.example", isAuthority: true)
        for host in ["127.0.0.1", "localhost"] {
            let error = #expect(throws: HTTPClientError.self) {
                try ask(named, host: host, trusting: named.certificate)
            }
            #expect("\(String(describing: error))".contains("mismatch"))
        }
    }

    @Test func `a server in clear is told from one that is not trusted`() throws {
        let server = HTTPServer(router: testRouter(), logger: quietLogger)
        let address = try server.start(address: "127.0.0.1:0")
        defer { server.stop(grace: .zero) }
        let port = try #require(UInt16(address.split(separator: ":").last ?? ""))
        let error = #expect(throws: HTTPClientError.self) {
            try HTTPClient(host: "127.0.0.1", port: port, isSecure: true).send("GET", "/hello")
        }
        guard case .tls = error else { throw TestCertificates.Failure(output: "\(String(describing: error))") }
    }
}

/// How an answer is read from bytes.
@Suite struct ResponseReaderTests {
    private static let answers = [
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, "hello", true),
        ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 Not Found\r\ncontent-length:0\r\n\r\n", 404, "", true),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", 200, "hello", true),
        ("HTTP/1.0 200 OK\r\n\r\nhello", 200, "hello", false),
        ("HTTP/1.1 204 No Content\r\n\r\n", 204, "", true),
    ]

    @Test(arguments: answers)
    func `an answer is the same wherever it is split`(bytes: String, status: Int, body: String, isDelimited: Bool)
        throws
    {
        let bytes = Array(bytes.utf8)
        for split in 0...bytes.count {
            var reader = ResponseReader()
            try reader.receive(bytes[..<split])
            try reader.receive(bytes[split...])
            #expect(reader.status == status && reader.isComplete == isDelimited)
            if !isDelimited {
                var cut = reader
                #expect(throws: HTTPClientError.cutShort) { try cut.end(isClean: false) }
                try reader.end(isClean: true)
            }
            #expect(reader.isComplete && reader.content == Array(body.utf8))
        }
    }

    @Test(arguments: answers.filter(\.3))
    func `an answer that ends early is cut short`(bytes: String, status: Int, body: String, isDelimited: Bool) throws {
        let bytes = Array(bytes.utf8)
        for count in 0..<bytes.count {
            var reader = ResponseReader()
            try reader.receive(bytes[..<count])
            #expect(!reader.isComplete)
            #expect(throws: HTTPClientError.cutShort) { try reader.end(isClean: true) }
        }
    }

    @Test(arguments: [
        "SSH-2.0-x\r\n\r\n", "HTTP/1.1 20x OK\r\n\r\n", "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
    ])
    func `what is not an answer is refused`(bytes: String) {
        var reader = ResponseReader()
        #expect(throws: HTTPClientError.malformed) { try reader.receive(Array(bytes.utf8)[...]) }
    }
}
