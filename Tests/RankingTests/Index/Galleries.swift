import Randomness
import Testing

@testable import Ranking

/// Galleries that are hard for bounds from codes, each in its own way.
enum Gallery: String, CaseIterable {
    /// Unit vectors around a few centers, as embeddings are.
    case clustered
    /// Small integers: exact distances, many of them equal.
    case integers
    /// Few different vectors, each many times.
    case duplicates
    /// Unit vectors that differ only in their last bits.
    case nearlyEqual
    /// Unit vectors without any structure.
    case random
    /// Lengths from 10⁻³⁰ to 10³⁰, zeros, and now and then a length of about 1.
    case wild
    /// One large value hides the others from a code with one scale.
    case spiky
    /// All have the same head, and differ only in what the head misses.
    case sameHead

    /// `count` rows; the same seed gives the same rows.
    func rows(_ count: Int, dimensions: Int, seed: UInt64) -> [[Float]] {
        if let layout = Layout(rawValue: rawValue) {
            return RankingTests.rows(layout, count: count, dimensions: dimensions, seed: seed)
        }
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { row in
            var values = (0..<dimensions).map { _ in Float.random(in: -1...1, using: &generator) }
            switch self {
            case .wild:
                let exponent = row % 3 == 0 ? 0 : Float.random(in: -30...30, using: &generator)
                return values.map { row % 11 == 5 ? 0 : $0 * exp10(exponent) }
            case .spiky:
                values[row % min(2, dimensions)] = 300
                return values
            case .sameHead:
                for index in 0..<dimensions / 2 { values[index] = index % 3 == 0 ? 1 : -1 }
                return values.enumerated().map { $0 < dimensions / 2 ? $1 : $1 / 64 }
            default: return unit(values)
            }
        }
    }
}

private func exp10(_ exponent: Float) -> Float {
    var (result, rest): (Float, Float) = (1, exponent.magnitude.rounded())
    while rest > 0 { (result, rest) = (result * 10, rest - 1) }
    return exponent < 0 ? 1 / result : result
}

/// How the rows of a gallery are kept.
struct Keeping {
    var capacity = 128
    /// The rows from which the directions of heads are made; nil: no heads.
    var rotation: HeadRotation?
    var table: MeanTable?

    /// The rows in segments; the mean of row i is number i modulo the number of means, as in `cameras`.
    func snapshot(_ rows: [[Float]], dimensions: Int) throws -> VectorSnapshot {
        var parts: [VectorSnapshot.Part] = []
        for first in stride(from: 0, to: rows.count, by: capacity) {
            let own = rows[first..<min(first + capacity, rows.count)]
            let segment = try VectorSegment(dimensions: dimensions, capacity: capacity)
            try segment.append(Array(own.prefix(3).joined()))
            try segment.append(Array(own.dropFirst(3).joined()))
            let heads = try rotation.map { try HeadCodes($0, capacity: capacity) }
            try heads?.append(from: segment, upTo: own.count / 2)
            try heads?.append(from: segment, upTo: own.count)
            let cameras = try table.map { try CameraColumn($0, capacity: capacity) }
            cameras?.append(from: segment, means: own.indices.map { $0 % (table?.means.count ?? 1) })
            parts.append(.init(segment, heads: heads, cameras: cameras, first: first, count: own.count))
        }
        return VectorSnapshot(dimensions: dimensions, parts: parts)
    }
}

/// The directions of these rows, found in few steps.
func rotation(_ rows: [[Float]], dimensions: Int) throws -> HeadRotation {
    try #require(HeadRotation.make(from: Array(rows.prefix(100).joined()), dimensions: dimensions, steps: 1))
}
