import CSPRModel
import Digests
import Foundation
import Gallery
import HTTP
import HTTPTypes
import Imaging
import Ranking
import Testing

@testable import ReIDService

@Suite struct BatchItemsTests {
    private func lines(_ lines: String...) -> [UInt8] { Array(lines.joined(separator: "\n").utf8) }

    @Test func `a tar of Market-1501 names enrolls people and cameras`() async throws {
        let bench = try AdminBench()
        try bench.gallery()
        let files = [
            ("0002_c1s1_000451_03.jpg", try testJPEG(1)), ("in/0000_c3s2_000001_00.png", try testPNG(2)),
            ("-1_c2s1_000002_00.jpg", try testJPEG(3)), ("snapshot.jpg", try testJPEG(4)),
        ]
        let batch = try await bench.complete(testTar(files), type: BatchType.tar)
        #expect(batch.state == "completed")
        #expect(batch.received == 4)
        #expect(batch.enrolled == 4)
        let images = try bench.context.store.images(in: "lobby", filter: ImageFilter(), limit: 10, cursor: nil).items
        #expect(images.map(\.personID) == ["0002", "0000", nil, nil])
        #expect(images.map(\.cameraID) == ["c1", "c3", "c2", nil])
        #expect(images.map(\.mediaType) == ["image/jpeg", "image/png", "image/jpeg", "image/jpeg"])
        #expect(images.map(\.name) == files.map(\.0))
        #expect(batch.warnings == nil)
        let items = try bench.items(batch.id)
        #expect(items.map(\.image) == files.map(\.0))
        #expect(items.map(\.imageID) == images.map(\.id))
        for (image, file) in zip(images, files) {
            #expect(try bench.context.store.content(of: image.id).bytes == file.1)
            #expect(image.sha256 == (try SHA256.hash(file.1)))
            #expect(image.width == 16 && image.height == 24)
        }
        #expect(try bench.bodies().isEmpty)
    }

    @Test func `a tar's manifest says what is enrolled, and each bad line fails alone`() async throws {
        let bench = try AdminBench()
        try bench.gallery()
        let manifest = lines(
            #"{"image": "a.jpg", "external_id": "e1", "person_id": "7", "camera_id": "c", "captured_at": "2026-11-22T10:00:00Z"}"#,
            #"{"image": "b.png", "persson_id": "8"}"#,
            #"{"image": "missing.jpg"}"#, "",
            #"{"image": "../a.jpg"}"#,
            #"{"image": "text.jpg"}"#,
            #"{"image": "cut.jpg"}"#,
            #"{"image": "./b.png"}"#)
        let files = [
            ("set/a.jpg", try testJPEG(1)), ("set/manifest.ndjson", manifest), ("set/b.png", try testPNG(2)),
            ("set/text.jpg", Array("hello".utf8)), ("set/cut.jpg", Array(try testJPEG(3).dropLast(200))),
            ("set/stray.jpg", try testJPEG(4)),
        ]
        let batch = try await bench.complete(testTar(files), type: BatchType.tar)
        #expect(batch.received == 8)
        #expect(batch.enrolled == 2)
        #expect(batch.failed == 6)
        let items = try bench.items(batch.id)
        #expect(
            items.map(\.reason) == [
                nil, "bad_metadata", "bad_metadata", "bad_metadata", "unsupported_format", "corrupt_image", nil,
                "bad_metadata",
            ])
        #expect(
            items[1].detail
                == #"Line 2 has the unknown member "persson_id"; known are image, external_id, person_id, camera_id, captured_at, box."#
        )
        #expect(items[2].detail == #"Line 3: there is no file "missing.jpg" in the batch."#)
        #expect(items[3].detail == #"Line 5: there is no file "../a.jpg" in the batch."#)
        #expect(items[7].image == "set/stray.jpg")
        #expect(try bench.items(batch.id, "?state=failed").count == 6)
        #expect(try bench.items(batch.id, "?state=enrolled&limit=1").map(\.index) == [0])
        let image = try bench.context.store.image(id: try #require(items[0].imageID))
        #expect(image.personID == "7")
        #expect(image.cameraID == "c")
        #expect(image.externalID == "e1")
        #expect(image.name == "a.jpg")
        #expect(image.capturedAt == Timestamp(rfc3339: "2026-11-22T10:00:00Z"))
    }

