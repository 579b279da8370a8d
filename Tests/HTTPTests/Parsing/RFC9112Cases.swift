/// What a server must take and refuse by RFC 9112: its sections 2.2, 3, 5, 6, 7 and 9.
///
/// Where the standard leaves a choice between taking and refusing an ambiguous message, this server refuses it.
struct RFC9112Case: CustomStringConvertible, Sendable {
    /// The section that decides.
    let section: String
    /// What the client sends.
    let bytes: [UInt8]
    /// The statuses of the replies, in order.
    let statuses: [Int]
    /// Whether the server ends the connection afterwards.
    let closes: Bool

    /// One request that is refused, after which the connection ends.
    static func refused(_ section: String, _ text: String, _ status: Int = 400) -> RFC9112Case {
        RFC9112Case(section: section, bytes: Array(text.utf8), statuses: [status], closes: true)
    }

    /// Requests that are answered with these statuses.
    static func answered(_ section: String, _ text: String, _ statuses: Int..., closes: Bool = false) -> RFC9112Case {
        RFC9112Case(section: section, bytes: Array(text.utf8), statuses: statuses, closes: closes)
    }

    var description: String { "\(section) \(String(decoding: bytes.prefix(120), as: UTF8.self).debugDescription)" }
}

extension RFC9112Case {
    private static let get = "GET /hello HTTP/1.1\r\nHost: a\r\n"
    private static let next = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"
    private static let post = "POST /echo HTTP/1.1\r\nHost: a\r\n"
    private static let chunked = "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"

