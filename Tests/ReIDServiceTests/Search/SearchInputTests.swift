import Datasets
import Foundation
import HTTP
import HTTPTypes
import Imaging
import Testing

@testable import ReIDService

/// Bad inputs of a search: each has its own status and a message that says what is wrong.
@Suite struct SearchInputTests {
    private func expectProblem(
        _ response: ServerResponse, _ status: Int, _ kind: String, mentions text: String? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        #expect(response.status.code == status, "\(response.said)", sourceLocation: sourceLocation)
        #expect(response.fields[.contentType] == "application/problem+json", sourceLocation: sourceLocation)
        let type = try response.object["type"]
        #expect(type == .text("urn:reid:" + kind), "\(response.said)", sourceLocation: sourceLocation)
        #expect(try response.object["instance"] == .text("test"), sourceLocation: sourceLocation)
        if let text { #expect(try response.text.contains(text), "\(response.said)", sourceLocation: sourceLocation) }
    }

    private static let target = "/v1/galleries/lobby/search"
    private var target: String { Self.target }

    @Test func `a text, an empty body and a wrong media type are refused, each in its own way`() throws {
        try withService { service in
            try service.makeGallery("lobby")
            let image = try TestImage(seed: 1).bytes
            try expectProblem(
                try service.post(target, image: Array("not an image".utf8)), 415, "unsupported-format",
                mentions: "neither a JPEG nor a PNG")
            try expectProblem(try service.post(target, image: []), 400, "empty-body")
            try expectProblem(
                try service.post(target, image: image, type: "application/octet-stream"), 415,
                "unsupported-media-type", mentions: "image/jpeg, image/png, multipart/form-data")
            try expectProblem(
                try service.ask(.post, target, body: image), 415, "unsupported-media-type",
                mentions: "no Content-Type")
        }
    }

    @Test(arguments: [("PDF", "%PDF-1.7"), ("GIF", "GIF89a"), ("BMP", "BM6"), ("WebP", "RIFF....WEBPVP8 ")])
    func `a file of another format is named, with the formats that are taken`(format: String, start: String) throws {
        try withService { service in
            try service.makeGallery("lobby")
            let bytes = Array(start.utf8) + [0, 0, 0]
            let response = try service.post(target, image: bytes)
            try expectProblem(
                response, 415, "unsupported-format",
                mentions: "The image is in the format \(format); only JPEG and PNG are taken.")
            #expect(response.fields[.accept] == "image/jpeg, image/png")
            let form = [FormPart.image(try TestImage(seed: 1).bytes), FormPart.image(bytes)]
            try expectProblem(
                try service.post(target, form: form), 415, "unsupported-format",
                mentions: "Image 2 of 2 is in the format \(format)")
        }
    }

    @Test func `what an image is, its content says and not its declared type`() throws {
        try withService { service in
            try service.makeGallery("lobby")
            let image = try TestImage(seed: 1).bytes
            #expect(try service.post(target, image: image, type: "image/jpeg").status == .ok)
            let jpeg = try decodeImage(image).jpeg(quality: 90)
            #expect(try service.post(target, image: jpeg, type: "image/png").status == .ok)
        }
    }

    @Test func `an image that is cut or too large is refused`() throws {
        try withService { configuration in
            configuration.limits.imagePixels = 5000
            configuration.limits.imageBytes = 100_000
        } _: { service in
            try service.makeGallery("lobby")
            let jpeg = try decodeImage(try TestImage(seed: 1).bytes).jpeg(quality: 90)
            try expectProblem(
                try service.post(target, image: Array(jpeg.prefix(jpeg.count / 2))), 422, "corrupt-image")
            try expectProblem(
                try service.post(target, image: try TestImage(seed: 1, width: 100, height: 100).bytes), 413,
                "too-large", mentions: "100×100")
            let long = try service.post(target, image: Array(repeating: 0, count: 100_001))
            #expect(long.status == .contentTooLarge)
        }
    }

    @Test(arguments: [Self.target, "/v1/galleries/lobby/queries", "/v1/embeddings"])
    func `a body beyond its limit is refused, wherever an image is asked with`(target: String) throws {
        let image = try TestImage(seed: 1).bytes
        for (limit, isTaken) in [(image.count, true), (image.count - 1, false)] {
            try withService {
                $0.limits.searchBody = limit
            } _: { service in
                try service.makeGallery("lobby")
                let response = try service.post(target, image: image)
                #expect(isTaken ? response.status.kind == .successful : response.status == .contentTooLarge)
            }
        }
    }

    @Test func `an image with a side beyond the limit is refused, in a form too`() throws {
        try withService {
            $0.limits.imageSide = 64
        } _: { service in
            try service.makeGallery("lobby")
            let image = try TestImage(seed: 1, width: 64, height: 64).bytes
            #expect(try service.post(target, image: image).status == .ok)
            for (width, height) in [(65, 24), (24, 65)] {
                let large = try TestImage(seed: 1, width: width, height: height).bytes
                let sides = "\(width)×\(height) pixels; at most 64 a side"
                try expectProblem(try service.post(target, image: large), 413, "too-large", mentions: sides)
                let form = [FormPart.image(image), FormPart.image(large)]
                try expectProblem(
                    try service.post(target, form: form), 413, "too-large", mentions: "Image 2 of 2 has " + sides)
            }
        }
    }

    @Test func `a 30,000 by 30,000 image of one color is refused by its header`() throws {
        try withService { service in
            try service.makeGallery("lobby")
            var header = try TestImage(seed: 1).bytes
            // IHDR's width and height; its checksum is made right by hand.
            header.replaceSubrange(16..<24, with: [0, 0, 0x75, 0x30, 0, 0, 0x75, 0x30])
            header.replaceSubrange(29..<33, with: crc32(Array(header[12..<29])))
            try expectProblem(try service.post(target, image: header), 413, "too-large", mentions: "30000×30000")
        }
    }

    @Test(arguments: [
        ("limti=3", "limti"), ("limit=0", "limit"), ("limit=1001", "limit"), ("limit=many", "limit"),
        ("limit=1&limit=2", "limit"), ("rerank=yes", "rerank"), ("k1=0", "k1"), ("k2=-1", "k2"),
        ("k1=101", "k1"), ("k1=1000", "k1"), ("k2=101", "k2"), ("candidates=0", "candidates"),
        ("candidates=4001", "candidates"),
        ("lambda=1.5", "lambda"), ("lambda=nan", "lambda"), ("captured_from=yesterday", "captured_from"),
        ("camera=", "camera"), ("min_similarity=2", "min_similarity"), ("group_by=camera", "group_by"),
        ("include_vectors=1", "include_vectors"), ("standing=true", "standing"), ("wait=3", "wait"),
        ("captured_from=2026-11-22T10:00:00Z&captured_to=2026-11-21T10:00:00Z", "captured_to"),
    ])
    func `a bad query parameter is named`(query: String, name: String) throws {
        try withService { service in
            try service.makeGallery("lobby")
            let response = try service.post("\(target)?\(query)", image: try TestImage(seed: 1).bytes)
            #expect(response.status == .badRequest)
            #expect(try response.object["parameter"] == .text(name), "\(response.said)")
        }
    }

    @Test(arguments: [
        (#"{"limti": 3}"#, "/limti"), (#"{"limit": "3"}"#, "/limit"), (#"{"limit": 2.5}"#, "/limit"),
        (#"{"rerank": 1}"#, "/rerank"), (#"{"k1": 1000}"#, "/k1"), (#"{"candidates": 4001}"#, "/candidates"),
        (#"{"camera": [1]}"#, "/camera"), (#"{"person": ""}"#, "/person"),
        (#"{"captured_to": "2026-13-01T00:00:00Z"}"#, "/captured_to"), (#"{"a/b": 1}"#, "/a~1b"),
    ])
    func `a bad member of the options is pointed at`(json: String, pointer: String) throws {
        try withService { service in
            try service.makeGallery("lobby")
            let response = try service.post(
                target, form: [.image(try TestImage(seed: 1).bytes), .options(json)])
            #expect(response.status == .badRequest)
            #expect(try response.object["pointer"] == .text(pointer), "\(response.said)")
        }
    }

    @Test(arguments: [
        (#"{"limit": 3, "limit": 4}"#, "/limit"), (#"{"limit": 3, "\u006cimit": 3}"#, "/limit"),
        (#"{"limit": null, "k1": 2 ,"limit": 4}"#, "/limit"), (#"{"a/b": [{"x": 1}], "a/b": {"y": "\\"}}"#, "/a~1b"),
    ])
    func `a member that comes twice is pointed at`(json: String, pointer: String) throws {
        try withService { service in
            try service.makeGallery("lobby")
            let form: [FormPart] = [.image(try TestImage(seed: 1).bytes), .options(json)]
            let response = try service.post(target, form: form)
            try expectProblem(response, 400, "repeated-member", mentions: String(pointer.dropFirst()))
            #expect(try response.object["pointer"] == .text(pointer))
        }
    }

    @Test func `names from outside are cut in messages`() throws {
        try withService { service in
            try service.makeGallery("lobby")
            let name = String(repeating: "é", count: 10_000)
            let image = FormPart.image(try TestImage(seed: 1).bytes)
            for form in [
                [image, .options("{\"\(name)\": 1}")], [image, .options("{\"\(name)\": 1, \"\(name)\": 1}")],
                [image, FormPart(name: String(repeating: "x", count: 5000), bytes: [])],
            ] {
                let response = try service.post(target, form: form)
                #expect(response.status == .badRequest)
                #expect(try response.bytes.count < 1500, "\(response.said)")
                #expect(try response.text.contains("…"), "\(response.said)")
            }
        }
        #expect("\(ManifestError.unknownMember(String(repeating: "x", count: 100_000), known: []))".utf8.count < 200)
        #expect("\(ManifestError.repeatedMember(String(repeating: "é", count: 100_000)))".utf8.count < 200)
    }

    @Test func `a value that looks like a member's name is none`() throws {
        try withService { service in
            try service.makeGallery("lobby")
            let json = #"{"camera": ["limit", "camera"], "person": "\",\"limit\": 1, \\", "limit": 3}"#
            let form: [FormPart] = [.image(try TestImage(seed: 1).bytes), .options(json)]
            let answer = try service.post(target, form: form).decoded(as: RankingAnswer.self)
            #expect(answer.options.limit == 3 && answer.options.person == #"","limit": 1, \"#)
        }
    }

    @Test(arguments: [String.Encoding.utf16LittleEndian, .utf16BigEndian, .utf32LittleEndian])
    func `options in another encoding than UTF-8 are no JSON`(encoding: String.Encoding) throws {
        try withService { service in
            try service.makeGallery("lobby")
            var options = FormPart.options("")
            options.bytes = Array(try #require(#"{"limit": 3}"#.data(using: encoding)))
            let form: [FormPart] = [.image(try TestImage(seed: 1).bytes), options]
            try expectProblem(try service.post(target, form: form), 400, "malformed-json")
        }
    }

    @Test func `options that are no JSON object are refused`() throws {
        try withService { service in
            try service.makeGallery("lobby")
            for json in ["", "[]", "{", "3", #"{"limit": 3} x"#, #"{"limit": 3,}"#, #"{"camera": ["a",]}"#] {
                let form: [FormPart] = [.image(try TestImage(seed: 1).bytes), .options(json)]
                try expectProblem(try service.post(target, form: form), 400, "malformed-json")
            }
        }
    }

    @Test func `forms without an image, with too many or with strange parts are refused`() throws {
        try withService { service in
            try service.makeGallery("lobby")
            let image = FormPart.image(try TestImage(seed: 1).bytes)
            try expectProblem(try service.post(target, form: [.options("{}")]), 400, "no-image")
            try expectProblem(
                try service.post(target, form: Array(repeating: image, count: 17)), 400, "too-many-images")
            try expectProblem(
                try service.post(target, form: [image, FormPart(name: "photo", bytes: [1])]), 400, "unknown-part")
            try expectProblem(
                try service.post(target, form: [image, .options("{}"), .options("{}")]), 400, "repeated-part")
            try expectProblem(
                try service.post(target, form: [image, FormPart.image(Array("text".utf8))]), 415, "unsupported-format",
                mentions: "Image 2 of 2")
            let cut = Array(FormPart.body([image]).dropLast(20))
            let response = try service.ask(
                .post, target, fields: [.contentType: "multipart/form-data; boundary=frontier"], body: cut)
            #expect(response.status == .badRequest)
            let bare = try service.ask(
                .post, target, fields: [.contentType: "multipart/form-data"], body: FormPart.body([image]))
            #expect(bare.status == .badRequest)
        }
    }

    /// CRC-32 of PNG chunks, most significant byte first.
    private func crc32(_ bytes: [UInt8]) -> [UInt8] {
        var crc: UInt32 = 0xFFFF_FFFF
        for byte in bytes {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
        }
        crc ^= 0xFFFF_FFFF
        return [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: crc >> $0) }
    }
}
