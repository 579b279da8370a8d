import NeuralNetwork
import Randomness
import Tensors
import Testing

@testable import CSPRModel

/// The descriptor by its definition, the paper's equations 12 to 14: Z is formed, then described, in double precision.
///
/// - Parameters:
///   - x: X of one image, [C, H, W].
///   - maps: M, [N, H, W].
///   - letters: Some of S, P, R.
/// - Returns: [N, r].
func plainDescriptor(_ x: Tensor, maps: Tensor, letters: String) -> Tensor {
    let (channels, height, width, branches) = (x.shape[0], x.shape[1], x.shape[2], maps.shape[0])
    let area = height * width
    let z = (0..<branches).map { branch in
        (0..<channels).map { channel in
            (0..<area).map { Double(maps.elements[branch * area + $0] * x.elements[channel * area + $0]) }
        }
    }
    func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(area) }
    func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
    let rows = (0..<branches).map { branch -> [Double] in
        let own = z[branch]
        var row: [Double] = []
        if letters.contains("S") {
            row += own.map { $0.max() ?? 0 }
            row += own.map { $0.min() ?? 0 }
            row += own.map(mean)
            row += own.map { $0.sorted()[(area - 1) / 2] }
            row += own.map { values in
                let mean = mean(values)
                return values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(area)
            }
        } else {
            row += own.map(mean)
        }
        if letters.contains("P") {
            row += own.map { values in mean((0..<area).map { values[$0] * Double($0 / width) / Double(height) }) }
            row += own.map { values in mean((0..<area).map { values[$0] * Double($0 % width) / Double(width) }) }
        }
        if letters.contains("R") {
            for other in 0..<branches where other != branch {
                row += (0..<channels).map { channel in
                    let (a, b) = (own[channel], z[other][channel])
                    return 1 - dot(a, b) / (dot(a, a) * dot(b, b) + 1e-12).squareRoot()
                }
            }
        }
        return row
    }
    return Tensor(shape: [branches, rows.first?.count ?? 0], elements: rows.joined().map(Float.init))
}

@Suite struct PartRepresentationTests {
    /// X as after a rectifier: the share `share` of the positions is zero.
    private func features(channels: Int, height: Int, width: Int, zeros share: Float, seed: UInt64) -> Tensor {
        var generator = SeededGenerator(seed: seed)
        return Tensor(
            shape: [channels, height, width],
            elements: (0..<channels * height * width).map { _ in
                Float.random(in: 0..<1, using: &generator) < share ? 0 : .random(in: 0...5, using: &generator)
            })
    }

