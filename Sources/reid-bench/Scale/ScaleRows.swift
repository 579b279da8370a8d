internal import Foundation
internal import Randomness

/// Unit vectors like the embeddings of people's images, any number of them, the same on every machine.
///
/// Twenty images of each person: the person's vector, and the image's own part beside it. Both have variances that fall as
/// those of real embeddings do: the leading 64, 128 and 256 directions hold about 88, 95 and 99 % of the length. An
/// orthogonal mix spreads them over all values.
struct ScaleRows {
    let dimensions: Int
    private var generator = SeededGenerator(seed: 5)
    private let deviations: [Float]
    private let signs: [[Float]]
    private let normal: [Float]
    private var person: [Float] = []
    private var images = 0

    private static let imagesPerPerson = 20

    /// Prepares rows of `dimensions` values, a power of two.
    init(dimensions: Int) {
        precondition(dimensions > 1 && dimensions & (dimensions - 1) == 0, "\(dimensions) is not a power of two")
        self.dimensions = dimensions
        /// The share of the length behind the first `count` directions.
        func rest(_ count: Int) -> Double { exp(-pow(Double(count) / 16.7, 0.56)) }
        deviations = (0..<dimensions).map { Float((rest($0) - rest($0 + 1)).squareRoot()) }
        var generator = SeededGenerator(seed: 4)
        signs = (0..<2).map { _ in (0..<dimensions).map { _ in Bool.random(using: &generator) ? 1 : -1 } }
        // Drawing from a table is much faster than computing each value.
        normal = (0..<1 << 20).map { _ in
            let (radius, angle) = (
                Double.random(in: 1e-9...1, using: &generator), Double.random(in: 0...1, using: &generator)
            )
            return Float((-2 * log(radius)).squareRoot() * cos(2 * .pi * angle))
        }
    }

    /// The next rows, [count, dimensions].
    mutating func next(_ count: Int) -> [Float] {
        var rows: [Float] = []
        rows.reserveCapacity(count * dimensions)
        for _ in 0..<count {
            if images.isMultiple(of: Self.imagesPerPerson) { person = deviations.map { 0.8 * draw() * $0 } }
            images += 1
            rows += mixed(zip(person, deviations).map { $0 + 0.75 * draw() * $1 })
        }
        return rows
    }

    private mutating func draw() -> Float { normal[Int(truncatingIfNeeded: generator.next() & 0xFFFFF)] }

    /// An orthogonal mix of the values (random signs and a Hadamard transform, twice), scaled to length 1.
    private func mixed(_ values: [Float]) -> [Float] {
        var mixed = values
        for signs in signs {
            for index in mixed.indices { mixed[index] *= signs[index] }
            var half = 1
            while half < dimensions {
                for start in stride(from: 0, to: dimensions, by: 2 * half) {
                    for index in start..<start + half {
                        let (left, right) = (mixed[index], mixed[index + half])
                        mixed[index] = left + right
                        mixed[index + half] = left - right
                    }
                }
                half *= 2
            }
        }
        let length = mixed.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return mixed.map { $0 / length }
    }
}
