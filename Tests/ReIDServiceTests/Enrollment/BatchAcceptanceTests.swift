import CSPRModel
import Foundation
import Gallery
import HTTPTypes
import Testing

@testable import HTTP
@testable import ReIDService

@Suite struct BatchAcceptanceTests {
    private func refusal(_ bytes: [UInt8], type: String = BatchType.tar) throws -> AdminBench.Answer {
        let bench = try AdminBench(start: false)
        try bench.gallery()
        let answer = try bench.post(bytes, type: type)
        #expect(try bench.bodies().isEmpty)
        #expect(try bench.send(.get, "/admin/v1/batches").json(ListAnswer<BatchAnswer>.self).items.isEmpty)
        #expect(answer.fields[.contentType] == "application/problem+json")
        return answer
    }

    @Test func `an accepted batch is on disk and says where it is`() throws {
        let bench = try AdminBench(start: false)
        try bench.gallery()
        let tar = testTar([("a.jpg", try testJPEG(1)), ("b.jpg", try testJPEG(2))])
        let answer = try bench.post(tar, type: BatchType.tar)
        #expect(answer.status == 202)
        let batch: BatchAnswer = try answer.json()
        #expect(answer.fields[.location] == "/admin/v1/batches/\(batch.id)")
        #expect(batch.state == "queued")
        #expect(batch.gallery == "lobby")
        #expect(batch.kind == "tar")
        #expect(batch.bytes == Int64(tar.count))
        #expect(try bench.folder.read("batches/" + batch.id) == tar)
        #expect(try bench.batch(batch.id).id == batch.id)
        #expect(try bench.items(batch.id).isEmpty)
    }

    @Test func `a body beyond its limit is refused, and nothing of it stays`() throws {
        let tar = testTar([("a.jpg", try testJPEG(1))])
        for (limit, status) in [(tar.count, 202), (tar.count - 1, 413)] {
            let bench = try AdminBench(start: false) { $0.limits.batchBody = limit }
            try bench.gallery()
            #expect(try bench.post(tar, type: BatchType.tar).status == status)
            #expect(try bench.bodies().count == (status == 202 ? 1 : 0))
        }
    }

    @Test func `a spooled body is moved, not copied`() throws {
        let bench = try AdminBench(start: false)
        try bench.gallery()
        let tar = testTar([("a.jpg", try testJPEG(1))])
        try bench.folder.write("spool/body", tar)
        let target = "/admin/v1/galleries/lobby/batches"
        let body = RequestBody.file(SpooledFile(path: bench.context.folder.spool + "/body", size: tar.count))
        let batch: BatchAnswer = try bench.send(.post, target, type: BatchType.tar, body: body).json()
        #expect(try bench.folder.read("batches/" + batch.id) == tar)
        #expect(try FileManager.default.contentsOfDirectory(atPath: bench.context.folder.spool).isEmpty)
    }

    @Test func `a spooled body that is refused is removed`() throws {
        let bench = try AdminBench(start: false)
        try bench.gallery()
        try bench.folder.write("spool/body", [1, 2, 3])
        func refuse() throws {
            let body = RequestBody.file(SpooledFile(path: bench.context.folder.spool + "/body", size: 3))
            let target = "/admin/v1/galleries/lobby/batches"
            #expect(try bench.send(.post, target, type: BatchType.tar, body: body).status == 400)
        }
        try refuse()
        #expect(try bench.bodies().isEmpty)
        #expect(try FileManager.default.contentsOfDirectory(atPath: bench.context.folder.spool).isEmpty)
    }

    @Test func `a climbing name is refused and named`() throws {
        let answer = try refusal(testTar([("fine.jpg", try testJPEG(1)), ("../../etc/passwd", [1])]))
        #expect(answer.status == 422)
        #expect(answer.text.contains("urn:reid:unsafe-name"))
        #expect(answer.text.contains("../../etc/passwd"))
    }

    @Test func `a sparse member of ten gigabytes is refused and named`() throws {
        let folder = try ScratchFolder()
        #expect(try folder.run("truncate", ["-s", "10G", "big.jpg"]) == 0)
        #expect(try folder.run("tar", ["-S", "-cf", "out.tar", "big.jpg"]) == 0)
        let answer = try refusal(try folder.read("out.tar"))
        #expect(answer.status == 422)
        #expect(answer.text.contains("big.jpg"))
    }

