import HTTPTypes
import Testing

@testable import HTTP

/// Requests that are ambiguous or not HTTP, with the status of their answers.
@Suite struct MalformedHeadTests {
    static let get = "GET / HTTP/1.1\r\nHost: a\r\n"
    static let post = "POST / HTTP/1.1\r\nHost: a\r\n"

    static let requests: [(String, Int)] = [
        // The request line.
        ("GET /\r\n\r\n", 400),
        ("GET\r\n\r\n", 400),
        (" GET / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET /  HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 400),
        ("GET\t/\tHTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET / HTTP/1.1 x\r\nHost: a\r\n\r\n", 400),
        ("GET / http/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET / HTTP/1\r\nHost: a\r\n\r\n", 400),
        ("GET / HTTP/1.10\r\nHost: a\r\n\r\n", 400),
        ("GET / HTTP/x.1\r\nHost: a\r\n\r\n", 400),
        ("GET / HTPP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
        ("GET / HTTP/3.1\r\nHost: a\r\n\r\n", 505),
        ("GET / HTTP/0.9\r\nHost: a\r\n\r\n", 505),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
        ("G@T / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET x HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 501),
        ("\(String(repeating: "A", count: 33)) / HTTP/1.1\r\nHost: a\r\n\r\n", 501),
        ("GET /#x HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET /\u{e9} HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET /\u{7f} HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("\u{16}\u{03}\u{01}\u{02}", 400),
        // Line breaks.
        ("GET / HTTP/1.1\nHost: a\n\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\n\r\n", 400),
        ("GET / HTTP/1.1\rHost: a\r\r", 400),
        (get + "X: a\rb\r\n\r\n", 400),
        (get + "X: a\nb\r\n\r\n", 400),
        (get + "X: a\r\r\n\r\n", 400),
        ("\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        // Header lines.
        (get + " X: folded\r\n\r\n", 400),
        (get + "X: y\r\n\tfolded\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400),
        (get + "X : y\r\n\r\n", 400),
        (get + "X\t: y\r\n\r\n", 400),
        (get + ": y\r\n\r\n", 400),
        (get + "X\r\n\r\n", 400),
        (get + "X(: y\r\n\r\n", 400),
        (get + "X\u{e9}: y\r\n\r\n", 400),
        (get + "X: a\0b\r\n\r\n", 400),
        (get + "X: a\u{01}b\r\n\r\n", 400),
        (get + "X: a\u{7f}b\r\n\r\n", 400),
        // Host.
        ("GET / HTTP/1.1\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost:\r\n\r\n", 400),
        (get + "Host: a\r\n\r\n", 400),
        (get + "host: b\r\n\r\n", 400),
        ("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a:b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400),
        // Length.
        (post + "Content-Length: 5\r\nContent-Length: 5\r\n\r\n", 400),
        (post + "Content-Length: 5\r\nContent-Length: 6\r\n\r\n", 400),
        (post + "Content-Length: 5, 5\r\n\r\n", 400),
        (post + "Content-Length: +5\r\n\r\n", 400),
        (post + "Content-Length: -5\r\n\r\n", 400),
        (post + "Content-Length: 0x5\r\n\r\n", 400),
        (post + "Content-Length: 5 5\r\n\r\n", 400),
        (post + "Content-Length:\r\n\r\n", 400),
        (post + "Content-Length: \u{0665}\r\n\r\n", 400),
        (post + "Content-Length: 99999999999999999999\r\n\r\n", 413),
        // Transfer codings.
        (post + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", 400),
        (post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (post + "Content-Length: 5\r\nTransfer-Encoding: identity\r\n\r\n", 400),
        (post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (post + "Transfer-Encoding: chunked, chunked\r\n\r\n", 400),
        (post + "Transfer-Encoding: chunked, gzip\r\n\r\n", 400),
        (post + "Transfer-Encoding: chunked;x=y\r\n\r\n", 400),
        (post + "Transfer-Encoding: , chunked\r\n\r\n", 400),
        (post + "Transfer-Encoding:\r\n\r\n", 400),
        (post + "Transfer-Encoding: \"chunked\"\r\n\r\n", 400),
        (post + "Transfer-Encoding: gzip, chunked\r\n\r\n", 501),
        (post + "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n", 501),
        (post + "Transfer-Encoding: identity\r\n\r\n", 501),
        (post + "Transfer-Encoding: xchunked\r\n\r\n", 501),
        (post + "Transfer-Encoding: gzip;level=9\r\n\r\n", 501),
        ("POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        // Expectations.
        (post + "Expect: 200-ok\r\nContent-Length: 2\r\n\r\n", 417),
        (post + "Expect: 100-continue, x\r\nContent-Length: 2\r\n\r\n", 417),
        (post + "Expect: 100-continue\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n", 417),
    ]

    @Test(arguments: requests)
    func `a malformed request is refused`(text: String, status: Int) {
        #expect(parse(text).status?.code == status, "\(text.debugDescription)")
    }

    @Test(arguments: requests)
    func `every prefix of it asks for more or is refused for the same reason`(text: String, status: Int) {
        let bytes = Array(text.utf8)
        let limits = HeadLimits(HTTPServer.Configuration())
        let whole = parseHead(bytes.span, limits: limits)
        var isRefused = false
        for length in 0...bytes.count {
            let parse = parseHead(Array(bytes.prefix(length)).span, limits: limits)
            if parse == .needsMore {
                #expect(!isRefused, "\(text.debugDescription) is forgiven at \(length)")
            } else {
                isRefused = true
                #expect(parse == whole, "\(text.debugDescription) at \(length)")
            }
        }
    }
}
