import Dispatch
import Foundation
import Imaging
import Logging
import Synchronization
import TensorFiles
import Tensors
import Testing

@testable import CSPRModel
@testable import Embedding

@Suite struct EmbedderTests {
    static let model: Result<CSPRModel, any Error> = Result {
        var configuration = CSPRConfiguration()
        configuration.width = 4
        configuration.height = 96
        configuration.widthPixels = 32
        configuration.branches = 3
        configuration.branchDimensions = 6
        configuration.globalDimensions = 20
        configuration.candidateRatios = [0.2, 0.3, 0.4]
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("embedder-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try CSPRModel.initialize(configuration: configuration, seed: 7, to: path, precision: .float32)
        return try CSPRModel(contentsOf: path)
    }

    static func embedder(_ change: (inout Embedder.Configuration) -> Void = { _ in }) throws -> Embedder {
        var configuration = Embedder.Configuration()
        configuration.threads = 2
        configuration.maximumBatch = 4
        change(&configuration)
        return try Embedder(
            model: model.get(), configuration: configuration,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    static func image(_ seed: Int) -> RGBImage {
        let pixels = (0..<40 * 90 * 3).map { UInt8(truncatingIfNeeded: ($0 / 3) % (seed + 5) * 31 + ($0 % 3) * seed) }
        return RGBImage(width: 40, height: 90, pixels: pixels)
    }

    @Test func `concurrent callers each get the vector of their own image`() throws {
        let embedder = try Self.embedder()
        defer { embedder.stop() }
        let alone = try (0..<12).map { try embedder.embed([Self.image($0)], priority: .query).vectors[0] }
        let together = Mutex([Int: [Float]]())
        DispatchQueue.concurrentPerform(iterations: 12) { index in
            let vector = try? embedder.embed([Self.image(index)], priority: .query).vectors.first
            together.withLock { $0[index] = vector }
        }
        for index in 0..<12 {
            let vector = try #require(together.withLock { $0[index] })
            let difference = zip(vector, alone[index]).map { abs($0 - $1) }.max() ?? 1
            #expect(difference < 1e-5, "image \(index) differs by \(difference)")
        }
        #expect(embedder.statistics.images == 24)
        #expect(embedder.statistics.queued == 0)
    }

    @Test func `a prepared image is as large as the network's input, and gets the image's vector`() throws {
        let embedder = try Self.embedder()
        defer { embedder.stop() }
        let image = Self.image(3)
        let prepared = embedder.prepare(image)
        #expect(prepared.values.count == 3 * 96 * 32)
        let vector = try embedder.embed([prepared], priority: .query).vectors[0]
        #expect(try embedder.embed([image], priority: .query).vectors[0] == vector)
    }

    @Test func `vectors come in the order of the images and have length 1`() throws {
        let embedder = try Self.embedder()
        defer { embedder.stop() }
        let images = (0..<7).map(Self.image)
        let vectors = try embedder.embed(images, priority: .enrollment).vectors
        #expect(vectors.count == 7)
        for (image, vector) in zip(images, vectors) {
            let again = try embedder.embed([image], priority: .query).vectors[0]
            #expect(zip(vector, again).allSatisfy { abs($0 - $1) < 1e-5 })
            #expect(abs(vector.reduce(0) { $0 + $1 * $1 } - 1) < 1e-5)
        }
    }

    @Test func `more images than the queue takes are refused as overload`() throws {
        let embedder = try Self.embedder { $0.queueLimit = 2 }
        defer { embedder.stop() }
        #expect(throws: EmbedderError.overloaded(queued: 0, limit: 2)) {
            try embedder.embed((0..<3).map(Self.image), priority: .query)
        }
    }

    @Test func `a caller that went away gets no forward pass`() throws {
        let embedder = try Self.embedder()
        defer { embedder.stop() }
        #expect(throws: EmbedderError.cancelled) {
            try embedder.embed([Self.image(1)], priority: .query, isCancelled: { true })
        }
        #expect(embedder.statistics.images == 0)
    }

    @Test func `a stopped embedder refuses, and stopping twice is harmless`() throws {
        let embedder = try Self.embedder()
        embedder.stop()
        embedder.stop()
        #expect(throws: EmbedderError.stopped) { try embedder.embed([Self.image(1)], priority: .query) }
    }

    @Test func `every thread ends when it stops, however many of them sleep or compute`() throws {
        for threads in [1, 2, 5] {
            let embedder = try Self.embedder { $0.threads = threads }
            _ = try embedder.embed([Self.image(1)], priority: .query)
            let callers = DispatchGroup()
            for _ in 0..<3 {
                DispatchQueue.global().async(group: callers) {
                    _ = try? embedder.embed((0..<6).map(Self.image), priority: .enrollment)
                }
            }
            embedder.stop()
            callers.wait()
            #expect(embedder.statistics.queued == 0)
        }
    }

    @Test func `an embedder computes an image and its mirror image as the model does`() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("mirrored-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Self.model.get().write(to: path, precision: .float32, isMirrored: true)
        let model = try CSPRModel(contentsOf: path)
        var configuration = Embedder.Configuration()
        configuration.threads = 2
        configuration.queueLimit = 5
        let embedder = try Embedder(
            model: model, configuration: configuration, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        defer { embedder.stop() }
        let images = (0..<5).map(Self.image)
        let vectors = try embedder.embed(images, priority: .query).vectors
        let executor = try model.makeExecutor(batch: 1)
        for (image, vector) in zip(images, vectors) {
            let expected = try executor.run(embedder.preprocessing.prepare(image), count: 1).feature.elements
            #expect(zip(vector, expected).allSatisfy { abs($0 - $1) < 1e-5 })
        }
        #expect(embedder.statistics.images == 5)
        #expect(throws: EmbedderError.overloaded(queued: 0, limit: 5)) {
            try embedder.embed((0..<6).map(Self.image), priority: .query)
        }
    }

    @Test func `attention has a map for each branch with values of a sigmoid`() throws {
        let embedder = try Self.embedder()
        defer { embedder.stop() }
        let maps = try #require(try embedder.attention(Self.image(3)))
        #expect(maps.shape == [3, 12, 4])
        #expect(maps.elements.allSatisfy { $0 >= 0 && $0 <= 1 })
    }
}
