import CSPRModel
import Foundation
import Gallery
import Glibc
import Ranking
import Synchronization
import Testing

@testable import ReIDService

/// Batches of embeddings as safetensors; the bodies are written byte by byte, as numpy's and safetensors' writers do.
@Suite struct EmbeddingBatchTests {
    static let type = "application/vnd.safetensors"

    /// A file: the header's length, the header, the data.
    private func file(_ header: String, _ data: [UInt8]) -> [UInt8] {
        let text = Array(header.utf8)
        return (0..<8).map { UInt8(truncatingIfNeeded: text.count >> ($0 * 8)) } + text + data
    }

    private func bytes(_ values: [Float]) -> [UInt8] {
        values.flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> ($0 * 8)) } }
    }

    private func bytes(half values: [Float16]) -> [UInt8] {
        values.flatMap { value in (0..<2).map { UInt8(truncatingIfNeeded: value.bitPattern >> ($0 * 8)) } }
    }

    /// A body with F32 embeddings of `dimensions` values, and lines about them if there are any.
    private func body(_ values: [Float], _ dimensions: Int, model: String, lines: [String]? = nil) -> [UInt8] {
        let data = bytes(values)
        let items = Array((lines ?? []).joined(separator: "\n").utf8)
        let member =
            #", "items": {"dtype": "U8", "shape": [\#(items.count)], "data_offsets": [\#(data.count), \#(data.count + items.count)]}"#
        let header = #"""
            {"__metadata__": {"model": "\#(model)", "format": "np"}, "embeddings": {"dtype": "F32", "shape": [\#(values.count / dimensions), \#(dimensions)], "data_offsets": [0, \#(data.count)]}\#(lines == nil ? "" : member)}
            """#
        return file(header, data + items)
    }

    /// A vector of the bench's model: `first`, then ones.
    private func vector(_ first: Float, _ bench: AdminBench) -> [Float] {
        [first] + [Float](repeating: 1, count: bench.context.model.dimensions - 1)
    }

    @Test func `rows are enrolled with what their lines say, as the same vectors in NDJSON are`() async throws {
        let bench = try AdminBench()
        try bench.gallery()
        let (model, dimensions) = (bench.context.model.identity, bench.context.model.dimensions)
        let lines = [
            #"{"person_id": "7", "camera_id": "c1", "captured_at": "2026-11-22T10:00:00Z", "external_id": "e", "image": "a.jpg"}"#,
            "", #"{"person_id": "p\u0038"}"#, "{}",
        ]
        let values = vector(2, bench) + vector(3, bench) + vector(4, bench)
        let batch = try await bench.complete(body(values, dimensions, model: model, lines: lines), type: Self.type)
        #expect(batch.state == "completed" && batch.kind == "safetensors")
        #expect(batch.received == 3 && batch.enrolled == 3)
        let snapshot = try bench.context.store.contents(of: "lobby")
        #expect(snapshot.images.map(\.personID) == ["7", "p8", nil])
        #expect(snapshot.images.map(\.cameraID) == ["c1", nil, nil])
        #expect(snapshot.images.map(\.externalID) == ["e", nil, nil])
        #expect(snapshot.images.map(\.name) == ["a.jpg", nil, nil])
        #expect(snapshot.images[0].capturedAt == Timestamp(rfc3339: "2026-11-22T10:00:00Z"))
        for (row, first) in [Float(2), 3, 4].enumerated() {
            let length = (first * first + Float(dimensions - 1)).squareRoot()
            #expect(abs(snapshot.embeddings[row][0] - first / length) < 1e-6)
            #expect(abs(snapshot.embeddings[row][1] - 1 / length) < 1e-6)
        }
        let text = [Float(2), 3].map { first in
            #"{"model": "\#(model)", "embedding": \#(vector(first, bench))}"#
        }.joined(separator: "\n")
        let again = try await bench.complete(Array(text.utf8), type: BatchType.ndjson)
        #expect(again.duplicate == 2 && again.enrolled == 0)
    }

    @Test func `halves are taken, and rows need no lines`() async throws {
        let bench = try AdminBench()
        try bench.gallery()
        let (model, dimensions) = (bench.context.model.identity, bench.context.model.dimensions)
        let data = bytes(half: vector(2, bench).map { Float16($0) } + vector(-0.5, bench).map { Float16($0) })
        let header = #"""
            {"embeddings": {"data_offsets": [0, \#(data.count)], "dtype": "F16", "shape": [2, \#(dimensions)]}, "__metadata__": {"model": "\#(model)"}}
            """#
        #expect(try await bench.complete(file(header, data), type: Self.type).enrolled == 2)
        let whole = body(vector(-0.5, bench), dimensions, model: model)
        #expect(try await bench.complete(whole, type: Self.type).duplicate == 1)
    }

    @Test func `a bad row fails alone and is named`() async throws {
        let bench = try AdminBench()
        try bench.gallery()
        let (model, dimensions) = (bench.context.model.identity, bench.context.model.dimensions)
        let zeros = [Float](repeating: 0, count: dimensions)
        let values =
            vector(2, bench) + vector(.nan, bench) + zeros + vector(.infinity, bench) + vector(3, bench)
            + vector(4, bench)
        let lines = [
            "{}", "{}", #"{"image": "zero"}"#, "{}", #"{"box": [0, 0, 1, 1]}"#, #"{"person_id": 7}"#,
        ]
        let batch = try await bench.complete(body(values, dimensions, model: model, lines: lines), type: Self.type)
        #expect(batch.enrolled == 1 && batch.failed == 5)
        let items = try bench.items(batch.id)
        #expect(items.map(\.reason) == [nil] + [String](repeating: "bad_metadata", count: 5))
        #expect(items[1].detail == "Row 1 has an embedding that is zero or not finite.")
        #expect(items[2].image == "zero" && items[3].detail == "Row 3 has an embedding that is zero or not finite.")
        #expect(
            items[4].detail
                == #"Row 4 has the unknown member "box"; known are image, external_id, person_id, camera_id, captured_at."#
        )
        #expect(items[5].detail == "Row 5 has a person_id that is not a string.")
    }

    @Test func `a body that is no table of this gallery's vectors is refused, and nothing of it stays`() throws {
        let bench = try AdminBench(start: false)
        try bench.gallery()
        let (model, dimensions) = (bench.context.model.identity, bench.context.model.dimensions)
        let whole = body(vector(1, bench), dimensions, model: model, lines: ["{}"])
        let end = 4 * dimensions
        func header(
            _ dtype: String = "F32", _ shape: String? = nil, name: String = "embeddings", begin: Int = 0,
            metadata: String? = nil, more: String = ""
        ) -> [UInt8] {
            let known = metadata ?? #""__metadata__": {"model": "\#(model)"}, "#
            let shape = shape ?? "[1, \(dimensions)]"
            return file(
                #"{\#(known)"\#(name)": {"dtype": "\#(dtype)", "shape": \#(shape), "data_offsets": [\#(begin), \#(end)]}\#(more)}"#,
                bytes(vector(1, bench)))
        }
        #expect(try bench.post(header(), type: Self.type).status == 202)
        var longHeader = whole
        longHeader[7] = 1
        let cases: [([UInt8], Int, String)] = [
            (Array(whole.dropLast()), 400, "malformed-safetensors"), (whole + [0], 400, "malformed-safetensors"),
            (Array(whole.prefix(7)), 400, "malformed-safetensors"),
            (Array(whole.prefix(60)), 400, "malformed-safetensors"),
            (longHeader, 400, "malformed-safetensors"), (Array("not safetensors".utf8), 400, "malformed-safetensors"),
            (header(begin: 4), 400, "malformed-safetensors"),
            (header("F32", "[2, \(dimensions)]"), 400, "malformed-safetensors"),
            (header("F32", "[4611686018427387904, 16]"), 400, "malformed-safetensors"),
            (file(#"{"a": "# + String(repeating: " ", count: 1 << 20) + "}", []), 400, "malformed-safetensors"),
            (header("I32"), 422, "unusable-tensor"), (header("F64", "[\(dimensions / 2), 1]"), 422, "unusable-tensor"),
            (header("F32", "[\(dimensions)]"), 422, "unusable-tensor"),
            (header("F32", "[1, 1, \(dimensions)]"), 422, "unusable-tensor"),
            (header(name: "vectors"), 422, "unexpected-tensor"),
            (file(#"{"__metadata__": {"model": "m"}}"#, []), 422, "missing-tensor"),
            (
                header(more: #", "x": {"dtype": "F32", "shape": [0], "data_offsets": [\#(end), \#(end)]}"#), 422,
                "unexpected-tensor"
            ),
            (
                header(more: #", "items": {"dtype": "I8", "shape": [0], "data_offsets": [\#(end), \#(end)]}"#), 422,
                "unusable-tensor"
            ),
            (
                header(more: #", "items": {"dtype": "U8", "shape": [0], "data_offsets": [\#(end), \#(end)]}"#), 422,
                "wrong-item-count"
            ),
            (header(metadata: ""), 422, "no-model"),
            (header(metadata: #""__metadata__": {"mode": "m"}, "#), 422, "unexpected-metadata"),
            (header(metadata: #""__metadata__": {"model": "sha256:00"}, "#), 409, "model-mismatch"),
            (header("F32", "[\(dimensions / 2), 2]"), 422, "invalid-embedding"),
            (header("F32", "[\(dimensions), 1]"), 422, "invalid-embedding"),
            (body(vector(1, bench), dimensions, model: model, lines: ["{}", "{}"]), 422, "wrong-item-count"),
            (
                file(
                    #"{"__metadata__": {"model": "m"}, "embeddings": {"dtype": "F32", "shape": [0, 8], "data_offsets": [0, 0]}}"#,
                    []), 422, "empty-batch"
            ),
        ]
        for (bytes, status, kind) in cases {
            let answer = try bench.post(bytes, type: Self.type)
            #expect(answer.status == status && answer.text.contains("urn:reid:\(kind)"), "\(kind): \(answer.text)")
        }
        #expect(try bench.bodies().count == 1)
    }

    @Test func `a gallery of another model takes its own embeddings`() async throws {
        let bench = try AdminBench()
        let name = try #require(GalleryName("old"))
        try bench.context.store.createGallery(name, model: "sha256:00", dimensions: 2)
        let old = body([3, 4], 2, model: "sha256:00")
        let batch = try await bench.finish(try bench.enroll(old, type: Self.type, gallery: "old").id)
        #expect(batch.enrolled == 1)
        #expect(try bench.context.store.contents(of: "old").embeddings[0] == [0.6, 0.8])
    }

    @Test func `items are committed in groups of a number and a time, and all of them come in order`() async throws {
        for (items, commits) in [(3, 134), (200, 2), (65_536, 1)] {
            let bench = try AdminBench {
                $0.enrollmentCommitItems = items
                $0.enrollmentCommitDelay = 60_000
            }
            try bench.gallery()
            let dimensions = bench.context.model.dimensions
            let values = (0..<400).flatMap { vector(Float($0), bench) }
            let lines = (0..<400).map { #"{"external_id": "\#($0)"}"# }
            let table = body(values, dimensions, model: bench.context.model.identity, lines: lines)
            #expect(try await bench.complete(table, type: Self.type).enrolled == 400)
            let snapshot = try bench.context.store.contents(of: "lobby")
            #expect(try bench.context.store.snapshot(of: "lobby").revision == commits)
            #expect(snapshot.images.map(\.externalID) == (0..<400).map(String.init))
        }
    }

    @Test func `a thread that reads items lets others go first, and no other thread does`() {
        @Sendable func niceness() -> Int32 { getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0) }
        let before = niceness()
        let found = Mutex<Int32>(0)
        let done = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            yieldToSearches()
            found.withLock { $0 = niceness() }
            done.signal()
        }
        done.wait()
        #expect(found.withLock { $0 } >= readersNiceness)
        #expect(niceness() == before)
    }

    @Test func `a group that is not full is recorded when its time is over`() throws {
        var configuration = Service.Configuration()
        configuration.enrollmentCommitItems = 3
        configuration.enrollmentCommitDelay = 0
        var group = CommitGroup(configuration)
        let item = ItemOutcome(index: 0, name: nil, result: .failed(.corruptImage, detail: ""))
        #expect(group.deadline == DispatchTime.distantFuture && group.hasRoom(for: [item, item, item, item]))
        group.add([], bytes: 0)
        #expect(group.deadline == .distantFuture)
        group.add([item], bytes: 5)
        #expect(group.deadline <= .now() && !group.isFull)
        #expect(group.hasRoom(for: [item, item]) && !group.hasRoom(for: [item, item, item]))
        group.add([item, item], bytes: 5)
        #expect(group.isFull)
        #expect(group.takeAll().count == 3)
        #expect(group.deadline == .distantFuture && !group.isFull && group.takeAll().isEmpty)
        group.add([item], bytes: IngestionLimits.commitBytes)
        #expect(group.isFull)
    }
}
