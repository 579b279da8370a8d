import HTTPTypes
import Testing

@testable import HTTP

@Suite struct ChunkedDecoderTests {
    static let coded = Array(
        "5\r\nhello\r\n1;a=b;c=\"d e\"\r\n \r\n00006\r\nworld!\r\n0\r\nX: y\r\nEmpty:\r\n\r\n".utf8)

    /// Decodes pieces one after another; nil if the end has not been reached.
    static func decode(_ pieces: [[UInt8]]) throws(HTTPProblem) -> (content: [UInt8], rest: [UInt8])? {
        var decoder = ChunkedDecoder(extensionLimit: 16, trailerLimit: 32)
        var content: [UInt8] = []
        for piece in pieces {
            var rest = piece
            loop: while !rest.isEmpty {
                switch try decoder.step(rest.span) {
                case .needsMore: break loop
                case .data(let range):
                    content += rest[range]
                    rest.removeFirst(range.upperBound)
                case .end(let end): return (content, Array(rest[end...]))
                }
            }
        }
        return nil
    }

    @Test(arguments: 0...coded.count)
    func `the content is the same wherever it is split`(split: Int) throws {
        let pieces = [Array(Self.coded[..<split]), Array(Self.coded[split...] + Array("GET".utf8))]
        let decoded = try Self.decode(pieces)
        #expect(decoded?.content == Array("hello world!".utf8))
        #expect(decoded?.rest == Array("GET".utf8) || split == Self.coded.count && decoded?.rest == [])
    }

    @Test func `the content is the same byte by byte`() throws {
        #expect(try Self.decode(Self.coded.map { [$0] })?.content == Array("hello world!".utf8))
    }

    @Test(arguments: 0..<coded.count)
    func `no proper prefix is the end`(length: Int) throws {
        #expect(try Self.decode([Array(Self.coded.prefix(length))]) == nil)
    }

    @Test(arguments: [
        ";a", ";a=b", ";a;b=c;d", ";a=\"\"", ";a=\"b;c=d\"", ";a=\"\\\"\"", ";a=\"\\x\"", ";a=\"\t\u{e9}\"", " ;a",
        " ; a", ";\ta = b",
        ";a= \"b\" ;c",
    ])
    func `extensions are names with tokens or quoted strings, and are ignored`(extensions: String) throws {
        let bytes = Array("5\(extensions)\r\nhello\r\n0\(extensions)\r\n\r\n".utf8)
        #expect(try Self.decode([bytes])?.content == Array("hello".utf8))
        #expect(try Self.decode(bytes.map { [$0] })?.content == Array("hello".utf8))
    }

    static let malformed: [(String, Int)] = [
        ("\r\n", 400), ("x\r\n", 400), (" 5\r\nhello\r\n", 400), ("5 \r\nhello\r\n", 400), ("0x5\r\nhello\r\n", 400),
        ("+5\r\nhello\r\n", 400), ("-5\r\nhello\r\n", 400), ("5\nhello\r\n", 400), ("5\rhello\r\n", 400),
        ("5\r\nhello0\r\n\r\n", 400), ("5\r\nhello\n0\r\n\r\n", 400), ("5\r\nhello\r0\r\n\r\n", 400),
        ("5\r\nhello!\r\n0\r\n\r\n", 400), ("5;\r\nhello\r\n", 400), ("5;a[\r\nhello\r\n", 400),
        ("5;bad[=x\r\nhello\r\n", 400), ("5;a=\r\nhello\r\n", 400), ("5;a=b[\r\nhello\r\n", 400),
        ("5;=b\r\nhello\r\n", 400),
        ("5;a b\r\nhello\r\n", 400), ("5;a=b c\r\nhello\r\n", 400), ("5;a=b \r\nhello\r\n", 400),
        ("5;a=\"b\r\nhello\r\n", 400),
        ("5;a=\"b\"c\r\nhello\r\n", 400), ("5;a=\"\u{01}\"\r\nhello\r\n", 400), ("5;a=\"\\\u{7f}\"\r\nhello\r\n", 400),
        ("5;;a\r\nhello\r\n", 400), ("5;a;\r\nhello\r\n", 400), ("5 a\r\nhello\r\n", 400),
        ("5;a=b=c\r\nhello\r\n", 400),
        (";x\r\n", 400), ("5;a\u{01}\r\nhello\r\n", 400), ("5;a\nhello\r\n", 400),
        ("5;aaaaaaaaaaaaaaaaa\r\nhello\r\n", 400), ("ffffffffffffffff\r\n", 413), ("10000000000000000\r\n", 413),
        ("0\r\n\n", 400), ("0\r\n\rX", 400), ("0\r\nX y\r\n\r\n", 400), ("0\r\n X: y\r\n\r\n", 400),
        ("0\r\n: y\r\n\r\n", 400),
        ("0\r\nX : y\r\n\r\n", 400), ("0\r\nX: \0\r\n\r\n", 400), ("0\r\nX: y\n\r\n", 400),
        ("0\r\nX: \(String(repeating: "y", count: 32))\r\n\r\n", 431),
    ]

    @Test(arguments: malformed)
    func `anything else is refused, wherever it is split`(text: String, status: Int) {
        let bytes = Array(text.utf8)
        for split in 0...bytes.count {
            let problem = #expect(throws: HTTPProblem.self, "\(text.debugDescription) split at \(split)") {
                try Self.decode([Array(bytes[..<split]), Array(bytes[split...])])
            }
            #expect(problem?.status.code == status, "\(text.debugDescription) split at \(split)")
        }
    }
}