    @Test func `names like a data set's that say nothing are warned of, and the warning stays`() async throws {
        let bench = try AdminBench()
        try bench.gallery()
        let duke = testTar([("0005_c2_f0046985.jpg", try testJPEG(1)), ("0006_c2_f0046986.jpg", try testJPEG(2))])
        let batch = try await bench.complete(duke, type: BatchType.tar)
        #expect(batch.enrolled == 2)
        let warning = try #require(batch.warnings?.first)
        #expect(
            warning.hasPrefix("2 of 2 images have names like those of a data set, but neither a person nor a camera"))
        #expect(try bench.batch(batch.id).warnings == [warning])
        let manifest = lines(
            #"{"image": "0002_c1s1_000451_03.jpg"}"#, #"{"image": "0003_c1s1_000451_03.jpg", "camera_id": "c1"}"#,
            #"{"image": "0004_c1s1_000451_03.jpg", "person_id": null}"#, #"{"image": "a.jpg"}"#)
        let form = testForm([
            ("manifest", nil, manifest), ("image", "0002_c1s1_000451_03.jpg", try testJPEG(3)),
        ])
        let listed = try bench.enroll(form, type: BatchType.multipart)
        #expect(listed.warnings?.first?.hasPrefix("2 of 4 images have names") == true)
    }