    @Test func `a member that claims ten gigabytes is refused and named`() throws {
        var tar = TarBuilder()
        tar.add("big.jpg", claims: 8_589_934_591)
        let answer = try refusal(tar.finished)
        #expect(answer.status == 400)
        #expect(answer.text.contains("urn:reid:truncated"))
        #expect(answer.text.contains("big.jpg"))
    }

    @Test func `links, duplicates and two manifests are refused`() throws {
        var link = TarBuilder()
        link.add("a.jpg", flag: "2")
        #expect(try refusal(link.finished).text.contains("urn:reid:unsupported-member"))
        #expect(try refusal(testTar([("a.jpg", [1]), ("./a.jpg", [2])])).text.contains("urn:reid:duplicate-name"))
        let manifests = testTar([("manifest.ndjson", [0x7B]), ("in/manifest.ndjson", [0x7B])])
        #expect(try refusal(manifests).text.contains("urn:reid:duplicate-name"))
    }

    @Test func `what is cut or is no tar at all is refused`() throws {
        let tar = testTar([("a.jpg", try testJPEG(1))])
        #expect(try refusal(Array(tar.prefix(700))).status == 400)
        #expect(try refusal(Array(repeating: 0x41, count: 2000)).text.contains("urn:reid:bad-checksum"))
        #expect(try refusal([]).status == 400)
        #expect(try refusal([UInt8](repeating: 0, count: 1024)).text.contains("urn:reid:empty-batch"))
        #expect(try refusal(Array("\n \n".utf8), type: BatchType.ndjson).text.contains("urn:reid:empty-batch"))
    }

    @Test func `a compressed tar is told from a broken one`() throws {
        let folder = try ScratchFolder()
        try folder.write("a.jpg", try testJPEG(1))
        for (option, name) in [("-czf", "gzip"), ("-cjf", "bzip2"), ("-cJf", "xz")] {
            #expect(try folder.run("tar", [option, "out", "a.jpg"]) == 0)
            let answer = try refusal(try folder.read("out"))
            #expect(answer.status == 415)
            #expect(answer.text.contains("urn:reid:compressed-body"))
            #expect(answer.text.contains("compressed with \(name); send it uncompressed"))
        }
        for (start, name) in [([0x28, 0xB5, 0x2F, 0xFD] as [UInt8], "zstd"), (Array("PK\u{3}\u{4}".utf8), "zip")] {
            #expect(try refusal(start + [UInt8](repeating: 7, count: 600)).text.contains("compressed with \(name);"))
        }
        for type in ["application/gzip", "application/x-gzip", "application/zip"] {
            #expect(try refusal([1], type: type).text.contains("urn:reid:compressed-body"))
        }
    }

    @Test func `a body is indexed once, and again only after a restart`() async throws {
        let folder = try ScratchFolder()
        let bench = try AdminBench(folder: folder, start: false)
        try bench.gallery()
        let tar = testTar([("a.jpg", try testJPEG(1)), ("b.jpg", try testJPEG(2))])
        // A header that is damaged afterwards matters only if it is read again.
        var broken = tar
        broken[0] ^= 1
        let first = try bench.enroll(tar, type: BatchType.tar)
        try folder.write("batches/" + first.id, broken)
        bench.processor.start()
        #expect(try await bench.finish(first.id).enrolled == 2)
        bench.processor.stop()
        let second = try bench.enroll(tar, type: BatchType.tar)
        let third = try bench.enroll(tar, type: BatchType.tar)
        try folder.write("batches/" + second.id, broken)
        try bench.close()
        let again = try AdminBench(folder: folder)
        #expect(try await again.finish(third.id).duplicate == 2)
        #expect(try again.batch(second.id).state == "failed")
        try again.close()
    }

