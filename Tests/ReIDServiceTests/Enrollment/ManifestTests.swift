import Datasets
import Foundation
import Gallery
import Testing

@testable import ReIDService

@Suite struct ManifestTests {
    private func read(_ line: String, _ style: ManifestItem.Style = .named) throws(ManifestError) -> ManifestItem {
        try ManifestItem(line: Array(line.utf8), style: style)
    }

    @Test func `every member is read`() throws {
        let item = try read(
            #"""
            {"image": "in/a.jpg", "external_id": "e", "person_id": "0042", "camera_id": "c3",
             "captured_at": "2026-11-22T10:00:00.5Z", "box": [1, 2, 30, 40]}
            """#)
        #expect(item.image == "in/a.jpg")
        #expect(item.externalID == "e")
        #expect(item.personID == "0042")
        #expect(item.cameraID == "c3")
        #expect(item.capturedAt == Timestamp(rfc3339: "2026-11-22T10:00:00.5Z"))
        #expect(item.box == .init(x: 1, y: 2, width: 30, height: 40))
    }

    @Test func `only the image is needed, and null is absent`() throws {
        #expect(try read(#"{"image": "a.jpg"}"#) == ManifestItem(image: "a.jpg"))
        #expect(try read(#"{"image": "a.jpg", "person_id": null, "box": null}"#) == ManifestItem(image: "a.jpg"))
    }

    @Test func `an inline image and an inline vector are read`() throws {
        #expect(try read(#"{"image_base64": "AQID"}"#, .inline).imageBytes == [1, 2, 3])
        let vector = try read(#"{"embedding": [0.5, -2, 1e-3], "model": "sha256:00"}"#, .inline)
        #expect(vector.embedding == [0.5, -2, 1e-3])
        #expect(vector.model == "sha256:00")
    }

    static let known = ["image", "external_id", "person_id", "camera_id", "captured_at", "box"]

    @Test func `an unknown member is told which ones are known`() throws {
        #expect(
            "\(ManifestError.unknownMember("person", known: Self.known))"
                == #"has the unknown member "person"; known are image, external_id, person_id, camera_id, captured_at, box"#
        )
        let inline = Self.known + ["embedding", "model", "image_base64"]
        #expect(throws: ManifestError.unknownMember("person", known: inline)) {
            try read(#"{"image_base64": "AQID", "person": "1"}"#, .inline)
        }
    }

    @Test func `a time may have an offset`() throws {
        let item = try read(#"{"image": "a", "captured_at": "2026-11-22T11:00:00+01:00"}"#)
        #expect(item.capturedAt == Timestamp(rfc3339: "2026-11-22T10:00:00Z"))
    }

    @Test(arguments: [
        (#"{"image": "a", "person": "1"}"#, ManifestError.unknownMember("person", known: Self.known)),
        (#"{"image": "a", "zz": 1, "Image": 2}"#, .unknownMember("Image", known: Self.known)),
        (#"{"person_id": "1"}"#, .missingMember("image")), (#"{}"#, .missingMember("image")),
        (#"{"image": null}"#, .missingMember("image")), (#"[]"#, .notAnObject), (#""a""#, .notAnObject),
        (#"{"image": "a""#, .notAnObject), ("a.jpg", .notAnObject), ("\u{FEFF}", .notAnObject),
        (#"{"image": "a"} {"image": "b"}"#, .notAnObject),
        (#"{"image": 1}"#, .wrongType(member: "image", expected: "a string")),
        (#"{"image": "a", "person_id": 42}"#, .wrongType(member: "person_id", expected: "a string")),
        (#"{"image": "a", "person_id": ""}"#, .wrongType(member: "person_id", expected: TextLimits.expectation())),
        (
            #"{"image": "a", "box": [1, 2, 3.5, 4]}"#,
            .wrongType(member: "box", expected: "four integers [x, y, width, height]")
        ),
        (
            #"{"image": "a", "box": [1, 2, 3]}"#,
            .wrongType(member: "box", expected: "four integers [x, y, width, height]")
        ),
        (
            #"{"image": "a", "box": [1, 2, 0, 4]}"#,
            .unacceptable(member: "box", reason: "has a negative corner or an empty side")
        ),
        (
            #"{"image": "a", "box": [-1, 2, 3, 4]}"#,
            .unacceptable(member: "box", reason: "has a negative corner or an empty side")
        ),
        (
            #"{"image": "a", "box": [9223372036854775807, 2, 3, 4]}"#,
            .unacceptable(member: "box", reason: "has a negative corner or an empty side")
        ),
        (
            #"{"image": "a", "captured_at": "yesterday"}"#,
            .unacceptable(member: "captured_at", reason: "is not an RFC 3339 time like 2026-11-22T10:00:00Z")
        ),
        (
            #"{"image": "a", "embedding": [1], "model": "m"}"#,
            .unacceptable(member: "embedding", reason: "is only for application/x-ndjson batches")
        ),
        (#"{"image": "a", "person_id": "1", "person_id": "2"}"#, .repeatedMember("person_id")),
        (#"{"image": "a", "person_id": "1", "person\u005fid": "1"}"#, .repeatedMember("person_id")),
        (#"{"image": "a", "person_id": null, "image": "a"}"#, .repeatedMember("image")),
        (#"{"image": "a", "person_id": "1", }"#, .trailingComma(after: "person_id")),
        (#"{"image": "a", "box": [1, 2, 3, 4,], "person_id": "1"}"#, .trailingComma(after: "box")),
        ("{,}", .trailingComma(after: nil)), ("\u{FEFF}{\"image\": \"a\"}", .notAnObject),
    ])
    func `a bad line says what is wrong`(line: String, error: ManifestError) {
        #expect(throws: error) { try read(line) }
    }

    @Test(arguments: [String.Encoding.utf16LittleEndian, .utf16BigEndian, .utf16, .utf32LittleEndian])
    func `a line in another encoding than UTF-8 is refused`(encoding: String.Encoding) throws {
        let line = try #require(#"{"image": "a"}"#.data(using: encoding))
        #expect(throws: ManifestError.notAnObject) { try ManifestItem(line: Array(line), style: .named) }
    }

    @Test func `names in inner objects and in values are not members of the line`() throws {
        #expect(try read(#"{"image": "\"image\",}", "person_id": "image"}"#).personID == "image")
        #expect(jsonFault(in: Array(#"{"a": {"b": 1, "c": 2}, "b": [{"c": 1}, {"c": 2}]}"#.utf8)) == nil)
        #expect(jsonFault(in: Array(#"{"a": {"b": [], "b": 2}}"#.utf8)) == .repeatedMember("b"))
        #expect(jsonFault(in: Array(#"{"a": {"b": [{},], "b": 2}}"#.utf8)) == .trailingComma(after: "b"))
    }

    @Test func `a line's fault is told in a sentence`() {
        #expect("\(ManifestError.repeatedMember("box"))" == #"has the member "box" more than once"#)
        #expect(
            "\(ManifestError.trailingComma(after: "box"))"
                == #"has a comma after the member "box" that nothing follows"#)
        #expect("\(ManifestError.trailingComma(after: nil))" == "has a comma that nothing follows")
    }

    @Test func `a byte order mark is skipped before the first line, and only there`() throws {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let line = Array(#"{"image_base64": "AQID"}"#.utf8)
        let index = try BatchIndex(lines: .bytes(mark + line + [0x0A] + mark + line))
        #expect(
            index.entries == [
                .line(.init(number: 1, range: 3..<3 + line.count)),
                .line(.init(number: 2, range: 4 + line.count..<7 + 2 * line.count)),
            ])
        #expect(throws: ContainerError.empty) { try BatchIndex(lines: .bytes(mark)) }
    }

    @Test(arguments: [
        (#"{"image": "a.jpg"}"#, ManifestError.missingMember("image_base64 or embedding")),
        (#"{"image_base64": "*"}"#, .unacceptable(member: "image_base64", reason: "is not base 64")),
        (#"{"embedding": [1]}"#, .missingMember("model, which an embedding needs")),
        (#"{"embedding": [], "model": "m"}"#, .unacceptable(member: "embedding", reason: "is zero or not finite")),
        (#"{"embedding": [0, 0], "model": "m"}"#, .unacceptable(member: "embedding", reason: "is zero or not finite")),
        (#"{"embedding": ["1"], "model": "m"}"#, .wrongType(member: "embedding", expected: "an array of numbers")),
        (
            #"{"image_base64": "AQID", "model": "m"}"#,
            .unacceptable(member: "model", reason: "has no embedding beside it")
        ),
    ])
    func `a bad inline line says what is wrong`(line: String, error: ManifestError) {
        #expect(throws: error) { try read(line, .inline) }
    }

    @Test func `lines are found whatever their ends`() throws {
        let text = "{\"a\":1}\r\n\n  \t\n{}\nlast"
        var scanner = LineScanner(.bytes(Array(text.utf8)), 0..<text.utf8.count)
        #expect(try scanner.next() == .init(number: 1, range: 0..<8))
        #expect(try scanner.next() == .init(number: 4, range: 14..<16))
        #expect(try scanner.next() == .init(number: 5, range: 17..<21))
        #expect(try scanner.next() == nil)
        #expect(try scanner.next() == nil)
    }

    @Test func `a line may be longer than what is read at once`() throws {
        let long = [UInt8](repeating: 0x61, count: 600_000)
        let text = long + [0x0A] + [UInt8](repeating: 0x62, count: 262_144) + [0x0A, 0x63]
        var scanner = LineScanner(.bytes(text), 0..<text.count)
        #expect(try scanner.next()?.range == 0..<600_000)
        #expect(try scanner.next()?.range == 600_001..<862_145)
        #expect(try scanner.next() == .init(number: 3, range: 862_146..<862_147))
        #expect(try scanner.next() == nil)
    }

    @Test func `the lines of a part of a body are counted from one`() throws {
        var scanner = LineScanner(.bytes(Array("xx{}\n{}xx".utf8)), 2..<7)
        #expect(try scanner.next() == .init(number: 1, range: 2..<4))
        #expect(try scanner.next() == .init(number: 2, range: 5..<7))
        #expect(try scanner.next() == nil)
    }
}
