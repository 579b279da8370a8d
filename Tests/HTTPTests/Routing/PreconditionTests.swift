import Foundation
import HTTPTypes
import Testing

@testable import HTTP

/// `If-Match`, `If-None-Match`, `Range` and `If-Range`, as sections 13 and 14 of RFC 9110 have them.
@Suite struct PreconditionTests {
    static let content = Array("0123456789".utf8)

    private func router() -> Router {
        var router = Router()
        let tagged: @Sendable (String) -> ServerResponse = { tag in
            ServerResponse(
                fields: [.eTag: tag, .contentType: "image/png", .acceptRanges: "bytes"], body: .bytes(Self.content))
        }
        router.add(
            Route(.get, "/strong", access: .anyone, execution: .loop) { _ in .now(tagged("\"a\"")) },
            Route(.get, "/weak", access: .anyone, execution: .loop) { _ in .now(tagged("W/\"a\"")) },
            Route(.get, "/whole", access: .anyone, execution: .loop) { _ in
                .now(ServerResponse(fields: [.eTag: "\"a\""], body: .bytes(Self.content)))
            },
            Route(.get, "/plain", access: .anyone, execution: .loop) { _ in text("0123456789") },
            Route(.get, "/empty", access: .anyone, execution: .loop) { _ in
                .now(ServerResponse(fields: [.eTag: "\"a\"", .acceptRanges: "bytes"], body: .bytes([])))
            },
            Route(.put, "/thing", access: .anyone, execution: .loop) { _ in text("put") },
            Route(.delete, "/thing", access: .anyone, execution: .loop) { _ in text("deleted") },
            Route(.post, "/thing", access: .anyone, execution: .loop) { _ in text("posted") })
        return router
    }

