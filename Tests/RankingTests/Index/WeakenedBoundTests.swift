import Randomness
import Testing

@testable import Ranking

/// Shows that the tests of exactness would notice a bound that promises too much.
@Suite struct WeakenedBoundTests {
    private func found(_ share: Double, _ query: [Float], in snapshot: VectorSnapshot, count: Int) throws -> [Match] {
        let options = QueryScan.Options(errorShare: share, usesBoundsAlways: true)
        return try snapshot.nearest(to: [query], count: count, options: options)[0]
    }

    /// A query whose head and rest have the same length, rows with nearly its head but another rest, and last the query
    /// itself: the others look nearer by their heads, and half of the errors do not make up for it.
    @Test func `half of the errors of heads lose the nearest row`() throws {
        let dimensions = 160
        func row(_ pairs: (Int, Float)...) -> [Float] {
            var values = [Float](repeating: 0, count: dimensions)
            for (index, value) in pairs { values[index] = value }
            return unit(values)
        }
        // Directions of exactly the first 128 values.
        var directions = [Float](repeating: 0, count: 128 * dimensions)
        for index in 0..<128 { directions[index * dimensions + index] = 1 }
        let rotation = try #require(HeadRotation(directions: directions, dimensions: dimensions))
        let query = row((0, 1), (128, 1))
        let others = (0..<150).map { _ in row((0, 1.04), (128, 0.6), (129, 0.8)) }
        let snapshot = try Keeping(rotation: rotation).snapshot(others + [query], dimensions: dimensions)
        #expect(try found(1, query, in: snapshot, count: 1) == [Match(row: 150, distance: 0)])
        #expect(try found(0.5, query, in: snapshot, count: 1).map(\.row) != [150])
    }

    /// Rows that differ by less than their codes can tell.
    @Test func `codes whose errors are not counted lose near rows`() throws {
        var generator = SeededGenerator(seed: 3)
        let center = (0..<48).map { _ in Float.random(in: -1...1, using: &generator) }
        let rows = (0..<500).map { _ in unit(center.map { $0 + .random(in: -0.05...0.05, using: &generator) }) }
        let snapshot = try Keeping().snapshot(rows, dimensions: 48)
        let plain = matrix(rows, dimensions: 48)
        var wrong = 0
        for query in rows[..<10] {
            let expected = nearest(to: query, in: plain, count: 9)
            #expect(try found(1, query, in: snapshot, count: 9) == expected)
            if try found(0, query, in: snapshot, count: 9) != expected { wrong += 1 }
        }
        #expect(wrong > 0)
    }
}