    private func found(_ x: Tensor, _ maps: Tensor, letters: String, threads: Int) throws -> Tensor {
        var configuration = CSPRConfiguration()
        configuration.branches = maps.shape[0]
        configuration.descriptor = letters
        let parts = try PartRepresentation(
            configuration, channels: x.shape[0], height: x.shape[1], width: x.shape[2], batch: 2, threads: threads)
        var result = [Float](repeating: .nan, count: 2 * maps.shape[0] * parts.length)
        // The same image twice: both must give the same result.
        let (both, bothMaps) = (x.elements + x.elements, maps.elements + maps.elements)
        try unsafe both.withUnsafeBufferPointer { both in
            try unsafe bothMaps.withUnsafeBufferPointer { bothMaps in
                try unsafe result.withUnsafeMutableBufferPointer { result in
                    try unsafe parts.compute(
                        features: #require(both.baseAddress), maps: #require(bothMaps.baseAddress), count: 2,
                        into: #require(result.baseAddress))
                }
            }
        }
        #expect(result.prefix(result.count / 2) == result.suffix(result.count / 2))
        return Tensor(
            shape: [maps.shape[0], parts.length], elements: Array(result.prefix(result.count / 2)))
    }

    @Test(
        arguments: ["SPR", "SP", "SR", "PR", "S", "P", "R", ""],
        [(Float(0.2), 1), (0.5, 2), (0.9, 1), (0, 2)])
    func `two products give what the definition gives`(letters: String, sample: (zeros: Float, threads: Int)) throws {
        // 33 channels: a block and one more. 35 positions: an odd count. 36: an even one.
        for (height, width) in [(7, 5), (9, 4)] {
            let x = features(channels: 33, height: height, width: width, zeros: sample.zeros, seed: 1)
            var maps = features(channels: 3, height: height, width: width, zeros: 0, seed: 2)
            maps.elements = maps.elements.map { $0 / 5 }
            let difference = relativeDifference(
                try found(x, maps, letters: letters, threads: sample.threads),
                plainDescriptor(x, maps: maps, letters: letters))
            // float32 sums of 36 terms.
            #expect(difference < 1e-5)
        }
    }

    @Test func `the variance of an almost constant channel keeps its digits`() throws {
        var x = Tensor(shape: [1, 8, 4], elements: Array(repeating: 100, count: 32))
        for index in 0..<16 { x.elements[index] += 0.01 }
        let maps = Tensor(shape: [1, 8, 4], elements: Array(repeating: 1, count: 32))
        let variance = try found(x, maps, letters: "S", threads: 1).elements[4]
        let expected = plainDescriptor(x, maps: maps, letters: "S").elements[4]
        #expect(abs(variance / expected - 1) < 1e-3)
    }

    @Test func `channels that are zero everywhere have distance one`() throws {
        let x = Tensor(zeros: [2, 3, 3])
        let maps = Tensor(shape: [2, 3, 3], elements: Array(repeating: 0.5, count: 18))
        let descriptor = try found(x, maps, letters: "SR", threads: 1)
        #expect(descriptor.elements == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1])
    }

    @Test func `maps and features that vanish underflow to the definition`() throws {
        var x = features(channels: 2, height: 6, width: 6, zeros: 0.1, seed: 3)
        x.elements = x.elements.map { $0 * 1e-25 }
        var maps = features(channels: 2, height: 6, width: 6, zeros: 0.5, seed: 4)
        maps.elements = maps.elements.map { $0 * 1e-20 }
        let difference = relativeDifference(
            try found(x, maps, letters: "SPR", threads: 1), plainDescriptor(x, maps: maps, letters: "SPR"))
        #expect(difference < 1e-5)
    }
}

@Suite struct LowerMedianTests {
    private func select(_ values: [Float], rank: Int) -> Float {
        let keys = values.map(LowerMedian.key)
        var workspace = [Int32](repeating: 0, count: keys.count)
        let key = unsafe keys.withUnsafeBufferPointer { keys in
            unsafe workspace.withUnsafeMutableBufferPointer { workspace in
                unsafe LowerMedian.select(
                    keys, rank: rank, minimum: keys.min() ?? 0, maximum: keys.max() ?? 0, workspace: workspace)
            }
        }
        return LowerMedian.value(key)
    }

    @Test(arguments: [1, 2, 3, 24, 25, 64, 65, 100, 767, 768, 3072])
    func `any rank of any distribution is exact`(count: Int) {
        var generator = SeededGenerator(seed: UInt64(count))
        let distributions: [[Float]] = [
            (0..<count).map { _ in .random(in: 0...1, using: &generator) },
            (0..<count).map { _ in Float.random(in: -90...88, using: &generator).rounded() }.map { $0 < 0 ? 0 : $0 },
            (0..<count).map { _ in
                Float(sign: .plus, exponent: .random(in: -126...127, using: &generator), significand: 1.5)
            },
            (0..<count).map { Float($0 % 3) }, (0..<count).map { Float($0) }, (0..<count).map { Float(count - $0) },
            Array(repeating: 7, count: count), (0..<count).map { $0 == 0 ? 1e30 : 1e-30 },
            (0..<count).map { $0 % 2 == 0 ? 0 : .leastNonzeroMagnitude },
        ]
        for values in distributions {
            let sorted = values.sorted()
            for rank in Set([0, (count - 1) / 2, count / 2, count / 3, count - 1]) {
                #expect(select(values, rank: rank) == sorted[rank])
            }
        }
    }

    @Test func `of an even count the lower middle value is the median`() {
        #expect(LowerMedian.rank(ofCount: 4) == 1)
        #expect(LowerMedian.rank(ofCount: 5) == 2)
        #expect(select([4, 1, 3, 2], rank: LowerMedian.rank(ofCount: 4)) == 2)
    }
}
