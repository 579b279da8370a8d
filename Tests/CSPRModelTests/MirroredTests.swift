import Foundation
import NeuralNetwork
import TensorFiles
import Tensors
import Testing

@testable import CSPRModel

/// A weight file may demand that an embedding is the mean over an image and its mirror image.
@Suite struct MirroredTests {
    /// The same network without and with mirror images.
    private let plain: CSPRModel
    private let mirrored: CSPRModel

    init() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).safetensors")
            .path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try CSPRModel.initialize(configuration: WeightFileTests.small, seed: 3, to: path, precision: .float32)
        plain = try CSPRModel(contentsOf: path)
        try plain.write(to: path, precision: .float32, isMirrored: true)
        mirrored = try CSPRModel(contentsOf: path)
    }

    /// Two images, and their mirror images.
    private var images: (own: [Float], mirror: [Float]) {
        let (height, width) = (plain.configuration.height, plain.configuration.widthPixels)
        func value(_ row: Int, _ column: Int) -> Float { sin(Float(row) * 0.37 + Float(column) * Float(column) * 0.11) }
        var (own, mirror): ([Float], [Float]) = ([], [])
        for row in 0..<2 * 3 * height {
            own += (0..<width).map { value(row, $0) }
            mirror += (0..<width).map { value(row, width - 1 - $0) }
        }
        return (own, mirror)
    }

    @Test func `embeddings are means over image and mirror image, the feature of length 1`() throws {
        #expect(mirrored.isMirrored && !plain.isMirrored && mirrored.identity != plain.identity)
        let one = try plain.makeExecutor(batch: 3).run(images.own, count: 2)
        let other = try plain.makeExecutor(batch: 3).run(images.mirror, count: 2)
        let both = try mirrored.makeExecutor(batch: 3).run(images.own, count: 2)
        let pairs = [
            (both.global, one.global, other.global),
            (try #require(both.local), try #require(one.local), try #require(other.local)),
        ]
        for (found, left, right) in pairs {
            #expect(left != right)
            for index in 0..<found.count {
                let expected = (Double(left.elements[index]) + Double(right.elements[index])) / 2
                #expect(abs(Double(found.elements[index]) - expected) < 1e-6)
            }
        }
        for row in 0..<2 {
            let (global, local) = (both.global.item(row).elements, try #require(both.local).item(row).elements)
            let joined = (global + local).map(Double.init)
            let length = joined.reduce(0) { $0 + $1 * $1 }.squareRoot()
            for (found, value) in zip(both.feature.item(row).elements, joined) {
                #expect(abs(Double(found) - value / length) < 1e-6)
            }
        }
    }

    @Test func `an image and its mirror image have one feature`() throws {
        let executor = try mirrored.makeExecutor(batch: 2)
        let own = try executor.run(images.own, count: 2).feature
        let mirror = try executor.run(images.mirror, count: 2).feature
        #expect(zip(own.elements, mirror.elements).allSatisfy { abs($0 - $1) < 1e-6 })
    }

    @Test func `attention and descriptors are those of the image itself`() throws {
        let one = try plain.makeExecutor(batch: 2).run(images.own, count: 2, wants: [.attention, .raw, .middle])
        let both = try mirrored.makeExecutor(batch: 2).run(images.own, count: 2, wants: [.attention, .raw, .middle])
        #expect(both.attention == one.attention && both.raw == one.raw && both.middle == one.middle)
        #expect(one.attention != nil)
    }
}
