import Glibc
import HTTPTypes
import Synchronization
import Testing

@testable import HTTP

/// What a caller of the client limits, because it does not trust the server.
@Suite(.overBothStreams) struct HTTPClientLimitTests {
    private func client(
        _ address: String, host: String = "127.0.0.1", longest: Duration? = nil, answerBytes: Int = .max,
        allows: @escaping @Sendable (String) -> Bool = { _ in true }
    ) throws -> HTTPClient {
        let port = try #require(UInt16(address.split(separator: ":").last ?? ""))
        let isSecure = Transport.of(address) == .tls
        return HTTPClient(
            host: host, port: port, isSecure: isSecure,
            authorities: isSecure ? try TestCertificates.shared.get().server.certificate : nil, longest: longest,
            answerBytes: answerBytes, allows: allows)
    }

    @Test func `a server that answers a byte now and then is given up when time is over`() throws {
        var router = Router()
        router.add(
            Route(.get, "/drip", access: .anyone, execution: .loop) { _ in
                .now(
                    ServerResponse(
                        body: .stream(
                            ResponseStream {
                                usleep(10_000)
                                return [0x41]
                            })))
            })
        try withServer(router) { _, address in
            let client = try client(address, longest: .milliseconds(300))
            #expect(throws: HTTPClientError.timedOut) { _ = try client.send("GET", "/drip") }
        }
    }

    @Test func `an answer that is too large is refused`() throws {
        try withServer { _, address in
            #expect(try client(address, answerBytes: 5).send("GET", "/hello").status == 200)
            let client = try client(address, answerBytes: 4)
            for target in ["/hello", "/stream"] {
                #expect(throws: HTTPClientError.tooLarge(limit: 4)) { _ = try client.send("GET", target) }
            }
        }
    }

    @Test func `no connection is made to an address that is not allowed, whatever name leads there`() throws {
        try withServer { server, address in
            let asked = Mutex<Set<String>>([])
            let client = try client(address, host: "localhost") { found in
                asked.withLock { _ = $0.insert(found) }
                return false
            }
            #expect(throws: HTTPClientError.forbidden(host: "localhost")) { _ = try client.send("GET", "/hello") }
            #expect(asked.withLock { $0.isSubset(of: ["127.0.0.1", "::1"]) && !$0.isEmpty })
            #expect(server.counters.connectionsAccepted == 0)
        }
    }
}