    @Test func `a form without its parts is refused`() throws {
        let image = try testJPEG(1)
        let line = Array(#"{"image": "a.jpg"}"#.utf8)
        for (kind, form) in [
            ("no-manifest", testForm([("image", "a.jpg", image)])),
            ("unexpected-part", testForm([("manifest", nil, line), ("photo", "a.jpg", image)])),
            ("unexpected-part", testForm([("manifest", nil, line), ("image", nil, image)])),
            ("duplicate-name", testForm([("manifest", nil, line), ("manifest", nil, line)])),
            ("duplicate-name", testForm([("manifest", nil, line), ("image", "a", image), ("image", "a", image)])),
            ("unsafe-name", testForm([("manifest", nil, line), ("image", "../a.jpg", image)])),
            ("empty-batch", testForm([("manifest", nil, [])])),
        ] {
            let answer = try refusal(form, type: BatchType.multipart)
            #expect(answer.status == 422)
            #expect(answer.text.contains("urn:reid:" + kind))
        }
        #expect(try refusal(Array("--xyz\r\n".utf8), type: BatchType.multipart).status == 400)
        #expect(try refusal(testForm([]), type: "multipart/form-data").status == 400)
    }

    @Test func `another type, gallery or parameter is refused`() throws {
        #expect(try refusal([1], type: "application/zip").status == 415)
        let bench = try AdminBench(start: false)
        let tar = testTar([("a.jpg", [1])])
        #expect(try bench.post(tar, type: BatchType.tar, gallery: "nowhere").status == 404)
        try bench.gallery()
        let target = "/admin/v1/galleries/lobby/batches?fast=true"
        #expect(try bench.send(.post, target, type: BatchType.tar, body: .bytes(tar)).status == 400)
        #expect(try bench.bodies().isEmpty)
    }

    @Test func `an idempotency key answers its first batch`() throws {
        let bench = try AdminBench(start: false)
        try bench.gallery()
        let tar = testTar([("a.jpg", try testJPEG(1))])
        let first: BatchAnswer = try bench.post(tar, type: BatchType.tar, key: "k1").json()
        let again = try bench.post(tar, type: BatchType.tar, key: "k1")
        #expect(again.status == 202)
        #expect(try again.json(BatchAnswer.self).id == first.id)
        #expect(again.fields[.location] == "/admin/v1/batches/\(first.id)")
        let other = try bench.post(testTar([("b.jpg", [1])]), type: BatchType.tar, key: "k1")
        #expect(other.status == 409)
        #expect(try bench.post(tar, type: BatchType.tar, key: "k2").json(BatchAnswer.self).id != first.id)
        #expect(try bench.bodies().count == 2)
        #expect(try bench.post(tar, type: BatchType.tar, key: "").status == 400)
    }

    @Test func `batches are listed newest first, page by page`() throws {
        let bench = try AdminBench(start: false)
        try bench.gallery()
        let ids = try (1...3).map { try bench.enroll(testTar([("a\($0).jpg", [1])]), type: BatchType.tar).id }
        let first: ListAnswer<BatchAnswer> = try bench.send(.get, "/admin/v1/batches?limit=2").json()
        #expect(first.items.map(\.id) == [ids[2], ids[1]])
        let cursor = try #require(first.next)
        let second: ListAnswer<BatchAnswer> = try bench.send(.get, "/admin/v1/batches?limit=2&cursor=\(cursor)").json()
        #expect(second.items.map(\.id) == [ids[0]])
        #expect(second.next == nil)
        #expect(try bench.send(.get, "/admin/v1/batches?cursor=nonsense").status == 400)
        #expect(try bench.send(.get, "/admin/v1/batches/b_unknown").status == 404)
        #expect(try bench.send(.get, "/admin/v1/batches/b_unknown/items").status == 404)
        #expect(try bench.send(.get, "/admin/v1/batches/\(ids[0])/items?state=lost").status == 400)
        #expect(try bench.send(.post, "/admin/v1/batches/b_unknown/cancel").status == 404)
    }

    @Test(
        arguments: [[0x85], [0x61, 0xE9], [0xC3, 0xA9], [0x09], [], Array(repeating: 0x61, count: 257)] as [[UInt8]])
    func `an idempotency key that is not printable ASCII is refused`(key: [UInt8]) throws {
        let bench = try AdminBench(start: false)
        try bench.gallery()
        let name = try #require(HTTPField.Name("Idempotency-Key"))
        let answer = try bench.send(
            .post, "/admin/v1/galleries/lobby/batches", type: BatchType.tar,
            body: .bytes(testTar([("a.jpg", try testJPEG(1))])), fields: HTTPFields([HTTPField(name: name, value: key)])
        )
        #expect(answer.status == 400)
        #expect(answer.text.contains("urn:reid:invalid-idempotency-key"))
        #expect(try bench.bodies().isEmpty)
    }
}