    @Test func `the time of capture comes from EXIF where the manifest has none`() async throws {
        let bench = try AdminBench()
        try bench.gallery()
        // As few bytes of EXIF as possible: DateTimeOriginal and an offset; `ImagingTests` reads files of another
        // program.
        let inner = "2026:11:22 10:00:00\0+01:00\0"
        let exif: [UInt8] =
            Array("Exif\0\0MM\0*\0\0\0\u{8}".utf8) + [0, 1, 0x87, 0x69, 0, 4, 0, 0, 0, 1, 0, 0, 0, 22]
            + [0, 2, 0x90, 0x03, 0, 2, 0, 0, 0, 20, 0, 0, 0, 48, 0x90, 0x11, 0, 2, 0, 0, 0, 7, 0, 0, 0, 68]
            + Array(inner.utf8)
        func image(_ seed: Int, _ exif: [UInt8]) throws -> [UInt8] {
            let segment: [UInt8] = [0xFF, 0xE1, 0, UInt8(exif.count + 2)]
            return try [0xFF, 0xD8] + segment + exif + testJPEG(seed).dropFirst(2)
        }
        let manifest = lines(
            #"{"image": "a.jpg"}"#, #"{"image": "b.jpg", "captured_at": "2020-01-01T00:00:00Z"}"#,
            #"{"image": "c.jpg"}"#, #"{"image": "d.jpg"}"#)
        let broken = exif.map { $0 == UInt8(ascii: "2") ? UInt8(ascii: "9") : $0 }
        let batch = try await bench.complete(
            testTar([
                ("manifest.ndjson", manifest), ("a.jpg", try image(1, exif)), ("b.jpg", try image(2, exif)),
                ("c.jpg", try image(3, broken)), ("d.jpg", try image(4, Array(exif.prefix(30)))),
            ]), type: BatchType.tar)
        #expect(batch.enrolled == 4)
        let times = try bench.context.store.contents(of: "lobby").images.map { $0.capturedAt?.rfc3339 }
        #expect(times == ["2026-11-22T09:00:00Z", "2020-01-01T00:00:00Z", nil, nil])
    }

    @Test func `a form enrolls what its manifest names`() async throws {
        let bench = try AdminBench()
        try bench.gallery()
        let manifest = lines(#"{"image": "a.jpg", "person_id": "1"}"#, #"{"image": "b.jpg"}"#, #"{"image": "c.jpg"}"#)
        let form = testForm([
            ("manifest", nil, manifest), ("image", "a.jpg", try testJPEG(1)), ("image", "b.jpg", try testJPEG(2)),
        ])
        let batch = try await bench.complete(form, type: BatchType.multipart)
        #expect(batch.kind == "multipart")
        #expect(batch.enrolled == 2)
        #expect(try bench.items(batch.id).map(\.reason) == [nil, nil, "bad_metadata"])
    }

    @Test func `NDJSON enrolls images, vectors, and images with their vectors`() async throws {
        let bench = try AdminBench()
        try bench.gallery()
        let model = bench.context.model.identity
        let values = Array(repeating: "2", count: bench.context.model.dimensions).joined(separator: ",")
        let image = Data(try testJPEG(1)).base64EncodedString()
        let other = Data(try testJPEG(2)).base64EncodedString()
        let text = Data("hello".utf8).base64EncodedString()
        let body = lines(
            #"{"image_base64": "\#(image)", "person_id": "1", "image": "a label"}"#,
            #"{"embedding": [\#(values)], "model": "\#(model)", "external_id": "v"}"#,
            #"{"embedding": [\#(values)], "model": "\#(model)", "image_base64": "\#(other)"}"#,
            #"{"embedding": [\#(values)], "model": "sha256:00"}"#,
            #"{"embedding": [1, 2], "model": "\#(model)"}"#,
            #"{"image": "a.jpg"}"#, "not json", #"{"image_base64": "\#(text)"}"#,
            #"{"embedding": [\#(values)], "model": "\#(model)", "box": [0, 0, 1, 1]}"#)
        let batch = try await bench.complete(body, type: BatchType.ndjson)
        #expect(batch.received == 9)
        #expect(
            try bench.items(batch.id).map(\.reason) == [
                nil, nil, nil, "model_mismatch", "model_mismatch", "bad_metadata", "bad_metadata", "unsupported_format",
                "bad_metadata",
            ])
        let snapshot = try bench.context.store.contents(of: "lobby")
        #expect(snapshot.images.map(\.mediaType) == ["image/jpeg", nil, "image/jpeg"])
        #expect(snapshot.images.map(\.name) == ["a label", nil, nil])
        let expected = 1 / Float(bench.context.model.dimensions).squareRoot()
        for row in 1...2 { #expect(snapshot.embeddings[row].allSatisfy { abs($0 - expected) < 1e-6 }) }
    }

    @Test func `a box enrolls that part of the image`() async throws {
        let bench = try AdminBench()
        try bench.gallery()
        let frame = testImage(5, width: 60, height: 50)
        let manifest = lines(
            #"{"image": "frame.png", "box": [10, 5, 20, 30], "person_id": "1"}"#,
            #"{"image": "frame.png", "box": [30, 5, 20, 30], "person_id": "2"}"#,
            #"{"image": "frame.png", "box": [10, 5, 20, 30]}"#,
            #"{"image": "frame.png", "box": [41, 5, 20, 30]}"#,
            #"{"image": "frame.jpg", "box": [0, 0, 60, 50]}"#)
        let tar = testTar([
            ("manifest.ndjson", manifest), ("frame.png", try frame.png()), ("frame.jpg", try frame.jpeg(quality: 95)),
        ])
        let batch = try await bench.complete(tar, type: BatchType.tar)
        let items = try bench.items(batch.id)
        #expect(items.map(\.state) == ["enrolled", "enrolled", "duplicate", "failed", "enrolled"])
        #expect(items[2].imageID == items[0].imageID)
        #expect(items[3].reason == "bad_metadata")
        #expect(items[3].detail?.contains("60×50") == true)
        let content = try bench.context.store.content(of: try #require(items[0].imageID))
        #expect(content.mediaType == "image/png")
        #expect(try decodeImage(content.bytes) == frame.cropped(x: 10, y: 5, width: 20, height: 30))
        let jpeg = try bench.context.store.content(of: try #require(items[4].imageID))
        #expect(jpeg.mediaType == "image/jpeg")
    }

    @Test func `the same bytes twice are one image`() async throws {
        let bench = try AdminBench { $0.enrollmentChunk = 2 }
        try bench.gallery()
        let bytes = try testJPEG(1)
        let tar = testTar([("a.jpg", bytes), ("b.jpg", bytes), ("c.jpg", bytes), ("d.jpg", try testJPEG(2))])
        let batch = try await bench.complete(tar, type: BatchType.tar)
        #expect(batch.enrolled == 2)
        #expect(batch.duplicate == 2)
        let items = try bench.items(batch.id)
        #expect(items.map(\.state) == ["enrolled", "duplicate", "duplicate", "enrolled"])
        #expect(items[1].imageID == items[0].imageID)
        let again = try await bench.complete(tar, type: BatchType.tar)
        #expect(again.duplicate == 4)
        #expect(try bench.context.store.gallery("lobby").images == 2)
    }

    @Test func `images over a limit fail alone`() async throws {
        let bench = try AdminBench {
            $0.limits.imagePixels = 20 * 30
            $0.limits.imageBytes = 4000
        }
        try bench.gallery()
        let flat = RGBImage(width: 90, height: 90, pixels: [UInt8](repeating: 9, count: 24_300))
        let tar = testTar([
            ("fits.png", try testPNG(1)), ("pixels.png", try flat.png()),
            ("bytes.jpg", [UInt8](repeating: 0xFF, count: 5000)),
        ])
        let batch = try await bench.complete(tar, type: BatchType.tar)
        let items = try bench.items(batch.id)
        #expect(items.map(\.reason) == [nil, "too_large", "too_large"])
        #expect(items[1].detail?.contains("90×90") == true)
        let line = #"{"image_base64": ""# + String(repeating: "A", count: 300_000) + #""}"#
        let long = try await bench.complete(Array((line + "\n{}").utf8), type: BatchType.ndjson)
        #expect(try bench.items(long.id).map(\.reason) == ["too_large", "bad_metadata"])
    }

    @Test func `images for a gallery of another model fail, its vectors do not`() async throws {
        let bench = try AdminBench()
        let name = try #require(GalleryName("old"))
        try bench.context.store.createGallery(name, model: "sha256:00", dimensions: 2)
        let image = Data(try testJPEG(1)).base64EncodedString()
        let body = lines(#"{"image_base64": "\#(image)"}"#, #"{"embedding": [3, 4], "model": "sha256:00"}"#)
        let batch = try await bench.finish(try bench.enroll(body, type: BatchType.ndjson, gallery: "old").id)
        #expect(try bench.items(batch.id).map(\.reason) == ["model_mismatch", nil])
        #expect(try bench.context.store.contents(of: "old").embeddings[0] == [0.6, 0.8])
    }
}
