import Foundation
import HTTPTypes
import Testing

@testable import HTTP

@Suite struct MultipartTests {
    static let form = [
        "--x-1", #"Content-Disposition: form-data; name="options""#, "", "{}", "--x-1",
        #"content-disposition: Form-Data; name=image; filename="a \"b\" \\ C:\d é.jpg""#, "Content-Type: image/jpeg",
        "X-Other: y", "", "line\r\n--x-\r\n\r\n", "--x-1", #"Content-Disposition: form-data; name="empty""#, "", "",
        "--x-1--",
    ].joined(separator: "\r\n")

    /// The parts of a body, with their content.
    static func parts(
        _ body: RequestBody, boundary: String = "x-1", limits: MultipartLimits = MultipartLimits()
    ) throws -> [(part: MultipartPart, content: String)] {
        var reader = try MultipartReader(body, boundary: boundary, limits: limits)
        var parts: [(part: MultipartPart, content: String)] = []
        while let part = try reader.next() {
            parts.append((part, String(decoding: try reader.bytes(of: part, limit: 1 << 30), as: UTF8.self)))
        }
        #expect(try reader.next() == nil)
        return parts
    }

    static func parts(_ text: String, limits: MultipartLimits = MultipartLimits()) throws -> [String] {
        try parts(.bytes(Array(text.utf8)), limits: limits).map(\.content)
    }

    @Test(arguments: [form, form + "\r\n", "\r\n" + form])
    func `parts are read with their names, types and places`(form: String) throws {
        let parts = try Self.parts(.bytes(Array(form.utf8)))
        #expect(parts.map(\.part.name) == ["options", "image", "empty"])
        #expect(parts.map(\.part.filename) == [nil, #"a "b" \ C:\d é.jpg"#, nil])
        #expect(parts.map(\.part.contentType?.essence) == [nil, "image/jpeg", nil])
        #expect(parts.map(\.content) == ["{}", "line\r\n--x-\r\n\r\n", ""])
        let first = try #require(parts.first?.part.range)
        #expect(Array(form.utf8)[first] == Array("{}".utf8)[...])
    }

    @Test func `a file is read through a window, wherever a delimiter falls`() throws {
        let folder = try TemporaryFolder()
        for shift in stride(from: 65_400, through: 65_560, by: 5) {
            let contents = [shift, 70_000, 0, 131_000].map { [UInt8](repeating: 13, count: $0) }
            var body: [UInt8] = []
            for content in contents {
                body += Array("--x-1\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n".utf8) + content + [13, 10]
            }
            body += Array("--x-1--\r\n".utf8)
            let path = "\(folder.path)/body"
            try Data(body).write(to: URL(fileURLWithPath: path))
            var reader = try MultipartReader(file: OpenFile(path: path), boundary: "x-1")
            for content in contents {
                let part = try #require(try reader.next())
                #expect(part.range.count == content.count)
                #expect(try reader.bytes(of: part, limit: 1 << 20) == content)
            }
            #expect(try reader.next() == nil)
        }
    }

    static let malformed: [(String, String)] = [
        ("", "begin"), ("--x-2--", "begin"), ("text\r\n" + form, "begin"), ("\n" + form, "begin"),
        ("--x-1 \r\n", "delimiter"), ("--x-1x\r\n", "delimiter"), ("--x-1\n\n", "delimiter"), (form + "x", "closing"),
        (form + "\r\nepilogue", "closing"), ("--x-1\r\n\r\nno name\r\n--x-1--", "Content-Disposition"),
        ("--x-1\r\nContent-Disposition: form-data\r\n\r\n\r\n--x-1--", "Content-Disposition"),
        ("--x-1\r\nContent-Disposition: attachment; name=a\r\n\r\n\r\n--x-1--", "Content-Disposition"),
        ("--x-1\r\nContent-Disposition: form-data; name=a; name=b\r\n\r\n\r\n--x-1--", "Content-Disposition"),
        ("--x-1\r\nContent-Disposition: form-data; name=\"a\r\n\r\n\r\n--x-1--", "Content-Disposition"),
        (
            "--x-1\r\nContent-Disposition: form-data; name=a; filename*=UTF-8''b\r\n\r\n\r\n--x-1--",
            "Content-Disposition"
        ),
        (
            "--x-1\r\nContent-Disposition: form-data; name=a\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n--x-1--",
            "Content-Disposition"
        ),
        ("--x-1\r\nContent-Disposition: form-data; name=a\r\nContent-Type: jpeg\r\n\r\n\r\n--x-1--", "Content-Type"),
        ("--x-1\r\nContent-Disposition: form-data; name=a\r\nNo colon\r\n\r\n\r\n--x-1--", "header line"),
        ("--x-1\r\nContent-Disposition : form-data; name=a\r\n\r\n\r\n--x-1--", "header line"),
        ("--x-1\r\nContent-Disposition: form-data; name=a\r\n folded\r\n\r\n\r\n--x-1--", "header line"),
        ("--x-1\r\nContent-Disposition: form-data; name=a\nX: y\r\n\r\n\r\n--x-1--", "header line"),
        (
            "--x-1\r\nContent-Disposition: form-data; name=a\r\nContent-Transfer-Encoding: base64\r\n\r\n\r\n--x-1--",
            "transfer encoding"
        ),
    ]

    @Test(arguments: malformed)
    func `anything else is refused`(text: String, reason: String) {
        let error = #expect(throws: MultipartError.self) { try Self.parts(text) }
        #expect(error?.problem.status == .badRequest)
        if case .malformed(let found, _) = error { #expect(found.contains(reason)) } else { #expect(text.isEmpty) }
    }

    @Test func `a body cut anywhere is truncated or malformed, never a shorter form`() {
        for length in 0..<Self.form.utf8.count {
            #expect(throws: MultipartError.self, "cut at \(length)") {
                try Self.parts(.bytes(Array(Self.form.utf8.prefix(length))))
            }
        }
    }

    @Test func `parts, header bytes, header lines and a part's size have limits`() throws {
        #expect(try Self.parts(Self.form, limits: MultipartLimits(parts: 3)).count == 3)
        #expect(throws: MultipartError.tooManyParts(limit: 2)) {
            try Self.parts(Self.form, limits: MultipartLimits(parts: 2))
        }
        #expect(throws: MultipartError.headersTooLarge(limit: 100)) {
            try Self.parts(Self.form, limits: MultipartLimits(headerBytes: 100))
        }
        #expect(throws: MultipartError.headersTooLarge(limit: 2)) {
            try Self.parts(Self.form, limits: MultipartLimits(headerLines: 2))
        }
        var reader = try MultipartReader(.bytes(Array(Self.form.utf8)), boundary: "x-1")
        let part = try #require(try reader.next())
        #expect(throws: MultipartError.partTooLarge(name: "options", limit: 1)) { try reader.bytes(of: part, limit: 1) }
    }

    @Test(arguments: [
        ("multipart/form-data; boundary=x", "x"), ("Multipart/Form-Data; boundary=\"a b\"", "a b"),
        ("multipart/form-data", nil), ("multipart/mixed; boundary=x", nil), ("multipart/form-data; boundary=\"\"", nil),
        ("multipart/form-data; boundary=\"a \"", nil), ("multipart/form-data; boundary=\"\u{e9}\"", nil), (nil, nil),
        ("multipart/form-data; boundary=\(String(repeating: "x", count: 71))", nil),
    ])
    func `the boundary comes from the content type`(contentType: String?, boundary: String?) {
        #expect(MultipartReader.boundary(ofContentType: contentType) == boundary)
    }
}
