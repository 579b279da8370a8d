import CSPRModel
import Digests
import Foundation
import Gallery
import HTTP
import HTTPTypes
import Testing

@testable import ReIDService

/// Images whose bytes, vectors and names can be found in files.
enum MarkedImages {
    /// The texts of an image that occur nowhere else: what its bytes repeat, its person, its name, its client's id.
    static func texts(_ number: Int) -> [String] {
        ["<<bytes-\(number)>>", "<<person-\(number)>>", "<<name-\(number)>>", "<<external-\(number)>>"]
    }

    /// A unit vector that no other number has.
    static func vector(_ number: Int, dimensions: Int) -> [Float] {
        let values = (0..<dimensions).map { Float(($0 &* 7919 &+ number &* 104_729) % 1009) - 504 }
        let length = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return values.map { $0 / length }
    }

    /// The bytes of an image that must be nowhere once it is erased.
    static func traces(_ number: Int, dimensions: Int) -> [Data] {
        let start = vector(number, dimensions: dimensions).prefix(6)
        return texts(number).map { Data($0.utf8) } + [
            Data(
                start.flatMap { value in
                    (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> ($0 * 8)) }
                })
        ]
    }
}

extension AdminBench {
    /// A bench whose jobs run; batches do not, so that images can be recorded as those of a batch.
    static func withJobs(
        log: RecordedLog = RecordedLog(), clock: MovedClock = MovedClock(),
        configure: (inout Service.Configuration) -> Void = { _ in }
    ) throws -> AdminBench {
        let bench = try AdminBench(start: false, log: log, clock: clock, configure: configure)
        bench.jobs.start()
        return bench
    }

    /// Enrolls images with these numbers, each of its own person; even ones are of the camera `c0`, odd ones of `c1`.
    @discardableResult
    func enrollMarked(_ numbers: Range<Int>, size: Int = 2000, in gallery: String = "lobby") throws -> [String] {
        let store = context.store
        let batch = try store.createBatch(
            NewBatch(
                id: try GalleryStore.newBatchID(), gallery: gallery, kind: .tar, contentType: "application/x-tar",
                bodyBytes: 0, bodySHA256: try randomBytes(32))
        ).batch
        try store.setBatchState(batch.id, to: .running, expectedItems: numbers.count)
        let outcomes = try numbers.enumerated().map { index, number in
            let texts = MarkedImages.texts(number)
            let unit = Array(texts[0].utf8)
            let bytes = Array((0..<max(1, size / unit.count)).map { _ in unit }.joined())
            return ItemOutcome(
                index: index, name: texts[2],
                result: .image(
                    NewImage(
                        sha256: try SHA256.hash(bytes),
                        content: ImageContent(bytes: bytes, mediaType: "image/jpeg"), width: 64, height: 128,
                        embedding: MarkedImages.vector(number, dimensions: context.model.dimensions),
                        model: context.model.identity, personID: texts[1], cameraID: "c\(number % 2)",
                        externalID: texts[3], name: texts[2])))
        }
        try store.record(outcomes, batch: batch.id)
        try store.setBatchState(batch.id, to: .completed)
        return try store.items(of: batch.id, limit: 1000).items.compactMap(\.imageID)
    }

    /// The files of the data folder that hold one of the images' bytes, each with the number of the image.
    func remains(of numbers: some Sequence<Int>) throws -> [String] {
        try filesHolding(numbers.map { ($0, MarkedImages.traces($0, dimensions: context.model.dimensions)) })
    }

    private func filesHolding(_ traces: [(number: Int, traces: [Data])]) throws -> [String] {
        let files = try #require(FileManager.default.enumerator(atPath: folder.path))
        var found: [String] = []
        for case let file as String in files {
            let path = folder.path + "/" + file
            guard let bytes = FileManager.default.contents(atPath: path), !bytes.isEmpty else { continue }
            for (number, traces) in traces {
                for (kind, trace) in traces.enumerated() where bytes.range(of: trace) != nil {
                    found.append("\(file): \(number), trace \(kind)")
                }
            }
        }
        return found
    }

    /// Asks for an erasure by filters; it must be accepted.
    func erase(_ filters: String, in gallery: String = "lobby") throws -> JobAnswer {
        let answer = try send(.post, "/admin/v1/galleries/\(gallery)/erase?\(filters)")
        #expect(answer.status == 202, "\(answer.text)")
        let job: JobAnswer = try answer.json()
        #expect(answer.fields[.location] == "/admin/v1/jobs/" + job.id)
        return job
    }
}

/// A text in a query.
func escaped(_ text: String) -> String {
    text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
}
