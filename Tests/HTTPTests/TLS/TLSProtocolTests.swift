import Foundation
import HTTPTypes
import Testing

@testable import HTTP

/// What `openssl s_client` finds a server to accept.
@Suite struct TLSProtocolTests {
    private static let get = "GET /hello HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"

    /// Runs `openssl s_client` against a server, and returns what it prints.
    private func ask(
        _ options: [String], input: String = get, then check: (HTTPServer) -> Void = { _ in }
    ) throws -> String {
        try Transport.$current.withValue(.tls) {
            try withServer { server, address in
                let arguments = ["s_client", "-connect", address, "-ign_eof"] + options
                let output = try run("openssl", arguments, input: input).output
                check(server)
                return output
            }
        }
    }

    @Test(arguments: [("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")])
    func `both versions are spoken`(option: String, name: String) throws {
        let output = try ask([option])
        #expect(output.contains("HTTP/1.1 200 OK\r\n") && output.hasSuffix("hello") || output.contains("\r\n\r\nhello"))
        #expect(output.contains(", Cipher is ") && output.contains("New, \(name)"))
        #expect(output.contains("Compression: NONE") && !output.contains("Early data was accepted"))
    }

    @Test(arguments: ["-tls1", "-tls1_1"])
    func `older versions are refused`(option: String) throws {
        let output = try ask([option, "-cipher", "DEFAULT@SECLEVEL=0"]) { server in
            #expect(eventually { server.counters.handshakesFailed == 1 && server.counters.connectionsOpen == 0 })
            #expect(server.counters.handshakes == 0)
        }
        #expect(!output.contains("HTTP/1.1") && output.contains("protocol version"))
    }

    @Test(arguments: [
        "AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA384", "DHE-RSA-AES128-GCM-SHA256",
    ])
    func `ciphers without forward secrecy or authentication are refused`(cipher: String) throws {
        let output = try ask(["-tls1_2", "-cipher", "\(cipher)@SECLEVEL=0"])
        #expect(!output.contains("HTTP/1.1") && output.contains("handshake failure"))
    }

    @Test func `every cipher that the server names works`() throws {
        let ciphers = TLSSettings.ciphers.split(separator: ":").filter { $0.contains("ECDSA") }
        #expect(ciphers.count == 3)
        for cipher in ciphers {
            let output = try ask(["-tls1_2", "-cipher", String(cipher)])
            #expect(output.contains("Cipher is \(cipher)") && output.contains("HTTP/1.1 200 OK"))
        }
    }

    @Test func `a client that offers HTTP 1.1 gets it, and one that offers only others is refused`() throws {
        #expect(try ask(["-alpn", "h2,http/1.1"]).contains("ALPN protocol: http/1.1"))
        let output = try ask(["-alpn", "h2"])
        #expect(!output.contains("HTTP/1.1 200") && output.contains("no application protocol"))
    }

    @Test func `a server name is accepted, whatever it is`() throws {
        #expect(try ask(["-servername", "reid.example"]).contains("HTTP/1.1 200 OK"))
        #expect(try ask(["-noservername"]).contains("HTTP/1.1 200 OK"))
    }

    @Test func `a client cannot renegotiate`() throws {
        try Transport.$current.withValue(.tls) {
            try withServer { server, address in
                // s_client takes commands only while its input is open.
                let command = "(echo R; sleep 2) | openssl s_client -connect \(address) -tls1_2"
                let output = try run("sh", ["-c", command]).output
                #expect(output.contains("RENEGOTIATING") && output.contains("no renegotiation"))
                #expect(server.counters.handshakes == 1)
            }
        }
    }

    @Test func `a session of TLS 1.2 goes on in a new connection`() throws {
        let output = try ask(["-tls1_2", "-reconnect"], input: "") { server in
            #expect(eventually { server.counters.handshakes == 6 && server.counters.handshakesResumed == 5 })
        }
        #expect(output.components(separatedBy: "Reused, TLSv1.2").count == 6)
    }

    @Test func `a session of TLS 1.3 goes on in a new connection, without early data`() throws {
        let folder = try TemporaryFolder()
        let session = folder.path + "/session"
        try folder.write(Self.get, to: "early")
        try Transport.$current.withValue(.tls) {
            try withServer { server, address in
                let client = ["s_client", "-connect", address, "-tls1_3", "-ign_eof"]
                _ = try run("openssl", client + ["-sess_out", session], input: Self.get)
                let output = try run(
                    "openssl", client + ["-sess_in", session, "-early_data", folder.path + "/early"], input: Self.get
                ).output
                #expect(output.contains("Reused, TLSv1.3") && output.contains("HTTP/1.1 200 OK"))
                #expect(output.contains("Early data was not sent"))
                #expect(server.counters.handshakes == 2 && server.counters.handshakesResumed == 1)
                #expect(server.counters.responses == [200: 2])
            }
        }
    }
}