    /// Section 2.2: messages are bytes, in lines that end with CRLF.
    static let parsing: [RFC9112Case] = [
        .answered("2.2 an empty line before a request is ignored", "\r\n" + next, 200),
        .answered("2.2 also between requests", next + "\r\n" + next, 200, 200),
        .refused("2.2 a line feed alone ends no line", "GET /hello HTTP/1.1\nHost: a\r\n\r\n"),
        .refused("2.2", get + "X: y\n\r\n"),
        .refused("2.2", get + "\n"),
        .refused("2.2", "\n" + next),
        .refused("2.2 a carriage return alone is invalid", "GET /hello HTTP/1.1\rHost: a\r\n\r\n"),
        .refused("2.2", get + "X: y\rZ: z\r\n\r\n"),
        .refused("2.2", get + "\rX: y\r\n\r\n"),
        .refused("2.2", get + "X: y\r\r\n\r\n"),
        .refused("2.2", "\r" + next),
        .refused("2.2 no space before the first field", "GET /hello HTTP/1.1\r\n Host: a\r\n\r\n"),
        .refused("2.2", "GET /hello HTTP/1.1\r\n\tX: y\r\nHost: a\r\n\r\n"),
        .refused("2.2", "GET /hello HTTP/1.1\r\n \r\nHost: a\r\n\r\n"),
        RFC9112Case(
            section: "2.2 bytes, not characters: no byte of U+010A is a line feed",
            bytes: Array((get + "X: ").utf8) + [0xc4, 0x8a, 0xff, 0x8d] + Array("\r\n\r\n".utf8), statuses: [200],
            closes: false),
        .refused("2.2 what is no request", "\u{16}\u{03}\u{01}\u{02}\u{00}\u{01}"),
        .refused("2.2", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
        .refused("2.2", "hello\r\n\r\n"),
        .refused("2.2", "\0\0\0\0"),
    ]

    /// Section 3: the request line and its target.
    static let requestLines: [RFC9112Case] = [
        .refused("3 one space each", "GET  /hello HTTP/1.1\r\nHost: a\r\n\r\n"),
        .refused("3", "GET /hello  HTTP/1.1\r\nHost: a\r\n\r\n"),
        .refused("3", "GET /hello HTTP/1.1 \r\nHost: a\r\n\r\n"),
        .refused("3", " GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"),
        .refused("3", "GET\t/hello\tHTTP/1.1\r\nHost: a\r\n\r\n"),
        .refused("3", "GET\u{0b}/hello HTTP/1.1\r\nHost: a\r\n\r\n"),
        .refused("3 three parts", "GET\r\nHost: a\r\n\r\n"),
        .refused("3", "GET /hello\r\nHost: a\r\n\r\n"),
        .refused("3", "GET HTTP/1.1\r\nHost: a\r\n\r\n"),
        .refused("3", "/hello HTTP/1.1\r\nHost: a\r\n\r\n"),
        .refused("3", "GET /hello HTTP/1.1 HTTP/1.1\r\nHost: a\r\n\r\n"),
        .answered(
            "3 a line of 8000 bytes is taken",
            "GET /hello?\(String(repeating: "x", count: 7980)) HTTP/1.1\r\nHost: a\r\n\r\n",
            200),
        .refused("3 a longer target", "GET /\(String(repeating: "x", count: 8192)) HTTP/1.1\r\nHost: a\r\n\r\n", 414),
        .refused("3 a longer method", "\(String(repeating: "M", count: 33)) /hello HTTP/1.1\r\nHost: a\r\n\r\n", 501),
        .answered("3.1 an unknown method", "BREW /hello HTTP/1.1\r\nHost: a\r\n\r\n" + next, 501, 200),
        .answered("3.1 a method of another standard", "QUERY /hello HTTP/1.1\r\nHost: a\r\n\r\n" + next, 405, 200),
        .answered("3.1 methods have a case", "Get /hello HTTP/1.1\r\nHost: a\r\n\r\n" + next, 501, 200),
        .refused("3.1 a method is a token", "G(T /hello HTTP/1.1\r\nHost: a\r\n\r\n"),
        .refused("3.1", "G\u{e9}T /hello HTTP/1.1\r\nHost: a\r\n\r\n"),
        .refused("3.2 no space in a target", "GET /he llo HTTP/1.1\r\nHost: a\r\n\r\n"),
        .refused("3.2", "GET /he\tllo HTTP/1.1\r\nHost: a\r\n\r\n"),
        .refused("3.2 no fragment", "GET /hello#top HTTP/1.1\r\nHost: a\r\n\r\n"),
        .refused("3.2 visible ASCII", "GET /h\u{e9}llo HTTP/1.1\r\nHost: a\r\n\r\n"),
        .refused("3.2", "GET /h\u{7f}llo HTTP/1.1\r\nHost: a\r\n\r\n"),
        .refused("3.2", "GET /h\0llo HTTP/1.1\r\nHost: a\r\n\r\n"),
        .refused("3.2 a Host", "GET /hello HTTP/1.1\r\n\r\n"),
        .refused("3.2", "GET /hello HTTP/1.1\r\nX-Host: a\r\n\r\n"),
        .refused("3.2", "GET /hello HTTP/1.2\r\n\r\n"),
        .answered("3.2 HTTP/1.0 needs none", "GET /hello HTTP/1.0\r\n\r\n", 200, closes: true),
        .refused("3.2 one Host", get + "Host: a\r\n\r\n"),
        .refused("3.2", get + "HOST: b\r\n\r\n"),
        .refused("3.2", "GET /hello HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n"),
        .refused("3.2 a valid Host", "GET /hello HTTP/1.1\r\nHost: a b\r\n\r\n"),
        .refused("3.2", "GET /hello HTTP/1.1\r\nHost: a,b\r\n\r\n"),
        .refused("3.2", "GET /hello HTTP/1.1\r\nHost: a/b\r\n\r\n"),
        .refused("3.2", "GET /hello HTTP/1.1\r\nHost: a?b\r\n\r\n"),
        .refused("3.2", "GET /hello HTTP/1.1\r\nHost: user@a\r\n\r\n"),
        .refused("3.2", "GET /hello HTTP/1.1\r\nHost: a:port\r\n\r\n"),
        .refused("3.2", "GET /hello HTTP/1.1\r\nHost: http://a\r\n\r\n"),
        .refused("3.2", "GET /hello HTTP/1.1\r\nHost: [::1\r\n\r\n"),
        .refused("3.2", "GET /hello HTTP/1.1\r\nHost: \u{e9}\r\n\r\n"),
        .refused("3.2", "GET /hello HTTP/1.1\r\nHost:\r\n\r\n"),
        .answered("3.2", "GET /hello HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", 200),
        .answered("3.2", "GET /hello HTTP/1.1\r\nhost:\ta.example:8080 \r\n\r\n", 200),
        .answered("3.2", "GET /hello HTTP/1.1\r\nX: y\r\nHost: 127.0.0.1\r\n\r\n", 200),
        .refused("3.2.1 a path begins with a slash", "GET hello HTTP/1.1\r\nHost: a\r\n\r\n"),
        .answered("3.2.2 an absolute target", "GET http://a/hello HTTP/1.1\r\nHost: a\r\n\r\n", 200),
        .answered("3.2.2", "GET HTTP://A/hello?x HTTP/1.1\r\nHost: a\r\n\r\n", 200),
        .answered("3.2.2", "GET http://a HTTP/1.1\r\nHost: a\r\n\r\n", 404),
        .answered("3.2.2", "GET http://a/hello HTTP/1.0\r\n\r\n", 200, closes: true),
        .refused("3.2.2 it still needs a Host", "GET http://a/hello HTTP/1.1\r\n\r\n"),
        .refused("3.2.2 and the same one", "GET http://b/hello HTTP/1.1\r\nHost: a\r\n\r\n"),
        .refused("3.2.2", "GET http://user@a/hello HTTP/1.1\r\nHost: a\r\n\r\n"),
        .refused("3.2.2", "GET http:///hello HTTP/1.1\r\nHost: a\r\n\r\n"),
        .refused("3.2.2", "GET ftp://a/hello HTTP/1.1\r\nHost: a\r\n\r\n"),
        .refused("3.2.3 an authority is for CONNECT", "GET a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n"),
        .refused("3.2.3", "CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n", 501),
        .answered("3.2.4 an asterisk is for OPTIONS", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n" + next, 204, 200),
        .refused("3.2.4", "GET * HTTP/1.1\r\nHost: a\r\n\r\n"),
        .refused("3.2.4", "OPTIONS *x HTTP/1.1\r\nHost: a\r\n\r\n"),
    ]

    /// Section 5: header fields.
    static let fields: [RFC9112Case] = [
        .refused("5.1 no space before a colon", get + "X : y\r\n\r\n"),
        .refused("5.1", get + "X\t: y\r\n\r\n"),
        .refused("5.1", post + "Content-Length : 2\r\n\r\nok"),
        .refused("5.1", post + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n"),
        .answered(
            "5.1 spaces around a value are not of it", post + "Content-Length: \t 2 \t\r\n\r\nok" + next, 200, 200),
        .answered("5.1", get + "X:y\r\nEmpty:\r\nSpaces:  \r\n\r\n", 200),
        .refused("5.1 a name is a token", get + "X(y): z\r\n\r\n"),
        .refused("5.1", get + "X\u{e9}: y\r\n\r\n"),
        .refused("5.1", get + "X\0: y\r\n\r\n"),
        .refused("5.1", get + "X y: z\r\n\r\n"),
        .refused("5.1", get + "\"X\": y\r\n\r\n"),
        .refused("5.1", get + ": y\r\n\r\n"),
        .refused("5.1", get + "X\r\n\r\n"),
        .refused("5.1 no control character in a value", get + "X: a\0b\r\n\r\n"),
        .refused("5.1", get + "X: a\u{08}b\r\n\r\n"),
        .refused("5.1", get + "X: a\u{0b}b\r\n\r\n"),
        .refused("5.1", get + "X: a\u{7f}b\r\n\r\n"),
        .answered("5.1", get + "X: a\tb\r\n\r\n", 200),
        .refused("5.2 no line continues", get + "X: y\r\n z\r\n\r\n"),
        .refused("5.2", get + "X: y\r\n\tz\r\n\r\n"),
        .refused("5.2", get + "X: y\r\n \r\n\r\n"),
        .refused("5.2", post + "Content-Length: 1\r\n 0\r\n\r\n"),
        .refused("5.2", "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n"),
        .refused("5.4 of RFC 9110: too many fields", get + String(repeating: "X: y\r\n", count: 100) + "\r\n", 431),
        .refused("5.4 of RFC 9110: too long", get + "X: \(String(repeating: "y", count: 16 << 10))\r\n\r\n", 431),
    ]

    /// Section 6: where a body ends.
    static let bodies: [RFC9112Case] = [
        .answered("6 a length or a coding declares a body", post + "\r\n" + next, 200, 200),
        .refused("6.1 not both", post + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        .refused("6.1", post + "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n0\r\n\r\n"),
        .refused("6.1", post + "Transfer-Encoding: identity\r\nContent-Length: 2\r\n\r\nok"),
        .refused(
            "6.1 HTTP/1.0 has no codings", "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        .refused(
            "6.1", "POST /echo HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        .refused("6.1 an unknown coding", post + "Transfer-Encoding: gzip, chunked\r\n\r\n", 501),
        .refused("6.1", post + "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n", 501),
        .refused("6.1", post + "Transfer-Encoding: xchunked\r\n\r\n", 501),
        .refused("6.1 chunked once", post + "Transfer-Encoding: chunked, chunked\r\n\r\n"),
        .refused("6.1", post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"),
        .refused("6.3 chunked at the end", post + "Transfer-Encoding: chunked, gzip\r\n\r\n"),
        .refused("6.3", post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n"),
        .refused("6.1 a coding is a token", post + "Transfer-Encoding: \"chunked\"\r\n\r\n"),
        .refused("6.1", post + "Transfer-Encoding:\r\n\r\n"),
        .refused("6.1", post + "Transfer-Encoding: , chunked\r\n\r\n"),
        .refused("6.1", post + "Transfer-Encoding: chunked,\r\n\r\n"),
        .refused("6.1", post + "Transfer-Encoding: chunked;a=b\r\n\r\n"),
        .refused("6.1", post + "Transfer-Encoding: chunked chunked\r\n\r\n"),
        .answered("6.2 a length", post + "Content-Length: 2\r\n\r\nok" + next, 200, 200),
        .answered("6.2", post + "Content-Length: 0\r\n\r\n" + next, 200, 200),
        .answered("6.2", post + "Content-Length: 0002\r\n\r\nok" + next, 200, 200),
        .answered("6.2 the body may look like a request", post + "Content-Length: 32\r\n\r\n" + next, 200),
        .refused("6.3 an invalid length", post + "Content-Length: two\r\n\r\n"),
        .refused("6.3", post + "Content-Length: -2\r\n\r\n"),
        .refused("6.3", post + "Content-Length: +2\r\n\r\n"),
        .refused("6.3", post + "Content-Length: 0x2\r\n\r\n"),
        .refused("6.3", post + "Content-Length: 2.0\r\n\r\n"),
        .refused("6.3", post + "Content-Length: 2 2\r\n\r\n"),
        .refused("6.3", post + "Content-Length: 2_\r\n\r\n"),
        .refused("6.3", post + "Content-Length: \u{0662}\r\n\r\n"),
        .refused("6.3", post + "Content-Length:\r\n\r\n"),
        .refused("6.3", post + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n"),
        .refused("6.3 equal lengths are refused too", post + "Content-Length: 2\r\nContent-Length: 2\r\n\r\nok"),
        .refused("6.3", post + "Content-Length: 2, 2\r\n\r\nok"),
        .refused("6.2 no number is too large to read", post + "Content-Length: 18446744073709551618\r\n\r\n", 413),
        .refused("6.2", get + "Content-Length: 2\r\n\r\nok", 413),
    ]

    /// Section 7: chunked coding.
    static let codings: [RFC9112Case] = [
        .answered(
            "7 names of codings have no case", post + "Transfer-Encoding: ChunkED\r\n\r\n0\r\n\r\n" + next, 200, 200),
        .answered("7.1", chunked + "2\r\nok\r\n0\r\n\r\n" + next, 200, 200),
        .answered("7.1", chunked + "0\r\n\r\n" + next, 200, 200),
        .answered("7.1 zeros", chunked + "0002\r\nok\r\n000\r\n\r\n" + next, 200, 200),
        .answered(
            "7.1 hexadecimal in either case", chunked + "a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n" + next, 200,
            200),
        .answered("7.1 a chunk may hold framing", chunked + "7\r\n\r\n0\r\n\r\n\r\n0\r\n\r\n" + next, 200, 200),
        .refused("7.1 a size", chunked + "\r\nok\r\n"),
        .refused("7.1", chunked + "x\r\nok\r\n"),
        .refused("7.1", chunked + "-2\r\nok\r\n"),
        .refused("7.1", chunked + "+2\r\nok\r\n"),
        .refused("7.1", chunked + "0x2\r\nok\r\n"),
        .refused("7.1", chunked + " 2\r\nok\r\n"),
        .refused("7.1", chunked + "2 \r\nok\r\n"),
        .refused("7.1", chunked + "2\nok\r\n"),
        .refused("7.1", chunked + "2\rok\r\n"),
        .refused("7.1 no size is too large to read", chunked + "10000000000000002\r\nok\r\n", 413),
        .refused("7.1", chunked + "fffffffffffffffff\r\nok\r\n", 413),
        .refused("7.1 a chunk is as long as its size", chunked + "2\r\nokay\r\n0\r\n\r\n"),
        .refused("7.1", chunked + "3\r\nok\r\n0\r\n\r\n"),
        .refused("7.1", chunked + "2\r\nok\n0\r\n\r\n"),
        .refused("7.1", chunked + "2\r\nok\r0\r\n\r\n"),
        .refused("7.1", chunked + "2\r\nok0\r\n\r\n"),
        .answered(
            "7.1.1 extensions are ignored", chunked + "2;a;b=c;d=\"e;\\\"f\"\r\nok\r\n0;g\r\n\r\n" + next, 200, 200),
        .answered("7.1.1 with bad spaces", chunked + "2 ; a = b\r\nok\r\n0\t;g\r\n\r\n" + next, 200, 200),
        .refused("7.1.1 they are tokens", chunked + "2;bad[=x\r\nok\r\n"),
        .refused("7.1.1", chunked + "2;a=[\r\nok\r\n"),
        .refused("7.1.1", chunked + "2;\r\nok\r\n"),
        .refused("7.1.1", chunked + "2;a=\r\nok\r\n"),
        .refused("7.1.1", chunked + "2;a=\"b\r\nok\r\n"),
        .refused("7.1.1", chunked + "2;a\nok\r\n"),
        .refused("7.1.1", chunked + "2;a\rb\r\nok\r\n"),
        .refused("7.1.1 they are limited", chunked + "2;\(String(repeating: "a", count: 257))\r\nok\r\n"),
        .answered("7.1.2 trailers are ignored", chunked + "2\r\nok\r\n0\r\nX: y\r\nEmpty:\r\n\r\n" + next, 200, 200),
        .answered(
            "7.1.2 also those that frame", chunked + "0\r\nContent-Length: 9\r\nHost: b\r\n\r\n" + next, 200, 200),
        .answered("7.1.2", chunked + "0\r\nTransfer-Encoding: gzip\r\nConnection: close\r\n\r\n" + next, 200, 200),
        .refused("7.1.2 they are fields", chunked + "0\r\nX : y\r\n\r\n"),
        .refused("7.1.2", chunked + "0\r\n X: y\r\n\r\n"),
        .refused("7.1.2", chunked + "0\r\nX: y\n\r\n"),
        .refused("7.1.2", chunked + "0\r\nX: \0\r\n\r\n"),
        .refused("7.1.2", chunked + "0\r\nX\r\n\r\n"),
        .refused("7.1.2", chunked + "0\r\n\n"),
        .refused("7.1.2 they are limited", chunked + "0\r\nX: \(String(repeating: "y", count: 4096))\r\n\r\n", 431),
        .refused("7.2 compression is not known here", post + "Transfer-Encoding: x-gzip, chunked\r\n\r\n", 501),
        .refused("7.2", post + "Transfer-Encoding: deflate, chunked\r\n\r\n", 501),
        .answered(
            "7.4 TE changes nothing", get + "Connection: TE\r\nTE: trailers, gzip;q=0.5\r\n\r\n" + next, 200, 200),
    ]

    /// Section 9: whether another request follows.
    static let connections: [RFC9112Case] = [
        .answered("9.3 HTTP/1.1 goes on", next + next, 200, 200),
        .answered("9.3 a later HTTP/1 too", "GET /hello HTTP/1.2\r\nHost: a\r\n\r\n" + next, 200, 200),
        .answered("9.3 HTTP/1.0 does not", "GET /hello HTTP/1.0\r\n\r\n" + next, 200, closes: true),
        .answered(
            "9.3 unless asked", "GET /hello HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n" + next, 200, 200),
        .answered("9.3 close wins", get + "Connection: keep-alive, close\r\n\r\n" + next, 200, closes: true),
        .answered(
            "9.3", "GET /hello HTTP/1.0\r\nConnection: keep-alive\r\nConnection: close\r\n\r\n" + next, 200,
            closes: true),
        .answered("9.3 after an error too", "GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n" + next, 404, 200),
        .answered(
            "9.3.2 answers are in order", "DELETE /nothing HTTP/1.1\r\nHost: a\r\n\r\n" + next + post + "\r\n", 204,
            200, 200),
        .answered("9.3.2 a refusal is the last", next + "BAD\r\n\r\n" + next, 200, 400, closes: true),
        .answered("9.6 nothing after close", get + "Connection: close\r\n\r\n" + next, 200, closes: true),
        .answered("9.6 options have no case", get + "Connection: Close\r\n\r\n" + next, 200, closes: true),
        .answered("9.6 options are a list", get + "Connection: x,\tclose ,y\r\n\r\n" + next, 200, closes: true),
        .answered("9.6 of whole words", get + "Connection: closed, not-close\r\n\r\n" + next, 200, 200),
        .answered(
            "9.6 with a body", post + "Connection: close\r\nContent-Length: 2\r\n\r\nok" + next, 200, closes: true),
        .answered(
            "9.6 an unread body ends it", "POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nok" + next,
            404,
            closes: true),
        .answered("9 no upgrade", get + "Connection: upgrade\r\nUpgrade: h2c\r\n\r\n" + next, 200, 200),
    ]
}