    /// The reply to a request with these fields, as a client sees it.
    private func ask(_ method: String, _ path: String, _ fields: [String]) -> (
        status: String, head: String, body: String
    ) {
        let memory = MemoryConnection(router())
        let lines = ["\(method) \(path) HTTP/1.1", "Host: a"] + fields
        memory.receive([Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)])
        let parts = memory.sent.components(separatedBy: "\r\n\r\n")
        return (String(memory.sent.dropFirst(9).prefix(3)), parts[0] + "\r\n", parts.dropFirst().joined())
    }

    @Test(arguments: [
        ("0-0", 0..<1), ("0-9", 0..<10), ("2-5", 2..<6), ("5-", 5..<10), ("9-", 9..<10), ("0-99", 0..<10),
        ("-3", 7..<10), ("-10", 0..<10), ("-99", 0..<10), ("007-0008", 7..<9), (" 2-5 ", 2..<6),
        ("3-99999999999999999999999", 3..<10), ("-99999999999999999999999", 0..<10),
    ])
    func `one range is answered with its bytes`(spec: String, range: Range<Int>) {
        let reply = ask("GET", "/strong", ["Range: bytes=\(spec)"])
        #expect(reply.status == "206")
        #expect(reply.body == String(decoding: Self.content[range], as: UTF8.self))
        #expect(reply.head.contains("\r\nContent-Range: bytes \(range.lowerBound)-\(range.upperBound - 1)/10\r\n"))
        #expect(reply.head.contains("\r\nContent-Length: \(range.count)\r\n"))
        #expect(reply.head.contains("\r\nETag: \"a\"\r\n") && reply.head.contains("\r\nContent-Type: image/png\r\n"))
    }

    @Test(arguments: ["10-", "10-12", "99999999999999999999999-", "-0", "-000"])
    func `a range beyond the content is a 416 with its length`(spec: String) {
        let reply = ask("GET", "/strong", ["Range: bytes=\(spec)"])
        #expect(reply.status == "416")
        #expect(reply.head.contains("\r\nContent-Range: bytes */10\r\n"))
    }

    @Test(arguments: [
        "bytes=5-2", "bytes=99999999999999999999999-99999999999999999999998", "bytes=", "bytes=-", "bytes=a-b",
        "bytes=1-2-3", "bytes 1-2", "items=1-2", "bytes=0-1,3-4", "bytes=+1-2", "bytes=1", "0-1",
    ])
    func `any other range is ignored`(field: String) {
        let reply = ask("GET", "/strong", ["Range: \(field)"])
        #expect(reply.status == "200" && reply.body == "0123456789")
        #expect(reply.head.contains("\r\nAccept-Ranges: bytes\r\n"))
    }

    @Test func `the unit of a range may be in capitals`() {
        #expect(ask("GET", "/strong", ["Range: BYTES=1-1"]).body == "1")
    }

    @Test func `only GET of a strong version that offers ranges has them`() {
        let head = ask("HEAD", "/strong", ["Range: bytes=0-0"])
        #expect(head.status == "200" && head.head.contains("\r\nContent-Length: 10\r\n"))
        for path in ["/weak", "/whole", "/plain"] {
            let reply = ask("GET", path, ["Range: bytes=0-0"])
            #expect(reply.status == "200" && reply.body == "0123456789")
        }
        #expect(ask("GET", "/empty", ["Range: bytes=0-"]).status == "416")
        #expect(ask("GET", "/empty", ["Range: bytes=-1"]).status == "200")
    }

    @Test(arguments: [
        ("\"a\"", "206"), ("\"b\"", "200"), ("W/\"a\"", "200"), ("Sun, 06 Nov 1994 08:49:37 GMT", "200"), ("a", "200"),
        ("*", "200"), ("\"a\", \"b\"", "200"),
    ])
    func `a part is sent only of the version that If-Range names`(field: String, status: String) {
        #expect(ask("GET", "/strong", ["Range: bytes=0-0", "If-Range: \(field)"]).status == status)
        #expect(
            ask("GET", "/strong", ["Range: bytes=10-", "If-Range: \(field)"]).status
                == (status == "206" ? "416" : "200"))
    }

    @Test func `If-Range without Range does nothing`() {
        #expect(ask("GET", "/strong", ["If-Range: \"a\""]).status == "200")
    }

    @Test(arguments: [
        (["If-Match: \"a\""], "200"), (["If-Match: *"], "200"), (["If-Match: \"b\", \"a\""], "200"),
        (["If-Match: \"b\""], "412"), (["If-Match: W/\"a\""], "412"), (["If-Match: a"], "412"),
        (["If-None-Match: \"a\""], "304"), (["If-None-Match: W/\"a\""], "304"), (["If-None-Match: \"b\""], "200"),
        (["If-Match: \"b\"", "If-None-Match: \"a\""], "412"), (["If-Match: \"a\"", "If-None-Match: \"a\""], "304"),
        (["If-None-Match: \"a\"", "Range: bytes=0-0"], "304"), (["If-None-Match: \"b\"", "Range: bytes=0-0"], "206"),
        (["If-Match: \"b\"", "Range: bytes=0-0"], "412"), (["If-Match: \"a\"", "Range: bytes=99-"], "416"),
        (["If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT"], "200"),
        (["If-Modified-Since: Sun, 06 Nov 2094 08:49:37 GMT"], "200"),
    ])
    func `preconditions come in the order of the standard`(fields: [String], status: String) {
        let reply = ask("GET", "/strong", fields)
        #expect(reply.status == status)
        if status == "304" {
            #expect(
                reply.body.isEmpty && reply.head.contains("ETag: \"a\"") && !reply.head.contains("\r\nContent-Type:"))
        }
        guard !fields.contains(where: { $0.hasPrefix("Range") }) else { return }
        #expect(ask("HEAD", "/strong", fields).status == status)
    }

    @Test(arguments: ["PUT", "DELETE", "POST"])
    func `a change is not made for a version that cannot be the current one`(method: String) {
        #expect(ask(method, "/thing", ["If-Match: \"a\""]).status == "412")
        #expect(ask(method, "/thing", ["If-Match: *"]).status == "200")
        #expect(ask(method, "/thing", ["If-None-Match: \"a\""]).status == "200")
        #expect(ask(method, "/thing", ["If-None-Match: *"]).status == (method == "PUT" ? "200" : "412"))
        #expect(ask(method, "/thing", []).status == "200")
    }

    @Test func `a part of a large file is sent from the disk`() throws {
        let folder = try TemporaryFolder()
        let content = someBytes(3 << 20)
        try Data(content).write(to: URL(fileURLWithPath: folder.path + "/big.bin"))
        var router = Router()
        router.serve(try StaticFiles(folder: folder.path))
        try withServer(router) { _, address in
            for range in [0..<1, 1_000_000..<2_500_000, (3 << 20) - 1..<3 << 20] {
                let client = try RawClient(address)
                try client.send(
                    "GET /big.bin HTTP/1.1\r\nHost: a\r\nRange: bytes=\(range.lowerBound)-\(range.upperBound - 1)\r\n\r\n"
                )
                let reply = try client.reply()
                #expect(reply.status == 206 && reply.body == Array(content[range]))
            }
        }
    }
}
